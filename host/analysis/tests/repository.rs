//! The repository's own policies, edited.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::path::PathBuf;

use support::{change, found, of};
use zhongtai_authz::{PolicyFolder, PolicyTexts};

fn policies() -> PolicyTexts {
    PolicyTexts::read(&[PolicyFolder(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../policies"))]).unwrap()
}

/// With `to` in the place of `from` in a file.
fn edited(old: &PolicyTexts, path: &str, from: &str, to: &str) -> PolicyTexts {
    let text = old.get(path).unwrap();
    assert!(text.contains(from), "{path} no longer has {from}");
    old.with([(path.to_owned(), Some(text.replacen(from, to, 1)))]).unwrap()
}

#[tokio::test]
async fn opening_officers_scenarios_to_everybody_who_signed_in_is_found() {
    let old = policies();
    let new = edited(&old, "scenario/scenario.cedar", " && principal.subject.kind == \"officer\"", "");
    let report = change(&old, &new).await;
    let example = found(&of(&report, "scenario:invoke").grants);
    assert_eq!(example.draft.reasons, ["scenario-officer"]);
    assert!(example.words.iter().any(|line| line.en.contains("no longer asks  principal.subject.kind == \"officer\"")));
    assert!(example.path.starts_with("scenario/tests/deny/"), "{}", example.path);
    assert!(of(&report, "credit:check").grants.is_proved());
}

#[tokio::test]
async fn a_lifted_guardrail_is_found_where_a_permit_leans_on_it() {
    let old = policies();
    let (path, text) = old.files().find(|(_, text)| text.contains("@id(\"guardrail-purpose-declared\")")).unwrap();
    let start = text.find("@id(\"guardrail-purpose-declared\")").unwrap();
    let end = start + text[start..].find(';').unwrap() + 1;
    let without = format!("{}{}", &text[..start], &text[end..]);
    let new = old.with([(path.to_owned(), Some(without))]).unwrap();
    let report = change(&old, &new).await;
    // Detail has no purpose of its own to ask for, the verdict has.
    let example = found(&of(&report, "credit:read-detail").grants);
    assert!(example.today.reasons.iter().any(|id| id == "guardrail-purpose-declared"), "{example:#?}");
    assert!(of(&report, "credit:check").grants.is_proved());
    assert!(of(&report, "scenario:invoke").denies.is_proved());
}

#[tokio::test]
async fn the_policies_are_equivalent_to_themselves() {
    let report = change(&policies(), &policies()).await;
    assert!(report.is_equivalent());
    assert!(report.requests.len() >= 9);
}
