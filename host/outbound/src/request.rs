use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use zhongtai_kernel::RequestId;

use crate::encode::segment;

/// Whether a request may be sent again when nobody knows what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Sent once at most. An error for which [`may_have_arrived`](crate::OutboundError::may_have_arrived) holds has to
    /// be cleared up by asking, never by sending again.
    Never,
    /// Sending it twice does what sending it once does: a read, or a request with a key of its own.
    Idempotent,
}

/// What is sent to a [`System`](crate::System). It knows the path only: the host is the system's.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Below the system's base URL, percent-encoded, with or without a leading `/`, without query and fragment.
    pub path: String,
    /// Names and values as they are; they are percent-encoded (RFC 3986) in this order.
    pub query: Vec<(String, String)>,
    /// `traceparent` is added.
    pub headers: HeaderMap,
    /// The body; empty is none.
    pub body: Bytes,
    /// The request of ours that this one is for: its trace. By default the
    /// [current](zhongtai_kernel::current_request) one.
    pub for_request: Option<RequestId>,
}

/// What a system answered, whatever its status; redirects are errors.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body, within the system's bound.
    pub body: Bytes,
}

// === impl Request ===

impl Request {
    /// A request without query, headers and body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        let (query, headers, body) = (Vec::new(), HeaderMap::new(), Bytes::new());
        Self { method, path: path.into(), query, headers, body, for_request: None }
    }

    /// `GET`.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// `POST` of a body.
    pub fn post(path: impl Into<String>, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut request = Self::new(Method::POST, path);
        request.headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        request.body = body.into();
        request
    }

    /// Adds one segment to the path, encoded: for ids and codes from outside.
    #[must_use]
    pub fn segment(mut self, text: &str) -> Self {
        if !self.path.ends_with('/') {
            self.path.push('/');
        }
        self.path.push_str(&segment(text));
        self
    }

    /// Adds a pair to the query.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// The method only: a path may hold a code, a header a signature.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

// === impl Answer ===

impl Answer {
    /// 2xx.
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// A header's value, if it is there and visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The status and the size only.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut answer = f.debug_struct("Answer");
        answer.field("status", &self.status.as_u16()).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}
