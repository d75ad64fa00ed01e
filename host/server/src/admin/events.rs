//! Events that were given up.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_events::{DeadEvent, EventId};
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

/// An event that a scenario did not handle.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DeadEventReport {
    pub(crate) id: String,
    pub(crate) scenario: String,
    pub(crate) kind: String,
    /// What it happened to.
    pub(crate) about: String,
    pub(crate) attempts: u32,
    pub(crate) at: Timestamp,
    pub(crate) last_error: String,
}

/// Events that were given up.
#[utoipa::path(
    get,
    path = "/events/dead",
    operation_id = "list_dead_events",
    tag = "events",
    security(("bearer" = [System::NAME])),
    responses((status = 200, description = "newest first", body = Vec<DeadEventReport>), Refused),
)]
async fn dead(State(app): State<Arc<App>>, _: Operator) -> Result<Json<Vec<DeadEventReport>>, Problem> {
    Ok(Json(app.events.dead().await?.into_iter().map(report).collect()))
}

fn report(event: DeadEvent) -> DeadEventReport {
    DeadEventReport {
        id: event.id.to_string(),
        scenario: event.scenario.to_string(),
        kind: event.kind,
        about: event.about,
        attempts: event.attempts,
        at: event.at,
        last_error: event.last_error,
    }
}

/// Tells an event again that was given up.
#[utoipa::path(
    post,
    path = "/events/{id}/replay",
    operation_id = "replay_event",
    tag = "events",
    security(("bearer" = [System::NAME])),
    params(("id" = String, Path, description = "a ULID")),
    responses((status = 204, description = "it is told again"), Refused, Missing),
)]
async fn replay(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: EventId =
        id.parse().map_err(|_| Problem::new(ErrorKind::Invalid, "invalid-id", "the event's id is a ULID"))?;
    app.record_first(operator.actor(), "event:replay", id.to_string()).await?;
    app.events.replay(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
