use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::header;
use zhongtai_kernel::ErrorKind;

use crate::{json::unreadable, problem::Problem};

/// A form as a browser sends it. Never prints its values.
pub(super) struct Form(BTreeMap<String, String>);

// === impl Form ===

impl Form {
    /// A field's text; empty when it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let (kind, _) = kind.split_once(';').unwrap_or((kind, ""));
        if kind.trim() != "application/x-www-form-urlencoded" {
            let detail = "expected content-type: application/x-www-form-urlencoded";
            return Err(Problem::new(ErrorKind::Invalid, "content-type", detail));
        }
        let body = Bytes::from_request(request, state).await.map_err(|_| unreadable())?;
        Ok(Self(form_urlencoded::parse(&body).into_owned().collect()))
    }
}
