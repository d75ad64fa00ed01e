//! Messages on their way, and those that were given up. Whom one is for is masked, what it says is not told.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_cap_notify::{ChannelKind, Listed, MessageId};
use zhongtai_kernel::{DepartmentId, ErrorKind, Timestamp};

use crate::{
    admin::{
        auth::{Operator, Role as _, System},
        openapi::{Conflicting, Missing, Refused, Unusable},
    },
    app::App,
    json::Body,
    params::{Path, Query},
    problem::Problem,
};

/// Deliveries in one answer.
const PAGE: u32 = 100;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(replay_all))
        .routes(routes!(look))
        .routes(routes!(replay))
        .routes(routes!(abandon))
}

/// A message on one channel: everything but what it says.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DeliveryReport {
    pub(crate) id: String,
    /// `inbox`, `sms`, `email` or `webhook`.
    pub(crate) channel: String,
    pub(crate) scenario: String,
    /// The template of the scenario's manifest, and the version of the release that it is of.
    pub(crate) template: String,
    pub(crate) version: String,
    /// `queued`, `held-quiet`, `held-rate`, `sending`, `sent`, `delivered`, `failed` or `dead`.
    pub(crate) state: String,
    /// What sort of failure the last one was.
    pub(crate) failure: Option<String>,
    pub(crate) last_error: String,
    pub(crate) attempts: u32,
    pub(crate) sent_at: Timestamp,
    pub(crate) changed_at: Timestamp,
    /// When it is looked at again.
    pub(crate) due_at: Option<Timestamp>,
    /// Whom it is for, masked; absent when that is erased.
    pub(crate) recipient: Option<String>,
}

impl From<Listed> for DeliveryReport {
    fn from(one: Listed) -> Self {
        Self {
            id: one.id.to_string(),
            channel: one.channel.as_str().to_owned(),
            scenario: one.scenario.to_string(),
            template: one.template,
            version: one.version,
            state: one.state.as_str().to_owned(),
            failure: one.failure.map(|kind| kind.as_str().to_owned()),
            last_error: one.last_error,
            attempts: one.attempts,
            sent_at: one.sent_at,
            changed_at: one.changed_at,
            due_at: one.due_at,
            recipient: one.recipient,
        }
    }
}

/// Which deliveries.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// `dead` by default.
    state: Option<String>,
    /// Of one department.
    department: Option<String>,
    /// Messages before this one: the last of the page before.
    before: Option<String>,
}

/// On which channel; on each where it is dead by default.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Where {
    /// `inbox`, `sms`, `email` or `webhook`.
    channel: Option<String>,
}

/// Whose messages.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayAll {
    /// Such as `441802-chengguan`.
    pub(crate) department: String,
}

/// How many deliveries are tried again.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ReplayReport {
    pub(crate) replayed: u64,
}

/// Messages in one state, the newest first, a hundred at most.
#[utoipa::path(
    get,
    path = "/messages",
    operation_id = "list_messages",
    tag = "messages",
    security(("bearer" = [System::NAME])),
    params(Which),
    responses(
        (status = 200, description = "one entry for each channel", body = Vec<DeliveryReport>),
        Refused,
        Unusable,
    ),
)]
async fn list(
    State(app): State<Arc<App>>,
    _: Operator,
    Query(which): Query<Which>,
) -> Result<Json<Vec<DeliveryReport>>, Problem> {
    let state = which.state.as_deref().unwrap_or("dead").parse().map_err(|error| invalid("state", error))?;
    let department = which.department.as_deref().map(department).transpose()?;
    let before = which.before.as_deref().map(message).transpose()?;
    let found: Vec<Listed> = app.outbox.list(state, department.as_ref(), before, PAGE).await?;
    Ok(Json(found.into_iter().map(Into::into).collect()))
}

/// One message on every channel that it takes.
#[utoipa::path(
    get,
    path = "/messages/{id}",
    operation_id = "look_at_message",
    tag = "messages",
    security(("bearer" = [System::NAME])),
    params(("id" = String, Path, description = "a ULID")),
    responses((status = 200, description = "one entry for each channel", body = Vec<DeliveryReport>), Refused, Missing),
)]
async fn look(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<Json<Vec<DeliveryReport>>, Problem> {
    let id = message(&id)?;
    // Masked, but still somebody's: who looked is on record.
    app.record_first(operator.actor(), "message:look", id.to_string()).await?;
    Ok(Json(app.outbox.look(id).await?.into_iter().map(Into::into).collect()))
}

/// Tries a message again that was given up.
#[utoipa::path(
    post,
    path = "/messages/{id}/replay",
    operation_id = "replay_message",
    tag = "messages",
    security(("bearer" = [System::NAME])),
    params(("id" = String, Path, description = "a ULID"), Where),
    responses((status = 204, description = "it is tried again"), Refused, Missing, Conflicting),
)]
async fn replay(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path(id): Path<String>,
    Query(place): Query<Where>,
) -> Result<StatusCode, Problem> {
    let (id, channel) = (message(&id)?, place.channel.as_deref().map(channel).transpose()?);
    app.record_first(operator.actor(), "message:replay", id.to_string()).await?;
    app.outbox.replay(id, channel).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tries every message of a department again that was given up.
#[utoipa::path(
    post,
    path = "/messages/replay",
    operation_id = "replay_messages",
    tag = "messages",
    security(("bearer" = [System::NAME])),
    request_body = ReplayAll,
    responses((status = 200, description = "they are tried again", body = ReplayReport), Refused, Unusable),
)]
async fn replay_all(
    State(app): State<Arc<App>>,
    operator: Operator,
    Body(whose): Body<ReplayAll>,
) -> Result<Json<ReplayReport>, Problem> {
    let department = department(&whose.department)?;
    app.record_first(operator.actor(), "message:replay-all", department.to_string()).await?;
    let replayed = app.outbox.replay_department(&department).await?.0;
    Ok(Json(ReplayReport { replayed }))
}

/// Drops a message that was given up, and erases whom it was for and what it said.
#[utoipa::path(
    post,
    path = "/messages/{id}/drop",
    operation_id = "drop_message",
    tag = "messages",
    security(("bearer" = [System::NAME])),
    params(("id" = String, Path, description = "a ULID"), Where),
    responses((status = 204, description = "it can't be tried again"), Refused, Missing, Conflicting),
)]
async fn abandon(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path(id): Path<String>,
    Query(place): Query<Where>,
) -> Result<StatusCode, Problem> {
    let (id, channel) = (message(&id)?, place.channel.as_deref().map(channel).transpose()?);
    app.record_first(operator.actor(), "message:drop", id.to_string()).await?;
    app.outbox.abandon(id, channel).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn message(text: &str) -> Result<MessageId, Problem> {
    text.parse().map_err(|_| Problem::new(ErrorKind::Invalid, "invalid-id", "the message's id is a ULID"))
}

fn department(text: &str) -> Result<DepartmentId, Problem> {
    text.parse().map_err(|error: zhongtai_kernel::InvalidId| invalid("department", error.to_string()))
}

fn channel(text: &str) -> Result<ChannelKind, Problem> {
    text.parse().map_err(|_| invalid("channel", "expected inbox, sms, email or webhook".to_owned()))
}

fn invalid(field: &str, problem: String) -> Problem {
    Problem::new(ErrorKind::Invalid, "invalid-query", format!("{field}: {problem}"))
}

#[cfg(test)]
mod tests {
    use zhongtai_cap_notify::Delivery;

    use super::*;

    #[test]
    fn every_state_of_a_delivery_is_described() {
        let described = serde_json::to_string(&<DeliveryReport as utoipa::PartialSchema>::schema()).unwrap();
        for state in Delivery::ALL {
            assert!(described.contains(&format!("`{}`", state.as_str())), "{}: {described}", state.as_str());
        }
    }
}
