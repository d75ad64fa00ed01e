//! What a mock host knows, and which one answers on this thread.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::{
    certificates::{MockCertificate, MockPresentation},
    credit::Credit,
    geo::Map,
    payments::MockNotice,
    seals::MockSealing,
    shipments::MockShipment,
    store::Store,
    uploads::Uploads,
};
use crate::{
    Subject,
    credit::{Record, Verdict},
    document::Document,
    log::Level,
    notify::{Message, Progress},
    payment::FeeItem,
    seal,
    subject::{Agent, Assurance, Kind},
};

/// 2026-01-01T00:00:00Z, where the clock stands unless a test says otherwise.
const DEFAULT_TIME: u64 = 1_767_225_600_000_000_000;

/// One event that the plugin logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// How much it matters.
    pub level: Level,
    /// The module it comes from.
    pub target: String,
    /// Its text.
    pub message: String,
    /// Its named values.
    pub fields: Vec<(String, String)>,
}

/// A subject for a test, with attributes: `Person::new("wang").field("phone", "13800000000")`.
#[derive(Clone, Debug)]
pub struct Person {
    pub(crate) subject: Subject,
    pub(crate) fields: BTreeMap<String, String>,
}

impl Person {
    /// A natural person with substantial assurance and this handle.
    pub fn new(handle: &str) -> Self {
        let (kind, assurance) = (Kind::NaturalPerson, Assurance::Substantial);
        let subject = Subject { handle: handle.into(), kind, assurance, roles: Vec::new(), agent: None };
        Self { subject, fields: BTreeMap::new() }
    }

    /// An officer with these roles.
    pub fn officer(handle: &str, roles: &[&str]) -> Self {
        let mut person = Self::new(handle);
        person.subject.kind = Kind::Officer;
        person.subject.roles = roles.iter().map(|role| String::from(*role)).collect();
        person
    }

    /// A legal person.
    pub fn legal(handle: &str) -> Self {
        let mut person = Self::new(handle);
        person.subject.kind = Kind::LegalPerson;
        person
    }

    /// With somebody who acts for it by a mandate for these actions: `apply`, `pay`, `sign`.
    #[must_use]
    pub fn through(mut self, agent: &str, actions: &[&str]) -> Self {
        let actions = actions.iter().map(|action| String::from(*action)).collect();
        self.subject.agent = Some(Agent { handle: agent.into(), actions });
        self
    }

    /// With another assurance.
    #[must_use]
    pub fn assurance(mut self, assurance: Assurance) -> Self {
        self.subject.assurance = assurance;
        self
    }

    /// With an attribute that `Subject::fields` gives out.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }
}

impl From<&str> for Person {
    fn from(handle: &str) -> Self {
        Self::new(handle)
    }
}

/// What a mock host knows.
#[derive(Debug)]
pub struct State {
    pub person: Option<Person>,
    pub verdicts: BTreeMap<String, Verdict>,
    pub records: BTreeMap<String, Vec<Record>>,
    pub credit: Credit,
    pub settings: BTreeMap<String, String>,
    pub denied: BTreeSet<String>,
    pub purposes: Option<BTreeSet<String>>,
    pub templates: Option<BTreeSet<String>>,
    pub store: Store,
    pub certificates: Vec<MockCertificate>,
    pub presentations: Vec<MockPresentation>,
    pub anchors: Vec<[String; 3]>,
    pub documents: Vec<Document>,
    pub document_templates: Option<BTreeSet<String>>,
    /// How seals stand; without any, every name is a valid seal.
    pub seals: BTreeMap<String, seal::Standing>,
    pub sealings: Vec<MockSealing>,
    pub sent: Vec<Message>,
    /// How far messages are, by id.
    pub deliveries: BTreeMap<String, Vec<Progress>>,
    pub shipments: Vec<MockShipment>,
    /// Whether recipients keep an address.
    pub keeps_address: bool,
    pub fee_items: Vec<FeeItem>,
    pub notices: Vec<MockNotice>,
    pub map: Map,
    pub uploads: Uploads,
    pub logs: Vec<LogEvent>,
    pub now: u64,
    pub ticks: u64,
    pub random: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            person: None,
            verdicts: BTreeMap::new(),
            records: BTreeMap::new(),
            credit: Credit::default(),
            settings: BTreeMap::new(),
            denied: BTreeSet::new(),
            purposes: None,
            templates: None,
            store: Store::default(),
            certificates: Vec::new(),
            presentations: Vec::new(),
            anchors: Vec::new(),
            documents: Vec::new(),
            document_templates: None,
            seals: BTreeMap::new(),
            sealings: Vec::new(),
            sent: Vec::new(),
            deliveries: BTreeMap::new(),
            shipments: Vec::new(),
            keeps_address: false,
            fee_items: Vec::new(),
            notices: Vec::new(),
            map: Map::default(),
            uploads: Uploads::default(),
            logs: Vec::new(),
            now: DEFAULT_TIME,
            ticks: 0,
            random: 0,
        }
    }
}

/// A host's state, shared between its handle and the thread that a request runs on.
pub type Shared = Rc<RefCell<State>>;

thread_local! {
    static CURRENT: RefCell<Shared> = RefCell::default();
}

/// Lets `host` answer while `code` runs, then the one before again, even after a panic.
pub fn enter<T>(host: &Shared, code: impl FnOnce() -> T) -> T {
    struct Restore(Shared);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.with(|current| current.replace(Rc::clone(&self.0)));
        }
    }
    crate::log::install();
    let _restore = Restore(CURRENT.with(|current| current.replace(Rc::clone(host))));
    code()
}

/// Asks the host of this thread. Outside of a request that is one with nothing in it.
pub fn with<T>(answer: impl FnOnce(&mut State) -> T) -> T {
    let current = CURRENT.with(|current| Rc::clone(&current.borrow()));
    let mut state = current.borrow_mut();
    answer(&mut state)
}
