//! What is kept of notices, orders, refunds and tickets.

use serde::{Deserialize, Serialize};
use zhongtai_kernel::{AccountId, DepartmentId, ScenarioId, Timestamp};

use crate::{Fen, NoticeNumber, OrderId, OrderStanding, RefundId, RefundStanding, Standing, standing::words};

/// A line, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLine {
    /// The code of a fee item.
    pub item: String,
    /// 1 to 1,000,000 units.
    pub quantity: i64,
    /// Fen; needed where the item has no unit price.
    pub amount: Option<i64>,
}

/// A notice, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    /// The scenario that asks.
    pub scenario: ScenarioId,
    /// Who has to pay.
    pub payer: AccountId,
    /// 1 to [`NewNotice::MOST_LINES`] lines of items of one executing unit.
    pub lines: Vec<NewLine>,
    /// The case it is for.
    pub case: Option<String>,
    /// How long it may be paid, minutes.
    pub valid_minutes: Option<u32>,
}

// === impl NewNotice ===

impl NewNotice {
    /// Lines of one notice, at most.
    pub const MOST_LINES: usize = 50;
}

/// A line of a notice: the item as it was on the day of the notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The item's code.
    pub item: String,
    /// What people call it.
    pub title: String,
    /// What one is counted by.
    pub unit: String,
    /// How many.
    pub quantity: i64,
    /// Fen for one unit.
    pub unit_price: Option<Fen>,
    /// What the line comes to.
    pub amount: Fen,
}

/// A notice to pay (缴款通知书).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// 缴款识别码.
    pub number: NoticeNumber,
    /// The scenario that asked.
    pub scenario: ScenarioId,
    /// The department whose money it is.
    pub owner: DepartmentId,
    /// Who has to pay.
    pub payer: AccountId,
    /// The case it is for.
    pub case: Option<String>,
    /// What it is for.
    pub lines: Vec<Line>,
    /// What the lines come to.
    pub total: Fen,
    /// Fen that are asked back, on their way or back.
    pub reserved: i64,
    /// Fen that are back.
    pub returned: i64,
    /// How it stands.
    pub standing: Standing,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it may be paid.
    pub expires_at: Timestamp,
    /// When it was paid or closed.
    pub ended_at: Option<Timestamp>,
    /// The order that paid it.
    pub paid_by: Option<OrderId>,
    /// Its channel.
    pub channel: Option<String>,
}

/// One try to pay a notice by a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRecord {
    /// Its id.
    pub id: OrderId,
    /// The notice.
    pub notice: NoticeNumber,
    /// The gateway's name.
    pub channel: String,
    /// How much.
    pub amount: Fen,
    /// How it stands.
    pub standing: OrderStanding,
    /// What a QR code holds.
    pub qr: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it can't be paid.
    pub expires_at: Timestamp,
    /// The gateway's number of the payment.
    pub transaction: Option<String>,
    /// When it was paid, by the gateway's clock.
    pub paid_at: Option<Timestamp>,
    /// When it is looked at next; `None` where nothing is open.
    pub check_at: Option<Timestamp>,
    /// How often it was looked at.
    pub checks: i64,
}

/// Money on its way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRecord {
    /// Its id.
    pub id: RefundId,
    /// The notice.
    pub notice: NoticeNumber,
    /// The order that was paid.
    pub order: OrderId,
    /// The gateway's name.
    pub channel: String,
    /// How much.
    pub amount: Fen,
    /// How much the order was paid with.
    pub total: Fen,
    /// Why.
    pub reason: String,
    /// How it stands.
    pub standing: RefundStanding,
    /// The account that asked; `None` where the scenario or the host itself did.
    pub requester: Option<AccountId>,
    /// The cashier who decided.
    pub approver: Option<AccountId>,
    /// Money that came too late: it never paid anything.
    pub late: bool,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When the money was back.
    pub done_at: Option<Timestamp>,
    /// The gateway's number of the refund.
    pub transaction: Option<String>,
    /// When it is looked at next.
    pub check_at: Option<Timestamp>,
    /// How often it was looked at.
    pub checks: i64,
}

words! {
    /// What somebody has to look at.
    TicketKind {
        /// Money for an order that was never made here.
        UnknownOrder = "unknown-order",
        /// Money of another amount or currency than the order's: it settled nothing.
        AmountDiffers = "amount-differs",
        /// A second payment of an order that was paid.
        PaidTwice = "paid-twice",
        /// The gateway names one payment for two orders: it pays the first.
        TransactionReused = "transaction-reused",
        /// Money that came too late, and is not given back by itself.
        LateMoney = "late-money",
        /// The gateway will not give money back.
        RefundFailed = "refund-failed",
        /// The gateway gave back another amount.
        RefundDiffers = "refund-differs",
        /// The bill has what the ledger does not.
        MissingHere = "missing-here",
        /// The ledger has what the bill does not.
        MissingThere = "missing-there",
        /// Both have it, with different amounts.
        BillAmountDiffers = "bill-amount-differs",
        /// Both have it, and it stands differently.
        BillStateDiffers = "bill-state-differs",
    }
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTicket {
    /// What sort.
    pub kind: TicketKind,
    /// The gateway's name.
    pub channel: String,
    /// The order, refund or transaction.
    pub about: String,
    /// The day of the bill it was found on.
    pub day: Option<String>,
    /// Fen by the ledger; 0 where it has none.
    pub ours: i64,
    /// Fen by the gateway; 0 where it has none.
    pub theirs: i64,
    /// What is different, in a sentence; nothing personal.
    pub detail: String,
}

/// Something that somebody has to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its id.
    pub id: String,
    /// What it says.
    pub ticket: NewTicket,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Who resolved it, when, and what they say.
    pub resolved: Option<Resolution>,
}

/// How a ticket was resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What they say: 1 to 500 characters.
    pub note: String,
}
