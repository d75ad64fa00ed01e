//! Messages that were given up.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_cap_notify::{DeadMessage, MessageId};
use zhongtai_kernel::{ErrorKind, Timestamp};

use crate::{
    admin::{
        auth::{Operator, Role as _, System},
        openapi::{Missing, Refused},
    },
    app::App,
    params::Path,
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(dead)).routes(routes!(replay))
}

/// A message that was given up: everything but whom it was for and what it said.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DeadReport {
    pub(crate) id: String,
    pub(crate) scenario: String,
    pub(crate) channel: String,
    pub(crate) attempts: u32,
    pub(crate) sent_at: Timestamp,
    pub(crate) last_error: String,
}

/// Messages that were given up.
#[utoipa::path(
    get,
    path = "/messages/dead",
    operation_id = "list_dead_messages",
    tag = "messages",
    security(("bearer" = [System::NAME])),
    responses((status = 200, description = "oldest first", body = Vec<DeadReport>), Refused),
)]
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

/// Tries a message again that was given up.
#[utoipa::path(
    post,
    path = "/messages/{id}/replay",
    operation_id = "replay_message",
    tag = "messages",
    security(("bearer" = [System::NAME])),
    params(("id" = String, Path, description = "a ULID")),
    responses((status = 204, description = "it is tried again"), Refused, Missing),
)]
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
