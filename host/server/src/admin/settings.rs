//! What an operator sets for a scenario.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    admin::{
        auth::{Operator, Role as _, System},
        openapi::{Missing, Refused, Unusable},
        plugins::scenario,
        schema::OfScenario,
    },
    app::App,
    json::Body,
    params::Path,
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(set, unset))
}

/// A setting's value.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SettingValue)]
pub(crate) struct Value {
    pub(crate) value: String,
}

type Key = (String, String, String);

/// Sets a value. It may be a secret: only its key is recorded.
#[utoipa::path(
    put,
    path = "/settings/{department}/{name}/{key}",
    operation_id = "change_setting",
    tag = "settings",
    security(("bearer" = [System::NAME])),
    params(OfScenario, ("key" = String, Path, description = "as the scenario asks `config` for it")),
    request_body = Value,
    responses((status = 204, description = "done"), Refused, Unusable),
)]
async fn set(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path(key): Path<Key>,
    Body(value): Body<Value>,
) -> Result<StatusCode, Problem> {
    change(&app, &operator, key, Some(value.value)).await
}

/// Takes a value away.
#[utoipa::path(
    delete,
    path = "/settings/{department}/{name}/{key}",
    operation_id = "remove_setting",
    tag = "settings",
    security(("bearer" = [System::NAME])),
    params(OfScenario, ("key" = String, Path, description = "as the scenario asks `config` for it")),
    responses((status = 204, description = "done"), Refused, Missing),
)]
async fn unset(State(app): State<Arc<App>>, operator: Operator, Path(key): Path<Key>) -> Result<StatusCode, Problem> {
    change(&app, &operator, key, None).await
}

async fn change(
    app: &App,
    operator: &Operator,
    (department, name, key): Key,
    value: Option<String>,
) -> Result<StatusCode, Problem> {
    let scenario = scenario(&(department, name))?;
    // The value may be a secret: only its key is recorded.
    app.record_first(operator.actor(), "setting:change", format!("{scenario} {key}")).await?;
    app.settings.set(&scenario, &key, value.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}
