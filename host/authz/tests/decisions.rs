//! The repository's own policies, asked as the platform asks them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use zhongtai_authz::{Authz, Compiled, PolicyFolder, PolicyTexts};
use zhongtai_kernel::{
    Access, AccountId, Agent, Assurance, Attribute, Caller, Channel, Decision, Digest, Guard, Release, Subject,
    SubjectKind, Timestamp,
};

fn now() -> Timestamp {
    "2026-01-05T01:00:00Z".parse().unwrap()
}

fn policies() -> PolicyFolder {
    PolicyFolder(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../policies"))
}

fn release(name: &str) -> Arc<Release> {
    let manifest = format!(
        "[plugin]\nname = \"{name}\"\nversion = \"1\"\ndepartment = \"441802-chengguan\"\ntitle = \"t\"\n\
         access = \"public\"\npurposes = [\"road-repair\"]"
    );
    Arc::new(Release::parse(Digest::of(name.as_bytes()), &manifest).unwrap())
}

fn subject(kind: SubjectKind, assurance: Assurance) -> Option<Arc<Subject>> {
    let account = AccountId::from_bytes([1; 16]);
    Some(Arc::new(Subject {
        account,
        kind,
        assurance,
        department: None,
        roles: vec!["window".into()],
        clearance: 1,
        agent: None,
    }))
}

fn caller(subject: Option<Arc<Subject>>) -> Caller {
    Caller::new(release("pothole"), subject, Channel::Web)
}

fn invoke(authz: &Authz, caller: &Caller, access: &str) -> bool {
    let attributes = [
        ("owner", Attribute::Entity("Department".into(), "441802-chengguan".into())),
        ("access", Attribute::Text(access.into())),
    ];
    let access = Access::described("scenario:invoke", "Scenario", "441802-chengguan/pothole", &attributes);
    authz.decide(caller, &access, now()).is_allow()
}

fn read(authz: &Authz, caller: &Caller, action: &'static str, field: &str, purpose: &str) -> Arc<Decision> {
    authz.decide(caller, &Access::declared(action, "Field", field).for_purpose(purpose), now())
}

#[test]
fn a_scenario_is_called_by_those_it_is_for() {
    let authz = Authz::load(&[policies()]).unwrap();
    let nobody = caller(None);
    let citizen = caller(subject(SubjectKind::NaturalPerson, Assurance::Low));
    let officer = caller(subject(SubjectKind::Officer, Assurance::Low));
    let may =
        |caller: &Caller| ["public", "signed-in", "officer", "nonsense"].map(|level| invoke(&authz, caller, level));
    assert_eq!(may(&nobody), [true, false, false, false]);
    assert_eq!(may(&citizen), [true, true, false, false]);
    assert_eq!(may(&officer), [true, true, true, false]);
}

#[test]
fn a_credit_verdict_needs_a_declared_purpose_and_says_which_policy_decided() {
    let authz = Authz::load(&[policies()]).unwrap();
    let declared = read(&authz, &caller(None), "credit:check", "credit.standing", "road-repair");
    assert!(declared.is_allow());
    assert_eq!(declared.reasons, [Arc::from("credit-verdict-for-declared-purpose")]);
    let other = read(&authz, &caller(None), "credit:check", "credit.standing", "marketing");
    assert!(!other.is_allow());
    assert_eq!(other.reasons, [Arc::from("guardrail-purpose-declared")]);
}

#[test]
fn credit_detail_is_for_officers_of_sure_identity() {
    let authz = Authz::load(&[policies()]).unwrap();
    let may = |subject| read(&authz, &caller(subject), "credit:read-detail", "credit.detail", "road-repair").is_allow();
    assert!(!may(None));
    assert!(!may(subject(SubjectKind::Officer, Assurance::Low)));
    assert!(!may(subject(SubjectKind::LegalPerson, Assurance::High)));
    assert!(may(subject(SubjectKind::Officer, Assurance::Substantial)));
}

#[test]
fn a_field_that_nobody_classified_is_denied() {
    let authz = Authz::load(&[policies()]).unwrap();
    let decision = read(&authz, &caller(None), "credit:check", "credit.nonsense", "road-repair");
    assert!(!decision.is_allow() && decision.errors[0].contains("not declared"), "{decision:?}");
}

#[test]
fn no_fact_that_matters_is_missing_from_the_memory_of_decisions() {
    // The same authorizer is asked in both orders: an answer remembered for one must not be given to the other.
    let authz = Authz::load(&[policies()]).unwrap();
    let officer = subject(SubjectKind::Officer, Assurance::Substantial);
    for _ in 0..2 {
        assert!(!invoke(&authz, &caller(None), "officer"));
        assert!(invoke(&authz, &caller(officer.clone()), "officer"));
        assert!(invoke(&authz, &caller(None), "public"));
        assert!(read(&authz, &caller(None), "credit:check", "credit.standing", "road-repair").is_allow());
        assert!(!read(&authz, &caller(None), "credit:check", "credit.standing", "x").is_allow());
        assert!(!read(&authz, &caller(None), "credit:read-detail", "credit.detail", "road-repair").is_allow());
        assert!(
            read(&authz, &caller(officer.clone()), "credit:read-detail", "credit.detail", "road-repair").is_allow()
        );
        let other = Caller::new(release("other"), None, Channel::Web);
        let own = [
            ("owner", Attribute::Entity("Department".into(), "441802-chengguan".into())),
            ("access", Attribute::Text("public".into())),
        ];
        let data = Access::described("keyvalue:read", "Scenario", "441802-chengguan/pothole", &own);
        assert!(authz.decide(&caller(None), &data, now()).is_allow());
        assert!(!authz.decide(&other, &data, now()).is_allow(), "another scenario's data");
    }
}

/// An enterprise, through somebody with a mandate for these scenarios.
fn through(scenarios: Option<&[&str]>) -> Option<Arc<Subject>> {
    let account = AccountId::from_bytes([1; 16]);
    let scenarios = scenarios.map(|all| all.iter().map(|scenario| scenario.parse().unwrap()).collect());
    let agent = Agent { account, mandate: "m".to_owned(), scenarios, actions: vec!["apply".to_owned()] };
    let enterprise = subject(SubjectKind::LegalPerson, Assurance::Substantial)?;
    Some(Arc::new(Subject { agent: Some(agent), ..Subject::clone(&enterprise) }))
}

#[test]
fn an_agent_uses_the_scenarios_of_the_mandate_and_the_memory_keeps_mandates_apart() {
    let authz = Authz::load(&[policies()]).unwrap();
    let own = "441802-chengguan/pothole";
    for _ in 0..2 {
        assert!(invoke(&authz, &caller(subject(SubjectKind::LegalPerson, Assurance::Substantial)), "public"));
        assert!(invoke(&authz, &caller(through(None)), "public"));
        assert!(invoke(&authz, &caller(through(Some(&["441802-chengguan/a", own]))), "public"));
        assert!(!invoke(&authz, &caller(through(Some(&["441802-chengguan/a"]))), "public"));
        assert!(!invoke(&authz, &caller(through(Some(&[]))), "public"));
    }
}

#[test]
fn a_decision_can_be_made_with_little_stack_left() {
    // As on a guest's fiber: its whole stack is 256 KiB, and Cedar can't see its limits.
    let decide = || {
        let authz = Authz::load(&[policies()]).unwrap();
        stacker::grow(64 << 10, || read(&authz, &caller(None), "credit:check", "credit.standing", "road-repair"))
    };
    assert!(decide().is_allow());
}

#[test]
fn a_broken_folder_is_named_by_file_and_line_and_the_active_set_stays() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("own.cedar"), text).unwrap();
    let folders = [policies(), PolicyFolder(folder.path().to_owned())];
    write("@id(\"own\")\nforbid (principal, action == Action::\"credit:check\", resource);");
    let authz = Authz::load(&folders).unwrap();
    let may = || read(&authz, &caller(None), "credit:check", "credit.standing", "road-repair").is_allow();
    assert!(!may(), "our forbid is in force");

    for (text, problem) in [
        ("permit (principal, action, resource);\n\npermit (principal", "own.cedar:3"),
        ("@id(\"own\")\npermit (principal, action, resource)\nwhen { principal.nonsense == 1 };", "own.cedar:"),
        ("permit (principal, action == Action::\"credit:nonsense\", resource);", "own.cedar"),
        ("@id(\"scenario-public\")\npermit (principal, action, resource);", "duplicate"),
    ] {
        write(text);
        let error = authz.reload(&folders).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
        assert!(!may(), "the active set stays in force");
    }
    write("@id(\"nothing\")\nforbid (principal, action == Action::\"scenario:invoke\", resource);");
    assert!(authz.reload(&folders).unwrap());
    assert!(may(), "the other set is in force, and nothing is remembered of the first");
    assert!(!authz.reload(&folders).unwrap(), "nothing changed");
}

#[test]
fn no_request_sees_half_a_set_while_another_is_activated() {
    let folder = tempfile::tempdir().unwrap();
    let with = |own: &str| {
        std::fs::write(folder.path().join("own.cedar"), own).unwrap();
        let folders = [policies(), PolicyFolder(folder.path().to_owned())];
        Arc::new(Compiled::new(&PolicyTexts::read(&folders).unwrap()).unwrap())
    };
    let open = with("// nothing");
    let stopped = with("@id(\"stop\")\nforbid (principal, action == Action::\"credit:check\", resource);");
    let authz = Authz::load(&[policies()]).unwrap();
    authz.activate(open.clone());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut seen = [0, 0];
            while !done.load(Ordering::Relaxed) {
                let decision = read(&authz, &caller(None), "credit:check", "credit.standing", "road-repair");
                let is_stopped = *decision.policy == *stopped.hash().to_string();
                assert_eq!(decision.is_allow(), !is_stopped, "{decision:?}");
                assert_eq!(decision.reasons.contains(&Arc::from("stop")), is_stopped, "{decision:?}");
                seen[usize::from(is_stopped)] += 1;
            }
            seen
        });
        for round in 0..200 {
            authz.activate(if round % 2 == 0 { stopped.clone() } else { open.clone() });
            std::thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
        let seen = asking.join().unwrap();
        assert!(seen[0] + seen[1] > 0, "somebody asked");
    });
}
