//! JSON bodies whose errors are problem documents.

use axum::{
    Json,
    extract::{FromRequest, Request, rejection::JsonRejection},
};
use serde::de::DeserializeOwned;
use zhongtai_kernel::ErrorKind;

use crate::problem::Problem;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(problem(&rejection)),
        }
    }
}

/// serde's message may quote a value: only where it is and what was wrong in general is told.
fn problem(rejection: &JsonRejection) -> Problem {
    match rejection {
        JsonRejection::JsonDataError(_) => {
            Problem::new(ErrorKind::Invalid, "invalid-json", "the JSON does not have the expected fields and types")
        }
        JsonRejection::JsonSyntaxError(_) => Problem::new(ErrorKind::Invalid, "invalid-json", "the body is not JSON"),
        JsonRejection::MissingJsonContentType(_) => {
            Problem::new(ErrorKind::Invalid, "content-type", "expected content-type: application/json")
        }
        _ => unreadable(),
    }
}

/// What did not arrive whole.
pub(crate) fn unreadable() -> Problem {
    Problem::new(ErrorKind::TooLarge, "body-too-large", "the body can't be read, or is too large")
}
