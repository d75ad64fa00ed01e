//! Parts of a URL whose errors are problem documents. axum's own would answer with plain text that quotes the value.

use axum::{
    extract::{FromRequestParts, Path as AxumPath, Query as AxumQuery},
    http::request::Parts,
};
use serde::de::DeserializeOwned;
use zhongtai_kernel::ErrorKind;

use crate::problem::Problem;

/// What the path says between its slashes.
pub(crate) struct Path<T>(pub(crate) T);

/// What stands behind the question mark.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match AxumPath::from_request_parts(parts, state).await {
            Ok(AxumPath(value)) => Ok(Self(value)),
            Err(_) => Err(invalid("invalid-path", "a part of the path does not have the expected form")),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match AxumQuery::from_request_parts(parts, state).await {
            Ok(AxumQuery(value)) => Ok(Self(value)),
            Err(_) => Err(invalid("invalid-query", "a parameter is unknown here or does not have the expected form")),
        }
    }
}

fn invalid(code: &'static str, detail: &str) -> Problem {
    Problem::new(ErrorKind::Invalid, code, detail)
}
