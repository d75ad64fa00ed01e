//! Money on its way back.

use std::collections::BTreeMap;

use zhongtai_kernel::{AccountId, Timestamp};
use zhongtai_store::WriteTransaction;

use super::{NewRefund, Treasury, facts, rows, tell};
use crate::{
    Act, Fen, Notice, NoticeNumber, OrderRecord, OrderStanding, PaymentError, RefundId, RefundRecord, RefundStanding,
    Refunded, Standing,
    act::claim,
    ledger::{Entry, EntryKind, post, postings},
};

/// What late money says of itself when it goes back.
const LATE: &str = "缴款到账时单已关闭，原路退回";

pub(super) async fn request(
    treasury: &Treasury,
    act: &Act,
    number: &NoticeNumber,
    new: NewRefund,
) -> Result<RefundRecord, PaymentError> {
    let (id, now) = (RefundId::generate(), treasury.now());
    let mut write = treasury.store().begin_write().await?;
    let notice = rows::lock(&mut write, number).await?.ok_or(PaymentError::NotFound("notice"))?;
    if let Some(known) = claim(&mut write, act, &id.to_string(), now).await? {
        let known = known.parse().map_err(|_| rows::corrupt("payment_acts.about"))?;
        write.rollback().await?;
        return must(treasury, known).await;
    }
    let (Standing::Paid, Some(order), Some(channel)) = (notice.standing, notice.paid_by, notice.channel.clone()) else {
        return Err(PaymentError::NotAllowedWhile(notice.standing));
    };
    let left = notice.total.get() - notice.reserved;
    if new.amount.get() > left {
        return Err(PaymentError::RefundExceeds(left));
    }
    reserve(&mut write, number, new.amount.get()).await?;
    let refund = RefundRecord {
        id,
        notice: number.clone(),
        order,
        channel,
        amount: new.amount,
        total: notice.total,
        reason: new.reason,
        standing: RefundStanding::Requested,
        requester: new.requester,
        approver: None,
        late: false,
        created_at: now,
        done_at: None,
        transaction: None,
        check_at: None,
        checks: 0,
    };
    insert(&mut write, &refund).await?;
    write.commit().await?;
    Ok(refund)
}

/// More, or less, of the notice's money is asked back. Never more than was paid: the statement itself sees to it.
async fn reserve(write: &mut WriteTransaction, number: &NoticeNumber, change: i64) -> Result<(), PaymentError> {
    let sql = "UPDATE payment_notices SET reserved = reserved + $2 \
               WHERE number = $1 AND reserved + $2 <= total AND reserved + $2 >= returned";
    let done = sqlx::query(sql).bind(number.as_str()).bind(change).execute(&mut **write).await?;
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(PaymentError::Fault("more would be given back than was paid".to_owned())),
    }
}

async fn insert(write: &mut WriteTransaction, refund: &RefundRecord) -> Result<(), PaymentError> {
    let sql = "INSERT INTO payment_refunds (id, notice, order_id, channel, amount, total, reason, state, requester, late, \
               created_at, check_at, checks) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)";
    sqlx::query(sql)
        .bind(refund.id.to_string())
        .bind(refund.notice.as_str())
        .bind(refund.order.to_string())
        .bind(&refund.channel)
        .bind(refund.amount.get())
        .bind(refund.total.get())
        .bind(&refund.reason)
        .bind(refund.standing.as_str())
        .bind(refund.requester.map(|account| account.to_string()))
        .bind(i64::from(refund.late))
        .bind(refund.created_at.as_millisecond())
        .bind(refund.check_at.map(Timestamp::as_millisecond))
        .execute(&mut **write)
        .await?;
    Ok(())
}

pub(super) async fn decide(
    treasury: &Treasury,
    id: RefundId,
    approver: AccountId,
    is_approved: bool,
) -> Result<RefundRecord, PaymentError> {
    let now = treasury.now();
    let refund = must(treasury, id).await?;
    let mut write = treasury.store().begin_write().await?;
    let (notice, refund) = take(&mut write, &refund).await?;
    let (next, check_at) = match is_approved {
        true => (RefundStanding::Sending, Some(now.as_millisecond())),
        false => (RefundStanding::Rejected, None),
    };
    match refund.standing {
        RefundStanding::Requested => {}
        // The same decision, sent again.
        RefundStanding::Sending | RefundStanding::Done | RefundStanding::Failed if is_approved => return Ok(refund),
        RefundStanding::Rejected if !is_approved => return Ok(refund),
        other => return Err(PaymentError::RefundNotAllowedWhile(other)),
    }
    let sql =
        "UPDATE payment_refunds SET state = $2, approver = $3, check_at = $4 WHERE id = $1 AND state = 'requested'";
    sqlx::query(sql)
        .bind(id.to_string())
        .bind(next.as_str())
        .bind(approver.to_string())
        .bind(check_at)
        .execute(&mut *write)
        .await?;
    if is_approved {
        let shares = shares(&mut write, &notice, refund.amount).await?;
        let entry = Entry::refund_sent(&id.to_string(), notice.owner.as_str(), &shares)?;
        post(&mut write, treasury.key(), entry, now).await?;
    } else {
        reserve(&mut write, &refund.notice, -refund.amount.get()).await?;
    }
    write.commit().await?;
    must(treasury, id).await
}

/// What of each item goes back: line by line, as far as there is something left of it.
async fn shares(
    write: &mut WriteTransaction,
    notice: &Notice,
    amount: Fen,
) -> Result<Vec<(String, Fen)>, PaymentError> {
    let sql = "SELECT p.account, CAST(SUM(p.amount) AS BIGINT) FROM payment_refunds r \
               JOIN payment_entries e ON e.about = r.id AND e.kind IN ('refund-sent', 'refund-failed') \
               JOIN payment_postings p ON p.entry = e.id \
               WHERE r.notice = $1 AND p.account LIKE 'refunds:%' GROUP BY p.account";
    let back: Vec<(String, i64)> = sqlx::query_as(sql).bind(notice.number.as_str()).fetch_all(&mut **write).await?;
    let mut left: BTreeMap<&str, i64> = BTreeMap::new();
    for line in &notice.lines {
        *left.entry(&line.item).or_default() += line.amount.get();
    }
    for (account, amount) in &back {
        if let Some(left) = account.strip_prefix("refunds:").and_then(|item| left.get_mut(item)) {
            *left -= amount;
        }
    }
    let (mut open, mut shares) = (amount.get(), Vec::new());
    for (item, left) in left {
        if let Some(share) = Fen::new(left.min(open)) {
            open -= share.get();
            shares.push((item.to_owned(), share));
        }
    }
    match open {
        0 => Ok(shares),
        _ => Err(PaymentError::Fault("more would be given back than is left of the items".to_owned())),
    }
}

pub(super) async fn return_late(treasury: &Treasury, order: &OrderRecord) -> Result<RefundRecord, PaymentError> {
    let now = treasury.now();
    let mut write = treasury.store().begin_write().await?;
    rows::lock(&mut write, &order.notice).await?.ok_or(PaymentError::NotFound("notice"))?;
    let order = rows::order(&mut *write, order.id).await?.ok_or(PaymentError::NotFound("order"))?;
    if order.standing != OrderStanding::Late {
        return Err(PaymentError::Fault("an order that is not late has nothing to return".to_owned()));
    }
    let known: Option<String> = sqlx::query_scalar("SELECT id FROM payment_refunds WHERE order_id = $1 AND late = 1")
        .bind(order.id.to_string())
        .fetch_optional(&mut *write)
        .await?;
    if let Some(known) = known {
        write.rollback().await?;
        return must(treasury, known.parse().map_err(|_| rows::corrupt("payment_refunds.id"))?).await;
    }
    let refund = RefundRecord {
        id: RefundId::generate(),
        notice: order.notice.clone(),
        order: order.id,
        channel: order.channel.clone(),
        amount: order.amount,
        total: order.amount,
        reason: LATE.to_owned(),
        standing: RefundStanding::Sending,
        requester: None,
        approver: None,
        late: true,
        created_at: now,
        done_at: None,
        transaction: None,
        check_at: Some(now),
        checks: 0,
    };
    insert(&mut write, &refund).await?;
    let sql = "UPDATE payment_orders SET check_at = NULL WHERE id = $1";
    sqlx::query(sql).bind(order.id.to_string()).execute(&mut *write).await?;
    write.commit().await?;
    Ok(refund)
}

pub(super) async fn done(treasury: &Treasury, refund: &RefundRecord, refunded: &Refunded) -> Result<(), PaymentError> {
    let now = treasury.now();
    let mut write = treasury.store().begin_write().await?;
    let (notice, refund) = take(&mut write, refund).await?;
    if refunded.amount != refund.amount.get() {
        return Err(PaymentError::Fault("money of another amount can't end a refund".to_owned()));
    }
    if refund.standing != RefundStanding::Sending {
        return Ok(());
    }
    let sql = "UPDATE payment_refunds SET state = 'done', done_at = $2, transaction_id = $3, check_at = NULL \
               WHERE id = $1 AND state = 'sending'";
    sqlx::query(sql)
        .bind(refund.id.to_string())
        .bind(refunded.at.as_millisecond())
        .bind(&refunded.transaction)
        .execute(&mut *write)
        .await?;
    let id = refund.id.to_string();
    if refund.late {
        let entry = Entry::returned(&id, &refund.channel, refund.amount)?;
        post(&mut write, treasury.key(), entry, now).await?;
    } else {
        let entry = Entry::refund_done(&id, &refund.channel, notice.owner.as_str(), refund.amount)?;
        post(&mut write, treasury.key(), entry, now).await?;
        give_back(&mut write, &notice, &refund, now).await?;
    }
    write.commit().await?;
    Ok(())
}

/// The notice knows what is back, and the scenario hears of it.
async fn give_back(
    write: &mut WriteTransaction,
    notice: &Notice,
    refund: &RefundRecord,
    now: Timestamp,
) -> Result<(), PaymentError> {
    let returned = notice.returned + refund.amount.get();
    let standing = if returned == notice.total.get() { Standing::Refunded } else { Standing::Paid };
    let sql = "UPDATE payment_notices SET returned = $2, state = $3 WHERE number = $1 AND state = 'paid'";
    let done = sqlx::query(sql)
        .bind(notice.number.as_str())
        .bind(returned)
        .bind(standing.as_str())
        .execute(&mut **write)
        .await?;
    if done.rows_affected() != 1 {
        return Err(PaymentError::Fault("a notice that is not paid has nothing to give back".to_owned()));
    }
    let mut data = facts(notice, refund.amount);
    if let Some(data) = data.as_object_mut() {
        data.insert("refund".to_owned(), refund.id.to_string().into());
        data.insert("returned_fen".to_owned(), returned.into());
    }
    tell(write, notice, "payment.refunded", data, now).await
}

pub(super) async fn failed(treasury: &Treasury, refund: &RefundRecord) -> Result<(), PaymentError> {
    let now = treasury.now();
    let mut write = treasury.store().begin_write().await?;
    let (_, refund) = take(&mut write, refund).await?;
    if refund.standing != RefundStanding::Sending {
        return Ok(());
    }
    let sql = "UPDATE payment_refunds SET state = 'failed', check_at = NULL WHERE id = $1 AND state = 'sending'";
    sqlx::query(sql).bind(refund.id.to_string()).execute(&mut *write).await?;
    if !refund.late {
        let id = refund.id.to_string();
        let sent = postings(&mut write, EntryKind::RefundSent, &id).await?;
        post(&mut write, treasury.key(), Entry::refund_failed(&id, sent)?, now).await?;
        reserve(&mut write, &refund.notice, -refund.amount.get()).await?;
    }
    write.commit().await?;
    Ok(())
}

/// The refund and its notice, held until the transaction ends.
async fn take(write: &mut WriteTransaction, refund: &RefundRecord) -> Result<(Notice, RefundRecord), PaymentError> {
    let notice = rows::lock(write, &refund.notice).await?.ok_or(PaymentError::NotFound("notice"))?;
    let refund = rows::refund(&mut **write, refund.id).await?.ok_or(PaymentError::NotFound("refund"))?;
    Ok((notice, refund))
}

async fn must(treasury: &Treasury, id: RefundId) -> Result<RefundRecord, PaymentError> {
    rows::refund(treasury.store().pool(), id).await?.ok_or(PaymentError::NotFound("refund"))
}
