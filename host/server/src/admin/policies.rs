//! The change process of policies, for security administrators. Other administrators may look.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_authz::PolicyTexts;
use zhongtai_governance::{Proposal, Version};
use zhongtai_kernel::{Digest, ErrorKind, Lang, RequestId, Words};

use crate::{
    admin::{
        ask::Told,
        auth::{AnyAdministrator, Audit, Role as _, Security, SecurityOfficer, System},
        logins::login,
        openapi::{Conflicting, Missing, Refused, Unusable},
        schema,
    },
    analysis,
    app::App,
    json::Body,
    params::Path,
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(history, propose))
        .routes(routes!(in_force))
        .routes(routes!(roll_back))
        .routes(routes!(end_shadow, shadow_report))
        .routes(routes!(show))
        .routes(routes!(texts))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(activate))
        .routes(routes!(shadow))
}

/// A draft, put forward.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    pub(crate) reason: String,
    /// Text by file path: `credit/credit.cedar`.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(crate) texts: PolicyTexts,
}

/// The number that a draft got.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Proposed {
    pub(crate) number: i64,
}

/// Why somebody agrees, refuses or goes back.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Why {
    pub(crate) reason: String,
    /// For a rollback: to which version; the one before by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<i64>,
}

/// What decides now.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct InForceReport {
    /// `None` when policy files are followed without versions.
    pub(crate) number: Option<i64>,
    /// `sha256:` and 64 digits.
    #[schema(value_type = String)]
    pub(crate) hash: Digest,
    pub(crate) policies: usize,
}

/// Every version, newest first.
#[utoipa::path(
    get,
    path = "/policies",
    operation_id = "list_policy_versions",
    tag = "policies",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    responses((status = 200, description = "newest first", body = Vec<schema::Version>), Refused),
)]
async fn history(State(app): State<Arc<App>>, _: AnyAdministrator) -> Result<Json<Vec<Version>>, Problem> {
    let mut history = app.policies.versions().history().await?;
    for version in &mut history {
        with_logins(&app, version).await?;
    }
    Ok(Json(history))
}

async fn with_logins(app: &App, version: &mut Version) -> Result<(), Problem> {
    for event in &mut version.events {
        event.actor = login(app, &event.actor).await?;
    }
    Ok(())
}

/// What decides now.
#[utoipa::path(
    get,
    path = "/policies/in-force",
    operation_id = "show_policies_in_force",
    tag = "policies",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    responses((status = 200, description = "what decides", body = InForceReport), Refused),
)]
async fn in_force(State(app): State<Arc<App>>, _: AnyAdministrator) -> Json<InForceReport> {
    let summary = app.policies.authz().summary();
    Json(InForceReport { number: app.policies.number(), hash: summary.hash, policies: summary.policies })
}

/// One version, with what happened to it.
#[utoipa::path(
    get,
    path = "/policies/{number}",
    operation_id = "show_policy_version",
    tag = "policies",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    params(("number" = i64, Path, description = "the version")),
    responses((status = 200, description = "the version", body = schema::Version), Refused, Missing),
)]
async fn show(
    State(app): State<Arc<App>>,
    _: AnyAdministrator,
    Path(number): Path<i64>,
) -> Result<Json<Version>, Problem> {
    let mut version = app.policies.versions().get(number).await?;
    with_logins(&app, &mut version).await?;
    Ok(Json(version))
}

/// The texts of one version, by file path.
#[utoipa::path(
    get,
    path = "/policies/{number}/texts",
    operation_id = "read_policy_texts",
    tag = "policies",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    params(("number" = i64, Path, description = "the version")),
    responses(
        (status = 200, description = "text by path: `credit/credit.cedar`", body = BTreeMap<String, String>),
        Refused, Missing,
    ),
)]
async fn texts(
    State(app): State<Arc<App>>,
    _: AnyAdministrator,
    Path(number): Path<i64>,
) -> Result<Json<PolicyTexts>, Problem> {
    Ok(Json(app.policies.versions().texts(number).await?))
}

/// Puts a draft forward.
///
/// It is checked and its cases are run first; then it is kept as a version and the change is analysed.
#[utoipa::path(
    post,
    path = "/policies",
    operation_id = "propose_policies",
    tag = "policies",
    security(("bearer" = [Security::NAME])),
    request_body = Draft,
    responses((status = 200, description = "the draft's number", body = Proposed), Refused, Unusable, Conflicting),
)]
async fn propose(
    State(app): State<Arc<App>>,
    officer: SecurityOfficer,
    Body(draft): Body<Draft>,
) -> Result<Json<Proposed>, Problem> {
    must_have_versions(&app)?;
    let draft = tokio::task::spawn_blocking(move || examine(&draft.texts).map(|()| draft))
        .await
        .map_err(|_| Problem::new(ErrorKind::Internal, "lost", "the request was lost"))??;
    app.record_first(officer.actor(), "policy:propose", draft.texts.hash().to_string()).await?;
    let proposal = Proposal { texts: &draft.texts, reason: &draft.reason, actor: &officer.actor() };
    let number = app.policies.versions().propose(&proposal).await?;
    done(&app, officer.actor(), "policy:propose", number)?;
    analysis::begin(&app, number);
    Ok(Json(Proposed { number }))
}

/// What does not compile, or breaks a case of its own, is not put forward.
fn examine(texts: &PolicyTexts) -> Result<(), Problem> {
    let refuse = |detail: String| Problem::new(ErrorKind::Invalid, "policy-draft", detail);
    // Parsed by serde so far: the paths and the size are checked here.
    let files = texts.files().map(|(path, text)| (path.to_owned(), text.to_owned()));
    let texts = PolicyTexts::new(files).map_err(|error| refuse(error.to_string()))?;
    let check = zhongtai_workbench::check(&texts);
    if !check.is_valid() {
        return Err(refuse(check.render(Lang::En)));
    }
    let failures = zhongtai_workbench::failures(&texts).map_err(|error| refuse(error.to_string()))?;
    match failures.first() {
        Some(first) => Err(refuse(format!("{} cases fail, first {}: {}", failures.len(), first.path, first.title))),
        None => Ok(()),
    }
}

/// Agrees to a version, as a second person.
#[utoipa::path(
    post,
    path = "/policies/{number}/approve",
    operation_id = "approve_policy_version",
    tag = "policies",
    security(("bearer" = [Security::NAME])),
    params(("number" = i64, Path, description = "the version")),
    request_body = Why,
    responses((status = 204, description = "done"), Refused, Unusable, Missing, Conflicting),
)]
async fn approve(
    State(app): State<Arc<App>>,
    officer: SecurityOfficer,
    Path(number): Path<i64>,
    Body(why): Body<Why>,
) -> Result<StatusCode, Problem> {
    app.record_first(officer.actor(), "policy:approve", number.to_string()).await?;
    app.policies.versions().approve(number, &officer.actor(), &why.reason).await?;
    done(&app, officer.actor(), "policy:approve", number)
}

/// Refuses a version, or takes an own one back.
#[utoipa::path(
    post,
    path = "/policies/{number}/reject",
    operation_id = "reject_policy_version",
    tag = "policies",
    security(("bearer" = [Security::NAME])),
    params(("number" = i64, Path, description = "the version")),
    request_body = Why,
    responses((status = 204, description = "done"), Refused, Unusable, Missing, Conflicting),
)]
async fn reject(
    State(app): State<Arc<App>>,
    officer: SecurityOfficer,
    Path(number): Path<i64>,
    Body(why): Body<Why>,
) -> Result<StatusCode, Problem> {
    app.record_first(officer.actor(), "policy:reject", number.to_string()).await?;
    app.policies.versions().reject(number, &officer.actor(), &why.reason).await?;
    done(&app, officer.actor(), "policy:reject", number)
}

/// Puts an approved version in force.
#[utoipa::path(
    post,
    path = "/policies/{number}/activate",
    operation_id = "activate_policy_version",
    tag = "policies",
    security(("bearer" = [Security::NAME])),
    params(("number" = i64, Path, description = "the version")),
    responses((status = 204, description = "done"), Refused, Missing, Conflicting),
)]
async fn activate(
    State(app): State<Arc<App>>,
    officer: SecurityOfficer,
    Path(number): Path<i64>,
) -> Result<StatusCode, Problem> {
    must_have_versions(&app)?;
    app.record_first(officer.actor(), "policy:activate", number.to_string()).await?;
    app.policies.versions().activate(number, &officer.actor()).await?;
    app.policies.refresh().await;
    done(&app, officer.actor(), "policy:activate", number)
}

/// Puts an earlier version in force again, at once.
#[utoipa::path(
    post,
    path = "/policies/rollback",
    operation_id = "roll_back_policies",
    tag = "policies",
    security(("bearer" = [Security::NAME])),
    request_body = Why,
    responses(
        (status = 200, description = "the version in force now", body = Proposed),
        Refused, Unusable, Missing, Conflicting,
    ),
)]
async fn roll_back(
    State(app): State<Arc<App>>,
    officer: SecurityOfficer,
    Body(why): Body<Why>,
) -> Result<Json<Proposed>, Problem> {
    must_have_versions(&app)?;
    let target = why.to.map_or("the version before".to_owned(), |number| number.to_string());
    app.record_first(officer.actor(), "policy:rollback", target).await?;
    let number = app.policies.versions().roll_back(why.to, &officer.actor(), &why.reason).await?;
    app.policies.refresh().await;
    done(&app, officer.actor(), "policy:rollback", number)?;
    Ok(Json(Proposed { number }))
}

/// Evaluates a draft beside the version in force.
#[utoipa::path(
    post,
    path = "/policies/{number}/shadow",
    operation_id = "shadow_policy_version",
    tag = "policies",
    security(("bearer" = [Security::NAME])),
    params(("number" = i64, Path, description = "the version")),
    responses((status = 204, description = "done"), Refused, Missing, Conflicting),
)]
async fn shadow(
    State(app): State<Arc<App>>,
    officer: SecurityOfficer,
    Path(number): Path<i64>,
) -> Result<StatusCode, Problem> {
    must_have_versions(&app)?;
    app.record_first(officer.actor(), "policy:shadow", number.to_string()).await?;
    app.policies.versions().shadow(Some(number), &officer.actor()).await?;
    app.policies.refresh().await;
    done(&app, officer.actor(), "policy:shadow", number)
}

/// Ends the evaluation of a draft beside the version in force.
#[utoipa::path(
    delete,
    path = "/policies/shadow",
    operation_id = "end_shadow",
    tag = "policies",
    security(("bearer" = [Security::NAME])),
    responses((status = 204, description = "done"), Refused, Conflicting),
)]
async fn end_shadow(State(app): State<Arc<App>>, officer: SecurityOfficer) -> Result<StatusCode, Problem> {
    app.record_first(officer.actor(), "policy:end-shadow", "").await?;
    app.policies.versions().shadow(None, &officer.actor()).await?;
    app.policies.refresh().await;
    Ok(StatusCode::NO_CONTENT)
}

/// What the draft in shadow decided otherwise, on this host.
#[utoipa::path(
    get,
    path = "/policies/shadow",
    operation_id = "show_shadow",
    tag = "policies",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    responses((status = 200, description = "differences so far", body = Told), Refused, Missing),
)]
async fn shadow_report(State(app): State<Arc<App>>, _: AnyAdministrator) -> Result<Json<Told>, Problem> {
    let shadow = app.policies.shadow().ok_or_else(|| Problem::not_found("draft in shadow"))?;
    let report = shadow.1.report();
    let text = Words::new(report.render(Lang::Zh), report.render(Lang::En));
    Ok(Json(Told { text, report: serde_json::json!({ "number": shadow.0, "shadow": report }) }))
}

/// Records that an act is done.
fn done(app: &App, actor: String, action: &'static str, number: i64) -> Result<StatusCode, Problem> {
    app.record(RequestId::generate(), actor, action, number.to_string(), "ok")?;
    Ok(StatusCode::NO_CONTENT)
}

fn must_have_versions(app: &App) -> Result<(), Problem> {
    match app.policies.number() {
        Some(_) => Ok(()),
        None => Err(Problem::new(
            ErrorKind::Conflict,
            "files-are-followed",
            "this host follows policy files (policy.follow_files in zt.toml), so versions decide nothing",
        )),
    }
}
