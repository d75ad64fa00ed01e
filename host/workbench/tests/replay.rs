//! A draft asked what was asked before, and beside what is in force.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::sync::Arc;

use support::{SCHEMA, active, invoke, now, officer, read, texts};
use zhongtai_authz::{ActiveSet, Compiled};
use zhongtai_kernel::{
    Access, AccountId, Assurance, Caller, Channel, Digest, Effect, Mask, Question, Release, Subject, SubjectKind,
};
use zhongtai_workbench::{EXAMPLES, Flip, Lang, Recorded, Retired, Shadow, ShadowSettings, replay};

const IN_FORCE: &str = r#"@id("check")
permit (principal, action == Action::"credit:check", resource) when { principal.purposes.contains(context.purpose) };
@id("invoke")
permit (principal, action == Action::"scenario:invoke", resource) when { resource.access == "public" };
"#;

/// Details for officers, the verdict masked, and only scenarios for those who signed in.
const DRAFT: &str = r#"@id("check-masked") @mask("name")
permit (principal, action == Action::"credit:check", resource) when { principal.purposes.contains(context.purpose) };
@id("detail")
permit (principal, action == Action::"credit:read-detail", resource) when { principal has subject };
@id("invoke")
permit (principal, action == Action::"scenario:invoke", resource) when { resource.access == "signed-in" };
"#;

/// What the set in force decided, with the reference `request/<number>`.
fn recorded(questions: &[Question]) -> Vec<Recorded> {
    let active = active(IN_FORCE);
    let record = |(number, question): (usize, &Question)| {
        let decision = active.evaluate(&officer(), question.clone(), now());
        Recorded {
            reference: format!("request/{number}"),
            at: now(),
            caller: officer(),
            question: question.clone(),
            effect: decision.effect,
            mask: decision.mask,
        }
    };
    questions.iter().enumerate().map(record).collect()
}

fn everything() -> Vec<Recorded> {
    recorded(&[
        read("credit:check", "credit.standing"),
        read("credit:read-detail", "credit.detail"),
        invoke("public"),
        invoke("officer"),
    ])
}

#[test]
fn what_would_flip_is_grouped_by_department_action_and_kind() {
    let report = replay(&active(DRAFT), everything());
    let flips: Vec<_> = report.flips.iter().map(|group| (group.action.as_str(), group.what, group.count)).collect();
    assert_eq!(
        flips,
        [
            ("credit:check", Flip::MaskChanged, 1),
            ("credit:read-detail", Flip::DenyToAllow, 1),
            ("scenario:invoke", Flip::AllowToDeny, 1),
        ]
    );
    assert_eq!((report.records, report.flipped(), report.retired()), (4, 3, 0));
    assert_eq!(report.flips[0].examples[0].draft_mask, Some(Mask::Name));
    insta::assert_snapshot!("replay_zh", report.render(Lang::Zh));
    insta::assert_snapshot!("replay_en", report.render(Lang::En));
}

#[test]
fn nothing_flips_under_the_same_policies() {
    let report = replay(&active(IN_FORCE), everything());
    assert_eq!((report.records, report.flipped(), report.retired()), (4, 0, 0));
}

#[test]
fn every_record_is_counted_and_a_few_are_shown() {
    let many: Vec<_> = everything().into_iter().cycle().take(4000).collect();
    let report = replay(&active(DRAFT), many);
    assert!(report.flips.iter().all(|group| group.count == 1000 && group.examples.len() == EXAMPLES));
}

#[test]
fn a_question_that_does_not_fit_the_schema_any_more_is_no_flip() {
    let schema = SCHEMA
        .replace("action \"credit:check\", \"credit:read-detail\"", "action \"credit:read-detail\"")
        .replace("resource: [Scenario], context: Facts", "resource: [Dataset], context: Facts");
    let draft = "@id(\"d\") permit (principal, action == Action::\"credit:read-detail\", resource);";
    let texts = texts(draft).with([("platform.cedarschema".to_owned(), Some(schema))]).unwrap();
    let draft = ActiveSet::new(Arc::new(Compiled::new(&texts).unwrap()));
    let mut without_purpose = read("credit:read-detail", "credit.detail");
    without_purpose.purpose = None;
    let mut records = everything();
    records.extend(recorded(&[without_purpose]));
    let report = replay(&draft, records);
    let retired: Vec<_> = report.retired.iter().map(|group| (group.action.as_str(), group.what, group.count)).collect();
    assert_eq!(
        retired,
        [
            ("credit:check", Retired::Action, 1),
            ("credit:read-detail", Retired::Facts, 1),
            ("scenario:invoke", Retired::Resource, 2),
        ]
    );
    assert_eq!(report.flipped(), 1, "credit:read-detail with its purpose is still asked");
    insta::assert_snapshot!("retired_zh", report.render(Lang::Zh));
}

#[test]
fn a_resource_that_is_no_longer_declared_is_denied_and_so_a_flip() {
    let texts = texts(IN_FORCE).with([("credit/entities.json".to_owned(), None)]).unwrap();
    let draft = ActiveSet::new(Arc::new(Compiled::new(&texts).unwrap()));
    let report = replay(&draft, recorded(&[read("credit:check", "credit.standing")]));
    assert_eq!((report.flips[0].what, report.retired()), (Flip::AllowToDeny, 0));
    assert!(report.flips[0].examples[0].errors[0].contains("not declared"));
}

#[test]
fn a_policy_that_looks_at_the_time_is_asked_for_each_time() {
    let draft = IN_FORCE.replace(
        "principal.purposes.contains",
        "context.now < datetime(\"2026-01-05T01:30:00Z\") && principal.purposes.contains",
    );
    let mut late = recorded(&[read("credit:check", "credit.standing")]);
    late[0].at = "2026-01-05T02:00:00Z".parse().unwrap();
    let early = recorded(&[read("credit:check", "credit.standing")]);
    let report = replay(&active(&draft), early.into_iter().chain(late));
    assert_eq!((report.records, report.flipped()), (2, 1));
}

/// An officer of a release that declares the purpose `road-repair`.
fn live() -> Arc<Caller> {
    let manifest = "[plugin]\nname = \"pothole\"\nversion = \"1\"\ndepartment = \"441802-chengguan\"\ntitle = \"t\"\n\
                    access = \"public\"\npurposes = [\"road-repair\"]";
    let release = Arc::new(Release::parse(Digest::of(b"pothole"), manifest).unwrap());
    let subject = Subject {
        account: AccountId::from_bytes([1; 16]),
        kind: SubjectKind::Officer,
        assurance: Assurance::High,
        department: None,
        roles: Vec::new(),
        clearance: 3,
        agent: None,
    };
    Arc::new(Caller::new(release, Some(Arc::new(subject)), Channel::Web))
}

#[test]
fn a_shadow_counts_what_it_would_decide_differently() {
    let live_set = active(IN_FORCE);
    let shadow = Shadow::start(Arc::new(active(DRAFT)), ShadowSettings::default()).unwrap();
    let caller = live();
    for action in ["credit:check", "credit:read-detail"] {
        let access = Access::declared(action, "Field", "credit.standing").for_purpose("road-repair");
        let decision = live_set.decide(&caller, (&access).into(), now());
        (0..10).for_each(|_| shadow.observe(&caller, &decision, now()));
    }
    shadow.settle();
    let report = shadow.report();
    assert_eq!((report.seen, report.compared, report.dropped), (20, 20, 0));
    let flips: Vec<_> = report.flips.iter().map(|group| (group.what, group.count)).collect();
    assert_eq!(flips, [(Flip::MaskChanged, 10), (Flip::DenyToAllow, 10)]);
    insta::assert_snapshot!("shadow_zh", report.render(Lang::Zh));
}

#[test]
fn a_shadow_compares_as_many_as_it_is_told_to() {
    let settings = ShadowSettings { one_in: 10, ..ShadowSettings::default() };
    let shadow = Shadow::start(Arc::new(active(DRAFT)), settings).unwrap();
    let access = Access::declared("credit:check", "Field", "credit.standing").for_purpose("road-repair");
    let decision = active(IN_FORCE).decide(&live(), (&access).into(), now());
    (0..100).for_each(|_| shadow.observe(&live(), &decision, now()));
    shadow.settle();
    let report = shadow.report();
    assert_eq!((report.seen, report.compared, report.dropped), (100, 10, 0));
}

#[test]
fn a_shadow_that_falls_behind_drops_and_counts_and_holds_up_nobody() {
    let settings = ShadowSettings { queue: 1, one_in: 1 };
    let shadow = Shadow::start(Arc::new(active(DRAFT)), settings).unwrap();
    let caller = live();
    let live_set = active(IN_FORCE);
    // Each question is another one, so that none is remembered: the draft takes far longer than the loop.
    let decisions: Vec<_> = (0..500)
        .map(|number| {
            let access =
                Access::declared("credit:check", "Field", format!("field-{number}")).for_purpose("road-repair");
            live_set.decide(&caller, (&access).into(), now())
        })
        .collect();
    decisions.iter().for_each(|decision| shadow.observe(&caller, decision, now()));
    shadow.settle();
    let report = shadow.report();
    assert!(report.dropped > 0, "{report:?}");
    assert_eq!(report.compared + report.dropped, 500);
    assert_eq!(decisions[0].effect, Effect::Deny);
}
