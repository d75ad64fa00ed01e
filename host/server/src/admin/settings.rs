//! What an operator sets for a scenario.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    routing::put,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    admin::{auth::Operator, plugins::scenario},
    app::App,
    json::Body,
    problem::Problem,
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/settings/{department}/{name}/{key}", put(set).delete(unset))
}

/// A setting's value.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Value {
    pub(crate) value: String,
}

type Key = (String, String, String);

async fn set(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path(key): Path<Key>,
    Body(value): Body<Value>,
) -> Result<StatusCode, Problem> {
    change(&app, &operator, key, Some(value.value)).await
}

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
