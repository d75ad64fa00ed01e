//! What every test here begins with.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken fixture must stop the test")]
#![allow(dead_code, reason = "each test binary uses its part")]

use std::{
    ops::{Deref, DerefMut},
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use parking_lot::Mutex;
use zhongtai_authz::{Authz, PolicyFolder};
use zhongtai_cap_credit::{
    ActKey, Cases, Category, CreditConfig, CreditError, CreditRecord, CreditSubject, Credits, EmbeddedCredit, Entry,
    Gravity, MIGRATIONS, NewRecord, People, RecordId, RuleBook, State,
};
use zhongtai_kernel::{
    AccountId, Assurance, AuditUnavailable, Caller, Channel, DepartmentId, Digest, Event, ManualClock, Record,
    Recorder, Release, RequestId, ScenarioId, Subject, SubjectKind,
};
use zhongtai_runtime::{Asker, Services};
use zhongtai_store::testing::{TestDatabase, both};

pub const KEY: [u8; 32] = [7; 32];
pub const COMPANY: &str = "91350100M000100Y43";
pub const WANG: &str = "11010519491231002X";
pub const DEPARTMENT: &str = "441802-chengguan";

/// 2026-01-05 in the district, a Monday.
pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-01-05T02:00:00Z".parse().unwrap()))
}

/// The records as one host sees them; another call is another host.
pub fn host(database: &TestDatabase, clock: &Arc<ManualClock>) -> EmbeddedCredit {
    EmbeddedCredit::new(database.store.clone(), clock.clone(), &KEY, CreditConfig::default())
}

pub fn company() -> CreditSubject {
    CreditSubject::Enterprise(COMPANY.parse().unwrap())
}

pub fn wang() -> CreditSubject {
    CreditSubject::Person(WANG.parse().unwrap())
}

/// A published record that a department answers for.
pub fn record(id: &str, whom: CreditSubject, category: Category) -> NewRecord {
    NewRecord {
        whom,
        record: CreditRecord {
            key: None,
            id: id.to_owned(),
            source: "城市管理局".to_owned(),
            department: Some(DEPARTMENT.parse().unwrap()),
            category,
            gravity: Gravity::General,
            since: "2026-01-01".parse().unwrap(),
            until: None,
            state: State::Published,
            held: false,
            detail: "占道施工未恢复".to_owned(),
        },
    }
}

/// What was recorded: `action kind id`; and that nothing in it is anybody's code.
#[derive(Default)]
pub struct Log {
    pub recorded: Mutex<Vec<String>>,
    is_full: AtomicBool,
}

impl Recorder for Log {
    fn record(&self, record: Record) -> Result<(), AuditUnavailable> {
        let Event::Decision { decision, .. } = record.event else { return Ok(()) };
        assert_eq!(decision.errors, Vec::<String>::new(), "{decision:?}");
        let text = decision.as_json();
        assert!(!text.contains(COMPANY) && !text.contains(WANG) && !text.contains("占道"), "{text}");
        self.recorded.lock().push(format!("{} {}", decision.question.action, decision.question.kind));
        Ok(())
    }

    fn committed(&self) -> Pin<Box<dyn Future<Output = Result<(), AuditUnavailable>> + Send + '_>> {
        let is_full = self.is_full.load(Ordering::SeqCst);
        Box::pin(async move { if is_full { Err(AuditUnavailable("full".to_owned())) } else { Ok(()) } })
    }
}

/// Somebody who asks, with a log of their own.
pub struct Somebody {
    pub asker: Asker,
    pub log: Arc<Log>,
}

impl Deref for Somebody {
    type Target = Asker;

    fn deref(&self) -> &Asker {
        &self.asker
    }
}

impl DerefMut for Somebody {
    fn deref_mut(&mut self) -> &mut Asker {
        &mut self.asker
    }
}

impl Somebody {
    /// Nothing gets to the disk any more.
    pub fn with_a_full_log(self) -> Self {
        self.log.is_full.store(true, Ordering::SeqCst);
        self
    }
}

/// Wang is the person with that resident ID, the company the enterprise with that code.
struct Known {
    wang: AccountId,
    company: AccountId,
}

#[async_trait]
impl People for Known {
    fn open(&self, department: &DepartmentId, handle: &str) -> Option<AccountId> {
        match handle.strip_suffix(&format!("-for-{department}")) {
            Some("company") => Some(self.company),
            Some("wang") => Some(self.wang),
            Some("stranger") => Some(AccountId::generate()),
            _ => None,
        }
    }

    async fn identities(&self, account: AccountId) -> Result<Vec<CreditSubject>, CreditError> {
        Ok(match account {
            account if account == self.wang => vec![wang()],
            account if account == self.company => vec![company()],
            _ => Vec::new(),
        })
    }
}

/// `lamps-1` is a case of the lamps; the others are kept by scenarios.
struct SomeCases;

#[async_trait]
impl Cases for SomeCases {
    async fn scenario_of(&self, case: &str) -> Result<Option<ScenarioId>, CreditError> {
        Ok((case == "lamps-1").then(|| "441802-chengguan/lamps".parse().unwrap()))
    }
}

pub struct Office {
    pub authz: Arc<Authz>,
    pub clock: Arc<ManualClock>,
    pub credits: Credits,
    pub wang: AccountId,
    pub company: AccountId,
    pub database: TestDatabase,
}

impl Office {
    /// One on each database.
    pub async fn both() -> Vec<Self> {
        Self::with(CreditConfig::default()).await
    }

    pub async fn with(config: CreditConfig) -> Vec<Self> {
        let mut offices = Vec::new();
        for database in both(MIGRATIONS).await {
            offices.push(Self::of(database, config.clone()).await);
        }
        offices
    }

    async fn of(database: TestDatabase, config: CreditConfig) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../policies");
        let authz = Arc::new(Authz::load(&[PolicyFolder(folder)]).unwrap());
        let (wang, company, clock) = (AccountId::generate(), AccountId::generate(), clock());
        let own = Arc::new(EmbeddedCredit::new(database.store.clone(), clock.clone(), &KEY, config));
        let rules = Arc::new(RuleBook::open(database.store.clone(), clock.clone()).await.unwrap());
        let people = Arc::new(Known { wang, company });
        let credits = Credits::new((own.clone(), own), rules, people, Arc::new(SomeCases));
        Self { authz, clock, credits, wang, company, database }
    }

    pub fn ask(&self, department: &str, channel: Channel, subject: Option<Subject>) -> Somebody {
        let manifest = format!(
            "[plugin]\nname = \"desk\"\nversion = \"1\"\ndepartment = \"{department}\"\ntitle = \"t\"\n\
             access = \"public\"\npurposes = [\"road-repair\"]"
        );
        let release = Arc::new(Release::parse(Digest::of(b"desk"), &manifest).unwrap());
        let caller = Caller::new(release, subject.map(Arc::new), channel);
        let log = Arc::new(Log::default());
        let services = Services::new(self.authz.clone(), log.clone(), self.clock.clone());
        Somebody { asker: Asker::new(RequestId::generate(), Arc::new(caller), Arc::new(services)), log }
    }

    pub fn company(&self) -> Somebody {
        let company = Subject { kind: SubjectKind::LegalPerson, ..person(self.company) };
        self.ask(DEPARTMENT, Channel::Api, Some(company))
    }

    pub fn wang(&self) -> Somebody {
        self.ask(DEPARTMENT, Channel::Api, Some(person(self.wang)))
    }

    pub fn officer(&self, department: &str, role: &str) -> Somebody {
        self.ask(department, Channel::Api, Some(officer(department, role)))
    }

    pub fn publisher(&self) -> Somebody {
        self.officer(DEPARTMENT, "credit-publisher")
    }

    pub fn chief(&self) -> Somebody {
        self.officer(DEPARTMENT, "section-chief")
    }

    /// A stored record.
    pub async fn stored(&self, new: NewRecord) -> Entry {
        let whom = new.whom.clone();
        let (id, source) = (new.record.id.clone(), new.record.source.clone());
        self.credits.own().upsert(vec![new], "a test").await.unwrap();
        let entries = self.credits.own().entries_of(&whom).await.unwrap();
        entries.into_iter().find(|entry| entry.record.id == id && entry.record.source == source).unwrap()
    }

    pub async fn state(&self, id: RecordId) -> (State, bool) {
        let record = self.credits.own().entry(id).await.unwrap().unwrap().record;
        (record.state, record.held)
    }

    /// What happened to a record, by whom it does not matter.
    pub async fn happened(&self, id: RecordId) -> Vec<String> {
        self.credits.own().history(id).await.unwrap().into_iter().map(|line| line.what).collect()
    }
}

pub fn officer(department: &str, role: &str) -> Subject {
    Subject {
        kind: SubjectKind::Officer,
        department: Some(department.parse().unwrap()),
        roles: vec![role.to_owned()],
        clearance: 3,
        ..person(AccountId::generate())
    }
}

pub fn person(account: AccountId) -> Subject {
    let (kind, assurance) = (SubjectKind::NaturalPerson, Assurance::Substantial);
    Subject { account, kind, assurance, department: None, roles: Vec::new(), clearance: 1, agent: None }
}

pub fn key(text: &str) -> ActKey {
    ActKey::try_from(text.to_owned()).unwrap()
}

pub fn is_denied<T>(outcome: &Result<T, CreditError>) -> bool {
    matches!(outcome, Err(CreditError::Denied(_)))
}
