//! What `test` says about cases: which fail, how far they reach, what they would not notice.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use support::{case_json, texts_with};
use zhongtai_workbench::{Lang, Share, TestReport, test};

const CHECK: &str = "credit:check";
const DETAIL: &str = "credit:read-detail";

const POLICIES: &str = r#"@id("verdict")
permit (principal, action == Action::"credit:check", resource == Field::"credit.standing")
when { principal.purposes.contains(context.purpose) };

@id("detail")
permit (principal, action == Action::"credit:read-detail", resource)
when {
  principal has subject &&
  principal.subject.assurance >= 2 &&
  (principal.subject.kind == "officer" || principal.subject.kind == "legal-person")
};

@id("guard")
forbid (principal, action in Action::"data:read", resource)
when { resource.level >= 3 }
unless { principal has subject && principal.subject.clearance >= resource.level };
"#;

type Who = Option<(&'static str, i64, i64)>;

/// A report over cases, each `(folder/name, action, field, purpose, who)`.
fn run(policies: &str, cases: &[(&str, &str, &str, &str, Who)]) -> TestReport {
    let files: Vec<_> = cases
        .iter()
        .map(|(name, action, field, purpose, who)| {
            (format!("credit/tests/{name}.json"), case_json(action, field, purpose, *who))
        })
        .collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    test(&texts_with(policies, &files)).unwrap()
}

fn survivors(report: &TestReport) -> Vec<String> {
    let text = |survivor: &zhongtai_workbench::Survivor| {
        format!("{} {}: {}", survivor.place.line, survivor.policy, survivor.change.en)
    };
    report.mutation.survivors.iter().map(text).collect()
}

/// Every case that [`POLICIES`] need.
const ALL: [(&str, &str, &str, &str, Who); 10] = [
    ("allow/verdict", CHECK, "credit.standing", "road-repair", None),
    ("deny/verdict-other-purpose", CHECK, "credit.standing", "marketing", None),
    ("deny/verdict-of-detail", CHECK, "credit.detail", "road-repair", Some(("officer", 2, 4))),
    ("allow/detail-officer", DETAIL, "credit.detail", "road-repair", Some(("officer", 2, 3))),
    ("allow/detail-company", DETAIL, "credit.standing", "road-repair", Some(("legal-person", 3, 1))),
    ("deny/detail-citizen", DETAIL, "credit.standing", "road-repair", Some(("natural-person", 3, 1))),
    ("deny/detail-unsure", DETAIL, "credit.standing", "road-repair", Some(("officer", 1, 4))),
    ("deny/detail-uncleared", DETAIL, "credit.detail", "road-repair", Some(("officer", 2, 2))),
    ("deny/detail-nobody", DETAIL, "credit.detail", "road-repair", None),
    ("deny/standing-nobody", DETAIL, "credit.standing", "road-repair", None),
];

#[test]
fn a_case_that_comes_out_differently_fails_and_says_what_decided() {
    let report = run(
        POLICIES,
        &[
            ("allow/stopped", DETAIL, "credit.detail", "road-repair", Some(("officer", 2, 2))),
            ("allow/unpermitted", CHECK, "credit.standing", "marketing", None),
            ("deny/permitted", CHECK, "credit.standing", "road-repair", None),
            ("deny/unasked", "credit:gone", "credit.standing", "road-repair", None),
            ("deny/fine", CHECK, "credit.standing", "marketing", None),
        ],
    );
    assert!(!report.passed());
    let failed: Vec<_> = report.failures.iter().map(|failure| failure.path.as_str()).collect();
    let names = ["allow/stopped", "allow/unpermitted", "deny/permitted", "deny/unasked"];
    assert_eq!(failed, names.map(|name| format!("credit/tests/{name}.json")));
    let head = |lang| report.render(lang).lines().take(12).map(|line| format!("{line}\n")).collect::<String>();
    insta::assert_snapshot!("failures_zh", head(Lang::Zh));
    insta::assert_snapshot!("failures_en", head(Lang::En));
}

#[test]
fn a_value_that_is_masked_otherwise_than_the_case_says_fails_it() {
    let masked = POLICIES.replace("@id(\"verdict\")", "@id(\"verdict\") @mask(\"name\")");
    let report = run(&masked, &ALL[..1]);
    assert!(!report.passed(), "the case names no mask");
    let json = case_json(CHECK, "credit.standing", "road-repair", None).replacen('{', "{\"mask\":\"name\",", 1);
    assert!(test(&texts_with(&masked, &[("credit/tests/allow/masked.json", &json)])).unwrap().passed());
    assert!(!test(&texts_with(POLICIES, &[("credit/tests/allow/masked.json", &json)])).unwrap().passed());
}

#[test]
fn a_denial_by_an_error_shows_nothing_and_fails() {
    // The field is not declared: asking for its level errs, and every case would be denied.
    let report = run(POLICIES, &[("deny/typo", DETAIL, "credit.detial", "road-repair", None)]);
    assert_eq!(report.failures.len(), 1);
    assert!(report.render(Lang::En).contains("error: "), "{}", report.render(Lang::En));
}

#[test]
fn coverage_counts_what_decided_and_what_conditions_came_to() {
    let report = run(POLICIES, &ALL[..4]);
    let policies: Vec<_> =
        report.policies.iter().map(|policy| (policy.policy.as_str(), policy.matched, policy.decided)).collect();
    assert_eq!(policies, [("verdict", 2, 1), ("detail", 1, 1), ("guard", 4, 0)]);
    let detail: Vec<_> = report.policies[1]
        .conditions
        .iter()
        .map(|seen| (seen.place.line, seen.alternative, seen.met, seen.unmet))
        .collect();
    assert_eq!(
        detail,
        [(8, false, 1, 0), (9, false, 1, 0), (10, false, 1, 0), (10, true, 1, 0), (10, true, 0, 1)],
        "{:#?}",
        report.policies[1]
    );
    assert_eq!(report.policies_decided(), Share { some: 2, all: 3 });
    let full = run(POLICIES, &ALL);
    assert_eq!(full.policies_decided(), Share { some: 3, all: 3 });
    assert_eq!(full.conditions_seen().percent(), 100, "{}", full.render(Lang::En));
}

#[test]
fn what_no_case_reaches_is_told_with_its_line() {
    insta::assert_snapshot!("coverage_zh", run(POLICIES, &ALL[..2]).render(Lang::Zh));
    insta::assert_snapshot!("coverage_en", run(POLICIES, &ALL[..2]).render(Lang::En));
}

#[test]
fn enough_cases_notice_every_small_change() {
    let report = run(POLICIES, &ALL);
    assert!(report.passed(), "{}", report.render(Lang::En));
    // Whoever names no subject has no clearance, and nobody is cleared who did not sign in: these can't be told apart.
    assert_eq!(survivors(&report), [""; 0], "{}", report.render(Lang::En));
    assert_eq!(report.mutation.percent(), 100);
    assert!(report.mutation.refused > 0, "a dropped `has` does not validate");
}

#[test]
fn a_missing_case_leaves_the_change_it_would_notice() {
    for (without, survivor) in [
        ("allow/verdict", "2 verdict: the permit removed"),
        ("deny/verdict-other-purpose", "3 verdict: `principal.purposes.contains(context.purpose)` no longer asked"),
        ("deny/verdict-of-detail", "1 verdict: `resource` no longer bound by the scope"),
        ("allow/detail-officer", "10 detail: `principal.subject.kind == \"officer\"` no longer enough"),
        ("deny/detail-unsure", "9 detail: `principal.subject.assurance >= 2` no longer asked"),
        ("allow/detail-officer", "9 detail: `>=` became `>` in `principal.subject.assurance >= 2`"),
        ("deny/detail-uncleared", "16 guard"),
    ] {
        let rest: Vec<_> = ALL.into_iter().filter(|(name, ..)| *name != without).collect();
        let survivors = survivors(&run(POLICIES, &rest));
        let named = |line: &&String| line.split_once(' ').unwrap().1.starts_with(survivor.split_once(' ').unwrap().1);
        assert!(survivors.iter().any(|line| named(&line)), "without {without}: {survivors:#?}");
    }
}

#[test]
fn a_removed_forbid_is_noticed_by_a_case_that_only_it_denies() {
    let rest: Vec<_> =
        ALL.into_iter().filter(|(name, ..)| !["deny/detail-uncleared", "deny/detail-nobody"].contains(name)).collect();
    let survivors = survivors(&run(POLICIES, &rest));
    assert!(survivors.contains(&"13 guard: the forbid removed".to_owned()), "{survivors:#?}");
}

#[test]
fn a_template_is_changed_with_all_its_grants() {
    let template = r#"@id("read")
permit (principal in ?principal, action == Action::"credit:check", resource == ?resource)
when { principal.purposes.contains(context.purpose) };
"#;
    let grants = r#"[{ "id": "g", "template": "read", "principal": "Department::\"d\"", "resource": "Field::\"credit.standing\"", "reason": "r" }]"#;
    let inside = case_json(CHECK, "credit.standing", "road-repair", None)
        .replace("\"parents\":[]", "\"parents\":[{\"type\":\"Department\",\"id\":\"d\"}]");
    let outside = case_json(CHECK, "credit.standing", "road-repair", None);
    let other = inside.replace("Field::\\\"credit.standing", "Field::\\\"credit.detail");
    let purpose = inside.replace("\"purpose\":\"road-repair\"", "\"purpose\":\"marketing\"");
    let texts = texts_with(
        template,
        &[
            ("credit/grants.json", grants),
            ("credit/tests/allow/inside.json", &inside),
            ("credit/tests/deny/outside.json", &outside),
            ("credit/tests/deny/purpose.json", &purpose),
        ],
    );
    let report = test(&texts).unwrap();
    assert!(report.passed(), "{}", report.render(Lang::En));
    assert_eq!((report.policies[0].policy.as_str(), report.policies[0].decided), ("read", 1));
    let bound = |part: &str| format!("1 read: `{part}` no longer bound by the scope");
    assert_eq!(survivors(&report), [bound("action"), bound("resource")]);
    let detail = inside.replace("\"credit:check\"", "\"credit:read-detail\"");
    let more = [("other", other), ("detail", detail)];
    let more = more.map(|(name, text)| (format!("credit/tests/deny/{name}.json"), Some(text)));
    let more = texts.with(more).unwrap();
    assert_eq!(survivors(&test(&more).unwrap()), [""; 0]);
}
