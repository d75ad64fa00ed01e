//! Mandates that operators bring in and take back; enterprises give their own at `/account`.

use std::{collections::BTreeSet, sync::Arc};

use axum::{Json, extract::State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_cap_subject::{Mandate, MandateId, MandateScope, NewMandate};
use zhongtai_kernel::Timestamp;

use crate::{
    admin::{
        auth::{Operator, Role as _, System},
        logins::login as login_of,
        openapi::{Missing, Refused, Unusable},
        users::find,
    },
    app::App,
    json::Body,
    params::Path,
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(give)).routes(routes!(list)).routes(routes!(revoke))
}

/// A mandate to be given.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GivenMandate {
    /// The login name of the person who is to act.
    pub(crate) agent: String,
    /// `*`, or scenarios such as `441802-chengguan/pothole`.
    pub(crate) scenarios: Vec<String>,
    /// `apply`, `pay`, `sign`
    pub(crate) actions: Vec<String>,
    /// From when on; now, when it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<Timestamp>,
    /// Until when; at most five years after it begins.
    pub(crate) until: Timestamp,
}

/// A mandate.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct MandateReport {
    pub(crate) id: String,
    /// The enterprise's login name.
    pub(crate) principal: String,
    /// The person's login name.
    pub(crate) agent: String,
    pub(crate) scenarios: Vec<String>,
    pub(crate) actions: Vec<String>,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    /// `valid`, `not-yet`, `expired` or `withdrawn`
    pub(crate) status: String,
}

/// Brings in a mandate of an enterprise: `login` is the enterprise's. One that the two have already ends.
#[utoipa::path(
    post,
    path = "/users/{login}/mandates",
    operation_id = "give_mandate",
    tag = "users",
    security(("bearer" = [System::NAME])),
    params(("login" = String, Path, description = "the enterprise's login name")),
    request_body = GivenMandate,
    responses((status = 200, description = "the mandate", body = MandateReport), Refused, Unusable, Missing),
)]
async fn give(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path(login): Path<String>,
    Body(given): Body<GivenMandate>,
) -> Result<Json<MandateReport>, Problem> {
    let principal = find(&app, &login).await?.subject.account;
    let agent = find(&app, &given.agent).await?.subject.account;
    let new = NewMandate {
        principal,
        agent,
        scope: MandateScope::parse(&given.scenarios)?,
        actions: given.actions.iter().map(|action| action.parse()).collect::<Result<BTreeSet<_>, _>>()?,
        from: given.from.unwrap_or_else(|| app.clock.now()),
        until: given.until,
    };
    app.record_first(operator.actor(), "mandate:give", format!("{principal} to {agent}")).await?;
    let mandate = app.mandates.give(new, operator.actor().parse()?).await?;
    Ok(Json(report(&app, mandate).await?))
}

/// The mandates of an account: those it gave, and those it has; the newest first.
#[utoipa::path(
    get,
    path = "/users/{login}/mandates",
    operation_id = "list_mandates",
    tag = "users",
    security(("bearer" = [System::NAME])),
    params(("login" = String, Path, description = "the login name")),
    responses((status = 200, description = "also those that are over", body = Vec<MandateReport>), Refused, Missing),
)]
async fn list(
    State(app): State<Arc<App>>,
    _: Operator,
    Path(login): Path<String>,
) -> Result<Json<Vec<MandateReport>>, Problem> {
    let account = find(&app, &login).await?.subject.account;
    let mut reports = Vec::new();
    for mandate in app.mandates.of(account).await? {
        reports.push(report(&app, mandate).await?);
    }
    Ok(Json(reports))
}

/// Takes a mandate back: at once on this host, within a second on others.
#[utoipa::path(
    delete,
    path = "/mandates/{id}",
    operation_id = "revoke_mandate",
    tag = "users",
    security(("bearer" = [System::NAME])),
    params(("id" = String, Path, description = "the mandate's id")),
    responses((status = 204, description = "done"), Refused, Missing),
)]
async fn revoke(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: MandateId = id.parse()?;
    app.record_first(operator.actor(), "mandate:revoke", id.to_string()).await?;
    app.mandates.revoke(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn report(app: &App, mandate: Mandate) -> Result<MandateReport, Problem> {
    let status = mandate.status(app.clock.now()).to_owned();
    Ok(MandateReport {
        id: mandate.id.to_string(),
        principal: login_of(app, &mandate.principal.to_string()).await?,
        agent: login_of(app, &mandate.agent.to_string()).await?,
        scenarios: mandate.scope.texts(),
        actions: mandate.actions.iter().map(|action| action.as_str().to_owned()).collect(),
        from: mandate.from,
        until: mandate.until,
        status,
    })
}
