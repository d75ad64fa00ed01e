//! A request as the host hands it over.

use super::router::{Captures, Segment};

/// The whole request. The host has checked its size and syntax, and keeps credentials to itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, ... in upper case.
    pub method: String,
    /// The path below the scenario's route, beginning with `/`, still percent-encoded.
    pub path: String,
    /// The query without `?`, still percent-encoded.
    pub query: Option<String>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, empty when there is none.
    pub body: Vec<u8>,
}

impl Request {
    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// Whether the content type is `kind`, whatever its parameters (`; charset=utf-8`).
    pub(crate) fn content_type(&self) -> Option<&str> {
        let value = self.header("content-type")?;
        Some(value.split(';').next().unwrap_or(value).trim())
    }
}

/// A request that a route matched. What [`FromRequest`](super::FromRequest) reads from.
#[derive(Debug)]
pub struct Incoming {
    /// The request itself. An extractor that needs the body takes it away.
    pub request: Request,
    pub(crate) segments: &'static [Segment],
    pub(crate) captures: Captures,
}

impl Incoming {
    pub(crate) fn new(request: Request) -> Self {
        Self { request, segments: &[], captures: Captures::default() }
    }

    /// The path's parameters in order: names, and values still percent-encoded.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let names = self.segments.iter().filter_map(|segment| match segment {
            Segment::Parameter(name) => Some(*name),
            Segment::Literal(_) => None,
        });
        names.zip(self.captures.texts(&self.request.path))
    }
}
