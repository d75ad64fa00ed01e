//! Why a request is allowed or denied.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use support::{active, caller, case, compiled, invoke, now, officer, read, subject, texts};
use zhongtai_kernel::{Assurance, Effect, SubjectKind};
use zhongtai_workbench::{Explanation, Lang, Truth, explain_case, explain_question};

const POLICIES: &str = r#"@id("verdict")
permit (principal, action == Action::"credit:check", resource == Field::"credit.standing")
when { principal.purposes.contains(context.purpose) };

@id("detail-for-officers")
@reason_zh("明细只给身份可靠的政务人员")
@reason_en("details are for officers whose identity is sure")
permit (principal, action == Action::"credit:read-detail", resource == Field::"credit.detail")
when {
  principal has subject &&
  principal.subject.kind == "officer" &&
  principal.subject.assurance >= 2 &&
  resource.level <= principal.subject.clearance
};

@id("detail-for-one-department")
permit (principal in Department::"441802-民政", action == Action::"credit:read-detail", resource)
when { context has basis && ["consent", "statutory-duty"].contains(context.basis) && resource.level < 3 };

@id("detail-hidden")
@mask("all")
permit (principal in Role::"window", action == Action::"credit:read-detail", resource)
when { principal.area like "4418*" };

@id("guard-purpose")
forbid (principal, action in Action::"data:read", resource)
unless { principal.purposes.contains(context.purpose) };

@id("guard-channel")
forbid (principal, action == Action::"scenario:invoke", resource)
unless { context.channel == "web" || principal has subject && principal.subject.assurance >= 2 };
"#;

fn explained(caller: &zhongtai_kernel::CallerFacts, question: &zhongtai_kernel::Question) -> Explanation {
    explain_question(&active(POLICIES), caller, question, now())
}

fn truths(explanation: &Explanation, policy: &str) -> Vec<Truth> {
    let view = explanation.policies.iter().find(|view| view.policy == policy).unwrap();
    view.conditions.iter().map(|condition| condition.truth.clone()).collect()
}

#[test]
fn a_denial_shows_each_condition_and_the_nearest_permit_in_both_languages() {
    let citizen = caller(Some(subject(SubjectKind::NaturalPerson, Assurance::Substantial, 1)));
    let explanation = explained(&citizen, &read("credit:read-detail", "credit.detail"));
    assert_eq!(explanation.verdict.effect, Effect::Deny);
    insta::assert_snapshot!("denied_zh", explanation.render(Lang::Zh));
    insta::assert_snapshot!("denied_en", explanation.render(Lang::En));
    // The hash of the texts says nothing to a reader.
    insta::assert_json_snapshot!("denied_json", Explanation { policy: "[hash]".to_owned(), ..explanation });
}

#[test]
fn a_denial_by_a_forbid_names_the_forbid_and_no_nearest_permit() {
    let mut question = read("credit:check", "credit.standing");
    question.purpose = Some("marketing".to_owned());
    let both = explained(&officer(), &question);
    assert_eq!(both.verdict.reasons, ["guard-purpose"]);
    assert_eq!(both.nearest.as_ref().unwrap().view.policy, "verdict", "no permit applies either");
    let policies = POLICIES.replace(
        "when { principal.purposes.contains(context.purpose) };\n\n@id(\"detail-for",
        "when { principal has plugin };\n\n@id(\"detail-for",
    );
    let only = explain_question(&active(&policies), &officer(), &question, now());
    assert_eq!(
        (only.verdict.reasons.as_slice(), only.nearest.is_none()),
        (["guard-purpose".to_owned()].as_slice(), true)
    );
    insta::assert_snapshot!("forbidden_zh", only.render(Lang::Zh));
    insta::assert_snapshot!("forbidden_en", only.render(Lang::En));
}

#[test]
fn what_is_allowed_is_explained_by_its_permit_and_mask() {
    let mut cleared = officer();
    cleared.subject.as_mut().unwrap().roles = vec!["window".to_owned()];
    cleared.subject.as_mut().unwrap().clearance = 2;
    let explanation = explained(&cleared, &read("credit:read-detail", "credit.detail"));
    assert_eq!(explanation.verdict.reasons, ["detail-hidden"]);
    assert!(explanation.nearest.is_none());
    insta::assert_snapshot!("allowed_zh", explanation.render(Lang::Zh));
}

#[test]
fn what_stands_behind_an_unmet_condition_is_neither_true_nor_false() {
    let explanation = explained(&caller(None), &read("credit:read-detail", "credit.detail"));
    use Truth::{False, Unreached};
    assert_eq!(truths(&explanation, "detail-for-officers"), [False, Unreached, Unreached, Unreached]);
}

#[test]
fn a_condition_that_errs_says_why() {
    // An entity of another type in the scope's place: the field's level is asked of one that is not declared.
    let missing = case("credit:read-detail", "credit.gone", "road-repair", Some(("officer", 2, 3)));
    let policies = POLICIES.replace("resource == Field::\"credit.detail\"", "resource");
    let explanation = explain_case(&compiled(&policies), &texts(&policies), &missing).unwrap();
    let truths = truths(&explanation, "detail-for-officers");
    assert_eq!(truths[..3], [Truth::True, Truth::True, Truth::True]);
    assert!(matches!(&truths[3], Truth::Error(problem) if problem.contains("credit.gone")), "{truths:?}");
    assert!(!explanation.verdict.errors.is_empty());
}

#[test]
fn an_error_denies_even_where_a_permit_applies() {
    let policies = "@id(\"all\") permit (principal, action, resource);\n\
                    @id(\"errs\") permit (principal, action == Action::\"credit:check\", resource)\n\
                    when { resource.level == 1 };\n";
    let missing = case("credit:check", "credit.gone", "road-repair", None);
    let verdict = explain_case(&compiled(policies), &texts(policies), &missing).unwrap().verdict;
    assert_eq!((verdict.effect, verdict.errors.len()), (Effect::Deny, 1));
}

#[test]
fn one_of_several_alternatives_is_enough_and_each_is_shown() {
    let explanation = explained(&caller(None), &invoke("public"));
    let guard = explanation.policies.iter().find(|view| view.policy == "guard-channel").unwrap();
    assert!(!guard.applies);
    assert!(explanation.nearest.is_none(), "no permit is about calling a scenario");
    let mut internal = caller(None);
    internal.channel = zhongtai_kernel::Channel::Api;
    let explanation = explained(&internal, &invoke("public"));
    assert_eq!(explanation.verdict.reasons, ["guard-channel"]);
    insta::assert_snapshot!("alternatives_zh", explanation.render(Lang::Zh));
    insta::assert_snapshot!("alternatives_en", explanation.render(Lang::En));
}

#[test]
fn the_nearest_permit_is_the_one_with_the_least_missing() {
    let nearest = |caller, field| {
        let nearest = explained(&caller, &read("credit:read-detail", field)).nearest.unwrap();
        (nearest.view.policy, nearest.missing.into_iter().map(|missing| missing.cedar).collect::<Vec<_>>())
    };
    let uncleared = caller(Some(subject(SubjectKind::Officer, Assurance::Substantial, 2)));
    assert_eq!(
        nearest(uncleared, "credit.detail"),
        ("detail-for-officers".to_owned(), vec!["resource.level <= principal.subject.clearance".to_owned()])
    );
    assert_eq!(
        nearest(officer(), "credit.standing"),
        ("detail-for-officers".to_owned(), vec!["resource == Field::\"credit.detail\"".to_owned()])
    );
    assert_eq!(nearest(caller(None), "credit.standing").0, "detail-hidden", "only the role is missing");
}

#[test]
fn a_question_that_can_not_be_asked_is_a_denial_that_says_why() {
    let explanation = explained(&officer(), &read("credit:read-detail", "credit.undeclared"));
    assert_eq!(explanation.verdict.effect, Effect::Deny);
    insta::assert_snapshot!("unasked_en", explanation.render(Lang::En));
}

#[test]
fn an_explanation_says_what_the_decision_said() {
    let callers = [caller(None), officer(), caller(Some(subject(SubjectKind::LegalPerson, Assurance::High, 1)))];
    let questions = [
        read("credit:check", "credit.standing"),
        read("credit:check", "credit.detail"),
        read("credit:read-detail", "credit.detail"),
        invoke("public"),
    ];
    let active = active(POLICIES);
    for caller in &callers {
        for question in &questions {
            let decision = active.evaluate(caller, question.clone(), now());
            let verdict = explain_question(&active, caller, question, now()).verdict;
            let reasons: Vec<_> = decision.reasons.iter().map(ToString::to_string).collect();
            assert_eq!(
                (verdict.effect, verdict.mask, verdict.reasons, verdict.errors),
                (decision.effect, decision.mask, reasons, decision.errors.clone()),
                "{question:?}"
            );
        }
    }
}
