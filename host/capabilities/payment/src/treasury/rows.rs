//! Reading rows back.

use sqlx::{Any, Executor};
use zhongtai_kernel::Timestamp;
use zhongtai_store::{StoreError, WriteTransaction};

use crate::{
    Fen, Notice, NoticeNumber, OrderId, OrderRecord, OrderStanding, PaymentError, RefundId, RefundRecord,
    RefundStanding, Standing,
};

/// `number`, `scenario`, `owner`, `payer`, `case_id`, `lines`, `total`, `reserved`, `returned`, `state`, `created_at`,
/// `expires_at`, `ended_at`, `paid_by`, `channel`.
type NoticeRow = (
    String,
    String,
    String,
    String,
    Option<String>,
    String,
    i64,
    i64,
    i64,
    String,
    i64,
    i64,
    Option<i64>,
    Option<String>,
    Option<String>,
);

/// `id`, `notice`, `channel`, `amount`, `state`, `qr`, `created_at`, `expires_at`, `transaction_id`, `paid_at`,
/// `check_at`, `checks`.
pub(super) type OrderRow =
    (String, String, String, i64, String, Option<String>, i64, i64, Option<String>, Option<i64>, Option<i64>, i64);

/// `id`, `notice`, `order_id`, `channel`, `amount`, `total`, `reason`, `state`, `requester`, `approver`, `late`,
/// `created_at`, `done_at`, `transaction_id`, `check_at`, `checks`.
pub(super) type RefundRow = (
    String,
    String,
    String,
    String,
    i64,
    i64,
    String,
    String,
    Option<String>,
    Option<String>,
    i64,
    i64,
    Option<i64>,
    Option<String>,
    Option<i64>,
    i64,
);

const NOTICE: &str = "SELECT number, scenario, owner, payer, case_id, lines, total, reserved, returned, state, \
                      created_at, expires_at, ended_at, paid_by, channel FROM payment_notices WHERE number = $1";
const ORDER: &str = "SELECT id, notice, channel, amount, state, qr, created_at, expires_at, transaction_id, paid_at, \
                     check_at, checks FROM payment_orders WHERE id = $1";
const LATEST: &str = "SELECT id, notice, channel, amount, state, qr, created_at, expires_at, transaction_id, paid_at, \
                      check_at, checks FROM payment_orders WHERE notice = $1 ORDER BY id DESC LIMIT 1";
const LIVE: &str = "SELECT id, notice, channel, amount, state, qr, created_at, expires_at, transaction_id, paid_at, \
                    check_at, checks FROM payment_orders WHERE notice = $1 AND state IN ('preparing', 'open')";
const REFUND: &str = "SELECT id, notice, order_id, channel, amount, total, reason, state, requester, approver, late, \
                      created_at, done_at, transaction_id, check_at, checks FROM payment_refunds WHERE id = $1";
const REFUNDS: &str = "SELECT id, notice, order_id, channel, amount, total, reason, state, requester, approver, late, \
                       created_at, done_at, transaction_id, check_at, checks FROM payment_refunds \
                       WHERE notice = $1 ORDER BY id";

/// Takes the notice: until the transaction ends, nobody else changes it, its orders or its refunds.
pub(super) async fn lock(write: &mut WriteTransaction, number: &NoticeNumber) -> Result<Option<Notice>, PaymentError> {
    let sql = "UPDATE payment_notices SET locks = locks + 1 WHERE number = $1";
    let taken = sqlx::query(sql).bind(number.as_str()).execute(&mut **write).await?;
    match taken.rows_affected() {
        0 => Ok(None),
        _ => notice(&mut **write, number).await,
    }
}

pub(super) async fn notice<'e>(
    database: impl Executor<'e, Database = Any>,
    number: &NoticeNumber,
) -> Result<Option<Notice>, PaymentError> {
    let row: Option<NoticeRow> = sqlx::query_as(NOTICE).bind(number.as_str()).fetch_optional(database).await?;
    Ok(row.map(to_notice).transpose()?)
}

pub(super) async fn order<'e>(
    database: impl Executor<'e, Database = Any>,
    id: OrderId,
) -> Result<Option<OrderRecord>, PaymentError> {
    let row: Option<OrderRow> = sqlx::query_as(ORDER).bind(id.to_string()).fetch_optional(database).await?;
    Ok(row.map(to_order).transpose()?)
}

pub(super) async fn latest_order<'e>(
    database: impl Executor<'e, Database = Any>,
    number: &NoticeNumber,
) -> Result<Option<OrderRecord>, PaymentError> {
    let row: Option<OrderRow> = sqlx::query_as(LATEST).bind(number.as_str()).fetch_optional(database).await?;
    Ok(row.map(to_order).transpose()?)
}

pub(super) async fn live_order<'e>(
    database: impl Executor<'e, Database = Any>,
    number: &NoticeNumber,
) -> Result<Option<OrderRecord>, PaymentError> {
    let row: Option<OrderRow> = sqlx::query_as(LIVE).bind(number.as_str()).fetch_optional(database).await?;
    Ok(row.map(to_order).transpose()?)
}

pub(super) async fn refund<'e>(
    database: impl Executor<'e, Database = Any>,
    id: RefundId,
) -> Result<Option<RefundRecord>, PaymentError> {
    let row: Option<RefundRow> = sqlx::query_as(REFUND).bind(id.to_string()).fetch_optional(database).await?;
    Ok(row.map(to_refund).transpose()?)
}

pub(super) async fn refunds<'e>(
    database: impl Executor<'e, Database = Any>,
    number: &NoticeNumber,
) -> Result<Vec<RefundRecord>, PaymentError> {
    let rows: Vec<RefundRow> = sqlx::query_as(REFUNDS).bind(number.as_str()).fetch_all(database).await?;
    Ok(rows.into_iter().map(to_refund).collect::<Result<_, _>>()?)
}

fn to_notice(row: NoticeRow) -> Result<Notice, StoreError> {
    let (
        number,
        scenario,
        owner,
        payer,
        case,
        lines,
        total,
        reserved,
        returned,
        state,
        created,
        expires,
        ended,
        by,
        channel,
    ) = row;
    Ok(Notice {
        number: number.parse().map_err(|_| corrupt("payment_notices.number"))?,
        scenario: scenario.parse().map_err(|_| corrupt("payment_notices.scenario"))?,
        owner: owner.parse().map_err(|_| corrupt("payment_notices.owner"))?,
        payer: payer.parse().map_err(|_| corrupt("payment_notices.payer"))?,
        case,
        lines: serde_json::from_str(&lines).map_err(|_| corrupt("payment_notices.lines"))?,
        total: fen(total)?,
        reserved,
        returned,
        standing: Standing::parse(&state).ok_or_else(|| corrupt("payment_notices.state"))?,
        created_at: time(created)?,
        expires_at: time(expires)?,
        ended_at: ended.map(time).transpose()?,
        paid_by: by.map(|id| id.parse().map_err(|_| corrupt("payment_notices.paid_by"))).transpose()?,
        channel,
    })
}

pub(super) fn to_order(row: OrderRow) -> Result<OrderRecord, StoreError> {
    let (id, notice, channel, amount, state, qr, created, expires, transaction, paid, check, checks) = row;
    Ok(OrderRecord {
        id: id.parse().map_err(|_| corrupt("payment_orders.id"))?,
        notice: notice.parse().map_err(|_| corrupt("payment_orders.notice"))?,
        channel,
        amount: fen(amount)?,
        standing: OrderStanding::parse(&state).ok_or_else(|| corrupt("payment_orders.state"))?,
        qr,
        created_at: time(created)?,
        expires_at: time(expires)?,
        transaction,
        paid_at: paid.map(time).transpose()?,
        check_at: check.map(time).transpose()?,
        checks,
    })
}

pub(super) fn to_refund(row: RefundRow) -> Result<RefundRecord, StoreError> {
    let (
        id,
        notice,
        order,
        channel,
        amount,
        total,
        reason,
        state,
        requester,
        approver,
        late,
        created,
        done,
        transaction,
        check,
        checks,
    ) = row;
    let account = |id: String| id.parse().map_err(|_| corrupt("payment_refunds account"));
    Ok(RefundRecord {
        id: id.parse().map_err(|_| corrupt("payment_refunds.id"))?,
        notice: notice.parse().map_err(|_| corrupt("payment_refunds.notice"))?,
        order: order.parse().map_err(|_| corrupt("payment_refunds.order_id"))?,
        channel,
        amount: fen(amount)?,
        total: fen(total)?,
        reason,
        standing: RefundStanding::parse(&state).ok_or_else(|| corrupt("payment_refunds.state"))?,
        requester: requester.map(account).transpose()?,
        approver: approver.map(account).transpose()?,
        late: late == 1,
        created_at: time(created)?,
        done_at: done.map(time).transpose()?,
        transaction,
        check_at: check.map(time).transpose()?,
        checks,
    })
}

pub(super) fn corrupt(what: &'static str) -> StoreError {
    StoreError::corrupt(what, "it can't be parsed")
}

pub(super) fn fen(amount: i64) -> Result<Fen, StoreError> {
    Fen::new(amount).ok_or_else(|| corrupt("payment amount"))
}

pub(super) fn time(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|_| corrupt("payment time"))
}
