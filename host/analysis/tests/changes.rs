//! Drafts of small policy sets against the real solver.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use support::{POLICIES, SCHEMA, change, edit, found, of, texts, with};
use zhongtai_analysis::{Outcome, PolicyEdit, Presence};
use zhongtai_kernel::{Effect, Mask};

#[tokio::test]
async fn a_dropped_condition_is_new_access_with_a_request_that_shows_it() {
    let report = edit(" && resource.level <= principal.clearance", "").await;
    assert!(!report.is_proved_safe());
    let detail = of(&report, "credit:read-detail");
    let example = found(&detail.grants);
    assert_eq!(
        (example.expected, example.today.effect, example.draft.effect),
        (Effect::Deny, Effect::Deny, Effect::Allow)
    );
    assert_eq!(example.draft.reasons, ["detail"]);
    assert_eq!(example.path, "credit/tests/deny/credit-read-detail-detail.json");
    let PolicyEdit::Edited { dropped, added, scope, .. } = &example.because[0].what else { panic!("{example:?}") };
    assert_eq!(dropped, &["resource.level <= principal.clearance"]);
    assert!(added.is_empty() && scope.is_none());
    assert!(detail.denies.is_proved(), "who could read still can");
    assert!(of(&report, "credit:check").grants.is_proved(), "another action is not touched");
}

#[tokio::test]
async fn a_counterexample_is_as_small_as_its_policies_need() {
    let report = edit(" && resource.level <= principal.clearance", "").await;
    let example = found(&of(&report, "credit:read-detail").grants);
    assert!(example.case.context.is_empty(), "no fact matters: {:?}", example.case.context);
    assert_eq!(example.case.principal, "Caller::\"someone\"");
    let kinds: Vec<_> = example.case.entities.iter().map(|entity| entity["uid"]["type"].as_str().unwrap()).collect();
    assert_eq!(kinds.len(), 2, "only who asks and what for: {kinds:?}");
    let caller = example.case.entities.iter().find(|entity| entity["uid"]["type"] == "Caller").unwrap();
    assert_eq!(caller["attrs"]["area"], "441802");
    assert_eq!(caller["parents"], serde_json::json!([]));
}

#[tokio::test]
async fn a_counterexample_is_not_made_small_by_leaving_out_what_a_policy_asks_for() {
    // Without the owner's entity the old policy errs, and an error denies too: that would show nothing of the change.
    let own = "@id(\"publish\")\npermit (principal, action == Action::\"credit:publish\", resource)";
    let old = with(&format!("{POLICIES}{own} when {{ resource.owner.area == principal.area }};"));
    let report = change(&old, &with(&format!("{POLICIES}{own};"))).await;
    let example = found(&of(&report, "credit:publish").grants);
    assert_eq!(example.today.errors, Vec::<String>::new());
}

#[tokio::test]
async fn a_tighter_permit_grants_nothing_new_but_takes_something_away() {
    let report = edit("principal.officer &&", "principal.officer && principal.area == \"441802\" &&").await;
    let detail = of(&report, "credit:read-detail");
    assert!(detail.grants.is_proved());
    let example = found(&detail.denies);
    assert_eq!((example.expected, example.path.contains("/tests/allow/")), (Effect::Allow, true));
    assert!(report.is_proved_safe() && !report.is_equivalent());
}

#[tokio::test]
async fn moving_renaming_and_commenting_change_nothing_and_need_no_solver() {
    let (first, rest) = POLICIES.split_at(POLICIES.find("@id(\"detail\")").unwrap());
    let moved = format!("// a comment\n{rest}\n\n{}", first.replace("@id(\"check\")", "@id(\"verdict\")"));
    let unusable = zhongtai_analysis::Solver::at("/bin/false").unwrap();
    let report = zhongtai_analysis::analyse(&with(POLICIES), &with(&moved), &unusable).await.unwrap();
    assert!(report.is_equivalent());
    assert!(report.changed.is_empty(), "{:?}", report.changed);
}

#[tokio::test]
async fn what_is_written_otherwise_but_means_the_same_is_proved_equivalent() {
    let report = edit(
        "principal.officer && resource.level <= principal.clearance",
        "!(resource.level > principal.clearance) && principal.officer && [true].contains(principal.officer)",
    )
    .await;
    assert_eq!(report.changed.len(), 1);
    assert!(report.is_equivalent(), "{:#?}", report.requests);
}

#[tokio::test]
async fn a_new_forbid_only_takes_away_and_a_removed_one_only_gives() {
    let forbid = "@id(\"closed\")\nforbid (principal, action == Action::\"credit:check\", resource) when { resource.level > 2 };";
    let more = format!("{POLICIES}{forbid}");
    let tightened = change(&with(POLICIES), &with(&more)).await;
    let check = of(&tightened, "credit:check");
    assert!(check.grants.is_proved());
    assert_eq!(found(&check.denies).draft.reasons, ["closed"]);
    let loosened = change(&with(&more), &with(POLICIES)).await;
    let check = of(&loosened, "credit:check");
    let example = found(&check.grants);
    assert_eq!(example.today.reasons, ["closed"]);
    assert_eq!(example.because[0].what, PolicyEdit::Removed { forbid: true });
    assert!(check.denies.is_proved());
}

#[tokio::test]
async fn a_removed_forbid_that_another_one_covers_grants_nothing() {
    let covered = "@id(\"covered\")\nforbid (principal, action in Action::\"data:read\", resource) \
                   when { resource.level >= 5 && !principal.officer };";
    let report = change(&with(&format!("{POLICIES}{covered}")), &with(POLICIES)).await;
    assert!(report.is_equivalent(), "{:#?}", report.requests);
}

#[tokio::test]
async fn a_removed_forbid_over_what_nobody_may_do_anyhow_grants_nothing() {
    // "Everything is permitted" refutes it; the permits that there are don't.
    let idle = "@id(\"idle\")\nforbid (principal, action == Action::\"credit:read-detail\", resource) \
                when { !principal.officer };";
    let report = change(&with(&format!("{POLICIES}{idle}")), &with(POLICIES)).await;
    assert!(report.is_equivalent(), "{:#?}", report.requests);
}

#[tokio::test]
async fn an_added_permit_within_what_others_permit_grants_nothing() {
    let within = "@id(\"within\")\npermit (principal, action == Action::\"credit:read-detail\", resource) \
                  when { principal.officer && resource.level == 2 && principal.clearance == 3 };";
    let report = change(&with(POLICIES), &with(&format!("{POLICIES}{within}"))).await;
    assert!(report.is_equivalent(), "{:#?}", report.requests);
}

const TEMPLATE: &str = r#"
@id("department-reads")
permit (principal in ?principal, action == Action::"credit:check", resource in ?resource)
when { resource.level <= 2 };
"#;

fn granting(template: &str, dataset: &str) -> zhongtai_authz::PolicyTexts {
    let grants = format!(
        r#"[{{"id": "grant-1", "template": "department-reads", "principal": "Department::\"441802-minzheng\"",
             "resource": "Dataset::\"{dataset}\"", "reason": "allowances"}}]"#
    );
    texts(&[("a/a.cedarschema", SCHEMA), ("a/a.cedar", template), ("a/grants.json", &grants)])
}

#[tokio::test]
async fn a_changed_template_is_seen_through_its_links() {
    let old = granting(TEMPLATE, "credit");
    let report = change(&old, &granting(&TEMPLATE.replace("<= 2", "<= 3"), "credit")).await;
    let check = of(&report, "credit:check");
    let example = found(&check.grants);
    assert_eq!(example.draft.reasons, ["grant-1"]);
    assert_eq!(example.because[0].source.as_deref(), Some("a/grants.json:1"));
    assert!(check.denies.is_proved());
}

#[tokio::test]
async fn a_changed_grant_gives_and_takes() {
    let report = change(&granting(TEMPLATE, "credit"), &granting(TEMPLATE, "subject")).await;
    let check = of(&report, "credit:check");
    assert!(found(&check.grants).words.iter().any(|line| line.en.contains("Dataset::\"subject\"")));
    found(&check.denies);
}

#[tokio::test]
async fn a_mask_that_goes_is_new_access() {
    let masked = POLICIES.replace("@id(\"check\")", "@id(\"check\") @mask(\"phone\")");
    let report = change(&with(&masked), &with(POLICIES)).await;
    let check = of(&report, "credit:check");
    let example = found(&check.grants);
    assert_eq!((example.today.mask, example.draft.mask), (Some(Mask::Phone), None));
    assert_eq!(example.case.mask, Some(Mask::Phone));
    assert!(check.denies.is_proved());
    assert!(!report.is_proved_safe());
    let tightened = change(&with(POLICIES), &with(&masked)).await;
    assert!(tightened.is_proved_safe() && !tightened.is_equivalent(), "{:#?}", of(&tightened, "credit:check"));
}

#[tokio::test]
async fn a_mask_that_becomes_another_is_new_access() {
    let masked = |mask: &str| with(&POLICIES.replace("@id(\"check\")", &format!("@id(\"check\") @mask(\"{mask}\")")));
    let report = change(&masked("phone"), &masked("name")).await;
    assert_eq!(found(&of(&report, "credit:check").grants).draft.mask, Some(Mask::Name));
    let report = change(&masked("phone"), &masked("all")).await;
    assert!(of(&report, "credit:check").grants.is_proved(), "nothing at all is shown now");
}

#[tokio::test]
async fn a_plain_permit_beside_a_masked_one_is_new_access() {
    let masked = POLICIES.replace("@id(\"check\")", "@id(\"check\") @mask(\"phone\")");
    let plain =
        "@id(\"plain\")\npermit (principal, action == Action::\"credit:check\", resource) when { principal.officer };";
    let report = change(&with(&masked), &with(&format!("{masked}{plain}"))).await;
    let example = found(&of(&report, "credit:check").grants);
    assert_eq!((example.today.mask, example.draft.mask), (Some(Mask::Phone), None));
}

#[tokio::test]
async fn one_mask_left_of_two_is_not_proved() {
    // Where both permits match, nothing was shown.
    let two = POLICIES.replace("@id(\"check\")", "@id(\"check\") @mask(\"phone\")");
    let other = "@id(\"other\") @mask(\"name\")\npermit (principal, action == Action::\"credit:check\", resource);";
    let report = change(&with(&format!("{two}{other}")), &with(&two)).await;
    assert!(!of(&report, "credit:check").grants.is_proved());
}

#[tokio::test]
async fn an_old_policy_that_could_err_is_not_proved_away() {
    // On overflow the old set denies everything, the draft does not. Cedar alone would skip the policy.
    let report =
        edit("principal.officer && resource", "principal.officer && principal.budget + 1 > resource.price && resource")
            .await;
    let tightened = of(&report, "credit:read-detail");
    assert!(tightened.grants.is_proved(), "where the draft errs it denies");
    let erring = POLICIES.to_owned()
        + "@id(\"able\")\nforbid (principal, action == Action::\"credit:check\", resource) \
           when { principal.budget + 1 > 5 && principal.budget + 1 < 5 };";
    let report = change(&with(&erring), &with(POLICIES)).await;
    let grants = &of(&report, "credit:check").grants;
    assert!(matches!(grants, Outcome::Unknown { reason } if reason.en.contains("able can err")), "{grants:?}");
}

#[tokio::test]
async fn a_new_kind_of_request_is_not_proved_and_a_removed_one_is_said() {
    let wider = SCHEMA.to_owned()
        + "action \"credit:export\" appliesTo { principal: [Caller], resource: [Dataset], context: Facts };";
    let wide = texts(&[("credit/credit.cedarschema", &wider), ("credit/credit.cedar", POLICIES)]);
    let report = change(&with(POLICIES), &wide).await;
    let export = of(&report, "credit:export");
    assert_eq!(export.presence, Presence::Added);
    assert!(matches!(export.grants, Outcome::Unsupported { .. }) && !report.is_proved_safe());
    assert!(of(&report, "credit:check").grants.is_proved(), "an unrelated action does not stand in the way");
    let report = change(&wide, &with(POLICIES)).await;
    assert_eq!(of(&report, "credit:export").presence, Presence::Removed);
    assert!(report.is_proved_safe() && !report.is_equivalent());
}

#[tokio::test]
async fn a_schema_that_admits_other_requests_proves_nothing_about_them() {
    let looser = SCHEMA.replace("clearance: Long", "clearance: Long, title?: String");
    let loose = texts(&[("credit/credit.cedarschema", &looser), ("credit/credit.cedar", POLICIES)]);
    let grants = of(&change(&with(POLICIES), &loose).await, "credit:check").grants.clone();
    assert!(matches!(&grants, Outcome::Unknown { reason } if reason.en.contains("schemas differ")), "{grants:?}");
}

#[tokio::test]
async fn an_action_that_leaves_its_group_is_not_proved() {
    // The guardrail on the group no longer holds for it, though no policy changes.
    let apart = SCHEMA.replace(
        "action \"credit:check\", \"credit:read-detail\" in",
        "action \"credit:check\" appliesTo { principal: [Caller], resource: [Field], context: Facts };\n\
         action \"credit:read-detail\" in",
    );
    let apart = texts(&[("credit/credit.cedarschema", &apart), ("credit/credit.cedar", POLICIES)]);
    let report = change(&with(POLICIES), &apart).await;
    assert!(matches!(of(&report, "credit:check").grants, Outcome::Unsupported { .. }));
    assert!(of(&report, "credit:read-detail").grants.is_proved());
}

#[tokio::test]
async fn a_policy_that_the_drafts_schema_does_not_know_is_unsupported() {
    let renamed = SCHEMA.replace("officer: Bool", "staff: Bool");
    let policies = POLICIES.replace("principal.officer", "principal.staff");
    let draft = texts(&[("credit/credit.cedarschema", &renamed), ("credit/credit.cedar", &policies)]);
    let grants = of(&change(&with(POLICIES), &draft).await, "credit:read-detail").grants.clone();
    assert!(matches!(grants, Outcome::Unsupported { .. }), "{grants:?}");
}

#[tokio::test]
async fn a_field_that_is_classified_lower_is_not_proved_safe() {
    let declared = |level: u8| {
        let entities = format!(
            r#"[{{"uid": {{"type": "Field", "id": "f"}}, "attrs": {{"level": {level}, "price": 0}}, "parents": []}}]"#
        );
        with(POLICIES).with([("credit/entities.json".to_owned(), Some(entities))]).unwrap()
    };
    let report = change(&declared(4), &declared(2)).await;
    assert_eq!(report.declared.len(), 1);
    assert_eq!(report.declared[0].entity, "Field::\"f\"");
    assert!(report.requests.iter().all(|request| request.grants.is_proved()), "no policy changes");
    assert!(!report.is_proved_safe() && !report.is_equivalent());
}

#[tokio::test]
async fn a_set_that_does_not_compile_is_named_by_side_file_and_line() {
    let broken = with("permit (principal, action, resource);\npermit (");
    let error = zhongtai_analysis::analyse(&with(POLICIES), &broken, &support::solver()).await.unwrap_err().to_string();
    assert!(error.contains("the new policies") && error.contains("credit/credit.cedar:2"), "{error}");
}
