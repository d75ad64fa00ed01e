//! Who may do what with seals: the shipped policies, through the only way from a caller to a provider.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::{
    collections::HashMap,
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use support::{clock, host};
use zhongtai_authz::{Authz, PolicyFolder};
use zhongtai_cap_seal::{
    Cases, Cause, Facts, MIGRATIONS, Order, Paper, People, SealError, Seals, Status, Trust, Verdict,
    contract::{PLACE, key, name, ofd, official, order, pdf},
    the_host,
};
use zhongtai_kernel::{
    AccountId, Assurance, AuditUnavailable, Caller, Channel, Digest, Event, ManualClock, Record, Recorder, Release,
    RequestId, ScenarioId, Subject, SubjectKind,
};
use zhongtai_runtime::{Asker, Services};
use zhongtai_store::testing::{TestDatabase, sqlite};

/// What was recorded: `action kind/id stage case`.
#[derive(Default)]
struct Log {
    recorded: Mutex<Vec<String>>,
    is_full: AtomicBool,
}

impl Recorder for Log {
    fn record(&self, record: Record) -> Result<(), AuditUnavailable> {
        let Event::Decision { decision, .. } = record.event else { return Ok(()) };
        assert_eq!(decision.errors, Vec::<String>::new(), "{decision:?}");
        let question = &decision.question;
        let case = question.case.as_deref().unwrap_or("-");
        self.recorded.lock().unwrap().push(format!("{} {} {case}", question.action, question.resource()));
        Ok(())
    }

    fn committed(&self) -> Pin<Box<dyn Future<Output = Result<(), AuditUnavailable>> + Send + '_>> {
        let is_full = self.is_full.load(Ordering::SeqCst);
        Box::pin(async move { if is_full { Err(AuditUnavailable("full".to_owned())) } else { Ok(()) } })
    }
}

/// Cases that the host keeps.
struct Kept(HashMap<&'static str, &'static str>);

#[async_trait::async_trait]
impl Cases for Kept {
    async fn stage(&self, _: &ScenarioId, case: &str) -> Result<Option<String>, SealError> {
        Ok(self.0.get(case).map(|stage| (*stage).to_owned()))
    }
}

struct Named(AccountId);

#[async_trait::async_trait]
impl People for Named {
    async fn name_of(&self, account: AccountId) -> Result<Option<String>, SealError> {
        Ok((account == self.0).then(|| "张小明".to_owned()))
    }
}

struct Office {
    services: Arc<Services>,
    log: Arc<Log>,
    clock: Arc<ManualClock>,
    seals: Seals,
    zhang: AccountId,
    _database: TestDatabase,
}

impl Office {
    async fn new() -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../policies");
        let authz = Arc::new(Authz::load(&[PolicyFolder(folder)]).unwrap());
        let (database, clock, log) = (sqlite(MIGRATIONS).await, clock(), Arc::new(Log::default()));
        let provider = Arc::new(host(&database, clock.clone()));
        let zhang = AccountId::generate();
        let cases = Arc::new(Kept(HashMap::from([("WJ-in-review", "review"), ("WJ-at-issue", "issue")])));
        let seals = Seals::new(provider, cases, Arc::new(Named(zhang)), Trust::default(), 1 << 20);
        let services = Arc::new(Services::new(authz, log.clone(), clock.clone()));
        Self { services, log, clock, seals, zhang, _database: database }
    }

    fn asker(&self, caller: Caller) -> Asker {
        Asker::new(RequestId::generate(), Arc::new(caller), self.services.clone())
    }

    /// Through a plugin of the department.
    fn ask(&self, department: &str, subject: Option<Subject>) -> Asker {
        let manifest = format!(
            "[plugin]\nname = \"desk\"\nversion = \"1\"\ndepartment = \"{department}\"\ntitle = \"t\"\n\
             access = \"public\"\npurposes = [\"road-repair\"]"
        );
        let release = Arc::new(Release::parse(Digest::of(b"desk"), &manifest).unwrap());
        self.asker(Caller::new(release, subject.map(Arc::new), Channel::Api))
    }

    fn the_host(&self, department: &str) -> Asker {
        self.asker(the_host(&format!("{department}/excavation").parse().unwrap()).unwrap())
    }

    fn officer(&self, department: &str, role: &str) -> Asker {
        self.ask(department, Some(officer(department, &[role])))
    }

    fn keeper(&self) -> Asker {
        self.officer("441802-chengguan", "seal-keeper")
    }

    fn zhang(&self) -> Asker {
        self.ask("441802-chengguan", Some(person(self.zhang)))
    }

    /// With the seal of the department.
    async fn with_seal() -> Self {
        let office = Self::new().await;
        office.seals.create(&mut office.keeper(), official("permit")).await.unwrap();
        office
    }

    async fn apply(&self, mut who: Asker, once: &str, facts: Facts) -> Result<(), SealError> {
        let order = Order { document: pdf(1), place: PLACE, facts };
        self.seals.apply(&mut who, &name("permit"), order, key(once)).await.map(drop)
    }
}

fn person(account: AccountId) -> Subject {
    let (kind, assurance) = (SubjectKind::NaturalPerson, Assurance::Substantial);
    Subject { account, kind, assurance, department: None, roles: Vec::new(), clearance: 1, agent: None }
}

fn officer(department: &str, roles: &[&str]) -> Subject {
    Subject {
        kind: SubjectKind::Officer,
        department: Some(department.parse().unwrap()),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        clearance: 2,
        ..person(AccountId::generate())
    }
}

fn is_denied<T>(outcome: Result<T, SealError>) -> bool {
    matches!(outcome, Err(SealError::Denied(_)))
}

#[tokio::test]
async fn the_departments_keeper_makes_seals_and_nobody_else_does() {
    let office = Office::new().await;
    let create = async |mut who: Asker, slug: &str| office.seals.create(&mut who, official(slug)).await;
    create(office.keeper(), "permit").await.unwrap();
    assert!(is_denied(create(office.officer("441802-minzheng", "seal-keeper"), "a").await), "another department's");
    assert!(is_denied(create(office.officer("441802-chengguan", "section-chief"), "b").await), "not the keeper");
    assert!(is_denied(create(office.the_host("441802-chengguan"), "c").await), "the host makes none by itself");
    assert!(is_denied(create(office.zhang(), "d").await));
    let both = office.ask("441802-chengguan", Some(officer("441802-chengguan", &["operator", "seal-keeper"])));
    assert!(is_denied(create(both, "e").await), "who administers has no part in it");
    let by_password = Subject { assurance: Assurance::Low, ..officer("441802-chengguan", &["seal-keeper"]) };
    assert!(is_denied(create(office.ask("441802-chengguan", Some(by_password)), "f").await));
    let found = office.seals.list(&mut office.keeper(), &"441802-chengguan".parse().unwrap()).await.unwrap();
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn a_seal_is_used_for_a_case_at_its_stage_by_its_department_only() {
    let office = Office::with_seal().await;
    office.apply(office.the_host("441802-chengguan"), "1", Facts::issuing("WJ-1")).await.unwrap();
    office.apply(office.keeper(), "2", Facts::issuing("WJ-1")).await.unwrap();
    let refused = [
        (office.keeper(), Facts { case: None, ..Facts::issuing("") }, "no case"),
        (office.keeper(), Facts { stage: None, ..Facts::issuing("WJ-1") }, "no stage"),
        (office.keeper(), Facts { stage: Some("review".into()), ..Facts::issuing("WJ-1") }, "another stage"),
        (office.the_host("441802-minzheng"), Facts::issuing("WJ-1"), "another department"),
        (office.officer("441802-minzheng", "seal-keeper"), Facts::issuing("WJ-1"), "another department's keeper"),
        (office.officer("441802-chengguan", "engineer"), Facts::issuing("WJ-1"), "not the keeper"),
        (office.zhang(), Facts::issuing("WJ-1"), "a citizen"),
        (office.ask("441802-chengguan", None), Facts::issuing("WJ-1"), "nobody"),
    ];
    for (number, (who, facts, why)) in refused.into_iter().enumerate() {
        assert!(is_denied(office.apply(who, &format!("x{number}"), facts).await), "{why}");
    }
    let named = office.apply(office.keeper(), "y", Facts::issuing("张三的办件")).await;
    assert!(matches!(named, Err(SealError::Invalid { what: "case", .. })), "nothing personal in the record");
    let uses = office.seals.show(&mut office.keeper(), &name("permit")).await.unwrap().uses;
    assert_eq!(uses.len(), 2);
}

#[tokio::test]
async fn where_a_case_of_the_host_is_the_host_knows_better_than_who_asks() {
    let office = Office::with_seal().await;
    let early = office.apply(office.keeper(), "1", Facts::issuing("WJ-in-review")).await;
    assert!(is_denied(early), "it is in review, whatever the keeper says");
    let facts = Facts { stage: None, ..Facts::issuing("WJ-at-issue") };
    office.apply(office.keeper(), "2", facts).await.unwrap();
}

#[tokio::test]
async fn a_seal_for_another_stage_is_not_used_at_issue() {
    let office = Office::new().await;
    let new = zhongtai_cap_seal::NewSeal { stage: "accept".to_owned(), ..official("permit") };
    office.seals.create(&mut office.keeper(), new).await.unwrap();
    let refused = office.apply(office.keeper(), "1", Facts::issuing("WJ-1")).await;
    assert!(matches!(refused, Err(SealError::Stage { ref needed }) if needed == "accept"), "{refused:?}");
}

#[tokio::test]
async fn nothing_irreversible_happens_while_the_audit_log_cannot_be_written() {
    let office = Office::with_seal().await;
    office.log.is_full.store(true, Ordering::SeqCst);
    let refused = office.apply(office.keeper(), "1", Facts::issuing("WJ-1")).await;
    assert!(matches!(refused, Err(SealError::Unrecorded)));
    let papers = vec![Paper { document: pdf(1), place: PLACE }];
    let mut host = office.the_host("441802-chengguan");
    let refused =
        office.seals.apply_papers(&mut host, &name("permit"), (papers, Facts::issuing("WJ-1")), key("2")).await;
    assert!(matches!(refused, Err(SealError::Unrecorded)));
    assert!(matches!(office.seals.create(&mut office.keeper(), official("b")).await, Err(SealError::Unrecorded)));
    let why = (Cause::Superseded, "换章");
    assert!(matches!(
        office.seals.revoke(&mut office.keeper(), &name("permit"), why).await,
        Err(SealError::Unrecorded)
    ));
    assert!(matches!(office.seals.enrol(&mut office.zhang()).await, Err(SealError::Unrecorded)));
    let provider = office.seals.provider();
    assert!(provider.find(&name("b")).await.unwrap().is_none());
    let seal = provider.find(&name("permit")).await.unwrap().unwrap();
    assert_eq!((seal.uses, seal.status(zhongtai_kernel::Clock::now(&*office.clock))), (0, Status::Valid));
    assert!(provider.signing_key(office.zhang).await.unwrap().is_none());
    office.log.is_full.store(false, Ordering::SeqCst);
    office.seals.enrol(&mut office.zhang()).await.unwrap();
    office.log.is_full.store(true, Ordering::SeqCst);
    let refused = office.seals.sign(&mut office.zhang(), order(pdf(1)), key("3")).await;
    assert!(matches!(refused, Err(SealError::Unrecorded)));
}

#[tokio::test]
async fn the_papers_of_a_certificate_are_sealed_with_one_question_and_once_for_their_key() {
    let office = Office::with_seal().await;
    let papers = || {
        let paper = |document| Paper { document, place: PLACE };
        (vec![paper(pdf(7)), paper(ofd(70))], Facts::issuing("WJ-1"))
    };
    let mut host = office.the_host("441802-chengguan");
    let sealed = office.seals.apply_papers(&mut host, &name("permit"), papers(), key("c")).await.unwrap();
    for one in &sealed {
        let report =
            office.seals.examine(one.bytes.clone(), zhongtai_kernel::Clock::now(&*office.clock)).await.unwrap();
        assert!(report.is_valid(), "{report:?}");
    }
    let again = office.seals.apply_papers(&mut host, &name("permit"), papers(), key("c")).await.unwrap();
    assert!(sealed == again && sealed.len() == 2);
    let asked = "seal:apply Seal::\"441802-chengguan/permit\" WJ-1";
    let recorded = office.log.recorded.lock().unwrap().clone();
    assert_eq!(recorded.iter().filter(|line| *line == asked).count(), 2, "once each time: {recorded:?}");
    let mut other = office.the_host("441802-minzheng");
    let refused = office.seals.apply_papers(&mut other, &name("permit"), papers(), key("c")).await;
    assert!(is_denied(refused));
}

#[tokio::test]
async fn whoever_keeps_the_seal_suspends_resumes_and_revokes_it_and_its_department_sees_it() {
    let office = Office::with_seal().await;
    let permit = name("permit");
    let mut chief = office.officer("441802-chengguan", "section-chief");
    let mut other = office.officer("441802-minzheng", "seal-keeper");
    for who in [&mut chief, &mut other] {
        assert!(is_denied(office.seals.suspend(who, &permit, "换届").await));
        assert!(is_denied(office.seals.resume(who, &permit, "换届").await));
        assert!(is_denied(office.seals.revoke(who, &permit, (Cause::Superseded, "换章")).await));
    }
    assert!(office.seals.show(&mut chief, &permit).await.is_ok());
    assert!(is_denied(office.seals.show(&mut other, &permit).await));
    assert!(is_denied(office.seals.face(&mut other, &permit).await));
    assert!(is_denied(office.seals.show(&mut other, &name("nothing")).await), "what exists is not told either");
    let absent = office.seals.show(&mut chief, &name("nothing")).await;
    assert!(matches!(absent, Err(SealError::NotFound("seal"))));

    let mut keeper = office.keeper();
    office.seals.suspend(&mut keeper, &permit, "换届").await.unwrap();
    let refused = office.apply(office.keeper(), "1", Facts::issuing("WJ-1")).await;
    assert!(matches!(refused, Err(SealError::Standing { status: Status::Suspended, .. })), "{refused:?}");
    let refused = office.apply(office.the_host("441802-minzheng"), "1", Facts::issuing("WJ-1")).await;
    assert!(is_denied(refused), "how it stands is not told to other departments");
    office.seals.resume(&mut keeper, &permit, "已交接").await.unwrap();
    let unreasoned = office.seals.revoke(&mut keeper, &permit, (Cause::Superseded, "")).await;
    assert!(matches!(unreasoned, Err(SealError::Invalid { what: "reason", .. })));
    office.seals.revoke(&mut keeper, &permit, (Cause::Superseded, "换章")).await.unwrap();
    let refused = office.apply(office.keeper(), "2", Facts::issuing("WJ-1")).await;
    assert!(matches!(refused, Err(SealError::Standing { status: Status::Revoked, .. })), "{refused:?}");
}

#[tokio::test]
async fn a_person_signs_with_the_own_key_when_surely_identified() {
    let office = Office::new().await;
    let mut zhang = office.zhang();
    let early = office.seals.sign(&mut zhang, order(pdf(1)), key("1")).await;
    assert!(is_denied(early), "there is no key yet");
    assert!(matches!(office.seals.signing_key(&mut zhang).await, Err(SealError::NotFound("signing key"))));
    let made = office.seals.enrol(&mut zhang).await.unwrap();
    assert_eq!(office.seals.signing_key(&mut zhang).await.unwrap(), made);
    let signed = office.seals.sign(&mut zhang, order(pdf(1)), key("1")).await.unwrap();
    assert!(office.seals.sign(&mut zhang, order(pdf(1)), key("1")).await.unwrap() == signed);

    let by_password = Subject { assurance: Assurance::Low, ..person(office.zhang) };
    let mut by_password = office.ask("441802-chengguan", Some(by_password));
    assert!(is_denied(office.seals.sign(&mut by_password, order(pdf(1)), key("2")).await));
    assert!(is_denied(office.seals.enrol(&mut by_password).await));
    assert!(office.seals.signing_key(&mut by_password).await.is_ok(), "looking takes no more than a password");
    let mut stranger = office.ask("441802-chengguan", Some(person(AccountId::generate())));
    assert!(is_denied(office.seals.sign(&mut stranger, order(pdf(1)), key("3")).await));
    let unnamed = office.seals.enrol(&mut stranger).await;
    assert!(matches!(unnamed, Err(SealError::Invalid { what: "name", .. })), "nobody verified that name");
    let mut nobody = office.ask("441802-chengguan", None);
    assert!(matches!(office.seals.sign(&mut nobody, order(pdf(1)), key("4")).await, Err(SealError::Anonymous)));
    let mut host = office.the_host("441802-chengguan");
    assert!(matches!(office.seals.sign(&mut host, order(pdf(1)), key("5")).await, Err(SealError::Anonymous)));

    office.seals.retire(&mut zhang, (Cause::KeyCompromise, "手机丢失")).await.unwrap();
    let refused = office.seals.sign(&mut zhang, order(pdf(2)), key("6")).await;
    assert!(matches!(refused, Err(SealError::Standing { status: Status::Revoked, .. })), "{refused:?}");
}

#[tokio::test]
async fn keys_of_two_people_in_one_scenario_do_not_clash() {
    let office = Office::with_seal().await;
    office.seals.enrol(&mut office.zhang()).await.unwrap();
    office.seals.sign(&mut office.zhang(), order(pdf(1)), key("1")).await.unwrap();
    let li = AccountId::generate();
    office.seals.provider().enrol(li, "李四", "li").await.unwrap();
    let mut li = office.ask("441802-chengguan", Some(person(li)));
    office.seals.sign(&mut li, order(pdf(2)), key("1")).await.unwrap();
}

#[tokio::test]
async fn a_plugin_verifies_for_a_declared_purpose_and_anybody_what_they_bring() {
    let office = Office::with_seal().await;
    let mut nobody = office.ask("441802-minzheng", None);
    let report = office.seals.verify(&mut nobody, "road-repair", pdf(1)).await.unwrap();
    assert_eq!(report.verdict, Verdict::Unsigned);
    let undeclared = office.seals.verify(&mut nobody, "marketing", pdf(1)).await;
    assert!(matches!(undeclared, Err(SealError::UndeclaredPurpose(_))));
    let now = zhongtai_kernel::Clock::now(&*office.clock);
    let large = office.seals.examine(vec![0; (1 << 20) + 1], now).await;
    assert!(matches!(large, Err(SealError::TooLarge(1_048_576))));
    let text = office.seals.examine(b"hello".to_vec(), now).await.unwrap();
    assert_eq!((text.verdict, text.format), (Verdict::Unreadable, None));
}
