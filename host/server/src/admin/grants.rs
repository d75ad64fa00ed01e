//! What a scenario may use.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_kernel::ErrorKind;
use zhongtai_registry::Grant;

use crate::{
    admin::{
        auth::{Operator, Role as _, System},
        openapi::{Missing, Refused},
        plugins::{scenario, with_logins},
        schema::{self, OfScenario},
    },
    app::App,
    params::Path,
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(grant, revoke))
}

/// What a scenario may use.
#[utoipa::path(
    get,
    path = "/grants/{department}/{name}",
    operation_id = "list_grants",
    tag = "grants",
    security(("bearer" = [System::NAME])),
    params(OfScenario),
    responses((status = 200, description = "the grants", body = Vec<schema::Grant>), Refused, Missing),
)]
async fn list(
    State(app): State<Arc<App>>,
    _: Operator,
    Path(path): Path<(String, String)>,
) -> Result<Json<Vec<Grant>>, Problem> {
    Ok(Json(with_logins(&app, app.registry.grants(&scenario(&path)?).await?).await?))
}

/// Lets a scenario use a capability.
#[utoipa::path(
    put,
    path = "/grants/{department}/{name}/{capability}",
    operation_id = "add_grant",
    tag = "grants",
    security(("bearer" = [System::NAME])),
    params(OfScenario, ("capability" = String, Path, description = "`credit`, `notify`, ...")),
    responses((status = 204, description = "done"), Refused, Missing),
)]
async fn grant(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path((department, name, capability)): Path<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    let scenario = scenario(&(department, name))?;
    if !app.runtime.has_capability(&capability) {
        let detail =
            format!("there is no capability `{capability}`: one of {}", app.runtime.capability_names().join(", "));
        return Err(Problem::new(ErrorKind::NotFound, "unknown-capability", detail));
    }
    app.record_first(operator.actor(), "grant:add", format!("{scenario} {capability}")).await?;
    app.registry.grant(&scenario, &capability, &operator.actor()).await?;
    app.deployments.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a capability from a scenario. A release that imports it answers 503 from then on.
#[utoipa::path(
    delete,
    path = "/grants/{department}/{name}/{capability}",
    operation_id = "remove_grant",
    tag = "grants",
    security(("bearer" = [System::NAME])),
    params(OfScenario, ("capability" = String, Path, description = "`credit`, `notify`, ...")),
    responses((status = 204, description = "done"), Refused, Missing),
)]
async fn revoke(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path((department, name, capability)): Path<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    let scenario = scenario(&(department, name))?;
    app.record_first(operator.actor(), "grant:remove", format!("{scenario} {capability}")).await?;
    if !app.registry.revoke(&scenario, &capability).await? {
        return Err(Problem::not_found("such grant"));
    }
    app.deployments.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}
