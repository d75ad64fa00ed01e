//! The solver's work on a proposed version: begun when it is proposed, kept with it when it is done.

use std::sync::Arc;

use zhongtai_analysis::{Limits, Outcome, Report, Solver, WorkerCommand, supervise};
use zhongtai_authz::PolicyTexts;
use zhongtai_governance::{Proof, State};
use zhongtai_kernel::Lang;

use crate::app::App;

/// Compares a version with the one it was made from, in a process of its own.
pub(crate) fn begin(app: &Arc<App>, number: i64) {
    let app = app.clone();
    app.shared.clone().spawn(async move {
        let (proof, report) = match compare(&app, number).await {
            Ok(report) => (proof(&report), serde_json::to_string(&report).unwrap_or_default()),
            Err(error) => (Proof::Unknown, serde_json::json!({ "error": format!("{error:#}") }).to_string()),
        };
        tracing::info!(version = number, proof = proof.as_str(), "the change of policies is analysed");
        if let Err(error) = app.policies.versions().analysed(number, proof, report).await {
            tracing::error!(%error, version = number, "the analysis can't be kept");
        }
    });
}

/// Begins what a host that stopped has left undone.
pub(crate) async fn resume(app: &Arc<App>) {
    let waiting = |version: &zhongtai_governance::Version| version.state == State::Proposed && version.proof.is_none();
    match app.policies.versions().history().await {
        Ok(history) => history.iter().filter(|version| waiting(version)).for_each(|version| begin(app, version.number)),
        Err(error) => tracing::error!(%error, "the policy history can't be read"),
    }
}

async fn compare(app: &App, number: i64) -> anyhow::Result<Report> {
    let versions = app.policies.versions();
    let version = versions.get(number).await?;
    let (old, new) = (versions.texts(version.base).await?, versions.texts(number).await?);
    run(&old, &new).await
}

/// The analysis of a change, under limits of time and memory, by this program started once more.
pub(crate) async fn run(old: &PolicyTexts, new: &PolicyTexts) -> anyhow::Result<Report> {
    // Whatever has become of the file: an upgrade replaces it while the host runs.
    let worker =
        WorkerCommand { program: "/proc/self/exe".into(), arguments: vec!["policy".into(), "analyze-worker".into()] };
    Ok(supervise(&worker, old, new, &Solver::find()?, Limits::default()).await?)
}

/// The worst of all kinds of requests.
fn proof(report: &Report) -> Proof {
    if report.is_proved_safe() {
        return Proof::Proved;
    }
    let any = |is: fn(&Outcome) -> bool| report.requests.iter().any(|request| is(&request.grants));
    if any(|outcome| matches!(outcome, Outcome::Counterexample(_))) {
        Proof::Counterexample
    } else if any(|outcome| matches!(outcome, Outcome::Unsupported { .. })) {
        Proof::Unsupported
    } else {
        Proof::Unknown
    }
}

/// What was kept with a version, for people.
pub(crate) fn render(detail: &str, lang: Lang) -> String {
    match serde_json::from_str::<Report>(detail) {
        Ok(report) => report.text(lang),
        Err(_) => {
            let value: serde_json::Value = serde_json::from_str(detail).unwrap_or_default();
            let error = value.get("error").and_then(serde_json::Value::as_str).unwrap_or("no report was kept");
            format!("unknown: {error}\n")
        }
    }
}
