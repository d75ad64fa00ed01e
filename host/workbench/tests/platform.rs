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
fn they_can_be_put_in_force_and_are_formatted() {
    let report = check(&policies());
    assert!(report.is_valid(), "{}", report.render(Lang::En));
    assert_eq!(report.formatted, [], "{}", report.render(Lang::En));
}

#[test]
fn their_cases_come_out_as_written() {
    let report = test(&policies()).unwrap();
    assert!(report.passed(), "{}", report.render(Lang::En));
    assert!(report.mutation.tried > 0);
}
