//! Shipments (统一物流): the papers that a case ended with go to whoever they are for. Needs a grant for `logistics`.
//!
//! A plugin never sees an address: the recipient keeps one with the platform, or gives one for the shipment.
//!
//! ```
//! use zhongtai::{logistics::{self, Shipment}, prelude::*};
//!
//! # fn grant(number: &str) -> Result<()> {
//! let shipment = Shipment::new("占道挖掘许可证", logistics::asker(), number, "deliver-result");
//! let waybill = logistics::ship(&shipment, number)?;
//! let progress = logistics::track(&waybill)?;
//! if progress.needs_address {
//!     info!(waybill, "the recipient is still to say where");
//! }
//! # Ok(()) }
//! ```
//!
//! When a shipment is signed, returned or lost, the plugin hears of it: the [events](crate::event) `logistics.signed`,
//! `logistics.returned` and `logistics.lost` are about the waybill.

use serde::Serialize;

use crate::{Problem, Subject, host, problem};

/// Sends a result, and returns its waybill. The same key within the scenario gives the same waybill.
///
/// # Errors
/// `?` turns a refusal into 403, a wrong value or a subject that nobody knows into 422, a key that was used for another
/// shipment into 409 and a failure into 503.
pub fn ship(shipment: &Shipment, once: &str) -> Result<String, Error> {
    host::ship(shipment, once)
}

/// How far a shipment of this scenario is.
///
/// # Errors
/// As for [`ship`]; 404 when there is none.
pub fn track(waybill: &str) -> Result<Progress, Error> {
    host::track(waybill)
}

/// Takes a shipment back before it is collected; asking again is fine. It may be that its carrier has to agree:
/// [`Progress::cancelling`].
///
/// # Errors
/// As for [`track`]; 409 when it is on its way.
pub fn cancel(waybill: &str) -> Result<Progress, Error> {
    host::cancel_shipment(waybill)
}

/// The subject of this request.
pub fn asker() -> Recipient {
    Recipient::Asker
}

/// Whom it goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The subject of this request.
    Asker,
    /// A subject by its handle.
    Subject(String),
}

impl From<&Subject> for Recipient {
    fn from(subject: &Subject) -> Self {
        Self::Subject(subject.handle.clone())
    }
}

/// Where it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Destination {
    /// To the address that the recipient keeps with the platform; asked for when there is none.
    #[default]
    Kept,
    /// To one that the recipient is still to give.
    Asked,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipment {
    /// Who gets it.
    pub to: Recipient,
    /// Where it goes.
    pub destination: Destination,
    /// The case whose result it is.
    pub case: String,
    /// What is in it: one line, 100 characters at most. The recipient and the carrier read it.
    pub what: String,
    /// Who carries it; the operator's first choice when nothing is said.
    pub carrier: Option<String>,
    /// What the address is used for: one of the purposes in `plugin.toml`.
    pub purpose: String,
}

impl Shipment {
    /// To the address that the recipient keeps, by the operator's first choice of carriers.
    pub fn new(
        what: impl Into<String>,
        to: impl Into<Recipient>,
        case: impl Into<String>,
        purpose: impl Into<String>,
    ) -> Self {
        let (to, case, what, purpose) = (to.into(), case.into(), what.into(), purpose.into());
        Self { to, destination: Destination::Kept, case, what, carrier: None, purpose }
    }
}

/// How far a shipment is. From `Signed`, `Returned`, `Lost` and `Cancelled` there is no way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It has its waybill, and nobody has collected it.
    Created,
    /// Collected.
    Collected,
    /// On its way.
    InTransit,
    /// At the door soon.
    OutForDelivery,
    /// Handed over.
    Signed,
    /// Back at the department.
    Returned,
    /// Lost.
    Lost,
    /// Taken back before it was collected.
    Cancelled,
}

/// Who said that something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The platform itself.
    Platform,
    /// An officer at the department's courier desk.
    Desk,
    /// The carrier's system.
    Carrier,
}

/// Something that happened to a shipment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// What it made of the shipment.
    pub state: State,
    /// Who said so.
    pub source: Source,
    /// When it happened, RFC 3339 in UTC.
    pub at: String,
    /// When the platform got to know, RFC 3339 in UTC.
    pub known_at: String,
    /// A station or an office.
    pub place: Option<String>,
}

/// That a shipment was handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// Who signed, masked.
    pub by: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
}

/// How far a shipment is, and what happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The platform's number of it.
    pub waybill: String,
    /// How far it is.
    pub state: State,
    /// It can't go on before the recipient gives an address.
    pub needs_address: bool,
    /// It is to be taken back, and the carrier has not answered yet.
    pub cancelling: bool,
    /// Who carries it.
    pub carrier: String,
    /// The carrier's number of it.
    pub carrier_number: Option<String>,
    /// What happened, the oldest first.
    pub events: Vec<Event>,
    /// Who signed, once somebody did.
    pub signature: Option<Signature>,
}

/// Why a shipment was not sent, found or taken back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Policy refused; carries the reference of the decision.
    #[error("policy refused (decision {0})")]
    Denied(String),
    /// `plugin.toml` does not declare the purpose.
    #[error("plugin.toml does not declare the purpose `{0}`")]
    UndeclaredPurpose(String),
    /// A value is not what it must be.
    #[error("{0}")]
    Invalid(String),
    /// No operator set up such a carrier.
    #[error("no carrier `{0}` is set up")]
    UnknownCarrier(String),
    /// Nobody signed in, or no such subject.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// No shipment of this scenario has this waybill.
    #[error("there is no such shipment")]
    NotFound,
    /// How far it is does not allow it.
    #[error("the shipment is on its way, or there already")]
    NotAllowedWhile(State),
    /// The key was used for another shipment.
    #[error("the key was used for another shipment")]
    KeyReused,
    /// The capability failed.
    #[error("{0}")]
    Other(String),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(decision) => problem::denied(decision),
            Error::Invalid(what) => problem::unprocessable(what),
            Error::Unreachable(_) => problem::unprocessable("there is nobody to send it to").with_code("unreachable"),
            Error::NotFound => problem::not_found("there is no such shipment"),
            Error::NotAllowedWhile(_) => {
                problem::conflict("the shipment is on its way, or there already").with_code("not-allowed-while")
            }
            Error::KeyReused => problem::conflict("the key was used for another shipment").with_code("key-reused"),
            Error::Other(what) => problem::failed("logistics", what),
            mistake => problem::internal("a shipment could not be sent").caused_by(mistake),
        }
    }
}
