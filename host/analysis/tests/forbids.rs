//! Forbids that can err, and those that can't.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use cedar_policy::Authorizer;
use support::{POLICIES, solver, with};
use zhongtai_analysis::{ErrorOutcome, ForbidOutcome, never_errors};
use zhongtai_authz::Compiled;

async fn forbid(condition: &str) -> ForbidOutcome {
    let forbid = format!(
        "@id(\"tried\")\nforbid (principal, action in Action::\"data:read\", resource) when {{ {condition} }};"
    );
    let texts = with(&format!("{POLICIES}{forbid}"));
    let report = never_errors(&texts, &solver()).await.unwrap();
    let tried = report.forbids.iter().find(|forbid| forbid.policy == "tried").unwrap().clone();
    assert_eq!(report.is_proved(), tried.is_proved(), "the other forbid never errs");
    for (_, outcome) in &tried.requests {
        let ErrorOutcome::Errs { case, error } = outcome else { continue };
        let compiled = Compiled::new(&texts).unwrap();
        let (request, entities) = case.request(&compiled, &texts).unwrap();
        let response = Authorizer::new().is_authorized(&request, compiled.policies(), &entities);
        assert!(response.diagnostics().errors().any(|seen| &seen.to_string() == error), "{response:?}");
    }
    tried
}

#[tokio::test]
async fn a_forbid_that_can_overflow_errs_with_a_request_that_shows_it() {
    let tried = forbid("resource.price * 2 > principal.budget").await;
    assert_eq!(tried.requests.len(), 2, "for both actions of the group");
    assert!(
        tried
            .requests
            .iter()
            .all(|(_, outcome)| matches!(outcome, ErrorOutcome::Errs { error, .. } if error.contains("overflow")))
    );
    assert!(tried.words().en.contains("errs on credit:check"), "{:?}", tried.words());
    assert!(tried.source.as_deref().unwrap().starts_with("credit/credit.cedar:"));
}

#[tokio::test]
async fn an_overflow_that_another_condition_rules_out_is_proved_away() {
    let tried =
        forbid("resource.price < 1000 && resource.price > -1000 && resource.price * 2 > principal.budget").await;
    assert!(tried.is_proved(), "{:?}", tried.words());
}

#[tokio::test]
async fn optional_facts_sets_times_and_patterns_are_understood() {
    for condition in [
        "context has purpose && context.purpose like \"road-*\"",
        "context.now > datetime(\"2026-01-01\") && context.now.toTime() < duration(\"8h\")",
        "context.now.offset(duration(\"-1d\")) < datetime(\"2026-01-01\")",
        "[\"441802\", \"441803\"].contains(principal.area)",
        "principal in Role::\"window\" && resource in Dataset::\"credit\"",
        "ip(\"10.0.0.1\").isInRange(ip(\"10.0.0.0/8\")) && decimal(\"1.5\").lessThan(decimal(\"2.0\"))",
    ] {
        let tried = forbid(condition).await;
        let supported = tried
            .requests
            .iter()
            .all(|(_, outcome)| !matches!(outcome, ErrorOutcome::Unsupported { .. } | ErrorOutcome::Unknown { .. }));
        assert!(supported, "{condition}: {:?}", tried.words());
        // Only moving a time can leave what there are numbers for.
        assert_eq!(tried.is_proved(), !condition.contains("offset"), "{condition}: {:?}", tried.words());
    }
}
