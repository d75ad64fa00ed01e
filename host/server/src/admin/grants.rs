//! What a scenario may use.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, put},
};
use http::StatusCode;
use zhongtai_kernel::ErrorKind;
use zhongtai_registry::Grant;

use crate::{
    admin::{
        auth::Operator,
        plugins::{scenario, with_logins},
    },
    app::App,
    problem::Problem,
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/grants/{department}/{name}", get(list))
        .route("/grants/{department}/{name}/{capability}", put(grant).delete(revoke))
}

async fn list(
    State(app): State<Arc<App>>,
    _: Operator,
    Path(path): Path<(String, String)>,
) -> Result<Json<Vec<Grant>>, Problem> {
    Ok(Json(with_logins(&app, app.registry.grants(&scenario(&path)?).await?).await?))
}

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
