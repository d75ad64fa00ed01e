//! Thousands of policies and one change: the slice stays small, and the answer right.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use support::{POLICIES, change, found, of, with};

/// One permit per department, all for the same action.
fn departments(number: usize, level: impl Fn(usize) -> u8) -> String {
    let mut text = POLICIES.to_owned();
    for department in 0..number {
        let _ = writeln!(
            text,
            "@id(\"department-{department}\")\npermit (principal in Department::\"d{department}\", action == \
             Action::\"credit:read-detail\", resource in Dataset::\"s{}\")\nwhen {{ resource.level <= {} && principal.officer }};",
            department % 50,
            level(department),
        );
    }
    text
}

#[tokio::test]
async fn one_changed_permit_among_two_thousand_is_found_within_seconds() {
    let old = with(&departments(2000, |_| 3));
    let new = with(&departments(2000, |department| if department == 1234 { 4 } else { 3 }));
    let started = Instant::now();
    let report = change(&old, &new).await;
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    let detail = of(&report, "credit:read-detail");
    assert_eq!(found(&detail.grants).draft.reasons, ["department-1234"]);
    assert!(detail.denies.is_proved());
}

#[tokio::test]
async fn a_permit_that_unchanged_ones_cover_together_is_proved_after_the_slice_grew() {
    // Each level has a permit of its own; the new one spans them all, so every one of them has to be taken in.
    let level = |level: u8| {
        format!(
            "@id(\"only-{level}\")\npermit (principal, action == Action::\"credit:publish\", resource) when {{ principal.clearance == {level} }};"
        )
    };
    let levels: String = (0..8).map(level).collect();
    let spanning = "@id(\"span\")\npermit (principal, action == Action::\"credit:publish\", resource) when { principal.clearance >= 0 && principal.clearance < 8 };";
    let old = with(&format!("{POLICIES}{levels}"));
    let report = change(&old, &with(&format!("{POLICIES}{levels}{spanning}"))).await;
    assert!(report.is_equivalent(), "{:#?}", of(&report, "credit:publish"));
    let wider = spanning.replace("< 8", "< 9");
    let report = change(&old, &with(&format!("{POLICIES}{levels}{wider}"))).await;
    let example = found(&of(&report, "credit:publish").grants);
    assert!(serde_json::to_string(&example.case.entities).unwrap().contains("\"clearance\":8"));
}

#[tokio::test]
async fn a_slice_that_keeps_growing_takes_everything_in_at_last() {
    // More permits than rounds.
    let only = |level: i32| {
        format!(
            "@id(\"only-{level}\")\npermit (principal, action == Action::\"credit:publish\", resource) when {{ principal.clearance == {level} }};"
        )
    };
    let levels: String = (0..60).map(only).collect();
    let spanning = "@id(\"span\")\npermit (principal, action == Action::\"credit:publish\", resource) when { principal.clearance >= 0 && principal.clearance < 60 };";
    let old = with(&format!("{POLICIES}{levels}"));
    let report = change(&old, &with(&format!("{POLICIES}{levels}{spanning}"))).await;
    assert!(report.is_equivalent(), "{:#?}", of(&report, "credit:publish"));
}

#[tokio::test]
async fn a_lifted_forbid_over_many_permits_is_found_in_the_batch_that_has_its_permit() {
    let forbid = "@id(\"closed\")\nforbid (principal, action == Action::\"credit:read-detail\", resource) \
                  when { resource in Dataset::\"s7\" && principal in Department::\"d457\" };";
    let many = departments(600, |_| 3)
        .replace("when { principal.officer && resource.level <= principal.clearance }", "when { false }");
    let report = change(&with(&format!("{many}{forbid}")), &with(&many)).await;
    let example = found(&of(&report, "credit:read-detail").grants);
    assert!(example.draft.reasons.contains(&"department-457".to_owned()), "{:?}", example.draft.reasons);
}
