//! A payment channel in memory: what a gateway may do, as badly as one may do it.

use std::{
    collections::{BTreeMap, HashMap, btree_map::Entry},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use jiff::civil::Date;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use zhongtai_cap_payment::{
    BillKind, BillRow, CURRENCY, Callback, CallbackAnswer, CallbackError, Gateway, GatewayError, GatewayState, Headers,
    Order, OrderId, Payment, Prepaid, RefundOrder, RefundState, Refunded,
};
use zhongtai_kernel::{Clock, Timestamp};

/// What the bank knows.
#[derive(Default)]
struct Books {
    orders: HashMap<String, BankOrder>,
    refunds: BTreeMap<String, (String, i64, Timestamp)>,
}

struct BankOrder {
    amount: i64,
    is_closed: bool,
    paid: Option<(String, Timestamp)>,
}

/// The bank. Its process is one object: hosts share it.
pub struct Bank {
    name: String,
    clock: Arc<dyn Clock>,
    books: Mutex<Books>,
    count: AtomicU64,
    /// Nobody answers.
    pub is_down: AtomicBool,
    /// It does what it is asked, and its answer is lost.
    pub loses_answers: AtomicBool,
    /// It takes money for what was closed.
    pub takes_late_money: AtomicBool,
    /// It will not give anything back.
    pub refuses_refunds: AtomicBool,
    /// It does not make bills.
    pub has_no_bill: AtomicBool,
    /// Fen that its bill is wrong by.
    pub bill_is_off_by: AtomicU64,
}

/// A callback on the wire of these tests; signed when its header says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub order: String,
    pub amount: i64,
    pub currency: String,
    pub transaction: String,
    pub at: Timestamp,
}

// === impl Told ===

impl Told {
    pub fn body(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap()
    }
}

pub fn signed() -> Headers {
    Headers::new([("bank-signature", "good")])
}

// === impl Bank ===

impl Bank {
    pub fn new(name: &str, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            clock,
            books: Mutex::default(),
            count: AtomicU64::default(),
            is_down: AtomicBool::default(),
            loses_answers: AtomicBool::default(),
            takes_late_money: AtomicBool::default(),
            refuses_refunds: AtomicBool::default(),
            has_no_bill: AtomicBool::default(),
            bill_is_off_by: AtomicU64::default(),
        })
    }

    /// A person pays: the callback that the bank will send. `None` when it does not take the money.
    pub fn pay(&self, order: &str) -> Option<Told> {
        let (mut books, now) = (self.books.lock(), self.clock.now());
        let late = self.takes_late_money.load(Ordering::SeqCst);
        let number = self.count.fetch_add(1, Ordering::SeqCst);
        let known = books.orders.get_mut(order)?;
        if known.is_closed && !late {
            return None;
        }
        if known.paid.is_none() {
            known.paid = Some((format!("{}-{number}", self.name), now));
        }
        let (transaction, at) = known.paid.clone()?;
        Some(Told { order: order.to_owned(), amount: known.amount, currency: CURRENCY.to_owned(), transaction, at })
    }

    /// Orders that it took money for, and how much.
    pub fn taken(&self) -> BTreeMap<String, i64> {
        let books = self.books.lock();
        let paid = books.orders.iter().filter(|(_, order)| order.paid.is_some());
        paid.map(|(id, order)| (id.clone(), order.amount)).collect()
    }

    /// Everything that it took, less what it gave back.
    pub fn holds(&self) -> i64 {
        let back: i64 = self.books.lock().refunds.values().map(|(_, amount, _)| amount).sum();
        self.taken().values().sum::<i64>() - back
    }

    fn answer<T>(&self, done: T) -> Result<T, GatewayError> {
        match self.loses_answers.load(Ordering::SeqCst) {
            true => Err(GatewayError::Unavailable("the answer was lost".to_owned())),
            false => Ok(done),
        }
    }

    fn up(&self) -> Result<(), GatewayError> {
        match self.is_down.load(Ordering::SeqCst) {
            true => Err(GatewayError::Unavailable("nobody answers".to_owned())),
            false => Ok(()),
        }
    }

    fn state(&self, order: &str) -> GatewayState {
        let books = self.books.lock();
        match books.orders.get(order) {
            None => GatewayState::Unknown,
            Some(BankOrder { paid: Some((transaction, at)), amount, .. }) => GatewayState::Paid(Payment {
                amount: *amount,
                currency: CURRENCY.to_owned(),
                transaction: transaction.clone(),
                at: *at,
            }),
            Some(BankOrder { is_closed: true, .. }) => GatewayState::Closed,
            Some(_) => GatewayState::Open,
        }
    }

    fn refund_state(&self, refund: &str) -> RefundState {
        match self.books.lock().refunds.get(refund) {
            None => RefundState::Unknown,
            Some((_, amount, at)) => {
                RefundState::Done(Refunded { amount: *amount, transaction: format!("R-{refund}"), at: *at })
            }
        }
    }
}

#[async_trait]
impl Gateway for Bank {
    fn name(&self) -> &str {
        &self.name
    }

    async fn prepay(&self, order: &Order) -> Result<Prepaid, GatewayError> {
        self.up()?;
        let mut books = self.books.lock();
        let known = books.orders.entry(order.id.to_string()).or_insert(BankOrder {
            amount: order.amount.get(),
            is_closed: false,
            paid: None,
        });
        if known.paid.is_some() || known.is_closed {
            return Err(GatewayError::Refused { code: "ORDERPAID".to_owned() });
        }
        drop(books);
        self.answer(Prepaid { qr: format!("bank://{}", order.id) })
    }

    async fn query(&self, order: &OrderId) -> Result<GatewayState, GatewayError> {
        self.up()?;
        self.answer(self.state(&order.to_string()))
    }

    async fn close(&self, order: &OrderId) -> Result<GatewayState, GatewayError> {
        self.up()?;
        if let Some(known) = self.books.lock().orders.get_mut(&order.to_string()) {
            known.is_closed |= known.paid.is_none();
        }
        self.answer(self.state(&order.to_string()))
    }

    async fn refund(&self, refund: &RefundOrder) -> Result<RefundState, GatewayError> {
        self.up()?;
        if self.refuses_refunds.load(Ordering::SeqCst) {
            return Err(GatewayError::Refused { code: "NOT_ENOUGH".to_owned() });
        }
        {
            let (mut books, now) = (self.books.lock(), self.clock.now());
            let order = refund.order.to_string();
            let paid = books.orders.get(&order).filter(|order| order.paid.is_some()).map_or(0, |order| order.amount);
            let back: i64 = books.refunds.values().filter(|(of, ..)| *of == order).map(|(_, amount, _)| amount).sum();
            let id = refund.id.to_string();
            if let Entry::Vacant(place) = books.refunds.entry(id) {
                if back + refund.amount.get() > paid {
                    return Err(GatewayError::Refused { code: "MORE_THAN_PAID".to_owned() });
                }
                place.insert((order, refund.amount.get(), now));
            }
        }
        self.answer(self.refund_state(&refund.id.to_string()))
    }

    async fn query_refund(&self, refund: &RefundOrder) -> Result<RefundState, GatewayError> {
        self.up()?;
        self.answer(self.refund_state(&refund.id.to_string()))
    }

    async fn callback(&self, headers: &Headers, body: &[u8]) -> Result<Callback, CallbackError> {
        if headers.get("bank-signature") != Some("good") {
            return Err(CallbackError::Forged);
        }
        let told: Told = serde_json::from_slice(body).map_err(|_| CallbackError::Malformed)?;
        let Told { order, amount, currency, transaction, at } = told;
        Ok(Callback::Paid { order, payment: Payment { amount, currency, transaction, at } })
    }

    fn accepted(&self) -> CallbackAnswer {
        CallbackAnswer { status: 200, content_type: "text/plain", body: b"success".to_vec() }
    }

    fn refused(&self, why: CallbackError) -> CallbackAnswer {
        let status = if why == CallbackError::Unavailable { 503 } else { 401 };
        CallbackAnswer { status, content_type: "text/plain", body: why.code().as_bytes().to_vec() }
    }

    async fn bill(&self, day: Date) -> Result<Vec<BillRow>, GatewayError> {
        self.up()?;
        if self.has_no_bill.load(Ordering::SeqCst) {
            return Err(GatewayError::NoBill);
        }
        let books = self.books.lock();
        let off = i64::try_from(self.bill_is_off_by.load(Ordering::SeqCst)).unwrap();
        let is_of = |at: Timestamp| at.to_zoned(jiff::tz::offset(8).to_time_zone()).date() == day;
        let paid = books.orders.iter().filter_map(|(id, order)| {
            let (transaction, at) = order.paid.clone().filter(|(_, at)| is_of(*at))?;
            Some(BillRow { kind: BillKind::Payment, order: id.clone(), transaction, amount: order.amount + off, at })
        });
        let back = books.refunds.iter().filter(|(_, (.., at))| is_of(*at)).map(|(id, (order, amount, at))| BillRow {
            kind: BillKind::Refund(id.clone()),
            order: order.clone(),
            transaction: format!("R-{id}"),
            amount: *amount,
            at: *at,
        });
        Ok(paid.chain(back).collect())
    }
}
