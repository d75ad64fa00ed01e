use zhongtai_events::EventError;
use zhongtai_kernel::ErrorKind;
use zhongtai_runtime::Refusal;
use zhongtai_store::StoreError;

use crate::{CallbackError, State};

/// A shipment can't be sent, followed, changed or taken back. No text holds an address, a name or a number of somebody.
#[derive(Debug, thiserror::Error)]
pub enum LogisticsError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The scenario can't be told.
    #[error(transparent)]
    Event(#[from] EventError),
    /// Policy refuses; carries the record's reference.
    #[error("access denied ({0})")]
    Denied(String),
    /// The decision can't be recorded, so nothing happened.
    #[error("the decision can't be recorded; try again later")]
    Unrecorded,
    /// The purpose is not one of those in the plugin's manifest.
    #[error("the purpose `{0}` is not declared")]
    UndeclaredPurpose(String),
    /// Nobody signed in.
    #[error("nobody signed in")]
    Anonymous,
    /// Nobody is known by that handle.
    #[error("no such subject is known to this department")]
    NoSubject,
    /// Nobody set up such a carrier.
    #[error("no carrier `{0}` is set up")]
    UnknownCarrier(String),
    /// The carrier collects at the department, and nobody said where that is.
    #[error("no sender's address is set up for `{0}`: `logistics.senders` in zt.toml")]
    NoSender(String),
    /// A value is not what it must be.
    #[error("{what}: expected {expected}")]
    Invalid {
        /// Which value.
        what: &'static str,
        /// What was expected.
        expected: String,
    },
    /// There is no such shipment, or none that the caller may know of.
    #[error("there is no such shipment")]
    NotFound,
    /// How far it is does not allow it.
    #[error("the shipment is {0}")]
    State(State),
    /// Its address is with the carrier.
    #[error("the carrier has its address already")]
    WithCarrier,
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another shipment: choose a new one")]
    KeyReused,
    /// Only what is stuck can be tried again.
    #[error("nothing is stuck there")]
    NotStuck,
    /// What a carrier's system sent is not accepted.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// A fault of ours.
    #[error("{0}")]
    Fault(String),
}

// === impl LogisticsError ===

impl LogisticsError {
    pub(crate) fn invalid(what: &'static str, expected: impl Into<String>) -> Self {
        Self::Invalid { what, expected: expected.into() }
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Event(error) => error.kind(),
            Self::Denied(_) => ErrorKind::Denied,
            Self::Anonymous => ErrorKind::Unauthenticated,
            Self::Unrecorded => ErrorKind::Unavailable,
            Self::UndeclaredPurpose(_) | Self::UnknownCarrier(_) | Self::Invalid { .. } => ErrorKind::Invalid,
            Self::NotFound | Self::NoSubject => ErrorKind::NotFound,
            Self::State(_) | Self::WithCarrier | Self::KeyReused | Self::NotStuck | Self::NoSender(_) => {
                ErrorKind::Conflict
            }
            Self::Callback(error) => error.kind(),
            Self::Fault(_) => ErrorKind::Internal,
        }
    }

    /// For programs: stays the same where words change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(_) | Self::Event(_) | Self::Fault(_) => "logistics",
            Self::Denied(_) => "access-denied",
            Self::Unrecorded => "audit-unavailable",
            Self::UndeclaredPurpose(_) => "undeclared-purpose",
            Self::Anonymous => "unauthenticated",
            Self::NoSubject => "no-such-subject",
            Self::UnknownCarrier(_) => "unknown-carrier",
            Self::NoSender(_) => "no-sender",
            Self::Invalid { .. } => "invalid-value",
            Self::NotFound => "not-found",
            Self::State(_) => "not-allowed-while",
            Self::WithCarrier => "with-carrier",
            Self::KeyReused => "key-reused",
            Self::NotStuck => "not-stuck",
            Self::Callback(_) => "callback-refused",
        }
    }
}

impl From<sqlx::Error> for LogisticsError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<getrandom::Error> for LogisticsError {
    fn from(error: getrandom::Error) -> Self {
        Self::Fault(format!("the system gives no random bytes: {error}"))
    }
}

impl From<Refusal> for LogisticsError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Denied(reference) => Self::Denied(reference),
            Refusal::Unrecorded => Self::Unrecorded,
        }
    }
}
