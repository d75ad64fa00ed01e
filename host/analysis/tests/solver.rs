//! Solvers that are not there, hang, crash and talk nonsense.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::{os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use support::{POLICIES, of, with};
use tempfile::TempDir;
use zhongtai_analysis::{AnalysisError, Outcome, Report, Solver, analyse};
use zhongtai_kernel::ErrorKind;

/// A program that stands in the solver's place.
fn script(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cvc5");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    (folder, path)
}

/// A change that needs the solver in two kinds of request, asked of a script.
async fn asked(text: &str) -> Report {
    let (_folder, path) = script(text);
    let solver = Solver::at(path).unwrap().with_question_limit(Duration::from_millis(100));
    let loosened = POLICIES.replace("resource.level >= 4", "resource.level >= 5");
    analyse(&with(POLICIES), &with(&loosened), &solver).await.unwrap()
}

fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Unknown { reason } => &reason.en,
        other => panic!("not unknown but {other:?}"),
    }
}

#[test]
fn a_solver_that_is_missing_is_told_with_the_way_to_get_it() {
    let empty = tempfile::tempdir().unwrap();
    let error = Solver::find_in(None, Some(empty.path().into())).unwrap_err();
    assert!(error.to_string().contains("apt-get install cvc5"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let named = Solver::find_in(Some(empty.path().join("cvc5").into()), None).unwrap_err();
    assert!(
        matches!(&named, AnalysisError::SolverMissing { looked } if looked.contains("cvc5 is not a program")),
        "{named}"
    );
}

#[test]
fn the_variable_comes_before_the_path() {
    let (_one, named) = script("exit 0");
    let (other, _) = script("exit 0");
    let path = Some(other.path().into());
    assert_eq!(Solver::find_in(Some(named.clone().into()), path.clone()).unwrap(), Solver::at(named).unwrap());
    assert_eq!(Solver::find_in(None, path).unwrap(), Solver::at(other.path().join("cvc5")).unwrap());
}

#[tokio::test]
async fn what_a_hanging_solver_does_not_answer_is_unknown() {
    let report = asked("exec sleep 600").await;
    assert!(reason(&of(&report, "credit:check").grants).contains("did not answer within"));
    assert!(!report.is_proved_safe());
    assert!(of(&report, "credit:publish").grants.is_proved(), "what needs no solver is proved all the same");
}

#[tokio::test]
async fn a_crashing_solver_leaves_it_unknown() {
    let report = asked("exit 3").await;
    assert!(reason(&of(&report, "credit:check").grants).contains("the solver failed"));
    assert!(!report.is_proved_safe());
}

#[tokio::test]
async fn a_solver_that_talks_nonsense_leaves_it_unknown() {
    for nonsense in [
        "echo perhaps; cat >/dev/null",
        "yes sat",
        "echo unknown; cat >/dev/null",
        "echo sat; echo '('; echo '(boo)'; echo ')'; cat >/dev/null",
    ] {
        let report = asked(nonsense).await;
        let outcome = &of(&report, "credit:check").grants;
        assert!(!outcome.is_proved() && matches!(outcome, Outcome::Unknown { .. }), "{nonsense}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_solver_that_fails_every_time_is_not_asked_for_ever() {
    let (folder, path) = script("echo x >> \"$(dirname \"$0\")/starts\"; exit 3");
    let solver = Solver::at(path).unwrap();
    let loosened = POLICIES.replace("resource.level", "1 + resource.level");
    analyse(&with(POLICIES), &with(&loosened), &solver).await.unwrap();
    let starts = std::fs::read_to_string(folder.path().join("starts")).unwrap().lines().count();
    assert_eq!(starts, 3);
}

#[tokio::test]
async fn a_model_that_does_not_replay_is_no_counterexample() {
    // The real solver, lied about: it says that an unsatisfiable question is satisfiable, with an empty model.
    let report = asked(
        "while read line; do case \"$line\" in *check-sat*) echo sat;; *get-model*) echo '('; echo ')';; esac; done",
    )
    .await;
    for request in &report.requests {
        for outcome in [&request.grants, &request.denies] {
            assert!(!matches!(outcome, Outcome::Counterexample(_)), "{outcome:?}");
        }
    }
    assert!(!report.is_proved_safe());
}
