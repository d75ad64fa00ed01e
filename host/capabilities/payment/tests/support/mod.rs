//! What every test here begins with: an office with the shipped policies, a bank, and people.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a broken fixture must stop the test")]
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

pub mod bank;
pub mod remote;

use std::{
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use bank::Bank;
use parking_lot::Mutex;
use remote::RemoteBank;
use zhongtai_authz::{Authz, PolicyFolder};
use zhongtai_cap_payment::{
    ActKey, CodeLayout, FeeItem, Fen, Gateway, ItemStatus, MIGRATIONS, NewLine, Notice, NoticeNumber, OrderRecord,
    Payers, PaymentConfig, PaymentError, Payments, Price, ReceiptDraft, ReceiptFile, Receipts, ReceiptsError, Request,
    Treasury,
};
use zhongtai_kernel::{
    AccountId, Assurance, AuditUnavailable, Caller, Channel, Clock, DepartmentId, Digest, Event, ManualClock, Record,
    Recorder, Release, RequestId, Subject, SubjectKind,
};
use zhongtai_runtime::{Asker, Services};
use zhongtai_store::{
    Migration, Store,
    testing::{TestDatabase, both, postgres, sqlite},
};

pub const KEY: [u8; 32] = [7; 32];
pub const OWNER: &str = "441802-chengguan";

pub fn migrations() -> Vec<Migration> {
    [zhongtai_events::MIGRATIONS, MIGRATIONS].concat()
}

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-11-27T02:00:00Z".parse().unwrap()))
}

/// What was recorded: `action resource`.
#[derive(Default)]
pub struct Log {
    pub recorded: Mutex<Vec<String>>,
    pub is_full: AtomicBool,
}

impl Recorder for Log {
    fn record(&self, record: Record) -> Result<(), AuditUnavailable> {
        let Event::Decision { decision, .. } = record.event else { return Ok(()) };
        assert_eq!(decision.errors, Vec::<String>::new(), "{decision:?}");
        self.recorded.lock().push(format!("{} {}", decision.question.action, decision.question.resource()));
        Ok(())
    }

    fn committed(&self) -> Pin<Box<dyn Future<Output = Result<(), AuditUnavailable>> + Send + '_>> {
        let is_full = self.is_full.load(Ordering::SeqCst);
        Box::pin(async move { if is_full { Err(AuditUnavailable("full".to_owned())) } else { Ok(()) } })
    }
}

/// Handles are `wang`; receipts are a text, or fail as told.
pub struct Others {
    pub wang: AccountId,
    pub has_no_seal: AtomicBool,
    pub is_broken: AtomicBool,
}

impl Others {
    /// Whose receipts are sealed.
    pub fn new() -> Arc<Self> {
        let (has_no_seal, is_broken) = (AtomicBool::default(), AtomicBool::default());
        Arc::new(Self { wang: WANG.parse().unwrap(), has_no_seal, is_broken })
    }
}

impl Payers for Others {
    fn open(&self, department: &DepartmentId, handle: &str) -> Option<AccountId> {
        (handle == format!("wang-for-{department}")).then_some(self.wang)
    }
}

#[async_trait]
impl Receipts for Others {
    async fn make(&self, draft: &ReceiptDraft, may_be_unsealed: bool) -> Result<ReceiptFile, ReceiptsError> {
        if self.is_broken.load(Ordering::SeqCst) {
            return Err(ReceiptsError::Failed("the typesetter is gone".to_owned()));
        }
        let is_sealed = !self.has_no_seal.load(Ordering::SeqCst);
        if !is_sealed && !may_be_unsealed {
            return Err(ReceiptsError::NoSeal);
        }
        let text = format!("{} {} {}", draft.number, draft.notice, draft.total.capitals());
        Ok(ReceiptFile { pdf: text.into_bytes(), is_sealed })
    }
}

/// The payer of hosts that are started again: the same for each.
const WANG: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// A bank in this process, or the way to one in another.
pub enum SomeBank {
    Here(Arc<Bank>),
    There(Arc<RemoteBank>),
}

impl From<Arc<Bank>> for SomeBank {
    fn from(bank: Arc<Bank>) -> Self {
        Self::Here(bank)
    }
}

impl From<Arc<RemoteBank>> for SomeBank {
    fn from(bank: Arc<RemoteBank>) -> Self {
        Self::There(bank)
    }
}

/// A host with a bank. Another office of the same database is another host.
pub struct Office {
    pub authz: Arc<Authz>,
    pub clock: Arc<ManualClock>,
    pub store: Store,
    pub bank: Arc<Bank>,
    pub other_bank: Arc<Bank>,
    pub others: Arc<Others>,
    pub log: Arc<Log>,
    pub payments: Payments,
    pub wang: AccountId,
    pub cashier: AccountId,
    pub window: AccountId,
    /// The way to a bank in another process.
    pub remote: Option<Arc<RemoteBank>>,
    /// How to open the database once more.
    pub url: Option<String>,
    _database: Option<TestDatabase>,
}

impl Office {
    pub async fn both() -> Vec<Self> {
        let mut offices = Vec::new();
        for database in both(&migrations()).await {
            offices.push(Self::of(database, PaymentConfig::default()).await);
        }
        offices
    }

    pub async fn sqlite() -> Self {
        Self::with(PaymentConfig::default()).await
    }

    pub async fn postgres() -> Self {
        Self::of(postgres(&migrations()).await, PaymentConfig::default()).await
    }

    pub async fn with(config: PaymentConfig) -> Self {
        Self::of(sqlite(&migrations()).await, config).await
    }

    async fn of(database: TestDatabase, config: PaymentConfig) -> Self {
        let store = database.store.clone();
        let clock = clock();
        let (bank, other_bank) = (Bank::new("cashdesk", clock.clone()), Bank::new("wechat", clock.clone()));
        let others = Others {
            wang: AccountId::generate(),
            has_no_seal: AtomicBool::default(),
            is_broken: AtomicBool::default(),
        };
        let office = Self::assemble((store, clock), (bank, other_bank), Arc::new(others), config, Some(database));
        for item in items() {
            office.payments.put_item(&item).await.unwrap();
        }
        office
    }

    /// A host that was killed, or its successor: at a bank in this process, or on the way to one.
    pub async fn started_again(url: &str, clock: Arc<ManualClock>, bank: impl Into<SomeBank>) -> Self {
        let store = Store::open(url, &migrations()).await.unwrap();
        let (own, other) = (Bank::new("cashdesk", clock.clone()), Bank::new("wechat", clock.clone()));
        let others = Others::new();
        let mut office = Self::assemble((store, clock), (own, other), others, PaymentConfig::default(), None);
        let (gateway, remote): (Arc<dyn Gateway>, _) = match bank.into() {
            SomeBank::Here(bank) => (bank, None),
            SomeBank::There(bank) => (bank.clone(), Some(bank)),
        };
        let services = Services::new(office.authz.clone(), office.log.clone(), office.clock.clone());
        let treasury = Treasury::new(office.store.clone(), office.clock.clone(), KEY, CodeLayout::default(), 15);
        let people = (office.others.clone() as _, office.others.clone() as _);
        let config = PaymentConfig::default();
        office.payments = Payments::new(treasury, vec![gateway], people, Arc::new(services), config);
        office.remote = remote;
        office
    }

    fn assemble(
        (store, clock): (Store, Arc<ManualClock>),
        (bank, other_bank): (Arc<Bank>, Arc<Bank>),
        others: Arc<Others>,
        config: PaymentConfig,
        database: Option<TestDatabase>,
    ) -> Self {
        let authz = shipped_policies();
        let log = Arc::new(Log::default());
        let services = Arc::new(Services::new(authz.clone(), log.clone(), clock.clone() as Arc<dyn Clock>));
        let treasury = Treasury::new(store.clone(), clock.clone(), KEY, CodeLayout::default(), config.due_days);
        let gateways: Vec<Arc<dyn Gateway>> = vec![bank.clone(), other_bank.clone()];
        let wang = others.wang;
        let payments = Payments::new(treasury, gateways, (others.clone(), others.clone()), services, config);
        Self {
            authz,
            clock,
            store,
            bank,
            other_bank,
            others,
            log,
            payments,
            wang,
            cashier: AccountId::generate(),
            window: AccountId::generate(),
            remote: None,
            url: database.as_ref().map(|database| database.url.clone()),
            _database: database,
        }
    }

    /// Another host of the same database, at the same banks.
    pub fn another_host(&self) -> Self {
        let banks = (self.bank.clone(), self.other_bank.clone());
        let mut other = Self::assemble(
            (self.store.clone(), self.clock.clone()),
            banks,
            self.others.clone(),
            PaymentConfig::default(),
            None,
        );
        (other.cashier, other.window) = (self.cashier, self.window);
        other
    }

    fn ask(&self, department: &str, channel: Channel, subject: Option<Subject>) -> Asker {
        let manifest = format!(
            "[plugin]\nname = \"excavation\"\nversion = \"1\"\ndepartment = \"{department}\"\ntitle = \"t\"\n\
             access = \"public\"\n"
        );
        let release = Arc::new(Release::parse(Digest::of(b"desk"), &manifest).unwrap());
        let caller = Caller::new(release, subject.map(Arc::new), channel);
        let services = Services::new(self.authz.clone(), self.log.clone(), self.clock.clone());
        Asker::new(RequestId::generate(), Arc::new(caller), Arc::new(services))
    }

    /// The plugin in the payer's request.
    pub fn wang(&self) -> Asker {
        self.ask(OWNER, Channel::Web, Some(person(self.wang)))
    }

    /// The same at the platform's own API.
    pub fn wang_at_the_api(&self) -> Asker {
        self.ask("000000-platform", Channel::Api, Some(person(self.wang)))
    }

    /// Somebody else, at the platform's own API.
    pub fn li(&self) -> Asker {
        self.ask("000000-platform", Channel::Api, Some(person(AccountId::generate())))
    }

    /// The plugin with nobody signed in.
    pub fn plugin(&self, department: &str) -> Asker {
        self.ask(department, Channel::Web, None)
    }

    pub fn officer(&self, account: AccountId, department: &str, role: &str) -> Asker {
        let officer = Subject {
            kind: SubjectKind::Officer,
            department: Some(department.parse().unwrap()),
            roles: vec![role.to_owned()],
            clearance: 2,
            ..person(account)
        };
        self.ask(department, Channel::Api, Some(officer))
    }

    pub fn cashier(&self) -> Asker {
        self.officer(self.cashier, OWNER, "cashier")
    }

    pub fn window(&self) -> Asker {
        self.officer(self.window, OWNER, "window")
    }

    /// A notice over 240 yuan that Wang has to pay.
    pub async fn notice(&self, id: &str) -> Notice {
        let request = request(self.wang, vec![line("road-dig", 12, None)]);
        self.payments.notice(&mut self.wang(), key(id), request).await.unwrap()
    }

    /// Wang begins to pay it.
    pub async fn begin(&self, number: &NoticeNumber, channel: &str, id: &str) -> Result<OrderRecord, PaymentError> {
        self.payments.pay(&mut self.wang(), number, (channel, key(id))).await
    }

    /// Wang pays it, and the bank tells.
    pub async fn pay(&self, id: &str) -> (Notice, OrderRecord) {
        let notice = self.notice(id).await;
        let order = self.begin(&notice.number, "cashdesk", id).await.unwrap();
        let told = self.bank.pay(&order.id.to_string()).unwrap();
        self.tell(&told).await;
        (self.find(&notice.number).await, self.order(&order).await)
    }

    /// A callback of the first bank: the status of the answer.
    pub async fn tell(&self, told: &bank::Told) -> u16 {
        self.payments.on_callback("cashdesk", &bank::signed(), &told.body()).await.unwrap().status
    }

    pub async fn find(&self, number: &NoticeNumber) -> Notice {
        self.payments.treasury().find(number).await.unwrap().unwrap()
    }

    pub async fn order(&self, order: &OrderRecord) -> OrderRecord {
        self.payments.treasury().order(order.id).await.unwrap().unwrap()
    }

    /// Kinds of the events that scenarios will hear of.
    pub async fn events(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT kind FROM events ORDER BY id").fetch_all(self.store.pool()).await.unwrap()
    }

    /// Kinds of the open tickets.
    pub async fn tickets(&self) -> Vec<&'static str> {
        let tickets = self.payments.tickets(true).await.unwrap();
        tickets.iter().map(|ticket| ticket.ticket.kind.as_str()).collect()
    }

    pub async fn balance(&self, account: &str) -> i64 {
        self.books().await.balances.get(account).copied().unwrap_or_default()
    }

    /// The books, which balance.
    pub async fn books(&self) -> zhongtai_cap_payment::Books {
        let books = self.payments.books().await.unwrap();
        assert!(books.balance(), "{:#?}", books.wrong);
        books
    }

    /// Looks at everything that waits, as often as there is something, while time goes by.
    pub async fn work(&self) {
        for _ in 0..40 {
            self.clock.advance(std::time::Duration::from_secs(1_000));
            if self.payments.work().await.unwrap().is_idle() {
                return;
            }
        }
        panic!("there is always something to do");
    }
}

/// The shipped policies: read once.
pub fn shipped_policies() -> Arc<Authz> {
    static SHIPPED: OnceLock<Arc<Authz>> = OnceLock::new();
    let load = || {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../policies");
        Arc::new(Authz::load(&[PolicyFolder(folder)]).unwrap())
    };
    SHIPPED.get_or_init(load).clone()
}

fn person(account: AccountId) -> Subject {
    let (kind, assurance) = (SubjectKind::NaturalPerson, Assurance::Substantial);
    Subject { account, kind, assurance, department: None, roles: Vec::new(), clearance: 1, agent: None }
}

pub fn fen(fen: i64) -> Fen {
    Fen::new(fen).unwrap()
}

pub fn item(code: &str, owner: &str, price: Price, status: ItemStatus) -> FeeItem {
    FeeItem {
        code: code.to_owned(),
        owner: owner.parse().unwrap(),
        executing_unit: "3001".to_owned(),
        title: format!("收费项目 {code}"),
        unit: "平方米".to_owned(),
        price,
        status,
    }
}

pub fn items() -> [FeeItem; 5] {
    let free = Price::Free { least: fen(100), most: fen(1_000_000) };
    [
        item("road-dig", OWNER, Price::Unit(fen(2_000)), ItemStatus::Listed),
        item("road-mend", OWNER, free, ItemStatus::Listed),
        item("road-old", OWNER, free, ItemStatus::Abolished),
        item("road-paused", OWNER, free, ItemStatus::Suspended),
        item("marriage", "441802-minzheng", Price::Unit(fen(900)), ItemStatus::Listed),
    ]
}

pub fn line(item: &str, quantity: i64, amount: Option<i64>) -> NewLine {
    NewLine { item: item.to_owned(), quantity, amount }
}

pub fn request(payer: AccountId, lines: Vec<NewLine>) -> Request {
    Request { payer, lines, case: Some("WJ-20261127-1".to_owned()), valid_minutes: None }
}

pub fn key(text: &str) -> ActKey {
    ActKey::try_from(text.to_owned()).unwrap()
}

pub fn is_denied<T>(outcome: Result<T, PaymentError>) -> bool {
    matches!(outcome, Err(PaymentError::Denied(_)))
}
