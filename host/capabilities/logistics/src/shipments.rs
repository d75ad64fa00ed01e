//! The only way from a caller to the book: check, authorise, act.

use std::{collections::BTreeMap, sync::Arc};

use http::HeaderMap;
use zhongtai_kernel::{Access, AccountId, Attribute, DepartmentId, Timestamp};
use zhongtai_runtime::Asker;

use crate::{
    Answer, Applied, Book, COURIER, CarrierEvent, Carriers, Destination, LogisticsError, NewShipment, PostalAddress,
    Shipment, ShipmentKey, Source, State, Waybill, address::is_line,
};

/// An address is sensitive: level 3 of 4.
const ADDRESS_LEVEL: i64 = 3;

/// Knows who handles are of. The server wires it to the accounts.
pub trait Recipients: Send + Sync + 'static {
    /// The account of a department's handle; `None` when it is none.
    fn open(&self, department: &DepartmentId, handle: &str) -> Option<AccountId>;
}

/// Shipments as callers get them: policy is asked, and the answer recorded, before anything is told or done.
pub struct Shipments {
    book: Book,
    carriers: Carriers,
    senders: BTreeMap<DepartmentId, PostalAddress>,
    recipients: Arc<dyn Recipients>,
}

/// What a caller ships.
pub struct Delivery {
    /// Who gets it.
    pub to: AccountId,
    /// Where it goes.
    pub destination: Destination,
    /// The case whose result it is.
    pub case: String,
    /// What is in it.
    pub what: String,
    /// Who carries it; the operator's first choice when nobody says.
    pub carrier: Option<String>,
    /// What the address is used for.
    pub purpose: String,
}

/// What an officer at the courier desk books. Personal data: no `Debug`.
pub struct Booking {
    /// Booked once under it.
    pub key: ShipmentKey,
    /// What happened.
    pub state: State,
    /// When; now when nobody says.
    pub at: Option<Timestamp>,
    /// A station or an office.
    pub place: Option<String>,
    /// Who signed: with `signed`, and with nothing else.
    pub signer: Option<String>,
}

/// What a courier needs to know. Personal data: no `Debug`.
pub struct Label {
    /// What is in it.
    pub what: String,
    /// Where it goes.
    pub address: PostalAddress,
}

/// What policy sees of a shipment.
type Attributes = [(&'static str, Attribute<'static>); 5];

// === impl Shipments ===

impl Shipments {
    /// `senders` says where carriers collect what a department ships.
    pub fn new(
        book: Book,
        carriers: Carriers,
        senders: BTreeMap<DepartmentId, PostalAddress>,
        recipients: Arc<dyn Recipients>,
    ) -> Self {
        Self { book, carriers, senders, recipients }
    }

    /// The book: for the host's own use, such as what is stuck. It asks nobody.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Whoever a handle that the department was given is of.
    pub fn recipient(&self, department: &DepartmentId, handle: &str) -> Result<AccountId, LogisticsError> {
        self.recipients.open(department, handle).ok_or(LogisticsError::NoSubject)
    }

    /// Ships a result of a case (`logistics:ship`): once for a key of the scenario, and on record before.
    pub async fn ship(
        &self,
        asker: &mut Asker,
        delivery: Delivery,
        key: ShipmentKey,
    ) -> Result<Waybill, LogisticsError> {
        let new = self.checked(asker, delivery, key)?;
        let scenario = asker.scenario().clone();
        let attributes = attributes(scenario.as_str(), scenario.department(), &new.recipient.to_string(), &new.carrier);
        let id = format!("{scenario}/{}", new.case);
        let mut access = Access::described("logistics:ship", "Shipment", id, &attributes).for_purpose(&new.purpose);
        access.case = Some(&new.case);
        asker.authorise(&access).await?;
        asker.committed().await?;
        self.book.ship(&new).await
    }

    fn checked(&self, asker: &Asker, delivery: Delivery, key: ShipmentKey) -> Result<NewShipment, LogisticsError> {
        let Delivery { to, destination, case, what, carrier, purpose } = delivery;
        if !asker.declares(&purpose) {
            return Err(LogisticsError::UndeclaredPurpose(purpose.chars().take(64).collect()));
        }
        let (name, carrier) = self.carriers.choose(carrier.as_deref())?;
        let scenario = asker.scenario().clone();
        if carrier.collects() && !self.senders.contains_key(scenario.department()) {
            return Err(LogisticsError::NoSender(scenario.department().to_string()));
        }
        let carrier = name.to_owned();
        let new = NewShipment { scenario, key, case, recipient: to, destination, what, carrier, purpose };
        new.check()?;
        Ok(new)
    }

    /// How far a shipment of the scenario that asks is (`logistics:track`).
    pub async fn track(&self, asker: &mut Asker, waybill: Waybill) -> Result<Shipment, LogisticsError> {
        let found = self.own(asker, waybill).await?;
        authorised(asker, "logistics:track", waybill, found).await
    }

    /// Takes a shipment of the scenario that asks back (`logistics:cancel`).
    pub async fn cancel(&self, asker: &mut Asker, waybill: Waybill) -> Result<Shipment, LogisticsError> {
        let found = self.own(asker, waybill).await?;
        authorised(asker, "logistics:cancel", waybill, found).await?;
        self.book.cancel(waybill).await?;
        self.must(waybill).await
    }

    /// How far anybody's shipment is, as far as policy tells the asker (`logistics:track`).
    pub async fn show(&self, asker: &mut Asker, waybill: Waybill) -> Result<Shipment, LogisticsError> {
        let found = self.book.find(waybill).await?;
        authorised(asker, "logistics:track", waybill, found).await
    }

    /// Takes anybody's shipment back that policy lets the asker take back (`logistics:cancel`).
    pub async fn withdraw(&self, asker: &mut Asker, waybill: Waybill) -> Result<Shipment, LogisticsError> {
        let found = self.book.find(waybill).await?;
        authorised(asker, "logistics:cancel", waybill, found).await?;
        self.book.cancel(waybill).await?;
        self.must(waybill).await
    }

    /// What comes to whoever asks, the newest first (`logistics:track` on each).
    pub async fn mine(&self, asker: &mut Asker) -> Result<Vec<Shipment>, LogisticsError> {
        let account = asker.account().ok_or(LogisticsError::Anonymous)?;
        let found = self.book.to(account).await?;
        seen(asker, found).await
    }

    /// What the asker's own department ships, the newest first (`logistics:track` on each).
    pub async fn of_department(&self, asker: &mut Asker) -> Result<Vec<Shipment>, LogisticsError> {
        let subject = asker.subject().ok_or(LogisticsError::Anonymous)?;
        let Some(department) = subject.department.clone() else { return Ok(Vec::new()) };
        let found = self.book.of(&department).await?;
        seen(asker, found).await
    }

    /// Says where a shipment to the asker goes (`logistics:address`): to the address, or to the one that the asker keeps.
    pub async fn give_address(
        &self,
        asker: &mut Asker,
        waybill: Waybill,
        address: Option<PostalAddress>,
    ) -> Result<Shipment, LogisticsError> {
        let found = self.book.find(waybill).await?;
        let shipment = authorised(asker, "logistics:address", waybill, found).await?;
        let kept = match address {
            Some(address) => Some(address),
            None => self.book.kept_address(shipment.recipient).await?,
        };
        let address = kept.ok_or_else(|| LogisticsError::invalid("address", "an address, or one that is kept"))?;
        self.book.give_address(waybill, &address).await?;
        self.must(waybill).await
    }

    /// The address that the asker keeps (`logistics:keep-address`).
    pub async fn kept_address(&self, asker: &mut Asker) -> Result<Option<PostalAddress>, LogisticsError> {
        let account = own_address(asker).await?;
        self.book.kept_address(account).await
    }

    /// Keeps an address for the asker, or none (`logistics:keep-address`).
    pub async fn keep_address(&self, asker: &mut Asker, address: Option<&PostalAddress>) -> Result<(), LogisticsError> {
        let account = own_address(asker).await?;
        match address {
            Some(address) => self.book.keep_address(account, address).await,
            None => self.book.forget_address(account).await,
        }
    }

    /// What the courier desk writes on a shipment (`logistics:read-address`, for a purpose).
    pub async fn label(&self, asker: &mut Asker, waybill: Waybill, purpose: &str) -> Result<Label, LogisticsError> {
        let found = self.book.find(waybill).await?;
        let attributes = attributes_of(asker, found.as_ref());
        let access = Access::described("logistics:read-address", "Shipment", waybill.to_string(), &attributes);
        let mut access = access.for_purpose(purpose);
        access.case = found.as_ref().map(|shipment| shipment.case.as_str());
        asker.authorise(&access).await?;
        let what = found.ok_or(LogisticsError::NotFound)?.what;
        let address = self.book.address(waybill).await?.ok_or(LogisticsError::NotFound)?;
        Ok(Label { what, address })
    }

    /// Books what became of a shipment that the department carries itself (`logistics:record`). What can't be undone is
    /// on record before.
    pub async fn record(
        &self,
        asker: &mut Asker,
        waybill: Waybill,
        booking: Booking,
    ) -> Result<Shipment, LogisticsError> {
        let event = checked_booking(booking, asker.now())?;
        let found = self.book.find(waybill).await?;
        authorised(asker, "logistics:record", waybill, found).await?;
        if event.state.is_final() {
            asker.committed().await?;
        }
        self.book.apply((waybill, COURIER), None, Source::Desk, &[event]).await?;
        self.must(waybill).await
    }

    /// Takes what a carrier's system sent, and says what it gets in return; `None` when there is no such carrier.
    pub async fn callback(&self, name: &str, headers: &HeaderMap, body: &[u8]) -> Option<Answer> {
        let carrier = self.carriers.get(name)?;
        let applied = async {
            let callback = carrier.callback(headers, body)?;
            let (of, number) = (callback.about.waybill, callback.about.number);
            self.book.apply((of, name), number.as_ref(), Source::Carrier, &callback.news).await.map(|done| (of, done))
        };
        match applied.await {
            Ok((waybill, Applied { state, fresh })) => {
                tracing::info!(%waybill, carrier = name, %state, fresh, "news of a shipment");
                Some(carrier.answer(None))
            }
            Err(error) => {
                tracing::warn!(carrier = name, %error, "what a carrier's system sent is not accepted");
                Some(carrier.answer(Some(&error)))
            }
        }
    }

    /// A shipment of the scenario that asks: another one's is none.
    async fn own(&self, asker: &Asker, waybill: Waybill) -> Result<Option<Shipment>, LogisticsError> {
        let found = self.book.find(waybill).await?;
        Ok(found.filter(|shipment| shipment.scenario == *asker.scenario()))
    }

    async fn must(&self, waybill: Waybill) -> Result<Shipment, LogisticsError> {
        self.book.find(waybill).await?.ok_or(LogisticsError::NotFound)
    }
}

/// The shipment, if policy lets the asker do `action` with it. One that is not there is asked for as well: only who may
/// do it with any learns that there is none.
async fn authorised(
    asker: &mut Asker,
    action: &'static str,
    waybill: Waybill,
    found: Option<Shipment>,
) -> Result<Shipment, LogisticsError> {
    let attributes = attributes_of(asker, found.as_ref());
    let mut access = Access::described(action, "Shipment", waybill.to_string(), &attributes);
    access.case = found.as_ref().map(|shipment| shipment.case.as_str());
    asker.authorise(&access).await?;
    found.ok_or(LogisticsError::NotFound)
}

/// Those that policy lets the asker see.
async fn seen(asker: &mut Asker, found: Vec<Shipment>) -> Result<Vec<Shipment>, LogisticsError> {
    let mut seen = Vec::new();
    for shipment in found {
        let attributes = attributes_of(asker, Some(&shipment));
        let access = Access::described("logistics:track", "Shipment", shipment.waybill.to_string(), &attributes);
        if asker.show(&access).await?.is_some() {
            seen.push(shipment);
        }
    }
    Ok(seen)
}

/// The asker's account, if policy lets the asker keep an address under it.
async fn own_address(asker: &mut Asker) -> Result<AccountId, LogisticsError> {
    let account = asker.account().ok_or(LogisticsError::Anonymous)?;
    let attributes = [("account", Attribute::Text(account.to_string().into()))];
    let access = Access::described("logistics:keep-address", "DeliveryAddress", account.to_string(), &attributes);
    asker.authorise(&access).await?;
    Ok(account)
}

fn attributes_of(asker: &Asker, shipment: Option<&Shipment>) -> Attributes {
    let scenario = asker.scenario();
    match shipment {
        Some(shipment) => {
            let recipient = shipment.recipient.to_string();
            let owner = &shipment.scenario;
            attributes(owner.as_str(), owner.department(), &recipient, &shipment.carrier)
        }
        None => attributes(scenario.as_str(), scenario.department(), "", COURIER),
    }
}

fn attributes(owner: &str, department: &DepartmentId, recipient: &str, carrier: &str) -> Attributes {
    [
        ("owner", Attribute::Entity("Scenario".into(), owner.to_owned().into())),
        ("department", Attribute::Entity("Department".into(), department.to_string().into())),
        ("recipient", Attribute::Text(recipient.to_owned().into())),
        ("carrier", Attribute::Text(carrier.to_owned().into())),
        ("level", Attribute::Number(ADDRESS_LEVEL)),
    ]
}

fn checked_booking(booking: Booking, now: Timestamp) -> Result<CarrierEvent, LogisticsError> {
    let Booking { key, state, at, place, signer } = booking;
    if matches!(state, State::Created | State::Cancelled) {
        let expected = "collected, in-transit, out-for-delivery, signed, returned or lost";
        return Err(LogisticsError::invalid("state", expected));
    }
    let at = at.unwrap_or(now);
    if at > now {
        return Err(LogisticsError::invalid("at", "a time that is not in the future"));
    }
    let is_signed = state == State::Signed;
    if is_signed != signer.is_some() || signer.as_deref().is_some_and(|name| !is_line(name, 1, 60)) {
        return Err(LogisticsError::invalid("signer", "1 to 60 characters with `signed`, and nothing otherwise"));
    }
    if place.as_deref().is_some_and(|place| !is_line(place, 1, 40)) {
        return Err(LogisticsError::invalid("place", "1 to 40 characters in one line"));
    }
    Ok(CarrierEvent { id: key.as_str().to_owned(), state, at, place, signer })
}
