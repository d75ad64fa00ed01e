//! The worker as a process of its own, with limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::{
    fmt::Write as _,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use support::{POLICIES, SCHEMA, confirm, found, of, solver, texts, with};
use zhongtai_analysis::{
    AnalysisError, Limits, Outcome, Report, Solver, WorkerCommand, analyse, supervise, supervise_never_errors,
};
use zhongtai_authz::PolicyTexts;

fn worker() -> WorkerCommand {
    WorkerCommand { program: env!("CARGO_BIN_EXE_zhongtai-analysis-worker").into(), arguments: Vec::new() }
}

fn seconds(seconds: u64) -> Limits {
    Limits { wall: Duration::from_secs(seconds), ..Limits::default() }
}

fn script(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("program");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    path
}

fn loosened() -> PolicyTexts {
    with(&POLICIES.replace(" && resource.level <= principal.clearance", ""))
}

fn unknown(report: &Report, action: &str) -> String {
    match &of(report, action).grants {
        Outcome::Unknown { reason } => reason.en.clone(),
        other => panic!("not unknown but {other:?}"),
    }
}

fn is_running(pid: &str) -> bool {
    // A zombie that nobody took yet runs no more.
    let status = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    !status.is_empty() && !status.contains(") Z ")
}

/// What was killed takes a moment to be gone.
async fn ends(pid: &str) -> bool {
    for _ in 0..500 {
        if !is_running(pid) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

#[tokio::test]
async fn a_worker_reports_what_the_analysis_in_this_process_reports() {
    let (old, new) = (with(POLICIES), loosened());
    let report = supervise(&worker(), &old, &new, &solver(), seconds(60)).await.unwrap();
    confirm(found(&of(&report, "credit:read-detail").grants), &old, &new);
    let here = analyse(&old, &new, &solver()).await.unwrap();
    assert_eq!((report.stopped, report.changed, report.policies), (None, here.changed, here.policies));
    let names = |requests: &[zhongtai_analysis::RequestOutcome]| -> Vec<_> {
        requests.iter().map(|one| (one.kind.clone(), one.grants.is_proved(), one.denies.is_proved())).collect()
    };
    assert_eq!(names(&report.requests), names(&here.requests));
}

#[tokio::test]
async fn errors_cross_the_process_boundary_as_they_are() {
    let broken = with("permit (");
    let error = supervise(&worker(), &with(POLICIES), &broken, &solver(), seconds(60)).await.unwrap_err();
    assert!(
        matches!(&error, AnalysisError::Invalid { problem, .. } if problem.contains("credit/credit.cedar:1")),
        "{error}"
    );
    let nowhere = WorkerCommand { program: "/nonexistent/zt".into(), arguments: Vec::new() };
    let error = supervise(&nowhere, &broken, &broken, &solver(), seconds(60)).await.unwrap_err();
    assert!(matches!(error, AnalysisError::Spawn { .. }), "{error}");
}

#[tokio::test]
async fn at_the_time_limit_worker_and_solver_are_killed_and_what_was_finished_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = script(
        folder.path(),
        "echo $$ > \"$(dirname \"$0\")/pid\"; sleep 600 & echo $! > \"$(dirname \"$0\")/child\"; wait",
    );
    // credit:check comes first and is proved without the solver; credit:write, of a schema with one more, is last.
    let slow = Solver::at(path).unwrap().with_question_limit(Duration::from_secs(600));
    let started = Instant::now();
    let last = format!(
        "{SCHEMA} action \"credit:write\" appliesTo {{ principal: [Caller], resource: [Field], context: Facts }};"
    );
    let [old, new] = [with(POLICIES), loosened()]
        .map(|texts| texts.with([("credit/credit.cedarschema".to_owned(), Some(last.clone()))]).unwrap());
    let report = supervise(&worker(), &old, &new, &slow, seconds(2)).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(20));
    assert!(of(&report, "credit:check").grants.is_proved());
    assert!(unknown(&report, "credit:read-detail").contains("the limit of 2 s was reached"));
    assert!(unknown(&report, "credit:write").contains("the limit of 2 s"));
    assert!(report.stopped.is_some() && !report.is_proved_safe());
    for file in ["pid", "child"] {
        let pid = std::fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(ends(&pid).await, "{file} {pid} still runs");
    }
}

#[tokio::test]
async fn the_solver_has_the_memory_limit_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = script(folder.path(), "ulimit -v > \"$(dirname \"$0\")/limit\"; exit 3");
    let limits = Limits { memory_mib: 3000, ..seconds(60) };
    let report = supervise(&worker(), &with(POLICIES), &loosened(), &Solver::at(path).unwrap(), limits).await.unwrap();
    let limit = std::fs::read_to_string(folder.path().join("limit")).unwrap();
    assert_eq!(limit.trim(), (3000 * 1024).to_string(), "in KiB");
    assert!(unknown(&report, "credit:read-detail").contains("the solver failed"));
}

#[tokio::test]
async fn at_the_memory_limit_nothing_is_proved() {
    let mut many = POLICIES.to_owned();
    for number in 0..4000 {
        let _ = write!(
            many,
            "@id(\"p{number}\")\npermit (principal == Caller::\"c{number}\", action, resource) when {{ principal.officer }};\n"
        );
    }
    // The stack takes 1024 of it.
    let limits = Limits { memory_mib: 1060, ..seconds(60) };
    let report = supervise(&worker(), &with(POLICIES), &with(&many), &solver(), limits).await.unwrap();
    let stopped = report.stopped.clone().unwrap();
    assert!(stopped.en.contains("the memory limit of 1060 MiB was reached"), "{stopped:?}");
    assert!(!report.is_proved_safe() && !report.is_equivalent());
}

#[tokio::test]
async fn a_limit_below_the_stack_is_an_error_that_says_so() {
    let limits = Limits { memory_mib: 200, ..seconds(60) };
    let error = supervise(&worker(), &with(POLICIES), &loosened(), &solver(), limits).await.unwrap_err();
    assert!(matches!(error, AnalysisError::Worker { .. }), "{error}");
}

#[tokio::test]
async fn a_worker_that_dies_or_talks_nonsense_proves_nothing() {
    for text in ["exit 0", "kill -SEGV $$", "echo nonsense", "cat >/dev/null; echo '\"done\"'"] {
        let folder = tempfile::tempdir().unwrap();
        let command = WorkerCommand { program: script(folder.path(), text), arguments: Vec::new() };
        let report = supervise(&command, &with(POLICIES), &loosened(), &solver(), seconds(20)).await.unwrap();
        assert!(report.stopped.is_some(), "{text}");
        assert!(!report.is_proved_safe() && !report.is_equivalent(), "{text}");
        let forbids = supervise_never_errors(&command, &with(POLICIES), &solver(), seconds(20)).await.unwrap();
        assert!(text.contains("done") || !forbids.is_proved(), "{text}");
    }
}

#[tokio::test]
async fn the_repositorys_guardrails_never_err() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let policies = PolicyTexts::read(&[zhongtai_authz::PolicyFolder(folder)]).unwrap();
    let report = supervise_never_errors(&worker(), &policies, &solver(), seconds(120)).await.unwrap();
    let open: Vec<_> =
        report.forbids.iter().filter(|forbid| !forbid.is_proved()).map(|forbid| forbid.words()).collect();
    assert!(report.is_proved(), "{open:#?}");
    let guardrails: Vec<_> = report
        .forbids
        .iter()
        .filter(|forbid| forbid.source.as_ref().is_some_and(|at| at.starts_with("platform/guardrails.cedar")))
        .collect();
    assert!(guardrails.len() >= 2);
    assert!(guardrails.iter().all(|forbid| !forbid.requests.is_empty()), "each can match something");
}

#[tokio::test]
async fn a_set_without_a_schema_change_can_be_compared_by_a_worker_in_chinese_and_english() {
    let old = texts(&[("credit/credit.cedarschema", SCHEMA), ("credit/credit.cedar", POLICIES)]);
    let report = supervise(&worker(), &old, &old, &solver(), seconds(60)).await.unwrap();
    assert!(report.is_equivalent());
    assert!(report.text(zhongtai_analysis::Lang::Zh).contains("已证明两套策略等价"));
    assert!(report.text(zhongtai_analysis::Lang::En).contains("both sets decide alike"));
}
