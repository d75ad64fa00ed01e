//! What waits: orders and refunds that nobody told us the end of, notices whose days are over; and what a day's bill is
//! held against.

use jiff::{SignedDuration, civil::Date};
use zhongtai_kernel::Timestamp;

use super::{
    Treasury,
    rows::{self, OrderRow, RefundRow},
};
use crate::{Fen, NoticeNumber, OrderRecord, PaymentError, RefundRecord};

/// Who takes something to look at has it so long; then another host may.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// The first wait after a look that told nothing, and the longest.
const WAITS: (i64, i64) = (15, 900);

/// Money that moved on a day, by the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// The order.
    pub order: String,
    /// The refund, where it is one.
    pub refund: Option<String>,
    /// The gateway's own number.
    pub transaction: String,
    /// How much.
    pub amount: Fen,
}

/// A day that was reconciled.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DayReport {
    /// The gateway's name.
    pub channel: String,
    /// The day, UTC+8.
    pub day: Date,
    /// Rows of the bill.
    pub rows: i64,
    /// Rows that the ledger has, too.
    pub matched: i64,
    /// Differences: each is a ticket.
    pub differences: i64,
}

// === impl Treasury ===

impl Treasury {
    /// Takes orders that are due to be looked at; nobody else gets them for a minute.
    pub async fn take_orders(&self, most: i64) -> Result<Vec<OrderRecord>, PaymentError> {
        let now = self.now();
        let sql = "SELECT id, notice, channel, amount, state, qr, created_at, expires_at, transaction_id, paid_at, \
                   check_at, checks FROM payment_orders WHERE check_at IS NOT NULL AND check_at <= $1 \
                   ORDER BY check_at LIMIT $2";
        let rows: Vec<OrderRow> =
            sqlx::query_as(sql).bind(now.as_millisecond()).bind(most).fetch_all(self.store().pool()).await?;
        let mut taken = Vec::new();
        for row in rows {
            let order = rows::to_order(row)?;
            if self.lease("payment_orders", &order.id.to_string(), order.check_at, now).await? {
                taken.push(order);
            }
        }
        Ok(taken)
    }

    /// The same with refunds.
    pub async fn take_refunds(&self, most: i64) -> Result<Vec<RefundRecord>, PaymentError> {
        let now = self.now();
        let sql = "SELECT id, notice, order_id, channel, amount, total, reason, state, requester, approver, late, \
                   created_at, done_at, transaction_id, check_at, checks FROM payment_refunds \
                   WHERE check_at IS NOT NULL AND check_at <= $1 ORDER BY check_at LIMIT $2";
        let rows: Vec<RefundRow> =
            sqlx::query_as(sql).bind(now.as_millisecond()).bind(most).fetch_all(self.store().pool()).await?;
        let mut taken = Vec::new();
        for row in rows {
            let refund = rows::to_refund(row)?;
            if self.lease("payment_refunds", &refund.id.to_string(), refund.check_at, now).await? {
                taken.push(refund);
            }
        }
        Ok(taken)
    }

    async fn lease(
        &self,
        table: &'static str,
        id: &str,
        seen: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, PaymentError> {
        let sql = match table {
            "payment_orders" => {
                "UPDATE payment_orders SET check_at = $3, checks = checks + 1 WHERE id = $1 AND check_at = $2"
            }
            _ => "UPDATE payment_refunds SET check_at = $3, checks = checks + 1 WHERE id = $1 AND check_at = $2",
        };
        let until = later(now, LEASE);
        let done = sqlx::query(sql)
            .bind(id)
            .bind(seen.map(Timestamp::as_millisecond))
            .bind(until.as_millisecond())
            .execute(self.store().pool())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Nothing is known yet of an order: it is looked at again, later each time.
    pub async fn order_later(&self, order: &OrderRecord) -> Result<(), PaymentError> {
        let at = later(self.now(), wait(order.checks));
        let sql = "UPDATE payment_orders SET check_at = $2 WHERE id = $1 AND check_at IS NOT NULL";
        sqlx::query(sql).bind(order.id.to_string()).bind(at.as_millisecond()).execute(self.store().pool()).await?;
        Ok(())
    }

    /// Nobody looks at an order any more by itself: a ticket says why.
    pub async fn order_never(&self, order: &OrderRecord) -> Result<(), PaymentError> {
        let sql = "UPDATE payment_orders SET check_at = NULL WHERE id = $1 AND state = 'late'";
        sqlx::query(sql).bind(order.id.to_string()).execute(self.store().pool()).await?;
        Ok(())
    }

    /// The same of a refund: it is asked about again, later each time.
    pub async fn refund_later(&self, refund: &RefundRecord) -> Result<(), PaymentError> {
        let at = later(self.now(), wait(refund.checks));
        let sql = "UPDATE payment_refunds SET check_at = $2 WHERE id = $1 AND state = 'sending'";
        sqlx::query(sql).bind(refund.id.to_string()).bind(at.as_millisecond()).execute(self.store().pool()).await?;
        Ok(())
    }

    /// Notices that nobody paid in time.
    pub async fn expired(&self, most: i64) -> Result<Vec<NoticeNumber>, PaymentError> {
        let sql = "SELECT number FROM payment_notices WHERE state = 'due' AND expires_at <= $1 \
                   ORDER BY expires_at LIMIT $2";
        let numbers: Vec<String> =
            sqlx::query_scalar(sql).bind(self.now().as_millisecond()).bind(most).fetch_all(self.store().pool()).await?;
        numbers.into_iter().map(|number| number.parse()).collect()
    }

    /// What a gateway took and gave back on a day, by the ledger.
    pub async fn money_of(&self, channel: &str, day: Date) -> Result<Vec<Money>, PaymentError> {
        let (from, to) = bounds(day)?;
        let sql = "SELECT id, CAST(NULL AS TEXT), transaction_id, amount FROM payment_orders WHERE channel = $1 \
                   AND paid_at >= $2 AND paid_at < $3 AND state IN ('paid', 'late') \
                   UNION ALL SELECT order_id, id, transaction_id, amount FROM payment_refunds WHERE channel = $1 \
                   AND done_at >= $2 AND done_at < $3 AND state = 'done'";
        let rows: Vec<(String, Option<String>, Option<String>, i64)> =
            sqlx::query_as(sql).bind(channel).bind(from).bind(to).fetch_all(self.store().pool()).await?;
        let money = |(order, refund, transaction, amount): (String, _, Option<String>, i64)| {
            Ok(Money { order, refund, transaction: transaction.unwrap_or_default(), amount: rows::fen(amount)? })
        };
        rows.into_iter().map(money).collect()
    }

    /// Remembers that a day was reconciled.
    pub async fn reconciled(&self, report: &DayReport) -> Result<(), PaymentError> {
        let sql = "INSERT INTO payment_days (channel, day, at, bill_rows, matched, differences) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (channel, day) DO UPDATE SET at = excluded.at, \
                   bill_rows = excluded.bill_rows, matched = excluded.matched, differences = excluded.differences";
        sqlx::query(sql)
            .bind(&report.channel)
            .bind(report.day.to_string())
            .bind(self.now().as_millisecond())
            .bind(report.rows)
            .bind(report.matched)
            .bind(report.differences)
            .execute(self.store().pool())
            .await?;
        Ok(())
    }

    /// True when a day of a channel was reconciled.
    pub async fn is_reconciled(&self, channel: &str, day: Date) -> Result<bool, PaymentError> {
        let sql = "SELECT COUNT(*) FROM payment_days WHERE channel = $1 AND day = $2";
        let count: i64 =
            sqlx::query_scalar(sql).bind(channel).bind(day.to_string()).fetch_one(self.store().pool()).await?;
        Ok(count > 0)
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// 15 s, 30 s, a minute, ... a quarter of an hour.
fn wait(checks: i64) -> SignedDuration {
    let (first, most) = WAITS;
    let doublings = u32::try_from(checks.clamp(0, 10)).unwrap_or_default();
    SignedDuration::from_secs(first.saturating_mul(1 << doublings).min(most))
}

/// Milliseconds: the first of the day and the first of the next, UTC+8.
fn bounds(day: Date) -> Result<(i64, i64), PaymentError> {
    let invalid = |_| PaymentError::invalid("date", "a day of this calendar");
    let zone = jiff::tz::offset(8).to_time_zone();
    let start = |day: Date| day.to_zoned(zone.clone()).map(|at| at.timestamp().as_millisecond());
    Ok((start(day).map_err(invalid)?, day.tomorrow().and_then(start).map_err(invalid)?))
}
