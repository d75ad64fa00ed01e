//! `/api/v1/notify/callbacks/{channel}`: what carriers say about messages that they took. The channel verifies it: there
//! is no other credential.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, Uri, header},
    response::{IntoResponse, Response},
    routing::any,
};
use zhongtai_cap_notify::{Callback, ChannelKind};

use super::api::on_shared;
use crate::{app::App, params::Path, problem::Problem};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/api/v1/notify/callbacks/{channel}", any(take))
}

/// Keeps the receipts, then answers as the carrier expects.
async fn take(
    State(app): State<Arc<App>>,
    Path(channel): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    if !matches!(method, Method::GET | Method::POST) {
        return Err(Problem::method_not_allowed());
    }
    let channel: ChannelKind = channel.parse().map_err(|_| Problem::not_found("channel"))?;
    let target = uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let callback = Callback { method, target, headers, body: body.into() };
    let host = app.clone();
    let answer = on_shared(&app, async move { Ok(host.outbox.callback(channel, &callback).await?) }).await?;
    let headers = [(header::CONTENT_TYPE, answer.content_type), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    Ok((headers, answer.body).into_response())
}
