//! The platform's policies and the plugins', asked as the host asks them: facts of a live caller, declared fields and
//! described resources. `cases.rs` asks what is written beside the policies.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that gets something else should stop")]

use std::{path::PathBuf, sync::Arc};

use zhongtai_authz::{Authz, PolicyFolder};
use zhongtai_kernel::{
    Access, AccountId, Assurance, Attribute, Caller, Channel, Decision, Digest, Guard as _, Mask, Release, Subject,
    SubjectKind,
};

const EXCAVATION: &str = include_str!("../../../plugins/excavation/plugin.toml");
const GRID_REPORT: &str = include_str!("../../../plugins/grid-report/plugin.toml");

fn authz() -> Authz {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = ["policies", "plugins/excavation/policies", "plugins/grid-report/policies"];
    Authz::load(&folders.map(|folder| PolicyFolder(root.join(folder)))).unwrap()
}

fn decide(caller: &Caller, access: &Access<'_>) -> Arc<Decision> {
    authz().decide(caller, access, "2026-01-05T01:00:00Z".parse().unwrap())
}

fn caller(manifest: &str, subject: Option<Subject>) -> Caller {
    Caller::new(Arc::new(Release::parse(Digest::of(b""), manifest).unwrap()), subject.map(Arc::new), Channel::Api)
}

fn citizen() -> Subject {
    let (kind, assurance) = (SubjectKind::NaturalPerson, Assurance::High);
    Subject {
        account: AccountId::generate(),
        kind,
        assurance,
        department: None,
        roles: Vec::new(),
        clearance: 1,
        agent: None,
    }
}

fn officer(role: &str, department: Option<&str>) -> Subject {
    let department = department.map(|id| id.parse().unwrap());
    Subject { kind: SubjectKind::Officer, department, roles: vec![role.to_owned()], ..citizen() }
}

fn field(action: &'static str, name: &'static str, purpose: &'static str) -> Access<'static> {
    Access::declared(action, "Field", name).for_purpose(purpose)
}

fn invoke(caller: &Caller) -> Arc<Decision> {
    let scenario = caller.release().scenario();
    let owner = Attribute::Entity("Department".into(), scenario.department().as_str().into());
    let access = Attribute::Text(caller.release().manifest().plugin.access.as_str().into());
    let attributes = [("owner", owner), ("access", access)];
    decide(caller, &Access::described("scenario:invoke", "Scenario", scenario.as_str(), &attributes))
}

fn send(caller: &Caller, recipient: &'static str) -> Arc<Decision> {
    let scenario = caller.release().scenario().as_str();
    let owner = Attribute::Entity("Scenario".into(), scenario.into());
    let attributes = [("owner", owner), ("recipient", Attribute::Text(recipient.into()))];
    decide(caller, &Access::described("notify:send", "MessageTemplate", format!("{scenario}/t"), &attributes))
}

fn assert_forbidden(decision: &Decision, by: &str) {
    assert!(!decision.is_allow());
    assert!(decision.reasons.iter().any(|reason| &**reason == by) && decision.errors.is_empty(), "{decision:?}");
}

#[test]
fn excavation_sees_a_verdict_and_never_the_detail() {
    let officer = caller(EXCAVATION, Some(officer("window", Some("441802-chengguan"))));
    let check = decide(&officer, &field("credit:check", "credit.standing", "excavation-permit"));
    assert!(check.is_allow(), "{check:?}");
    let detail = decide(&officer, &field("credit:read-detail", "credit.detail", "excavation-permit"));
    assert_forbidden(&detail, "excavation-never-reads-credit-detail");
}

#[test]
fn excavation_reads_whom_to_call_and_nothing_else_of_a_person() {
    let citizen = caller(EXCAVATION, Some(citizen()));
    let read = |name| decide(&citizen, &field("subject:read-field", name, "excavation-permit"));
    for name in ["subject.name", "subject.phone", "subject.credit-code"] {
        assert!(read(name).is_allow(), "{name}");
    }
    for name in ["subject.email", "subject.address", "subject.resident-id"] {
        assert_forbidden(&read(name), "excavation-reads-contact-only");
    }
}

#[test]
fn a_window_of_another_department_has_no_say_in_excavation() {
    let asked = |subject| invoke(&caller(EXCAVATION, Some(subject)));
    assert!(asked(citizen()).is_allow());
    assert!(asked(officer("window", Some("441802-chengguan"))).is_allow());
    for department in [Some("441802-minzheng"), Some("441803-chengguan"), None] {
        assert_forbidden(&asked(officer("window", department)), "excavation-window-of-own-department");
    }
    assert!(!invoke(&caller(EXCAVATION, None)).is_allow());
}

#[test]
fn grid_report_knows_nobody() {
    // Not even if a later release declares a purpose.
    let manifest = GRID_REPORT.replace("purposes = []", "purposes = [\"call-back\"]");
    let citizen = caller(&manifest, Some(citizen()));
    for name in ["subject.name", "subject.phone", "subject.department"] {
        let read = decide(&citizen, &field("subject:read-field", name, "call-back"));
        assert_forbidden(&read, "grid-report-knows-nobody");
    }
}

#[test]
fn grid_report_writes_to_desks_only() {
    let citizen = caller(GRID_REPORT, Some(citizen()));
    assert!(send(&citizen, "desk").is_allow());
    for recipient in ["asker", "subject"] {
        assert_forbidden(&send(&citizen, recipient), "grid-report-writes-to-desks-only");
    }
    assert!(send(&caller(EXCAVATION, None), "subject").is_allow(), "another plugin is not concerned");
}

#[test]
fn everybody_reports_and_officers_act_in_their_own_department() {
    assert!(invoke(&caller(GRID_REPORT, None)).is_allow());
    for role in ["dispatcher", "grid"] {
        let asked = |department| invoke(&caller(GRID_REPORT, Some(officer(role, Some(department)))));
        assert!(asked("441802-chengguan").is_allow());
        assert_forbidden(&asked("441802-minzheng"), "grid-report-officers-of-own-department");
    }
}

#[test]
fn a_resident_id_is_shown_on_a_legal_ground_only_and_then_without_the_date_of_birth() {
    // A plugin that no policy of its own restrains.
    let manifest = EXCAVATION.replace("name = \"excavation\"", "name = \"residence\"");
    let citizen = caller(&manifest, Some(citizen()));
    let asked = |basis, consent| {
        let access = field("subject:read-field", "subject.resident-id", "excavation-permit");
        decide(&citizen, &Access { basis, consent, ..access })
    };
    assert_forbidden(&asked(None, None), "guardrail-level-4-needs-basis");
    assert_forbidden(&asked(Some("consent"), None), "guardrail-consent-is-named");
    for shown in [asked(Some("statutory-duty"), None), asked(Some("consent"), Some("SQ-1"))] {
        assert_eq!((shown.is_allow(), shown.mask), (true, Some(Mask::ResidentId)), "{shown:?}");
    }
}

#[test]
fn an_officer_sees_credit_detail_as_far_as_cleared() {
    let manifest = EXCAVATION.replace("name = \"excavation\"", "name = \"residence\"");
    let asked = |clearance| {
        let officer = Subject { clearance, ..officer("engineer", Some("441802-chengguan")) };
        decide(&caller(&manifest, Some(officer)), &field("credit:read-detail", "credit.detail", "excavation-permit"))
    };
    for (clearance, mask) in [(1, Some(Mask::All)), (2, Some(Mask::All)), (3, None), (4, None)] {
        let shown = asked(clearance);
        assert_eq!((shown.is_allow(), shown.mask), (true, mask), "clearance {clearance}: {shown:?}");
    }
}

#[test]
fn a_seal_is_used_for_a_case_from_its_stage_issue_only() {
    let keeper = caller(EXCAVATION, Some(officer("seal-keeper", Some("441802-chengguan"))));
    let apply = |stage: &'static str, case| {
        let owner = Attribute::Entity("Department".into(), "441802-chengguan".into());
        let text = |value: &'static str| Attribute::Text(value.into());
        let attributes = [("owner", owner), ("status", text("valid")), ("stage", text(stage))];
        decide(&keeper, &Access { case, ..Access::described("seal:apply", "Seal", "permits", &attributes) })
    };
    assert!(apply("issue", Some("WJ-1")).is_allow());
    assert_forbidden(&apply("review", Some("WJ-1")), "guardrail-seal-from-issue");
    assert_forbidden(&apply("issue", None), "guardrail-issue-for-a-case");
}

#[test]
fn a_case_is_decided_in_its_own_area_by_somebody_who_neither_applied_nor_inspected() {
    let engineer = officer("engineer", Some("441802-chengguan"));
    let own = engineer.account.to_string();
    let asked = |area: &'static str, applicant: &str, inspector: &str| {
        let text = |value: &str| Attribute::Text(value.to_owned().into());
        let scenario = Attribute::Entity("Scenario".into(), "441802-chengguan/excavation".into());
        let owner = Attribute::Entity("Department".into(), "441802-chengguan".into());
        let parties = [("applicant", text(applicant)), ("inspector", text(inspector)), ("desk", text("engineer"))];
        let place = [("scenario", scenario), ("owner", owner), ("area", text(area)), ("stage", text("review"))];
        let attributes: Vec<_> = place.into_iter().chain(parties).chain([("level", Attribute::Number(3))]).collect();
        let access = Access::described("case:approve", "Case", "WJ-1", &attributes);
        decide(&caller(EXCAVATION, Some(engineer.clone())), &access)
    };
    assert!(asked("441802", "somebody", "somebody else").is_allow());
    assert_forbidden(&asked("441803", "somebody", "somebody else"), "guardrail-decide-in-own-area");
    assert_forbidden(&asked("441802", &own, "somebody else"), "guardrail-decide-not-own-application");
    assert_forbidden(&asked("441802", "somebody", &own), "guardrail-decide-not-own-inspection");
}

/// What a host that can't record still does, when it was told to serve reads. A new action is in no list here or in the
/// host: the groups that the schema puts it in decide, and without one it is refused.
#[test]
fn what_the_schema_groups_as_reading_is_a_read_and_what_changes_something_is_none() {
    let active = authz().active();
    let is_read = |action: &&&str| active.compiled().is_read(action);
    let reads = [
        "scenario:invoke",
        "subject:identify",
        "subject:read-field",
        "keyvalue:read",
        "credit:check",
        "credit:read-detail",
        "credit:check-person",
        "credit:read-record",
        "notify:read-state",
        "notify:read-inbox",
        "files:read",
        "files:list",
        "files:link",
        "files:download",
        "certificate:read",
        "certificate:read-field",
        "certificate:verify",
        "evidence:prove",
        "case:read",
    ];
    assert_eq!(reads.iter().filter(|action| !is_read(action)).collect::<Vec<_>>(), Vec::<&&str>::new());
    let changes = [
        "keyvalue:write",
        "notify:send",
        "notify:send-urgent",
        "notify:mark-read",
        "files:ticket",
        "files:upload",
        "files:attach",
        "files:remove",
        "certificate:issue",
        "certificate:revoke",
        "certificate:present",
        "certificate:redeem",
        "evidence:anchor",
        "credit:publish",
        "credit:withdraw",
        "credit:object",
        "credit:apply-repair",
        "credit:decide-objection",
        "credit:repair",
        "credit:report",
        "seal:apply",
        "payment:pay",
        "case:approve",
        "geo:edit",
        "data:approve",
        "data:read",
        "nobody:knows",
        "",
    ];
    assert_eq!(changes.iter().filter(is_read).collect::<Vec<_>>(), Vec::<&&str>::new());
    let shares = ["video:share"];
    assert_eq!(shares.iter().filter(is_read).collect::<Vec<_>>(), Vec::<&&str>::new(), "it reads, and can't be undone");
}
