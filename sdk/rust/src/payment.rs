//! Payment of non-tax revenue (统一非税支付): ask for a fee of the published list, begin to pay it, give it back. Needs a
//! grant for `payment`.
//!
//! ```
//! use zhongtai::{payment::{self, Fen}, prelude::*};
//!
//! #[derive(Deserialize)]
//! struct Digging { number: String, area_m2: u32 }
//!
//! #[post("/fees")]
//! fn fee(_: Subject, Json(dig): Json<Digging>) -> Result<Created<payment::Notice>> {
//!     let notice = payment::notice("road-dig").units(dig.area_m2).for_case(&dig.number).once(&dig.number).send()?;
//!     Ok(Created(notice))
//! }
//!
//! #[post("/fees/{notice}/pay")]
//! fn pay(_: Subject, Path(notice): Path<String>) -> Result<Json<payment::Order>> {
//!     Ok(Json(payment::pay(&notice, "cashdesk", &notice)?))
//! }
//!
//! #[on("payment.settled")]
//! fn paid(event: zhongtai::event::Event) -> Result<()> {
//!     keyvalue::set(&format!("paid/{}", event.about), &true)?;
//!     Ok(())
//! }
//!
//! zhongtai::plugin!(fee, pay; events: paid);
//!
//! # fn main() {
//! use zhongtai::testing::*;
//!
//! let host = MockHost::new().subject("wang").fee_item("road-dig", Some(Fen(2_000)));
//! let notice = host.post("/fees", json!({ "number": "WJ-1", "area_m2": 12 })).json();
//! assert_eq!(notice["total"], 24_000);
//! let number = notice["number"].as_str().unwrap();
//! assert!(host.post(&format!("/fees/{number}/pay"), json!({})).json()["qr"].is_string());
//! host.settle(number).unwrap();
//! assert_eq!(host.value(&format!("paid/{number}")), Some(true));
//! # }
//! ```
//!
//! Money is whole fen ([`Fen`]). Whoever pays does so at the payment channel; when the money has come, the plugin hears
//! of it: the [events](crate::event) `payment.settled`, `payment.refunded` and `payment.closed` are about the number of
//! the notice.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Problem, Subject, host, problem};

/// Begins a notice with an item of the list: one unit of it, for whoever asks. See [`NewNotice`].
pub fn notice(item: &str) -> NewNotice {
    NewNotice {
        payer: Payer::Asker,
        lines: vec![NewLine::of(item)],
        case: None,
        valid_minutes: None,
        once: String::new(),
    }
}

/// How a notice of the own department stands.
///
/// # Errors
/// `?` turns a refusal into 403 and a notice that is not there into 404.
pub fn find(number: &str) -> Result<Notice, Error> {
    host::find_notice(number)
}

/// Begins to pay a notice by a channel, for whoever asks, who is its payer. The answer has the code for a QR code; the
/// same key gives the same order. Another channel closes the order before.
///
/// # Errors
/// As for [`find`]; 409 when it is paid, closed or over, and 503 when the channel does not answer: then try again.
pub fn pay(number: &str, channel: &str, once: &str) -> Result<Order, Error> {
    host::pay_notice(number, channel, once)
}

/// The latest order of a notice.
///
/// # Errors
/// As for [`find`].
pub fn order(number: &str) -> Result<Option<Order>, Error> {
    host::latest_order(number)
}

/// Withdraws a notice that nobody paid. Money that comes later is given back.
///
/// # Errors
/// As for [`pay`].
pub fn close(number: &str, once: &str) -> Result<Notice, Error> {
    host::close_notice(number, once)
}

/// Asks for a refund of some or all of what was paid; a cashier of the department decides.
///
/// # Errors
/// As for [`find`]; 409 when it was not paid, or less is left.
pub fn request_refund(number: &str, amount: Fen, reason: &str, once: &str) -> Result<Refund, Error> {
    host::request_refund(number, amount.0, reason, once)
}

/// The refunds of a notice, the oldest first.
///
/// # Errors
/// As for [`find`].
pub fn refunds(number: &str) -> Result<Vec<Refund>, Error> {
    host::refunds(number)
}

/// The electronic receipt of a notice that was paid. Its payer fetches the PDF from the host.
///
/// # Errors
/// As for [`find`]; 503 while it is being made.
pub fn receipt(number: &str) -> Result<Receipt, Error> {
    host::payment_receipt(number)
}

/// The fee items of the own department.
///
/// # Errors
/// 503 when they can't be had.
pub fn items() -> Result<Vec<FeeItem>, Error> {
    host::fee_items()
}

/// The channels that the host offers, such as `wechat`.
pub fn channels() -> Vec<String> {
    host::payment_channels()
}

/// Money: whole fen (分), a hundredth of a yuan. Shows as yuan: `240.00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(pub i64);

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100)
    }
}

/// Who has to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payer {
    /// The subject of this request.
    Asker,
    /// A subject by its handle.
    Subject(String),
}

impl From<&Subject> for Payer {
    fn from(subject: &Subject) -> Self {
        Self::Subject(subject.handle.clone())
    }
}

/// A line that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// The code of a fee item.
    pub item: String,
    /// How many units.
    pub quantity: i64,
    /// Needed where the item has no unit price.
    pub amount: Option<Fen>,
}

impl NewLine {
    fn of(item: &str) -> Self {
        Self { item: item.into(), quantity: 1, amount: None }
    }
}

/// A notice that is being written: [`notice`] begins it, [`send`](Self::send) sends it.
#[must_use = "a notice is not sent before `send`"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNotice {
    pub(crate) payer: Payer,
    pub(crate) lines: Vec<NewLine>,
    pub(crate) case: Option<String>,
    pub(crate) valid_minutes: Option<u32>,
    pub(crate) once: String,
}

impl NewNotice {
    /// So many units of the last item, at its price.
    pub fn units(self, quantity: impl Into<i64>) -> Self {
        self.last(|line| line.quantity = quantity.into())
    }

    /// That much for the last item, which has no price for a unit.
    pub fn amount(self, amount: Fen) -> Self {
        self.last(|line| line.amount = Some(amount))
    }

    /// And another item.
    pub fn and(mut self, item: &str) -> Self {
        self.lines.push(NewLine::of(item));
        self
    }

    /// For somebody else than whoever asks.
    pub fn from(mut self, payer: impl Into<Payer>) -> Self {
        self.payer = payer.into();
        self
    }

    /// For a case; events about the notice name it.
    pub fn for_case(mut self, case: &str) -> Self {
        self.case = Some(case.into());
        self
    }

    /// To be paid within so many minutes; the host's default is days.
    pub fn within_minutes(mut self, minutes: u32) -> Self {
        self.valid_minutes = Some(minutes);
        self
    }

    /// The idempotency key: the same gives the same notice. Needed.
    pub fn once(mut self, key: &str) -> Self {
        self.once = key.into();
        self
    }

    /// Asks for the money.
    ///
    /// # Errors
    /// `?` turns a refusal into 403, a wrong value into 422 with its field, an item that is not on the list into 422
    /// and a key that was used for another notice into 409.
    pub fn send(self) -> Result<Notice, Error> {
        host::open_notice(self)
    }

    fn last(mut self, change: impl FnOnce(&mut NewLine)) -> Self {
        if let Some(line) = self.lines.last_mut() {
            change(line);
        }
        self
    }
}

/// How a notice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It may be paid.
    Due,
    /// Paid.
    Paid,
    /// All of it was given back.
    Refunded,
    /// Withdrawn, or its days ran out, before anybody paid.
    Closed,
}

/// A line of a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The item's code.
    pub item: String,
    /// What people call it.
    pub title: String,
    /// What one is counted by.
    pub unit: String,
    /// How many.
    pub quantity: i64,
    /// For one unit, on the day of the notice.
    pub unit_price: Option<Fen>,
    /// What the line comes to.
    pub amount: Fen,
}

/// A notice to pay (缴款通知书).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// 缴款识别码.
    pub number: String,
    /// How it stands.
    pub standing: Standing,
    /// What it is for.
    pub lines: Vec<Line>,
    /// What the lines come to.
    pub total: Fen,
    /// What was given back, or is on its way.
    pub refunded: Fen,
    /// The case.
    pub case: Option<String>,
    /// When it was made, RFC 3339 in UTC.
    pub created_at: String,
    /// Until when it may be paid.
    pub expires_at: String,
    /// When it was paid.
    pub paid_at: Option<String>,
    /// The channel it was paid by.
    pub channel: Option<String>,
}

impl Notice {
    /// Whether the money is there.
    pub fn is_paid(&self) -> bool {
        self.standing == Standing::Paid
    }
}

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderStanding {
    /// The channel was asked and has not answered yet.
    Preparing,
    /// It may be paid by the code.
    Open,
    /// Paid.
    Paid,
    /// It can't be paid any more.
    Closed,
    /// The money came too late; it is given back.
    Late,
}

/// A notice on its way through a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Order {
    /// Its id.
    pub id: String,
    /// The notice.
    pub number: String,
    /// The channel.
    pub channel: String,
    /// How far it is.
    pub standing: OrderStanding,
    /// How much.
    pub amount: Fen,
    /// What a QR code holds; nothing once it can't be paid by it.
    pub qr: Option<String>,
    /// From when on it can't be paid.
    pub expires_at: String,
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefundStanding {
    /// A cashier decides.
    Requested,
    /// A cashier said no.
    Rejected,
    /// On its way back.
    Sending,
    /// The money is back.
    Done,
    /// The channel can't give it back.
    Failed,
}

/// Money on its way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refund {
    /// Its id.
    pub id: String,
    /// The notice.
    pub number: String,
    /// How much.
    pub amount: Fen,
    /// Why.
    pub reason: String,
    /// How far it is.
    pub standing: RefundStanding,
}

/// An electronic receipt (电子票据).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// Its number.
    pub number: String,
    /// The notice.
    pub notice: String,
    /// How much.
    pub amount: Fen,
    /// The amount in capitals (大写).
    pub capitals: String,
    /// When it was issued, RFC 3339 in UTC.
    pub issued_at: String,
    /// Whether its PDF bears a seal.
    pub sealed: bool,
    /// SHA-256 of its PDF, 64 hex digits.
    pub sha256: String,
}

/// A fee item of the published list (收费目录清单).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeeItem {
    /// Its code.
    pub code: String,
    /// What people call it.
    pub title: String,
    /// What one is counted by.
    pub unit: String,
    /// For one unit; nothing where the amount is free within bounds.
    pub unit_price: Option<Fen>,
    /// The least a line may come to.
    pub least: Fen,
    /// The most.
    pub most: Fen,
    /// False: suspended or abolished.
    pub listed: bool,
}

/// Why money was not asked for, paid, found or given back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Policy refused; carries the reference of the decision.
    #[error("policy refused (decision {0})")]
    Denied(String),
    /// A value is not what it must be.
    #[error("{field}: expected {expected}")]
    Invalid {
        /// Which: `lines/0/amount`.
        field: String,
        /// What is expected there.
        expected: String,
    },
    /// The list has no such item; carries where it was named.
    #[error("{0}: the list of fee items has no such item")]
    UnknownItem(String),
    /// The item is suspended or abolished.
    #[error("the fee item `{0}` is not listed")]
    NotListed(String),
    /// There is none, or none that the caller may know of.
    #[error("there is no such notice")]
    NotFound,
    /// The notice's standing does not allow it.
    #[error("the notice does not allow it as it stands: {0:?}")]
    NotAllowedWhile(Standing),
    /// The notice's days are over.
    #[error("the notice's days are over")]
    Expired,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The host has no such channel.
    #[error("there is no payment channel `{0}`")]
    UnknownChannel(String),
    /// The channel does not answer: try again with the same key.
    #[error("the payment channel `{0}` does not answer")]
    ChannelUnavailable(String),
    /// Less is left to give back.
    #[error("only {0} yuan are left to give back")]
    RefundExceeds(Fen),
    /// The receipt is being made: ask again.
    #[error("the receipt is being made")]
    ReceiptPending,
    /// There is no receipt; says why.
    #[error("there is no receipt: {0}")]
    NoReceipt(String),
    /// The capability failed.
    #[error("{0}")]
    Other(String),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Denied(decision) => problem::denied(decision),
            Error::Invalid { field, .. } => problem::unprocessable(text).with("field", field),
            Error::UnknownItem(_) | Error::NotListed(_) | Error::UnknownChannel(_) => problem::unprocessable(text),
            Error::NotFound => problem::not_found(text),
            Error::NotAllowedWhile(_)
            | Error::Expired
            | Error::KeyReused
            | Error::RefundExceeds(_)
            | Error::NoReceipt(_) => problem::conflict(text),
            Error::ChannelUnavailable(_) | Error::ReceiptPending => problem::unavailable(text),
            Error::Other(what) => problem::failed("payment", what),
        }
    }
}
