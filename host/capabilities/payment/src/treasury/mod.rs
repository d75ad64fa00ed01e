//! Notices, orders, refunds and the ledger in the platform's own database.
//!
//! Every change of a notice, of its orders and of its refunds is one transaction that first takes the notice's row: what
//! happens to one notice happens one after the other, on every host. It ends with the entries of the ledger and, where
//! the scenario has to hear of it, with the event.

mod due;
mod items;
mod notices;
mod orders;
mod receipts;
mod refunds;
mod rows;
mod serials;
mod tickets;

pub use due::{DayReport, Money};
pub use orders::{Begin, Closing, Took};
pub use receipts::ReceiptRecord;

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::json;
use zhongtai_events::NewEvent;
use zhongtai_kernel::{Clock, Timestamp};
use zhongtai_store::{Store, WriteTransaction};

use crate::{
    Act, Books, CodeLayout, FeeItem, Fen, ItemVersion, NewNotice, NewTicket, Notice, NoticeNumber, OrderId,
    OrderRecord, Payment, PaymentError, RefundId, RefundRecord, Refunded, Ticket,
    ledger::{self, LedgerKey},
};
use serials::Serials;

/// The treasury. Cheap to clone. It decides nothing about who may: that is [`crate::Payments`].
#[derive(Clone)]
pub struct Treasury(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    key: LedgerKey,
    layout: CodeLayout,
    default_minutes: u32,
    serials: Serials,
}

/// Who asks for a refund, and why.
#[derive(Debug, Clone)]
pub struct NewRefund {
    /// How much.
    pub amount: Fen,
    /// Why: 1 to 80 characters in one line.
    pub reason: String,
    /// The account that asks; `None` where the scenario itself does.
    pub requester: Option<zhongtai_kernel::AccountId>,
}

// === impl Treasury ===

impl Treasury {
    /// The treasury of a store that has [`crate::MIGRATIONS`] and the events' ones. `key` seals the ledger's entries:
    /// every host of a database needs the same one. Notices may be paid for `due_days`, where nobody says otherwise.
    pub fn new(store: Store, clock: Arc<dyn Clock>, key: [u8; 32], layout: CodeLayout, due_days: u16) -> Self {
        let default_minutes = u32::from(due_days).saturating_mul(24 * 60);
        let serials = Serials::default();
        Self(Arc::new(Inner { store, clock, key: LedgerKey::new(key), layout, default_minutes, serials }))
    }

    /// Registers a fee item, or a new version of it; the same again changes nothing.
    pub async fn put_item(&self, item: &FeeItem) -> Result<ItemVersion, PaymentError> {
        items::put(self, item).await
    }

    /// The newest version of an item.
    pub async fn item(&self, code: &str) -> Result<Option<ItemVersion>, PaymentError> {
        items::find(self, code).await
    }

    /// The newest version of every item, by code.
    pub async fn items(&self) -> Result<Vec<ItemVersion>, PaymentError> {
        items::all(self).await
    }

    /// What an act's key stands for already: a notice's number, an order's or a refund's id.
    pub async fn known(&self, act: &Act) -> Result<Option<String>, PaymentError> {
        crate::act::known(self.store().pool(), act).await
    }

    /// Makes a notice. `items` are those of its lines, in their order.
    pub async fn notice(&self, act: &Act, new: NewNotice, items: &[FeeItem]) -> Result<Notice, PaymentError> {
        notices::make(self, act, new, items).await
    }

    /// A notice.
    pub async fn find(&self, number: &NoticeNumber) -> Result<Option<Notice>, PaymentError> {
        rows::notice(self.store().pool(), number).await
    }

    /// The latest order of a notice.
    pub async fn latest_order(&self, number: &NoticeNumber) -> Result<Option<OrderRecord>, PaymentError> {
        rows::latest_order(self.store().pool(), number).await
    }

    /// An order.
    pub async fn order(&self, id: OrderId) -> Result<Option<OrderRecord>, PaymentError> {
        rows::order(self.store().pool(), id).await
    }

    /// Begins to pay a notice by a channel. See [`Begin`].
    pub async fn begin_order(&self, act: &Act, number: &NoticeNumber, channel: &str) -> Result<Begin, PaymentError> {
        orders::begin(self, act, number, channel).await
    }

    /// The gateway took an order. Nothing where it is past that: look at what it is now.
    pub async fn opened(&self, order: &OrderRecord, qr: &str) -> Result<OrderRecord, PaymentError> {
        orders::opened(self, order, qr).await
    }

    /// An order was paid, with its amount. The only way to money.
    pub async fn paid(&self, order: &OrderRecord, payment: &Payment) -> Result<Took, PaymentError> {
        orders::paid(self, order, payment).await
    }

    /// Nobody can pay an order any more.
    pub async fn order_closed(&self, order: &OrderRecord) -> Result<(), PaymentError> {
        orders::closed(self, order).await
    }

    /// Closes a notice that nobody paid and that has no live order.
    pub async fn close(
        &self,
        act: Option<&Act>,
        number: &NoticeNumber,
        why: &'static str,
    ) -> Result<Closing, PaymentError> {
        notices::close(self, act, number, why).await
    }

    /// Asks for a refund.
    pub async fn request_refund(
        &self,
        act: &Act,
        number: &NoticeNumber,
        new: NewRefund,
    ) -> Result<RefundRecord, PaymentError> {
        refunds::request(self, act, number, new).await
    }

    /// A cashier decided: it is sent, or not.
    pub async fn decide_refund(
        &self,
        refund: RefundId,
        approver: zhongtai_kernel::AccountId,
        is_approved: bool,
    ) -> Result<RefundRecord, PaymentError> {
        refunds::decide(self, refund, approver, is_approved).await
    }

    /// Money that came too late goes back: the one refund for it.
    pub async fn return_late(&self, order: &OrderRecord) -> Result<RefundRecord, PaymentError> {
        refunds::return_late(self, order).await
    }

    /// A refund is back, with its amount.
    pub async fn refund_done(&self, refund: &RefundRecord, refunded: &Refunded) -> Result<(), PaymentError> {
        refunds::done(self, refund, refunded).await
    }

    /// A refund will never be back.
    pub async fn refund_failed(&self, refund: &RefundRecord) -> Result<(), PaymentError> {
        refunds::failed(self, refund).await
    }

    /// A refund.
    pub async fn refund(&self, id: RefundId) -> Result<Option<RefundRecord>, PaymentError> {
        rows::refund(self.store().pool(), id).await
    }

    /// The refunds of a notice, the oldest first.
    pub async fn refunds(&self, number: &NoticeNumber) -> Result<Vec<RefundRecord>, PaymentError> {
        rows::refunds(self.store().pool(), number).await
    }

    /// Opens a ticket; the same again is the same one.
    pub async fn open_ticket(&self, new: &NewTicket) -> Result<(), PaymentError> {
        tickets::open(self, new).await
    }

    /// Tickets, the newest first; at most 200.
    pub async fn tickets(&self, only_open: bool) -> Result<Vec<Ticket>, PaymentError> {
        tickets::list(self, only_open).await
    }

    /// Resolves a ticket.
    pub async fn resolve_ticket(&self, id: &str, by: &str, note: &str) -> Result<Ticket, PaymentError> {
        tickets::resolve(self, id, by, note).await
    }

    /// Do the books balance? Every entry is added up and every account held against notices, orders and refunds.
    pub async fn books(&self) -> Result<Books, PaymentError> {
        ledger::books(self.store(), self.key()).await
    }

    /// The receipt of a notice, with its number; made on the first call.
    pub async fn receipt(&self, notice: &Notice) -> Result<ReceiptRecord, PaymentError> {
        receipts::number(self, notice).await
    }

    /// Keeps a receipt's PDF.
    pub async fn keep_receipt(
        &self,
        notice: &NoticeNumber,
        pdf: &[u8],
        is_sealed: bool,
    ) -> Result<ReceiptRecord, PaymentError> {
        receipts::keep(self, notice, pdf, is_sealed).await
    }

    /// A receipt's PDF.
    pub async fn receipt_pdf(&self, notice: &NoticeNumber) -> Result<Option<Vec<u8>>, PaymentError> {
        receipts::pdf(self, notice).await
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn key(&self) -> &LedgerKey {
        &self.0.key
    }

    fn layout(&self) -> &CodeLayout {
        &self.0.layout
    }

    /// The host's time.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

/// The day in the district, UTC+8.
pub(crate) fn day_of(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::offset(8).to_time_zone()).date()
}

/// Tells the scenario, in the transaction of what happened.
async fn tell(
    write: &mut WriteTransaction,
    notice: &Notice,
    kind: &'static str,
    data: serde_json::Value,
    at: Timestamp,
) -> Result<(), PaymentError> {
    let event = NewEvent {
        scenario: notice.scenario.clone(),
        kind,
        about: notice.number.to_string(),
        case: notice.case.clone(),
        data,
        at,
    };
    zhongtai_events::put(write, &event).await?;
    Ok(())
}

/// What every event about a notice says.
fn facts(notice: &Notice, amount: Fen) -> serde_json::Value {
    json!({ "notice": notice.number.as_str(), "amount_fen": amount.get(), "total_fen": notice.total.get() })
}
