//! Forms and pages, for handlers that a browser talks to directly.

use serde::de::DeserializeOwned;

use super::{FromRequest, Incoming, IntoResponse, Response, extract::from_pairs, json::unsupported};
use crate::{Result, problem};

const KIND: &str = "application/x-www-form-urlencoded";

/// As an argument: the body, read as an HTML form into a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Form<T> {
    fn from_request(incoming: &mut Incoming) -> Result<Self> {
        let kind = incoming.request.content_type();
        if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case(KIND)) {
            return Err(unsupported(kind, KIND));
        }
        let body = std::mem::take(&mut incoming.request.body);
        let read = from_pairs(&String::from_utf8_lossy(&body));
        read.map(Self).map_err(|error| problem::bad_request(format!("in the form, {error}")).with_code("invalid-form"))
    }
}

/// As a result: 200 with a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Html<T>(pub T);

impl<T: Into<String>> IntoResponse for Html<T> {
    fn into_response(self) -> Response {
        let response = Response::new(200).with_header("content-type", "text/html; charset=utf-8");
        response.with_body(self.0.into())
    }
}
