//! The API's door: a request is the host's, now, and for the first time; an answer is signed for that request.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::{
    CashDeskError,
    sign::{NONCE, SIGNATURE, TIMESTAMP},
    state::Shared,
};

/// How far the host's clock and the desk's may be apart, milliseconds.
const SKEW: i64 = 5 * 60 * 1000;

/// The longest request.
const MOST_BYTES: usize = 64 * 1024;

/// Why the desk does not do what it was asked: a status and a word.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) StatusCode, pub(crate) &'static str);

/// What the API answers with.
pub(crate) type Outcome<T> = Result<axum::Json<T>, Refusal>;

#[derive(Serialize)]
struct Problem {
    code: &'static str,
}

// === impl Refusal ===

impl Refusal {
    pub(crate) fn invalid(code: &'static str) -> Self {
        Self(StatusCode::BAD_REQUEST, code)
    }

    pub(crate) fn conflict(code: &'static str) -> Self {
        Self(StatusCode::CONFLICT, code)
    }

    pub(crate) fn unknown(code: &'static str) -> Self {
        Self(StatusCode::NOT_FOUND, code)
    }
}

impl From<CashDeskError> for Refusal {
    fn from(error: CashDeskError) -> Self {
        tracing::error!(error = %zhongtai_kernel::chain(&error), "a request failed");
        Self(StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        CashDeskError::from(error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, axum::Json(Problem { code: self.1 })).into_response()
    }
}

/// Who asked: the nonce that the answer is signed with.
struct Asked {
    nonce: String,
}

/// Takes a request that is signed, and signs the answer.
pub(crate) async fn signed(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return Refusal(StatusCode::PAYLOAD_TOO_LARGE, "too-large").into_response();
    };
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let asked = match taken(&shared, parts.method.as_str(), path, &parts.headers, &body).await {
        Ok(asked) => asked,
        Err(refusal) => return refusal.into_response(),
    };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if shared.faults.as_ref().is_some_and(crate::faults::Faults::loses_this_answer) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    sealed(&shared, &asked, response).await
}

async fn taken(shared: &Shared, method: &str, path: &str, headers: &HeaderMap, body: &[u8]) -> Result<Asked, Refusal> {
    let header = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let refused = |code| Refusal(StatusCode::UNAUTHORIZED, code);
    let (Some(timestamp), Some(nonce), Some(signature)) = (header(TIMESTAMP), header(NONCE), header(SIGNATURE)) else {
        return Err(refused("unsigned"));
    };
    if !(16..=128).contains(&nonce.len())
        || !shared.key.signed_request([method, path, timestamp, nonce], body, signature)
    {
        return Err(refused("wrong-signature"));
    }
    let now = shared.now();
    let sent: i64 = timestamp.parse().map_err(|_| refused("wrong-time"))?;
    if sent.saturating_mul(1000).saturating_sub(now).saturating_abs() > SKEW {
        return Err(refused("wrong-time"));
    }
    if !is_new(shared, nonce, now).await? {
        return Err(refused("replayed"));
    }
    Ok(Asked { nonce: nonce.to_owned() })
}

/// In the file: a desk that was started anew still knows them.
async fn is_new(shared: &Shared, nonce: &str, now: i64) -> Result<bool, CashDeskError> {
    let insert = "INSERT INTO cashdesk_nonces (nonce, at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let done = sqlx::query(insert).bind(nonce).bind(now).execute(shared.store.pool()).await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets the nonces whose time would not be taken any more.
pub(crate) async fn forget_nonces(shared: &Shared) -> Result<(), CashDeskError> {
    let before = shared.now() - 2 * SKEW;
    sqlx::query("DELETE FROM cashdesk_nonces WHERE at < $1").bind(before).execute(shared.store.pool()).await?;
    Ok(())
}

async fn sealed(shared: &Shared, asked: &Asked, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_else(|_| Bytes::new());
    let timestamp = shared.clock.now().as_second().to_string();
    let signature = shared.key.answer(parts.status.as_u16(), &timestamp, &asked.nonce, &body);
    for (name, value) in [(TIMESTAMP, timestamp), (SIGNATURE, signature)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            parts.headers.insert(HeaderName::from_static(name), value);
        }
    }
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Response::from_parts(parts, Body::from(body))
}
