//! What a payment channel does for the ledger: the trait that connectors implement, and its types.
//!
//! A gateway never settles anything. It says what it knows, of an order of ours and of money; [`crate::Payments`] holds
//! that against the order (same order, same amount, same currency) and the ledger decides. Everything here may be asked
//! again: an order's and a refund's id are the gateway's idempotency keys (`out_trade_no`, `out_refund_no`).

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use jiff::civil::Date;
use zhongtai_kernel::{ErrorKind, Timestamp};

use crate::Fen;

/// The one currency. What comes in another is never settled.
pub const CURRENCY: &str = "CNY";

/// A payment channel (支付通道), such as WeChat Pay. Every method may be called again with the same argument, also at the
/// same time from several hosts, and after a crash of either side.
#[async_trait]
pub trait Gateway: Send + Sync + 'static {
    /// The channel's name: `cashdesk`, `wechat`, `alipay`. It is in addresses, records and the ledger; see
    /// [`is_channel`].
    fn name(&self) -> &str;

    /// Asks the gateway to take money for an order; gives what a QR code holds. The same order again is the same order
    /// there: it gives a code for it (the same or a fresh one), never a second charge.
    async fn prepay(&self, order: &Order) -> Result<Prepaid, GatewayError>;

    /// What became of an order.
    async fn query(&self, order: &OrderId) -> Result<GatewayState, GatewayError>;

    /// Takes an order back, so that nobody can pay it any more. The answer is what became of it: [`GatewayState::Paid`]
    /// when somebody was faster, [`GatewayState::Closed`] when nobody can pay it now. An order that the gateway does not
    /// know is [`GatewayState::Unknown`]: it may still be made by a `prepay` that is on its way.
    async fn close(&self, order: &OrderId) -> Result<GatewayState, GatewayError>;

    /// Gives money back, the same refund once. Refused by the gateway for good: [`RefundState::Failed`].
    async fn refund(&self, refund: &RefundOrder) -> Result<RefundState, GatewayError>;

    /// What became of a refund. One that the gateway does not know is [`RefundState::Unknown`].
    async fn query_refund(&self, refund: &RefundOrder) -> Result<RefundState, GatewayError>;

    /// Verifies and reads what came to `/api/v1/payments/callbacks/{name}`. No I/O but what it takes to get a
    /// certificate that was rotated. Nothing is done yet: whoever called sends [`CallbackAnswer`]s from
    /// [`accepted`](Self::accepted) or [`refused`](Self::refused) afterwards.
    async fn callback(&self, headers: &Headers, body: &[u8]) -> Result<Callback, CallbackError>;

    /// What the gateway wants to hear when a callback was taken: it will not send it again.
    fn accepted(&self) -> CallbackAnswer;

    /// What the gateway wants to hear when a callback was not taken: it will send it again where that may help.
    fn refused(&self, why: CallbackError) -> CallbackAnswer;

    /// The bill (对账单) of a day, UTC+8: every payment and refund that the gateway counts for that day.
    /// [`GatewayError::NoBill`] while it has none.
    async fn bill(&self, day: Date) -> Result<Vec<BillRow>, GatewayError>;
}

/// A channel's name: 1 to 32 of `a-z`, `0-9` and `-`.
pub fn is_channel(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(ulid::Ulid);

        impl $name {
            /// A new id.
            pub fn generate() -> Self {
                Self(ulid::Ulid::generate())
            }
        }

        impl FromStr for $name {
            type Err = InvalidOrderId;

            fn from_str(text: &str) -> Result<Self, InvalidOrderId> {
                let id = text.parse().map(Self).map_err(|_| InvalidOrderId)?;
                // One id has one spelling: gateways compare texts.
                if id.to_string() == text { Ok(id) } else { Err(InvalidOrderId) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// An order's id: 26 characters of a ULID, `0-9` and `A-Z`. It is the gateway's `out_trade_no`.
    OrderId
}

id! {
    /// A refund's id: 26 characters of a ULID. It is the gateway's `out_refund_no`.
    RefundId
}

/// Not an id of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 26 characters of a ULID in upper case")]
pub struct InvalidOrderId;

/// What the gateway is to take money for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// How much.
    pub amount: Fen,
    /// What the payer reads: the notice's number and what it is for; 1 to 40 characters, nothing personal.
    pub subject: String,
    /// From when on it can't be paid any more.
    pub expires_at: Timestamp,
}

/// An order that the gateway took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepaid {
    /// What a QR code holds; 1 to 512 characters.
    pub qr: String,
}

/// What became of an order, as its gateway knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayState {
    /// It was never asked for this order.
    Unknown,
    /// Nobody paid yet.
    Open,
    /// Paid.
    Paid(Payment),
    /// It can't be paid any more, and was not.
    Closed,
}

/// Money that a gateway says it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// How much it says it took, in fen: whatever it says, also what is no amount.
    pub amount: i64,
    /// In which currency it says it took it: `CNY`.
    pub currency: String,
    /// The gateway's own number of the payment (`transaction_id`, `trade_no`): 1 to 64 characters.
    pub transaction: String,
    /// When, by the gateway's clock.
    pub at: Timestamp,
}

/// What the gateway is to give back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundOrder {
    /// Its id.
    pub id: RefundId,
    /// The order that was paid.
    pub order: OrderId,
    /// How much of it.
    pub amount: Fen,
    /// How much was paid: gateways ask for it.
    pub total: Fen,
    /// Why; 1 to 80 characters, nothing personal.
    pub reason: String,
}

/// What became of a refund, as its gateway knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundState {
    /// It was never asked for this refund.
    Unknown,
    /// It is on its way.
    Processing,
    /// The money is back.
    Done(Refunded),
    /// It will never be: why, in the gateway's words, cut to 200 characters.
    Failed(String),
}

/// Money that a gateway says it gave back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refunded {
    /// How much it says it gave back, in fen.
    pub amount: i64,
    /// The gateway's own number of the refund; 1 to 64 characters.
    pub transaction: String,
    /// When, by the gateway's clock.
    pub at: Timestamp,
}

/// The headers of a callback: names in lower case, values that are text.
#[derive(Debug, Clone, Default)]
pub struct Headers(Vec<(String, String)>);

// === impl Headers ===

impl Headers {
    /// Of names in any case.
    pub fn new<N: AsRef<str>, V: Into<String>>(headers: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(headers.into_iter().map(|(name, value)| (name.as_ref().to_ascii_lowercase(), value.into())).collect())
    }

    /// The only value of a header; `None` when it is missing or there are several, which no gateway sends.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value.as_str())
    }
}

/// What a verified callback says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callback {
    /// An order was paid. The order as the gateway wrote it: it may be none of ours.
    Paid {
        /// `out_trade_no`.
        order: String,
        /// What it took.
        payment: Payment,
    },
    /// A refund came to its end.
    Refund {
        /// `out_refund_no`.
        refund: String,
        /// How.
        state: RefundState,
    },
    /// Something true that changes nothing here, such as an order that was closed.
    Nothing,
}

/// A callback is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// Its signature is missing, wrong, or made with a key that is not the gateway's.
    #[error("the callback is not signed by the gateway")]
    Forged,
    /// Its time is too far from ours: it was recorded and sent again.
    #[error("the callback is too old, or from the future")]
    Stale,
    /// It is signed, and can't be read, or is for another merchant.
    #[error("the callback can't be read")]
    Malformed,
    /// Its signature can't be checked now: the gateway's certificate can't be had.
    #[error("the callback can't be verified now")]
    Unverifiable,
    /// It is good, and can't be kept now.
    #[error("the callback can't be kept now")]
    Unavailable,
}

// === impl CallbackError ===

impl CallbackError {
    /// The word for metrics and logs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Forged => "forged",
            Self::Stale => "stale",
            Self::Malformed => "malformed",
            Self::Unverifiable => "unverifiable",
            Self::Unavailable => "unavailable",
        }
    }
}

/// What a callback is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Such as `application/json`, `text/plain`.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// A row of a gateway's bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillRow {
    /// Payment or refund, and how it stands on the bill.
    pub kind: BillKind,
    /// `out_trade_no`, as the gateway wrote it.
    pub order: String,
    /// The gateway's own number of the payment or refund.
    pub transaction: String,
    /// How much, in fen; positive for refunds too.
    pub amount: i64,
    /// When, by the gateway's clock.
    pub at: Timestamp,
}

/// What a row of a bill is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BillKind {
    /// Money that was taken.
    Payment,
    /// Money that was given back: `out_refund_no`, as the gateway wrote it.
    Refund(String),
}

/// A gateway can't do what it was asked. Nothing secret and nothing personal is in it: it goes into logs.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// It can't be reached, did not answer in time, or answered that it can't now. What was asked may have happened:
    /// ask again.
    #[error("the payment gateway does not answer: {0}")]
    Unavailable(String),
    /// It refuses: what was asked did not happen, and will not when it is asked again.
    #[error("the payment gateway refuses: {code}")]
    Refused {
        /// The gateway's code, such as `PARAM_ERROR`.
        code: String,
    },
    /// Its answer is not signed by it, or can't be read: nothing it says is believed.
    #[error("the payment gateway's answer is not good: {0}")]
    Untrusted(String),
    /// There is no bill of that day yet.
    #[error("the payment gateway has no bill of that day")]
    NoBill,
}

// === impl GatewayError ===

impl GatewayError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unavailable(_) | Self::Untrusted(_) => ErrorKind::Unavailable,
            Self::Refused { .. } => ErrorKind::Conflict,
            Self::NoBill => ErrorKind::NotFound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = OrderId::generate();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().to_lowercase().parse::<OrderId>(), Err(InvalidOrderId));
        for wrong in ["", "1", "01ARZ3NDEKTSV4RRFFQ69G5FAVX", "01ARZ3NDEKTSV4RRFFQ69G5FA-"] {
            assert_eq!(wrong.parse::<OrderId>(), Err(InvalidOrderId), "{wrong}");
        }
    }

    #[test]
    fn a_header_that_is_there_twice_has_no_value() {
        let headers = Headers::new([("Wechatpay-Serial", "1"), ("X", "1"), ("x", "2")]);
        assert_eq!(headers.get("wechatpay-serial"), Some("1"));
        assert_eq!(headers.get("x"), None);
        assert_eq!(headers.get("y"), None);
    }

    #[test]
    fn a_channel_is_a_plain_word() {
        assert!(is_channel("wechat") && is_channel("cash-desk2"));
        for wrong in ["", "WeChat", "a/b", "支付宝", &"a".repeat(33)] {
            assert!(!is_channel(wrong), "{wrong}");
        }
    }
}
