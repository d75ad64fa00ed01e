use zhongtai_kernel::{AccountId, ScenarioId, Timestamp};

use crate::{CarrierNumber, LogisticsError, Source, State, Waybill, address::is_line};

/// Where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// To the address that the recipient keeps; asked for when there is none.
    Kept,
    /// To one that the recipient is still to give.
    Asked,
}

/// What is to be shipped.
pub struct NewShipment {
    /// Whose it is; keys are its own.
    pub scenario: ScenarioId,
    /// Ships once.
    pub key: ShipmentKey,
    /// The case whose result it is.
    pub case: String,
    /// Who gets it.
    pub recipient: AccountId,
    /// Where it goes.
    pub destination: Destination,
    /// What is in it.
    pub what: String,
    /// Who carries it.
    pub carrier: String,
    /// What the address is used for.
    pub purpose: String,
}

/// An idempotency key: 1 to 128 characters without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentKey(String);

/// A shipment. `Debug` would show what is in it: there is none.
#[derive(Clone)]
pub struct Shipment {
    /// The platform's own number.
    pub waybill: Waybill,
    /// Who ships.
    pub scenario: ScenarioId,
    /// The case whose result it is.
    pub case: String,
    /// Who gets it.
    pub recipient: AccountId,
    /// What the address is used for.
    pub purpose: String,
    /// What is in it.
    pub what: String,
    /// Who carries it.
    pub carrier: String,
    /// The carrier's number, once the carrier knows of it.
    pub number: Option<CarrierNumber>,
    /// How far it is.
    pub state: State,
    /// It can't go on before the recipient gives an address.
    pub needs_address: bool,
    /// It is to be taken back, and the carrier has not answered yet.
    pub cancelling: bool,
    /// When it was shipped.
    pub created_at: Timestamp,
    /// Who signed, once somebody did.
    pub signature: Option<Signature>,
    /// What happened, the oldest first; empty in a list of shipments.
    pub events: Vec<Event>,
}

/// Something that happened to a shipment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What it made of the shipment, by itself.
    pub state: State,
    /// Who said so.
    pub source: Source,
    /// When it happened, by its source; never later than it was known.
    pub at: Timestamp,
    /// When the platform got to know.
    pub known_at: Timestamp,
    /// A station or an office.
    pub place: Option<String>,
}

/// That it was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Who signed, masked; a single `*` when nobody said.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

// === impl NewShipment ===

impl NewShipment {
    /// Refuses what can't be shipped.
    pub(crate) fn check(&self) -> Result<(), LogisticsError> {
        if !is_id(&self.case) {
            let expected = "1 to 64 of A-Z, a-z, 0-9, `-`, `_`, `.`, `:` and `/`";
            return Err(LogisticsError::invalid("case-id", expected));
        }
        match is_line(&self.what, 1, 100) {
            true => Ok(()),
            false => Err(LogisticsError::invalid("what", "1 to 100 characters in one line")),
        }
    }
}

/// What may stand in the audit log: no name fits.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/".contains(&b))
}

// === impl ShipmentKey ===

impl ShipmentKey {
    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ShipmentKey {
    type Error = LogisticsError;

    fn try_from(text: String) -> Result<Self, LogisticsError> {
        // PostgreSQL's text can't hold a NUL, and nobody could read the others.
        let is_valid = (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        let expected = "1 to 128 characters, none of them a control character";
        if is_valid { Ok(Self(text)) } else { Err(LogisticsError::invalid("idempotency-key", expected)) }
    }
}
