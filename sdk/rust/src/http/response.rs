//! An answer, and what can become one.

use crate::Problem;

/// The whole answer. Handlers rarely need it: see [`IntoResponse`] for what else they can return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 200 to 599.
    pub status: u16,
    /// Names in lower case. The host refuses connection headers, `content-length` and `set-cookie`.
    pub headers: Vec<(String, String)>,
    /// The body, empty when there is none.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer without headers and body.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Sends the client elsewhere with `303 See Other`.
    pub fn see_other(location: impl Into<String>) -> Self {
        Self::new(303).with_header("location", location)
    }

    /// Adds a header; `name` in lower case.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Replaces the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Replaces the status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
}

/// What a handler can return: text, [`Json`](super::Json), [`Created`](super::Created), `()` for 204, an `Option`
/// whose `None` is 404, a `Result`, or a [`Response`].
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    note = "return `Json<T>`, `Created<T>`, `&'static str`, `String`, `()`, `Response`, or `Result<T>` of one of these"
)]
pub trait IntoResponse {
    /// The answer to send.
    fn into_response(self) -> Response;
}

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Response {
        Response::new(204)
    }
}

impl IntoResponse for &'static str {
    fn into_response(self) -> Response {
        text(self.into())
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Response {
        text(self.into_bytes())
    }
}

fn text(body: Vec<u8>) -> Response {
    Response::new(200).with_header("content-type", "text/plain; charset=utf-8").with_body(body)
}

impl<T: IntoResponse> IntoResponse for Option<T> {
    fn into_response(self) -> Response {
        match self {
            Some(value) => value.into_response(),
            None => crate::problem::not_found("there is nothing here").into_response(),
        }
    }
}

impl<T: IntoResponse, E: Into<Problem>> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into().into_response(),
        }
    }
}
