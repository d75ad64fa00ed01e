//! Who may do what with shipments: the shipped policies, through the only way from a caller to the book.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::{
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use http::HeaderMap;
use parking_lot::Mutex;
use support::{Scripted, book, carriers, clock, event, key, migrations};
use zhongtai_authz::{Authz, PolicyFolder};
use zhongtai_cap_logistics::{
    Booking, Delivery, Destination, LogisticsError, Recipients, Shipments, State, Waybill, contract::address,
};
use zhongtai_kernel::{
    AccountId, Assurance, AuditUnavailable, Caller, Channel, Clock as _, DepartmentId, Digest, Event, ManualClock,
    Record, Recorder, Release, RequestId, Subject, SubjectKind,
};
use zhongtai_runtime::{Asker, Services};
use zhongtai_store::testing::{TestDatabase, sqlite};

/// What was recorded: `action id case purpose`.
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
        let [case, purpose] = [&question.case, &question.purpose].map(|text| text.as_deref().unwrap_or("-"));
        self.recorded.lock().push(format!("{} {} {case} {purpose}", question.action, question.id));
        Ok(())
    }

    fn committed(&self) -> Pin<Box<dyn Future<Output = Result<(), AuditUnavailable>> + Send + '_>> {
        let is_full = self.is_full.load(Ordering::SeqCst);
        Box::pin(async move { if is_full { Err(AuditUnavailable("full".to_owned())) } else { Ok(()) } })
    }
}

/// Wang is known to the department by a handle.
struct People(AccountId);

impl Recipients for People {
    fn open(&self, department: &DepartmentId, handle: &str) -> Option<AccountId> {
        (handle == format!("wang-for-{department}")).then_some(self.0)
    }
}

struct Office {
    authz: Arc<Authz>,
    clock: Arc<ManualClock>,
    log: Arc<Log>,
    shipments: Shipments,
    wang: AccountId,
    carrier: Arc<Scripted>,
    _database: TestDatabase,
}

impl Office {
    async fn new() -> Self {
        let (database, clock, carrier) = (sqlite(&migrations()).await, clock(), Arc::new(Scripted::default()));
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../policies");
        let authz = Arc::new(Authz::load(&[PolicyFolder(folder)]).unwrap());
        let wang = AccountId::generate();
        let book = book(&database, &clock);
        let carriers = carriers(&book, carrier.clone());
        let senders = [("441802-chengguan".parse().unwrap(), address("清城区人民一路5号政务服务中心"))].into();
        let shipments = Shipments::new(book, carriers, senders, Arc::new(People(wang)));
        Self { authz, clock, log: Arc::default(), shipments, wang, carrier, _database: database }
    }

    /// Somebody who asks through a plugin: `441802-chengguan/excavation`, or a desk.
    fn ask(&self, plugin: &str, channel: Channel, subject: Option<Subject>) -> Asker {
        let (department, name) = plugin.split_once('/').unwrap();
        let manifest = format!(
            "[plugin]\nname = \"{name}\"\nversion = \"1\"\ndepartment = \"{department}\"\ntitle = \"t\"\n\
             access = \"public\"\npurposes = [\"deliver-result\"]"
        );
        let release = Arc::new(Release::parse(Digest::of(b"desk"), &manifest).unwrap());
        let caller = Caller::new(release, subject.map(Arc::new), channel);
        let services = Services::new(self.authz.clone(), self.log.clone(), self.clock.clone());
        Asker::new(RequestId::generate(), Arc::new(caller), Arc::new(services))
    }

    /// The scenario at work by itself.
    fn scenario(&self) -> Asker {
        self.ask(SCENARIO, Channel::Internal, None)
    }

    fn wang(&self) -> Asker {
        self.ask("000000-platform/desk", Channel::Api, Some(person(self.wang)))
    }

    fn stranger(&self) -> Asker {
        self.ask("000000-platform/desk", Channel::Api, Some(person(AccountId::generate())))
    }

    fn officer(&self, plugin: &str, role: &str, clearance: u8) -> Asker {
        let officer = Subject {
            kind: SubjectKind::Officer,
            department: Some(plugin.split_once('/').unwrap().0.parse().unwrap()),
            roles: vec![role.to_owned()],
            clearance,
            ..person(AccountId::generate())
        };
        self.ask(plugin, Channel::Api, Some(officer))
    }

    fn courier(&self) -> Asker {
        self.officer("441802-chengguan/desk", "courier", 3)
    }

    async fn shipped(&self, carrier: Option<&str>) -> Waybill {
        let key = key(&Waybill::generate().to_string());
        let delivery = Delivery { carrier: carrier.map(str::to_owned), ..self.delivery() };
        self.shipments.ship(&mut self.scenario(), delivery, key).await.unwrap()
    }

    fn delivery(&self) -> Delivery {
        Delivery {
            to: self.wang,
            destination: Destination::Asked,
            case: "WJ-1".to_owned(),
            what: "占道挖掘许可证".to_owned(),
            carrier: None,
            purpose: "deliver-result".to_owned(),
        }
    }
}

const SCENARIO: &str = "441802-chengguan/excavation";

fn person(account: AccountId) -> Subject {
    let (kind, assurance) = (SubjectKind::NaturalPerson, Assurance::Substantial);
    Subject { account, kind, assurance, department: None, roles: Vec::new(), clearance: 1, agent: None }
}

fn booking(state: State) -> Booking {
    let signer = (state == State::Signed).then(|| "王小明".to_owned());
    Booking { key: key(state.as_str()), state, at: None, place: None, signer }
}

fn is_denied<T>(outcome: Result<T, LogisticsError>) -> bool {
    matches!(outcome, Err(LogisticsError::Denied(_)))
}

#[tokio::test]
async fn a_scenario_ships_for_a_declared_purpose_on_record_and_for_somebody_whose_identity_is_sure() {
    let office = Office::new().await;
    let ship = async |mut who: Asker, change: fn(&mut Delivery)| {
        let mut delivery = office.delivery();
        change(&mut delivery);
        office.shipments.ship(&mut who, delivery, key(&Waybill::generate().to_string())).await
    };
    let waybill = ship(office.scenario(), |_| {}).await.unwrap();
    let recorded = "logistics:ship 441802-chengguan/excavation/WJ-1 WJ-1 deliver-result";
    assert_eq!(office.log.recorded.lock()[0], recorded);
    assert!(ship(office.ask(SCENARIO, Channel::Web, Some(person(office.wang))), |_| {}).await.is_ok());
    let by_password = Subject { assurance: Assurance::Low, ..person(office.wang) };
    assert!(is_denied(ship(office.ask(SCENARIO, Channel::Web, Some(by_password)), |_| {}).await));
    assert!(is_denied(ship(office.ask(SCENARIO, Channel::Web, None), |_| {}).await));
    let undeclared = ship(office.scenario(), |new| new.purpose = "marketing".to_owned()).await;
    assert!(matches!(undeclared, Err(LogisticsError::UndeclaredPurpose(_))));
    let unknown = ship(office.scenario(), |new| new.carrier = Some("pigeon".to_owned())).await;
    assert!(matches!(unknown, Err(LogisticsError::UnknownCarrier(name)) if name == "pigeon"));
    let elsewhere = ship(office.ask("441802-minzheng/allowance", Channel::Internal, None), |new| {
        new.carrier = Some("sf".to_owned());
    });
    assert!(matches!(elsewhere.await, Err(LogisticsError::NoSender(_))));

    office.log.is_full.store(true, Ordering::SeqCst);
    let unrecorded = ship(office.scenario(), |_| {}).await;
    assert!(matches!(unrecorded, Err(LogisticsError::Unrecorded)), "what can't be recorded does not happen");
    office.log.is_full.store(false, Ordering::SeqCst);
    let all = office.shipments.book().to(office.wang).await.unwrap();
    assert_eq!(all.len(), 2, "{waybill}");
    assert_eq!(
        office.shipments.recipient(&"441802-chengguan".parse().unwrap(), "wang-for-441802-chengguan").unwrap(),
        office.wang
    );
    assert!(office.shipments.recipient(&"441802-minzheng".parse().unwrap(), "wang-for-441802-chengguan").is_err());
}

#[tokio::test]
async fn the_recipient_and_the_office_follow_a_shipment_and_nobody_else_learns_of_it() {
    let office = Office::new().await;
    let (waybill, shipments) = (office.shipped(None).await, &office.shipments);
    assert_eq!(shipments.show(&mut office.wang(), waybill).await.unwrap().state, State::Created);
    assert_eq!(shipments.mine(&mut office.wang()).await.unwrap().len(), 1);
    assert!(shipments.mine(&mut office.stranger()).await.unwrap().is_empty());
    assert!(is_denied(shipments.show(&mut office.stranger(), waybill).await));
    assert!(is_denied(shipments.show(&mut office.stranger(), Waybill::generate()).await), "as one that there is not");
    let mut nobody = office.ask("000000-platform/desk", Channel::Web, None);
    assert!(matches!(shipments.mine(&mut nobody).await, Err(LogisticsError::Anonymous)));

    assert!(shipments.track(&mut office.officer(SCENARIO, "window", 2), waybill).await.is_ok());
    assert!(shipments.track(&mut office.scenario(), waybill).await.is_ok());
    let of_another = shipments.track(&mut office.officer("441802-chengguan/lamps", "window", 2), waybill).await;
    assert!(matches!(of_another, Err(LogisticsError::NotFound)), "another scenario's is none");
    let mut as_recipient = office.ask("441802-minzheng/allowance", Channel::Web, Some(person(office.wang)));
    assert!(is_denied(shipments.track(&mut as_recipient, waybill).await), "not through another scenario");

    assert_eq!(shipments.of_department(&mut office.courier()).await.unwrap().len(), 1);
    let mut engineer = office.officer("441802-chengguan/desk", "engineer", 3);
    assert!(shipments.of_department(&mut engineer).await.unwrap().is_empty());
    let mut elsewhere = office.officer("441802-minzheng/desk", "courier", 3);
    assert!(shipments.of_department(&mut elsewhere).await.unwrap().is_empty());
    assert!(is_denied(shipments.show(&mut elsewhere, waybill).await));
}

#[tokio::test]
async fn the_recipient_alone_says_where_it_goes() {
    let office = Office::new().await;
    let (waybill, shipments) = (office.shipped(None).await, &office.shipments);
    let home = address("凤城街道桥北路1号2栋301");
    assert!(is_denied(shipments.give_address(&mut office.stranger(), waybill, Some(home.clone())).await));
    assert!(is_denied(shipments.give_address(&mut office.courier(), waybill, Some(home.clone())).await));
    let none = shipments.give_address(&mut office.wang(), waybill, None).await;
    assert!(matches!(none, Err(LogisticsError::Invalid { what: "address", .. })));
    shipments.keep_address(&mut office.wang(), Some(&home)).await.unwrap();
    let shipment = shipments.give_address(&mut office.wang(), waybill, None).await.unwrap();
    assert!(!shipment.needs_address);
    assert_eq!(shipments.kept_address(&mut office.wang()).await.unwrap(), Some(home));
    assert_eq!(shipments.kept_address(&mut office.stranger()).await.unwrap(), None);
    shipments.keep_address(&mut office.wang(), None).await.unwrap();
    assert_eq!(shipments.kept_address(&mut office.wang()).await.unwrap(), None);
}

#[tokio::test]
async fn the_courier_desk_reads_the_label_and_books_what_it_carries_itself() {
    let office = Office::new().await;
    let (waybill, shipments) = (office.shipped(None).await, &office.shipments);
    let home = address("凤城街道桥北路1号2栋301");
    shipments.give_address(&mut office.wang(), waybill, Some(home.clone())).await.unwrap();
    let label = shipments.label(&mut office.courier(), waybill, "deliver-result").await.unwrap();
    assert_eq!((label.what.as_str(), label.address), ("占道挖掘许可证", home));
    let mut low = office.officer("441802-chengguan/desk", "courier", 2);
    assert!(is_denied(shipments.label(&mut low, waybill, "deliver-result").await));
    assert!(is_denied(shipments.label(&mut office.courier(), waybill, "marketing").await));
    assert!(is_denied(shipments.label(&mut office.wang(), waybill, "deliver-result").await));

    assert!(is_denied(shipments.record(&mut office.wang(), waybill, booking(State::Signed)).await));
    let by_sf = office.shipped(Some("sf")).await;
    assert!(is_denied(shipments.record(&mut office.courier(), by_sf, booking(State::Signed)).await));
    for state in [State::Collected, State::OutForDelivery] {
        assert_eq!(shipments.record(&mut office.courier(), waybill, booking(state)).await.unwrap().state, state);
    }
    office.log.is_full.store(true, Ordering::SeqCst);
    let unrecorded = shipments.record(&mut office.courier(), waybill, booking(State::Signed)).await;
    assert!(matches!(unrecorded, Err(LogisticsError::Unrecorded)));
    office.log.is_full.store(false, Ordering::SeqCst);
    let signed = shipments.record(&mut office.courier(), waybill, booking(State::Signed)).await.unwrap();
    assert_eq!((signed.state, signed.signature.unwrap().by.as_str()), (State::Signed, "王*明"));
    assert_eq!(signed.events.len(), 4, "created and three that were booked");
}

#[tokio::test]
async fn a_booking_that_can_not_be_is_refused_by_its_field() {
    let office = Office::new().await;
    let waybill = office.shipped(None).await;
    let refused = async |booking: Booking| match office.shipments.record(&mut office.courier(), waybill, booking).await
    {
        Err(LogisticsError::Invalid { what, .. }) => what,
        other => panic!("{:?}", other.err()),
    };
    let future = office.clock.now() + std::time::Duration::from_secs(1);
    assert_eq!(refused(booking(State::Created)).await, "state");
    assert_eq!(refused(booking(State::Cancelled)).await, "state");
    assert_eq!(refused(Booking { at: Some(future), ..booking(State::Collected) }).await, "at");
    assert_eq!(refused(Booking { signer: None, ..booking(State::Signed) }).await, "signer");
    assert_eq!(refused(Booking { signer: Some("王".to_owned()), ..booking(State::Lost) }).await, "signer");
    assert_eq!(refused(Booking { signer: Some("a\nb".to_owned()), ..booking(State::Signed) }).await, "signer");
    assert_eq!(refused(Booking { place: Some("处".repeat(41)), ..booking(State::Lost) }).await, "place");
    assert_eq!(office.shipments.show(&mut office.wang(), waybill).await.unwrap().events.len(), 1);
}

#[tokio::test]
async fn the_office_and_its_courier_take_back_and_the_recipient_does_not() {
    let office = Office::new().await;
    let shipments = &office.shipments;
    let waybill = office.shipped(None).await;
    assert!(is_denied(shipments.withdraw(&mut office.wang(), waybill).await));
    let elsewhere = shipments.cancel(&mut office.officer("441802-chengguan/lamps", "window", 2), waybill).await;
    assert!(matches!(elsewhere, Err(LogisticsError::NotFound)));
    assert_eq!(shipments.show(&mut office.wang(), waybill).await.unwrap().state, State::Created);
    let cancelled = shipments.cancel(&mut office.officer(SCENARIO, "window", 2), waybill).await.unwrap();
    assert_eq!(cancelled.state, State::Cancelled);
    let other = office.shipped(None).await;
    assert_eq!(shipments.withdraw(&mut office.courier(), other).await.unwrap().state, State::Cancelled);
    let collected = office.shipped(None).await;
    shipments.record(&mut office.courier(), collected, booking(State::Collected)).await.unwrap();
    let late = shipments.cancel(&mut office.scenario(), collected).await;
    assert!(matches!(late, Err(LogisticsError::State(State::Collected))));
}

#[tokio::test]
async fn what_a_carriers_system_sends_is_kept_or_answered_with_a_refusal() {
    let office = Office::new().await;
    let waybill = office.shipped(Some("sf")).await;
    *office.carrier.news.lock() = vec![event("1", State::Signed, office.clock.now())];
    let send = async |name: &str, body: &str| {
        office.shipments.callback(name, &HeaderMap::new(), body.as_bytes()).await.map(|answer| answer.body)
    };
    assert_eq!(send("sf", &waybill.to_string()).await.as_deref(), Some("ok"));
    assert_eq!(send("sf", &waybill.to_string()).await.as_deref(), Some("ok"), "twice");
    assert_eq!(send("sf", "forged").await.as_deref(), Some("callback-refused"));
    assert_eq!(send("sf", &Waybill::generate().to_string()).await.as_deref(), Some("not-found"));
    assert_eq!(send("courier", &waybill.to_string()).await.as_deref(), Some(""));
    assert_eq!(send("pigeon", &waybill.to_string()).await, None);
    assert_eq!(office.shipments.show(&mut office.wang(), waybill).await.unwrap().state, State::Signed);
}
