//! JSON in and out.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::error::Category;

use super::{FromRequest, Incoming, IntoResponse, Response, locate};
use crate::{Problem, Result, problem};

/// As an argument: the body, read as JSON. As a result: 200 with JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// 201 with JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Created<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Json<T> {
    fn from_request(incoming: &mut Incoming) -> Result<Self> {
        let kind = incoming.request.content_type();
        if !kind.is_some_and(is_json) {
            return Err(unsupported(kind, "application/json"));
        }
        let body = std::mem::take(&mut incoming.request.body);
        serde_json::from_slice(&body).map(Self).map_err(|error| malformed(&body, &error))
    }
}

fn is_json(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// 415: the body is of another kind than the handler reads.
pub(super) fn unsupported(kind: Option<&str>, wanted: &str) -> Problem {
    let kind = kind.unwrap_or("a body without content-type");
    Problem::new(415, "unsupported-media-type", format!("send {wanted}, not {kind}"))
}

fn malformed(body: &[u8], error: &serde_json::Error) -> Problem {
    let code = match error.classify() {
        Category::Data => "invalid-json",
        _ => "malformed-json",
    };
    let problem = problem::bad_request(format!("the body: {error}")).with_code(code);
    let problem = problem.with("line", error.line()).with("column", error.column());
    match locate::field(body, error.line(), error.column()) {
        Some(field) => problem.with("field", field),
        None => problem,
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        respond(200, &self.0)
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        respond(201, &self.0)
    }
}

impl<T: Serialize> Created<T> {
    /// With a `location` header, relative to the request's path or absolute.
    pub fn at(self, location: impl Into<String>) -> Response {
        self.into_response().with_header("location", location)
    }
}

fn respond<T: Serialize>(status: u16, value: &T) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => Response::new(status).with_header("content-type", "application/json").with_body(body),
        Err(error) => Problem::from(error).into_response(),
    }
}
