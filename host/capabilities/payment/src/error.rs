use zhongtai_events::EventError;
use zhongtai_kernel::ErrorKind;
use zhongtai_runtime::Refusal;
use zhongtai_store::StoreError;

use crate::{GatewayError, RefundStanding, Standing};

/// A payment can't be asked for, made, given back or found.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Policy refuses; carries the record's reference.
    #[error("access denied ({0})")]
    Denied(String),
    /// The decision can't be recorded, so nothing happened.
    #[error("the decision can't be recorded; try again later")]
    Unrecorded,
    /// Nobody signed in.
    #[error("nobody signed in")]
    Anonymous,
    /// A value is not what it must be.
    #[error("{field}: expected {expected}")]
    Invalid {
        /// Where: `lines/0/amount`.
        field: String,
        /// What was expected.
        expected: String,
    },
    /// The list of fee items has no such item.
    #[error("{0}: the list of fee items has no such item")]
    UnknownItem(String),
    /// The item is suspended or abolished.
    #[error("the fee item `{0}` is not listed: it is suspended or abolished")]
    NotListed(String),
    /// There is none, or none that the caller may know of.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The notice's standing does not allow it.
    #[error("the notice is {0}")]
    NotAllowedWhile(Standing),
    /// The refund's standing does not allow it.
    #[error("the refund is {0}")]
    RefundNotAllowedWhile(RefundStanding),
    /// The notice's days are over.
    #[error("the notice's days are over")]
    Expired,
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another request: choose a new one")]
    KeyReused,
    /// The host has no such channel.
    #[error("there is no payment channel `{0}`")]
    UnknownChannel(String),
    /// The channel can't do it now, or not at all.
    #[error("the payment channel `{channel}` can't be used")]
    Channel {
        /// Which.
        channel: String,
        /// Why.
        #[source]
        cause: GatewayError,
    },
    /// More than what is left to give back.
    #[error("only {0} fen are left to give back")]
    RefundExceeds(i64),
    /// The receipt is being made.
    #[error("the receipt is being made: ask again")]
    ReceiptPending(#[source] crate::ReceiptsError),
    /// The receipt can't be had.
    #[error("there is no receipt: {0}")]
    NoReceipt(String),
    /// The serials of a day or year have run out.
    #[error("there are no payment codes left")]
    NoNumbers,
    /// Who the payer is can't be found out.
    #[error("the payer can't be looked up: {0}")]
    Payers(String),
    /// The event could not be kept.
    #[error("the event can't be kept")]
    Event(#[from] EventError),
    /// A fault of ours: the books would not balance, stored data can't be.
    #[error("{0}")]
    Fault(String),
}

// === impl PaymentError ===

impl PaymentError {
    pub(crate) fn invalid(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), expected: expected.into() }
    }

    pub(crate) fn channel(channel: &str, cause: GatewayError) -> Self {
        Self::Channel { channel: channel.to_owned(), cause }
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Event(error) => error.kind(),
            Self::Denied(_) => ErrorKind::Denied,
            Self::Anonymous => ErrorKind::Unauthenticated,
            Self::Unrecorded | Self::Payers(_) | Self::ReceiptPending(_) => ErrorKind::Unavailable,
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::UnknownItem(_) | Self::NotFound(_) | Self::UnknownChannel(_) => ErrorKind::NotFound,
            Self::NotListed(_)
            | Self::NotAllowedWhile(_)
            | Self::RefundNotAllowedWhile(_)
            | Self::Expired
            | Self::KeyReused
            | Self::RefundExceeds(_)
            | Self::NoReceipt(_)
            | Self::NoNumbers => ErrorKind::Conflict,
            Self::Channel { cause, .. } => cause.kind(),
            Self::Fault(_) => ErrorKind::Internal,
        }
    }

    /// For programs: stays the same where words change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(_) | Self::Event(_) | Self::Payers(_) | Self::Fault(_) => "payment",
            Self::Denied(_) => "access-denied",
            Self::Unrecorded => "audit-unavailable",
            Self::Anonymous => "unauthenticated",
            Self::Invalid { .. } => "invalid-value",
            Self::UnknownItem(_) => "unknown-item",
            Self::NotListed(_) => "item-not-listed",
            Self::NotFound(_) => "not-found",
            Self::NotAllowedWhile(_) | Self::RefundNotAllowedWhile(_) => "not-allowed-while",
            Self::Expired => "expired",
            Self::KeyReused => "key-reused",
            Self::UnknownChannel(_) => "unknown-channel",
            Self::Channel { .. } => "channel-unavailable",
            Self::RefundExceeds(_) => "refund-exceeds",
            Self::ReceiptPending(_) => "receipt-pending",
            Self::NoReceipt(_) => "no-receipt",
            Self::NoNumbers => "no-numbers",
        }
    }
}

impl From<sqlx::Error> for PaymentError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<Refusal> for PaymentError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Denied(reference) => Self::Denied(reference),
            Refusal::Unrecorded => Self::Unrecorded,
        }
    }
}
