//! Releases and deployments: check, deploy, list, roll back, remove, logs.

use std::sync::Arc;

use axum::{Json, extract::State};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_cap_log::LogLine;
use zhongtai_kernel::{ALWAYS_GRANTED, Digest, ErrorKind, Release, ScenarioId, Timestamp};
use zhongtai_registry::{Grant, NewRelease};
use zhongtai_runtime::inspect;

use crate::{
    admin::{
        auth::{Operator, Role as _, System},
        logins::login,
        openapi::{Conflicting, Missing, Refused, Unusable},
        schema::{self, OfScenario},
    },
    app::App,
    deployments::Slot,
    json::Body,
    params::{Path, Query},
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, deploy))
        .routes(routes!(check))
        .routes(routes!(remove))
        .routes(routes!(rollback))
        .routes(routes!(logs))
}

/// A component on its way in.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Upload {
    /// The text of `plugin.toml`.
    pub(crate) manifest: String,
    /// The component, base64.
    pub(crate) component: String,
    /// Its share of the requests, percent.
    #[serde(default = "all")]
    pub(crate) weight: i64,
}

fn all() -> i64 {
    100
}

/// What a component imports, and whether it may.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CheckReport {
    pub(crate) scenario: String,
    pub(crate) version: String,
    pub(crate) release: String,
    pub(crate) component: String,
    pub(crate) bytes: usize,
    pub(crate) capabilities: Vec<CapabilityReport>,
    /// Why it can't be deployed; nothing when it can.
    pub(crate) refused: Option<String>,
}

/// One capability of a component.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CapabilityReport {
    pub(crate) name: String,
    pub(crate) interfaces: Vec<String>,
    /// The manifest's reason.
    pub(crate) reason: Option<String>,
    /// `always`, `granted` or `not granted`.
    pub(crate) grant: String,
    pub(crate) granted_by: Option<String>,
}

/// One line of `zt plugin list`.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DeploymentReport {
    pub(crate) scenario: String,
    pub(crate) version: String,
    pub(crate) release: String,
    pub(crate) weight: u8,
    pub(crate) requests: u64,
    pub(crate) errors: u64,
    pub(crate) denials: u64,
    pub(crate) p99_s: Option<f64>,
    pub(crate) memory: i64,
    pub(crate) since: Timestamp,
    /// Why it can't run on this host.
    pub(crate) broken: Option<String>,
}

struct Parsed {
    release: Arc<Release>,
    manifest: String,
    component: Vec<u8>,
}

fn parse(upload: &Upload) -> Result<Parsed, Problem> {
    let component = STANDARD
        .decode(&upload.component)
        .map_err(|_| Problem::new(ErrorKind::Invalid, "invalid-json", "component: not base64"))?;
    let release = Release::parse(Digest::of(&component), &upload.manifest)?;
    Ok(Parsed { release: Arc::new(release), manifest: upload.manifest.clone(), component })
}

/// What a component imports, and whether it may: nothing is changed.
#[utoipa::path(
    post,
    path = "/plugins/check",
    operation_id = "check_plugin",
    tag = "plugins",
    security(("bearer" = [System::NAME])),
    request_body = Upload,
    responses((status = 200, description = "what it imports", body = CheckReport), Refused, Unusable),
)]
async fn check(
    State(app): State<Arc<App>>,
    _: Operator,
    Body(upload): Body<Upload>,
) -> Result<Json<CheckReport>, Problem> {
    Ok(Json(report(&app, &parse(&upload)?).await?))
}

async fn report(app: &App, parsed: &Parsed) -> Result<CheckReport, Problem> {
    let release = &parsed.release;
    let grants = app.registry.grants(release.scenario()).await?;
    let names: Vec<_> = grants.iter().map(|grant| grant.capability.clone()).collect();
    let refused = app.runtime.check(release, &parsed.component, &names).err();
    let inspection = inspect(&parsed.component)?;
    let grants = with_logins(app, grants).await?;
    let capability = |name: &&str| capability_report(name, &inspection.imports, release, &grants);
    Ok(CheckReport {
        scenario: release.scenario().to_string(),
        version: release.manifest().plugin.version.clone(),
        release: release.id().to_string(),
        component: release.digest().to_string(),
        bytes: parsed.component.len(),
        capabilities: inspection.capabilities().iter().map(capability).collect(),
        refused: refused.map(|error| error.to_string()),
    })
}

/// The grants with login names.
pub(super) async fn with_logins(app: &App, mut grants: Vec<Grant>) -> Result<Vec<Grant>, Problem> {
    for grant in &mut grants {
        grant.granted_by = login(app, &grant.granted_by).await?;
    }
    Ok(grants)
}

fn capability_report(name: &str, imports: &[String], release: &Release, grants: &[Grant]) -> CapabilityReport {
    let granted = grants.iter().find(|grant| grant.capability == name);
    let grant = match granted {
        _ if ALWAYS_GRANTED.contains(&name) => "always",
        Some(_) => "granted",
        None => "not granted",
    };
    let prefix = format!("zhongtai:{name}/");
    CapabilityReport {
        name: name.to_owned(),
        interfaces: imports.iter().filter(|import| import.starts_with(&prefix)).cloned().collect(),
        reason: release.manifest().capabilities.get(name).map(|request| request.reason.clone()),
        grant: grant.to_owned(),
        granted_by: granted.map(|grant| grant.granted_by.clone()),
    }
}

/// Deploys a release.
///
/// It is checked and compiled; then the scenario switches over in one transaction.
#[utoipa::path(
    post,
    path = "/plugins",
    operation_id = "deploy_plugin",
    tag = "plugins",
    security(("bearer" = [System::NAME])),
    request_body = Upload,
    responses((status = 200, description = "deployed", body = CheckReport), Refused, Unusable, Conflicting),
)]
async fn deploy(
    State(app): State<Arc<App>>,
    operator: Operator,
    Body(upload): Body<Upload>,
) -> Result<Json<CheckReport>, Problem> {
    let parsed = parse(&upload)?;
    let release = parsed.release.clone();
    let grants = app.deployments.grants(release.scenario()).await?;
    app.deployments.load_blocking(release.clone(), parsed.component.clone(), grants).await?;
    let target = format!("{} {}", release.scenario(), release.id());
    app.record_first(operator.actor(), "release:deploy", target).await?;
    let new = NewRelease {
        release: &release,
        manifest: &parsed.manifest,
        component: &parsed.component,
        actor: &operator.actor(),
    };
    app.registry.deploy(new, upload.weight).await?;
    app.deployments.refresh().await?;
    tracing::info!(scenario = %release.scenario(), release = %release.id().short(), weight = upload.weight, "deployed");
    Ok(Json(report(&app, &parsed).await?))
}

/// Every release that is deployed, with this host's figures.
#[utoipa::path(
    get,
    path = "/plugins",
    operation_id = "list_plugins",
    tag = "plugins",
    security(("bearer" = [System::NAME])),
    responses((status = 200, description = "the deployments", body = Vec<DeploymentReport>), Refused),
)]
async fn list(State(app): State<Arc<App>>, _: Operator) -> Json<Vec<DeploymentReport>> {
    Json(app.deployments.all().iter().map(|slot| deployment_report(slot)).collect())
}

fn deployment_report(slot: &Slot) -> DeploymentReport {
    let (release, numbers) = (&slot.deployed.release, slot.metrics.numbers());
    DeploymentReport {
        scenario: release.scenario().to_string(),
        version: release.manifest().plugin.version.clone(),
        release: release.id().to_string(),
        weight: slot.deployed.weight,
        requests: numbers.requests,
        errors: numbers.errors,
        denials: numbers.denials,
        p99_s: numbers.p99_s,
        memory: numbers.memory,
        since: slot.since(),
        broken: slot.loaded.as_ref().err().cloned(),
    }
}

/// What a rollback went back to.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct RolledBack {
    /// `sha256:` and 64 digits.
    #[schema(value_type = String)]
    pub(crate) release: Digest,
}

/// Gives all requests to the release that was deployed before.
#[utoipa::path(
    post,
    path = "/plugins/{department}/{name}/rollback",
    operation_id = "roll_back_plugin",
    tag = "plugins",
    security(("bearer" = [System::NAME])),
    params(OfScenario),
    responses((status = 200, description = "what answers now", body = RolledBack), Refused, Missing, Conflicting),
)]
async fn rollback(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path(path): Path<(String, String)>,
) -> Result<Json<RolledBack>, Problem> {
    let scenario = scenario(&path)?;
    app.record_first(operator.actor(), "release:rollback", scenario.to_string()).await?;
    let release = app.registry.rollback(&scenario, &operator.actor()).await?;
    app.deployments.refresh().await?;
    Ok(Json(RolledBack { release }))
}

/// Ends a scenario's deployments. Its releases and data stay.
#[utoipa::path(
    delete,
    path = "/plugins/{department}/{name}",
    operation_id = "remove_plugin",
    tag = "plugins",
    security(("bearer" = [System::NAME])),
    params(OfScenario),
    responses((status = 204, description = "done"), Refused, Missing),
)]
async fn remove(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path(path): Path<(String, String)>,
) -> Result<http::StatusCode, Problem> {
    let scenario = scenario(&path)?;
    app.record_first(operator.actor(), "release:remove", scenario.to_string()).await?;
    app.registry.remove(&scenario).await?;
    app.deployments.refresh().await?;
    Ok(http::StatusCode::NO_CONTENT)
}

/// Which lines.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct After {
    /// The number of the last line that is known.
    #[serde(default)]
    after: u64,
}

/// What a scenario logged on this host: the last 500 lines.
#[utoipa::path(
    get,
    path = "/plugins/{department}/{name}/logs",
    operation_id = "list_log_lines",
    tag = "plugins",
    security(("bearer" = [System::NAME])),
    params(OfScenario, After),
    responses((status = 200, description = "oldest first", body = Vec<schema::LogLine>), Refused, Missing),
)]
async fn logs(
    State(app): State<Arc<App>>,
    _: Operator,
    Path(path): Path<(String, String)>,
    Query(After { after }): Query<After>,
) -> Result<Json<Vec<LogLine>>, Problem> {
    Ok(Json(app.log_tail.after(&scenario(&path)?, after)))
}

/// The scenario that a path names.
pub(super) fn scenario((department, name): &(String, String)) -> Result<ScenarioId, Problem> {
    Ok(format!("{department}/{name}").parse::<ScenarioId>()?)
}
