//! The change process of policies, for security administrators. Other administrators may look.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{delete, get, post},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use zhongtai_authz::PolicyTexts;
use zhongtai_governance::{Proposal, Version};
use zhongtai_kernel::{Digest, ErrorKind, Lang, RequestId, Words};

use crate::{
    admin::{
        ask::Told,
        auth::{AnyAdministrator, SecurityOfficer},
        logins::login,
    },
    analysis,
    app::App,
    json::Body,
    problem::Problem,
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/policies", get(history).post(propose))
        .route("/policies/in-force", get(in_force))
        .route("/policies/rollback", post(roll_back))
        .route("/policies/shadow", delete(end_shadow).get(shadow_report))
        .route("/policies/{number}", get(show))
        .route("/policies/{number}/texts", get(texts))
        .route("/policies/{number}/approve", post(approve))
        .route("/policies/{number}/reject", post(reject))
        .route("/policies/{number}/activate", post(activate))
        .route("/policies/{number}/shadow", post(shadow))
}

/// A draft, put forward.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    pub(crate) reason: String,
    pub(crate) texts: PolicyTexts,
}

/// The number that a draft got.
#[derive(Serialize, Deserialize)]
pub(crate) struct Proposed {
    pub(crate) number: i64,
}

/// Why somebody agrees, refuses or goes back.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Why {
    pub(crate) reason: String,
    /// For a rollback: to which version; the one before by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<i64>,
}

/// What decides now.
#[derive(Serialize, Deserialize)]
pub(crate) struct InForceReport {
    /// `None` when policy files are followed without versions.
    pub(crate) number: Option<i64>,
    pub(crate) hash: Digest,
    pub(crate) policies: usize,
}

/// `GET /admin/v1/policies`: every version, newest first.
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

/// `GET /admin/v1/policies/in-force`
async fn in_force(State(app): State<Arc<App>>, _: AnyAdministrator) -> Json<InForceReport> {
    let summary = app.policies.authz().summary();
    Json(InForceReport { number: app.policies.number(), hash: summary.hash, policies: summary.policies })
}

/// `GET /admin/v1/policies/{number}`
async fn show(
    State(app): State<Arc<App>>,
    _: AnyAdministrator,
    Path(number): Path<i64>,
) -> Result<Json<Version>, Problem> {
    let mut version = app.policies.versions().get(number).await?;
    with_logins(&app, &mut version).await?;
    Ok(Json(version))
}

/// `GET /admin/v1/policies/{number}/texts`
async fn texts(
    State(app): State<Arc<App>>,
    _: AnyAdministrator,
    Path(number): Path<i64>,
) -> Result<Json<PolicyTexts>, Problem> {
    Ok(Json(app.policies.versions().texts(number).await?))
}

/// `POST /admin/v1/policies`: checks a draft, runs its cases, keeps it as a version and has the change analysed.
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

/// `POST /admin/v1/policies/{number}/approve`
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

/// `POST /admin/v1/policies/{number}/reject`
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

/// `POST /admin/v1/policies/{number}/activate`
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

/// `POST /admin/v1/policies/rollback`: an earlier version, at once.
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

/// `POST /admin/v1/policies/{number}/shadow`: evaluates a draft beside the version in force.
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

/// `DELETE /admin/v1/policies/shadow`
async fn end_shadow(State(app): State<Arc<App>>, officer: SecurityOfficer) -> Result<StatusCode, Problem> {
    app.record_first(officer.actor(), "policy:end-shadow", "").await?;
    app.policies.versions().shadow(None, &officer.actor()).await?;
    app.policies.refresh().await;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /admin/v1/policies/shadow`: what the draft in shadow decided otherwise, on this host.
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
