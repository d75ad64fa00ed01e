//! The repository's own policies. How far their cases must reach is for `cargo xtask test` to say.
#![allow(clippy::unwrap_used, reason = "a test that can't go on must stop")]

use std::path::PathBuf;

use zhongtai_authz::{PolicyFolder, PolicyTexts};
use zhongtai_workbench::{Lang, check, test};

fn policies() -> PolicyTexts {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    PolicyTexts::read(&[PolicyFolder(folder)]).unwrap()
}

#[test]
fn nothing_is_found_in_them() {
    let report = check(&policies());
    assert!(report.is_valid(), "{}", report.render(Lang::En));
    assert_eq!(report.findings, [], "{}", report.render(Lang::En));
}

#[test]
fn without_the_guardrail_every_permit_that_asks_for_no_purpose_is_found() {
    let guardrails = "platform/guardrails.cedar";
    let (mut files, mut purpose) = (Vec::new(), 0);
    for (path, text) in policies().files() {
        let parts = text.split("\n@id(").filter(|part| !part.starts_with("\"guardrail-purpose-declared\""));
        let kept = if path == guardrails { parts.collect::<Vec<_>>().join("\n@id(") } else { text.to_owned() };
        purpose += usize::from(kept != text);
        files.push((path.to_owned(), kept));
    }
    assert_eq!(purpose, 1);
    let report = check(&PolicyTexts::new(files).unwrap());
    let found = report.findings.iter().filter(|finding| finding.id == "grant-without-purpose").count();
    // So many when the test was written; more with each domain that comes.
    assert!(found >= 28, "{found}: {}", report.render(Lang::En));
}

#[test]
fn their_cases_come_out_as_written() {
    let report = test(&policies()).unwrap();
    assert!(report.passed(), "{}", report.render(Lang::En));
    assert!(report.mutation.tried > 0);
}
