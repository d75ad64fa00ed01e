//! What carries shipments: the trait that a connector implements.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use http::HeaderMap;
use zhongtai_kernel::{ErrorKind, Timestamp};

use crate::{LogisticsError, PostalAddress, State, Waybill};

/// Carries shipments, or speaks to a system that does. [`contract`](crate::contract) says what it must do.
#[async_trait]
pub trait Carrier: Send + Sync + 'static {
    /// True when it collects at the department, whose address it must know.
    fn collects(&self) -> bool;

    /// Orders. The same waybill again is the same order and gives the same number: an answer may get lost.
    async fn create(&self, order: &Order) -> Result<CarrierNumber, CarrierError>;

    /// Takes an order back. Again, or of what it never heard of, is fine.
    async fn cancel(&self, of: &Consignment) -> Result<TakenBack, CarrierError>;

    /// Everything that has happened so far. The same event has the same id each time.
    async fn query(&self, of: &Consignment) -> Result<Vec<CarrierEvent>, CarrierError>;

    /// Verifies and reads what its system sent. It changes nothing: the caller keeps the news, however often it comes.
    fn callback(&self, headers: &HeaderMap, body: &[u8]) -> Result<Callback, CallbackError>;

    /// What its system gets in return: after `None` it need not come again.
    fn answer(&self, refused: Option<&LogisticsError>) -> Answer;
}

/// What is to be carried. Personal data: no `Debug`.
pub struct Order {
    /// The platform's own number: the order is known by it.
    pub waybill: Waybill,
    /// What is in it.
    pub what: String,
    /// Where it is collected; only where the carrier collects.
    pub from: Option<PostalAddress>,
    /// Where it goes.
    pub to: PostalAddress,
}

/// An order that a carrier may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consignment {
    /// The platform's own number.
    pub waybill: Waybill,
    /// The carrier's, when it told us.
    pub number: Option<CarrierNumber>,
}

/// A carrier's own number of a shipment: 1 to 64 of `A-Z`, `a-z`, `0-9` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CarrierNumber(String);

/// What became of an order that was to be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenBack {
    /// Nobody will come for it.
    Yes,
    /// It is on its way.
    TooLate,
}

/// Something that happened, as the carrier says it. `Debug` does not tell who signed.
#[derive(Clone, PartialEq, Eq)]
pub struct CarrierEvent {
    /// Its name at the carrier, 1 to 128 characters: the same event has the same one.
    pub id: String,
    /// What it made of the shipment.
    pub state: State,
    /// When, by the carrier's clock.
    pub at: Timestamp,
    /// The station or office, without anybody's address or number.
    pub place: Option<String>,
    /// Who signed, as the carrier says it.
    pub signer: Option<String>,
}

/// A carrier does not do what it was asked. A reason is a status, a code or our own words: what a carrier answers may
/// quote an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarrierError {
    /// Later may work, and it may have been done.
    #[error("{0}")]
    Temporary(String),
    /// It was not done and never will be.
    #[error("{0}")]
    Refused(String),
    /// It does not deliver there: the recipient must give another address.
    #[error("the carrier does not deliver to that address")]
    Address,
}

/// What a carrier's system sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Which shipment it is about.
    pub about: Consignment,
    /// What happened.
    pub news: Vec<CarrierEvent>,
}

/// What a carrier's system sent is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// Not signed by the carrier.
    #[error("the signature does not fit")]
    Forged,
    /// Signed, at another time: somebody sends what was sent before.
    #[error("it was signed at another time")]
    Stale,
    /// Signed, and not what the protocol says.
    #[error("{0} is missing or not what it must be")]
    Malformed(&'static str),
    /// It names another number than the carrier gave to the shipment.
    #[error("the shipment has another number")]
    OtherNumber,
    /// This carrier has no system that would send anything.
    #[error("this carrier sends nothing")]
    Unsupported,
}

/// What a carrier's system gets in return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// An HTTP status.
    pub status: u16,
    /// Of the body.
    pub content_type: &'static str,
    /// As the carrier's protocol wants it.
    pub body: String,
}

/// The carriers that an operator has set up.
#[derive(Clone)]
pub struct Carriers {
    first: String,
    all: BTreeMap<String, Arc<dyn Carrier>>,
}

/// The first choice is none of the carriers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("logistics.carrier: no carrier `{0}` is set up")]
pub struct UnknownCarrier(String);

// === impl CarrierNumber ===

impl CarrierNumber {
    /// The number's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CarrierNumber {
    type Error = LogisticsError;

    fn try_from(text: String) -> Result<Self, LogisticsError> {
        let fits =
            (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let expected = "1 to 64 of A-Z, a-z, 0-9 and `-`";
        if fits { Ok(Self(text)) } else { Err(LogisticsError::invalid("carrier number", expected)) }
    }
}

impl fmt::Display for CarrierNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl CarrierEvent ===

impl fmt::Debug for CarrierEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CarrierEvent({}, {}, {})", self.id, self.state, self.at)
    }
}

// === impl CallbackError ===

impl CallbackError {
    /// What sort of failure it is.
    pub fn kind(self) -> ErrorKind {
        match self {
            Self::Forged | Self::Stale => ErrorKind::Denied,
            Self::Malformed(_) => ErrorKind::Invalid,
            Self::OtherNumber => ErrorKind::Conflict,
            Self::Unsupported => ErrorKind::NotFound,
        }
    }
}

// === impl Carriers ===

impl Carriers {
    /// All carriers by name, and the one that carries what names none.
    pub fn new(first: String, all: BTreeMap<String, Arc<dyn Carrier>>) -> Result<Self, UnknownCarrier> {
        if all.contains_key(&first) { Ok(Self { first, all }) } else { Err(UnknownCarrier(first)) }
    }

    /// A carrier by its name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Carrier>> {
        self.all.get(name)
    }

    /// The carrier that was asked for, or the first choice.
    pub(crate) fn choose(&self, name: Option<&str>) -> Result<(&str, &Arc<dyn Carrier>), LogisticsError> {
        let name = name.unwrap_or(&self.first);
        let unknown = || LogisticsError::UnknownCarrier(name.chars().take(64).collect());
        self.all.get_key_value(name).map(|(name, carrier)| (name.as_str(), carrier)).ok_or_else(unknown)
    }
}
