//! Messages that were given up.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use zhongtai_cap_notify::{DeadMessage, MessageId};
use zhongtai_kernel::{ErrorKind, Timestamp};

use crate::{admin::auth::Operator, app::App, problem::Problem};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/messages/dead", get(dead)).route("/messages/{id}/replay", post(replay))
}

/// A message that was given up: everything but whom it was for and what it said.
#[derive(Serialize, Deserialize)]
pub(crate) struct DeadReport {
    pub(crate) id: String,
    pub(crate) scenario: String,
    pub(crate) channel: String,
    pub(crate) attempts: u32,
    pub(crate) sent_at: Timestamp,
    pub(crate) last_error: String,
}

async fn dead(State(app): State<Arc<App>>, _: Operator) -> Result<Json<Vec<DeadReport>>, Problem> {
    Ok(Json(app.outbox.dead().await?.into_iter().map(report).collect()))
}

fn report(message: DeadMessage) -> DeadReport {
    DeadReport {
        id: message.id.to_string(),
        scenario: message.scenario.to_string(),
        channel: message.channel.as_str().to_owned(),
        attempts: message.attempts,
        sent_at: message.sent_at,
        last_error: message.last_error,
    }
}

async fn replay(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: MessageId =
        id.parse().map_err(|_| Problem::new(ErrorKind::Invalid, "invalid-id", "the message's id is a ULID"))?;
    app.record_first(operator.actor(), "message:replay", id.to_string()).await?;
    app.outbox.replay(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
