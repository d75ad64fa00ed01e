//! What `check` finds, and what it leaves alone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use support::{texts, texts_with};
use zhongtai_workbench::{CheckReport, Lang, check, format};

const CLEAN: &str = r#"@id("verdict")
permit (
  principal,
  action == Action::"credit:check",
  resource == Field::"credit.standing"
)
when { principal.purposes.contains(context.purpose) };
"#;

/// Findings as `id:line`, without what the formatter says.
fn found(report: &CheckReport) -> Vec<String> {
    let findings = report.findings.iter().filter(|finding| finding.id != "unformatted");
    findings.map(|finding| format!("{}:{}", finding.id, finding.line.unwrap_or_default())).collect()
}

fn found_in(policies: &str) -> Vec<String> {
    found(&check(&texts(policies)))
}

/// A forbid on reading data with this condition, on line 3, beside a clean permit.
fn forbid_when(condition: &str) -> Vec<String> {
    found_in(&format!(
        "@id(\"stop\")\nforbid (principal, action in Action::\"data:read\", resource)\nwhen {{ {condition} }};\n{CLEAN}"
    ))
}

#[test]
fn nothing_is_found_in_a_clean_set() {
    let report = check(&texts(CLEAN));
    assert_eq!(report.findings, []);
    assert_eq!((report.policies, report.accepted, report.is_valid()), (1, 0, true));
}

#[test]
fn what_can_not_be_put_in_force_is_an_error_with_its_file_and_line() {
    let unparsed = check(&texts("permit (principal, action, resource);\n\npermit (principal"));
    let invalid = check(&texts("@id(\"x\")\npermit (principal, action, resource)\nwhen { principal.nonsense };\n"));
    let case = check(&texts_with(CLEAN, &[("credit/tests/deny/x.json", "{ \"title\":\n 1 }")]));
    for (report, path, line) in [
        (unparsed, "credit/credit.cedar", 3),
        (invalid, "credit/credit.cedar", 3),
        (case, "credit/tests/deny/x.json", 2),
    ] {
        assert!(!report.is_valid());
        let error = report.findings.iter().find(|finding| finding.id == "invalid").unwrap();
        assert_eq!((error.path.as_str(), error.line), (path, Some(line)), "{error:?}");
    }
}

#[test]
fn a_file_that_is_not_formatted_comes_with_the_text_as_it_should_be() {
    let crowded =
        "// Why.\n@id(\"x\") permit(principal,action==Action::\"credit:check\",resource) when{context.purpose==\"a\"};";
    let report = check(&texts(crowded));
    assert!(report.is_valid());
    let [file] = report.formatted.as_slice() else { panic!("{:?}", report.formatted) };
    insta::assert_snapshot!(file.text);
    assert_eq!(format(&file.text).as_deref(), Some(file.text.as_str()), "formatting again changes nothing");
    assert_eq!(check(&texts(&file.text)).findings, []);
}

#[test]
fn a_forbid_that_may_err_is_found_at_the_line_of_the_condition() {
    for risky in [
        "resource.level + 1 > 4",
        "-resource.level < 0",
        "context.now.offset(duration(\"1d\")) > context.now",
        "principal.scenario.access == \"public\"",
        "principal has subject && principal.subject has department && principal.subject.department.area == \"1\"",
        "Field::\"credit.gone\".level == 3",
    ] {
        assert_eq!(forbid_when(risky), ["forbid-may-err:3"], "{risky}");
    }
}

#[test]
fn a_forbid_that_can_not_err_is_left_alone() {
    for safe in [
        "resource.level >= 4",
        "principal.department.area == \"441802\"",
        "principal has subject && principal.subject.kind == \"officer\"",
        "principal.scenario has access && principal.scenario.access == \"public\"",
        "Field::\"credit.detail\".level == 3",
        "context.now > datetime(\"2026-01-01\")",
    ] {
        assert_eq!(forbid_when(safe), [""; 0], "{safe}");
    }
    // A permit that errs lets nobody through.
    let permit = CLEAN.replace("contains(context.purpose)", "contains(context.purpose) && resource.level + 1 > 2");
    assert_eq!(found_in(&permit), [""; 0]);
}

#[test]
fn a_policy_that_another_one_makes_superfluous_is_found() {
    let permit = |id: &str, scope: &str, condition: &str| {
        format!("@id(\"{id}\") permit (principal, {scope}) when {{ context.purpose == \"x\"{condition} }};\n")
    };
    let wide = permit("wide", "action in Action::\"data:read\", resource in Dataset::\"credit\"", "");
    for (narrow, expected) in [
        // Declared to be in the dataset, an action of the group, one more condition.
        (
            permit("n", "action == Action::\"credit:check\", resource == Field::\"credit.detail\"", ""),
            vec!["shadowed-policy:2"],
        ),
        (
            permit("n", "action in Action::\"data:read\", resource in Dataset::\"credit\"", " && resource.level < 3"),
            vec!["shadowed-policy:2"],
        ),
        (
            permit("n", "action in Action::\"data:read\", resource in Dataset::\"credit\"", ""),
            vec!["duplicate-policy:2"],
        ),
        (
            permit(
                "n",
                "action in [Action::\"credit:check\", Action::\"credit:read-detail\"], resource in Dataset::\"credit\"",
                "",
            ),
            vec!["duplicate-policy:2"],
        ),
        // Wider itself, or about something else.
        (permit("n", "action in Action::\"data:read\", resource", " && resource.level < 3"), vec![]),
        (permit("n", "action in Action::\"data:read\", resource == Field::\"other\"", ""), vec![]),
        (permit("n", "action in Action::\"data:read\", resource in Dataset::\"other\"", ""), vec![]),
    ] {
        assert_eq!(found_in(&(wide.clone() + &narrow)), expected, "{narrow}");
    }
}

#[test]
fn a_permit_that_shows_more_than_a_wider_one_is_not_superfluous() {
    let permit = |id: &str, mask: &str, resource: &str| {
        format!(
            "@id(\"{id}\") {mask} permit (principal, action == Action::\"credit:check\", resource{resource}) when {{ context.purpose == \"x\" }};\n"
        )
    };
    let narrow = " == Field::\"credit.detail\"";
    let masked = permit("wide", "@mask(\"name\")", "");
    assert_eq!(found_in(&(masked.clone() + &permit("n", "", narrow))), [""; 0], "shows all");
    assert_eq!(
        found_in(&(masked.clone() + &permit("n", "@mask(\"phone\")", narrow))),
        [""; 0],
        "together they hide all"
    );
    assert_eq!(found_in(&(masked + &permit("n", "@mask(\"name\")", narrow))), ["shadowed-policy:2"]);
    assert_eq!(found_in(&(permit("wide", "", "") + &permit("n", "@mask(\"name\")", narrow))), ["shadowed-policy:2"]);
}

#[test]
fn two_grants_of_the_same_right_are_found_in_their_file() {
    let template = "@id(\"read\") permit (principal in ?principal, action == Action::\"credit:check\", resource) when { context.purpose == \"x\" };\n";
    let grants = r#"[
      { "id": "first", "template": "read", "principal": "Department::\"1\"", "reason": "r" },
      { "id": "other", "template": "read", "principal": "Department::\"2\"", "reason": "r" },
      { "id": "again", "template": "read", "principal": "Department::\"1\"", "reason": "r" }
    ]"#;
    let report = check(&texts_with(template, &[("credit/grants.json", grants)]));
    assert_eq!(found(&report), ["duplicate-policy:4"]);
    assert_eq!(report.findings[1].path, "credit/grants.json");
}

#[test]
fn a_policy_that_never_applies_and_a_condition_that_asks_nothing_are_found() {
    let when =
        |condition: &str| found_in(&CLEAN.replace("principal.purposes", &format!("{condition} && principal.purposes")));
    assert_eq!(when("principal has subject && !(principal has subject)"), ["never-applies:1", "never-applies:7"]);
    assert_eq!(when("true"), ["constant-condition:7"]);
    assert_eq!(when("resource.level == resource.level"), ["constant-condition:7"]);
    let nobody = CLEAN.replace("resource == Field::\"credit.standing\"", "resource is Scenario");
    assert!(found_in(&nobody).contains(&"never-applies:1".to_owned()));
}

#[test]
fn grants_without_purpose_bounds_or_name_are_found() {
    assert_eq!(found_in(&CLEAN.replace("@id(\"verdict\")\n", "")), ["no-id:1"]);
    let when = CLEAN.find("\nwhen").unwrap();
    let unasked = format!("{};\n", &CLEAN[..when]);
    assert_eq!(found_in(&unasked), ["grant-without-purpose:1"]);
    let unbound = unasked.replace("resource == Field::\"credit.standing\"", "resource");
    assert_eq!(found_in(&unbound), ["grant-without-purpose:1", "too-broad:1"]);
    // Calling a scenario reads no data.
    let invoke = "@id(\"i\") permit (principal, action == Action::\"scenario:invoke\", resource) when { resource.access == \"public\" };\n";
    assert_eq!(found_in(invoke), [""; 0]);
}

#[test]
fn a_permit_need_not_ask_for_the_purpose_where_a_forbid_asks_everybody() {
    let unasked = format!("{};\n", &CLEAN[..CLEAN.find("\nwhen").unwrap()]);
    let beside = |forbid: &str| {
        let found = found_in(&format!("{unasked}@id(\"stop\")\n{forbid}\n"));
        found.contains(&"grant-without-purpose:1".to_owned())
    };
    let declared = "principal.purposes.contains(context.purpose)";
    let all = "principal, action in Action::\"data:read\", resource";
    for asks in [
        format!("forbid ({all}) unless {{ {declared} }};"),
        format!("forbid ({all}) when {{ !{declared} }};"),
        format!("forbid ({all}) unless {{ principal has subject && {declared} }};"),
        format!("forbid ({all}) when {{ !(principal has subject) || !{declared} }};"),
    ] {
        assert!(!beside(&asks), "{asks}");
    }
    for lets_somebody_through in [
        format!("forbid ({all}) when {{ resource.level >= 4 }} unless {{ {declared} }};"),
        format!("forbid ({all}) unless {{ principal has subject || {declared} }};"),
        format!("forbid ({all}) when {{ {declared} }};"),
        format!("forbid ({all}) unless {{ principal.purposes.contains(\"x\") }};"),
        format!("forbid ({all}) unless {{ [\"x\"].contains(context.purpose) }};"),
        format!(
            "forbid (principal in Role::\"clerk\", action in Action::\"data:read\", resource) unless {{ {declared} }};"
        ),
        format!("forbid ({all} == Field::\"credit.standing\") unless {{ {declared} }};"),
        "forbid (principal, action == Action::\"scenario:invoke\", resource) unless { principal has subject };"
            .to_owned(),
        format!("permit ({all}) when {{ {declared} }};"),
    ] {
        assert!(beside(&lets_somebody_through), "{lets_somebody_through}");
    }
}

#[test]
fn a_policy_accepts_a_finding_by_name_and_no_other() {
    let unasked = "@id(\"x\") permit (principal, action == Action::\"credit:check\", resource);\n";
    let accepting = |what: &str| check(&texts(&format!("@accept(\"{what}\") {unasked}")));
    let both = accepting("too-broad, grant-without-purpose");
    assert_eq!((found(&both), both.accepted), (vec![], 2));
    let one = accepting("too-broad");
    assert_eq!((found(&one), one.accepted), (vec!["grant-without-purpose:1".to_owned()], 1));
}

#[test]
fn findings_read_as_sentences_in_both_languages() {
    let policies = format!(
        "{CLEAN}
permit (principal, action == Action::\"credit:check\", resource);

@id(\"stop\")
forbid (principal, action in Action::\"data:read\", resource)
when {{ principal.scenario.access == \"public\" || resource.level + 1 > 4 }};

@id(\"never\")
permit (principal, action == Action::\"scenario:invoke\", resource)
when {{ false }};
"
    );
    let report = check(&texts(&policies));
    insta::assert_snapshot!("findings_zh", report.render(Lang::Zh));
    insta::assert_snapshot!("findings_en", report.render(Lang::En));
    insta::assert_snapshot!("findings_error", check(&texts("permit (principal, action)")).render(Lang::En));
}
