//! Orders: a notice on its way through a channel, and the money that comes back from there.

use jiff::SignedDuration;
use zhongtai_kernel::Timestamp;
use zhongtai_store::{StoreError, WriteTransaction};

use super::{Treasury, facts, rows, tell};
use crate::{
    Act, Notice, NoticeNumber, OrderEvent, OrderId, OrderRecord, OrderStanding, Payment, PaymentError, Standing, Step,
    act::claim,
    ledger::{Entry, post},
};

/// How long an order may be paid: the least of what gateways give a QR code.
const ORDER_LASTS: SignedDuration = SignedDuration::from_hours(2);
/// An order that ends this soon is not given to anybody any more.
const TOO_SHORT: SignedDuration = SignedDuration::from_mins(1);
/// When an order is first looked at: by then a callback should have come.
const FIRST_CHECK: SignedDuration = SignedDuration::from_secs(30);

/// What a beginning led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// This order: a new one, the one the act's key stands for, or the live one of the channel.
    Order(Box<OrderRecord>),
    /// Another order is live: it has to be closed first.
    Live(Box<OrderRecord>),
}

/// What a closing led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closing {
    /// It is closed.
    Closed(Box<Notice>),
    /// An order is live: it has to be closed first.
    Live(Box<OrderRecord>),
}

/// What money did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Took {
    /// It paid the notice.
    Settled,
    /// It was known.
    Again,
    /// The notice was not due any more.
    Late,
    /// The order was paid before, by another payment.
    Twice,
    /// The payment was named for another order before.
    Reused,
}

pub(super) async fn begin(
    treasury: &Treasury,
    act: &Act,
    number: &NoticeNumber,
    channel: &str,
) -> Result<Begin, PaymentError> {
    let (now, id) = (treasury.now(), OrderId::generate());
    let mut write = treasury.store().begin_write().await?;
    let notice = rows::lock(&mut write, number).await?.ok_or(PaymentError::NotFound("notice"))?;
    let live = rows::live_order(&mut *write, number).await?;
    let usable = live.as_ref().filter(|live| live.channel == channel && lasts(live, now));
    let about = usable.map_or(id, |usable| usable.id);
    if let Some(known) = claim(&mut write, act, &about.to_string(), now).await? {
        let known = known.parse().map_err(|_| rows::corrupt("payment_acts.about"))?;
        let order = rows::order(&mut *write, known).await?.ok_or(PaymentError::NotFound("order"))?;
        write.rollback().await?;
        return Ok(Begin::Order(Box::new(order)));
    }
    if notice.standing != Standing::Due {
        return Err(PaymentError::NotAllowedWhile(notice.standing));
    }
    if notice.expires_at <= now {
        return Err(PaymentError::Expired);
    }
    if let Some(usable) = usable {
        let usable = usable.clone();
        write.commit().await?;
        return Ok(Begin::Order(Box::new(usable)));
    }
    if let Some(live) = live {
        write.rollback().await?;
        return Ok(Begin::Live(Box::new(live)));
    }
    let order = insert(&mut write, id, &notice, channel, now).await?;
    write.commit().await?;
    Ok(Begin::Order(Box::new(order)))
}

fn lasts(order: &OrderRecord, now: Timestamp) -> bool {
    now.checked_add(TOO_SHORT).is_ok_and(|soon| order.expires_at > soon)
}

async fn insert(
    write: &mut WriteTransaction,
    id: OrderId,
    notice: &Notice,
    channel: &str,
    now: Timestamp,
) -> Result<OrderRecord, PaymentError> {
    let later = |by: SignedDuration| now.checked_add(by).map_err(|error| PaymentError::Fault(error.to_string()));
    let order = OrderRecord {
        id,
        notice: notice.number.clone(),
        channel: channel.to_owned(),
        amount: notice.total,
        standing: OrderStanding::Preparing,
        qr: None,
        created_at: now,
        expires_at: later(ORDER_LASTS)?.min(notice.expires_at),
        transaction: None,
        paid_at: None,
        check_at: Some(later(FIRST_CHECK)?),
        checks: 0,
    };
    let sql = "INSERT INTO payment_orders (id, notice, channel, amount, state, created_at, expires_at, check_at, checks) \
               VALUES ($1, $2, $3, $4, 'preparing', $5, $6, $7, 0)";
    sqlx::query(sql)
        .bind(order.id.to_string())
        .bind(order.notice.as_str())
        .bind(channel)
        .bind(order.amount.get())
        .bind(order.created_at.as_millisecond())
        .bind(order.expires_at.as_millisecond())
        .bind(order.check_at.map(Timestamp::as_millisecond))
        .execute(&mut **write)
        .await?;
    Ok(order)
}

pub(super) async fn opened(treasury: &Treasury, order: &OrderRecord, qr: &str) -> Result<OrderRecord, PaymentError> {
    let sql = "UPDATE payment_orders SET state = 'open', qr = $2 WHERE id = $1 AND state = 'preparing'";
    sqlx::query(sql).bind(order.id.to_string()).bind(qr).execute(treasury.store().pool()).await?;
    rows::order(treasury.store().pool(), order.id).await?.ok_or(PaymentError::NotFound("order"))
}

pub(super) async fn closed(treasury: &Treasury, order: &OrderRecord) -> Result<(), PaymentError> {
    let mut write = treasury.store().begin_write().await?;
    let (_, order) = take(&mut write, order).await?;
    if order.standing.on(OrderEvent::Closed) == Step::To(OrderStanding::Closed) {
        let sql = "UPDATE payment_orders SET state = 'closed', qr = NULL, check_at = NULL \
                   WHERE id = $1 AND state IN ('preparing', 'open')";
        sqlx::query(sql).bind(order.id.to_string()).execute(&mut *write).await?;
    }
    write.commit().await?;
    Ok(())
}

/// Money came for an order. Whoever calls has held its amount and its currency against the order's.
pub(super) async fn paid(treasury: &Treasury, order: &OrderRecord, payment: &Payment) -> Result<Took, PaymentError> {
    let now = treasury.now();
    let mut write = treasury.store().begin_write().await?;
    let (notice, order) = take(&mut write, order).await?;
    if payment.amount != order.amount.get() {
        return Err(PaymentError::Fault("money of another amount can't settle an order".to_owned()));
    }
    let next = match order.standing.on(OrderEvent::Paid(notice.standing)) {
        Step::To(next) => next,
        Step::Stay => {
            write.rollback().await?;
            let is_known = order.transaction.as_deref() == Some(&*payment.transaction);
            return Ok(if is_known { Took::Again } else { Took::Twice });
        }
    };
    if !mark(&mut write, &order, (next, payment), now).await? {
        return Ok(Took::Reused);
    }
    let took = match next {
        OrderStanding::Paid => {
            settle(treasury, &mut write, (&notice, &order), now).await?;
            Took::Settled
        }
        _ => {
            let entry = Entry::late(&order.id.to_string(), &order.channel, order.amount)?;
            post(&mut write, treasury.key(), entry, now).await?;
            Took::Late
        }
    };
    write.commit().await?;
    Ok(took)
}

/// The order's new standing; false when another order has the payment.
async fn mark(
    write: &mut WriteTransaction,
    order: &OrderRecord,
    (next, payment): (OrderStanding, &Payment),
    now: Timestamp,
) -> Result<bool, PaymentError> {
    // Late money is looked at again: it has to go back.
    let check_at = (next == OrderStanding::Late).then(|| now.as_millisecond());
    let sql = "UPDATE payment_orders SET state = $2, transaction_id = $3, paid_at = $4, qr = NULL, check_at = $5, \
               checks = 0 WHERE id = $1 AND state = $6";
    let done = sqlx::query(sql)
        .bind(order.id.to_string())
        .bind(next.as_str())
        .bind(&payment.transaction)
        .bind(payment.at.as_millisecond())
        .bind(check_at)
        .bind(order.standing.as_str())
        .execute(&mut **write)
        .await
        .map_err(StoreError::from);
    match done {
        Err(error) if error.is_duplicate() => Ok(false),
        Ok(done) if done.rows_affected() == 1 => Ok(true),
        Ok(_) => Err(PaymentError::Fault("an order changed while it was held".to_owned())),
        Err(error) => Err(error.into()),
    }
}

async fn settle(
    treasury: &Treasury,
    write: &mut WriteTransaction,
    (notice, order): (&Notice, &OrderRecord),
    now: Timestamp,
) -> Result<(), PaymentError> {
    let sql = "UPDATE payment_notices SET state = 'paid', ended_at = $2, paid_by = $3, channel = $4 \
               WHERE number = $1 AND state = 'due'";
    let done = sqlx::query(sql)
        .bind(notice.number.as_str())
        .bind(now.as_millisecond())
        .bind(order.id.to_string())
        .bind(&order.channel)
        .execute(&mut **write)
        .await?;
    if done.rows_affected() != 1 {
        return Err(PaymentError::Fault("a notice changed while it was held".to_owned()));
    }
    // Another order of the notice has nothing to be paid for any more: the worker closes it.
    let sql = "UPDATE payment_orders SET check_at = $2 WHERE notice = $1 AND state IN ('preparing', 'open')";
    sqlx::query(sql).bind(notice.number.as_str()).bind(now.as_millisecond()).execute(&mut **write).await?;
    let entry = Entry::settled(&order.id.to_string(), &order.channel, notice.owner.as_str(), order.amount)?;
    post(write, treasury.key(), entry, now).await?;
    let mut data = facts(notice, order.amount);
    if let Some(data) = data.as_object_mut() {
        data.insert("channel".to_owned(), order.channel.clone().into());
    }
    tell(write, notice, "payment.settled", data, now).await
}

/// The order and its notice, held until the transaction ends.
async fn take(write: &mut WriteTransaction, order: &OrderRecord) -> Result<(Notice, OrderRecord), PaymentError> {
    let notice = rows::lock(write, &order.notice).await?.ok_or(PaymentError::NotFound("notice"))?;
    let order = rows::order(&mut **write, order.id).await?.ok_or(PaymentError::NotFound("order"))?;
    Ok((notice, order))
}
