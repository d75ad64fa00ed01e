//! Refunds: each once, together never more than was paid.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::any::AnyRow;
use ulid::Ulid;
use zhongtai_kernel::Timestamp;
use zhongtai_store::WriteTransaction;

use crate::{
    CashDeskError, callbacks,
    rows::{OrderRow, REFUND_COLUMNS, RefundRow, State},
    signed::Refusal,
    state::Shared,
};

/// What the host asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRefund {
    refund: String,
    order: String,
    amount: i64,
    reason: String,
}

/// A refund as the API shows it.
#[derive(Serialize)]
pub(crate) struct RefundNow {
    refund: String,
    order: String,
    state: &'static str,
    amount: i64,
    transaction: Option<String>,
    at: Timestamp,
    why: Option<String>,
}

impl From<RefundRow> for RefundNow {
    fn from(refund: RefundRow) -> Self {
        Self {
            refund: refund.id,
            order: refund.order,
            state: if refund.failed_because.is_some() { "failed" } else { "done" },
            amount: refund.amount,
            transaction: refund.transaction,
            at: refund.at,
            why: refund.failed_because,
        }
    }
}

// === impl NewRefund ===

impl NewRefund {
    fn check(&self) -> Result<(), Refusal> {
        let is_id = |id: &str| (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_id(&self.refund) {
            return Err(Refusal::invalid("refund"));
        }
        if self.amount < 1 {
            return Err(Refusal::invalid("amount"));
        }
        if self.reason.chars().count() > 80 {
            return Err(Refusal::invalid("reason"));
        }
        Ok(())
    }
}

// === impl Shared ===

impl Shared {
    /// Gives money back, or finds the refund that is the same. What is refused stays refused.
    pub(crate) async fn give_back(&self, new: NewRefund) -> Result<RefundRow, Refusal> {
        new.check()?;
        // The write lock first: two refunds of one order don't count each other's money twice.
        let mut write = self.store.begin_write().await.map_err(CashDeskError::from)?;
        if let Some(known) = refund(&mut write, &new.refund).await? {
            if known.order != new.order || known.amount != new.amount {
                return Err(Refusal::conflict("refund-differs"));
            }
            return Ok(known);
        }
        let order = self.order(&new.order).await?.ok_or(Refusal::unknown("unknown-order"))?;
        let failed = self.reason_against(&mut write, &new, &order).await?;
        let done = self.keep(&mut write, &new, failed).await?;
        write.commit().await?;
        self.news.notify_one();
        Ok(done)
    }

    async fn reason_against(
        &self,
        write: &mut WriteTransaction,
        new: &NewRefund,
        order: &OrderRow,
    ) -> Result<Option<&'static str>, CashDeskError> {
        if order.state != State::Paid {
            return Ok(Some("order-not-paid"));
        }
        let sum = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM cashdesk_refunds \
                   WHERE order_id = $1 AND failed_because IS NULL";
        let back: i64 = sqlx::query_scalar(sum).bind(new.order.clone()).fetch_one(&mut **write).await?;
        let fits = back.checked_add(new.amount).is_some_and(|together| together <= order.amount);
        Ok((!fits).then_some("more-than-was-paid"))
    }

    async fn keep(
        &self,
        write: &mut WriteTransaction,
        new: &NewRefund,
        failed: Option<&'static str>,
    ) -> Result<RefundRow, CashDeskError> {
        let at = self.moment();
        let transaction = failed.is_none().then(|| format!("CR{}", Ulid::generate()));
        let insert = "INSERT INTO cashdesk_refunds (id, order_id, amount, reason, failed_because, transaction_no, at) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let insert = sqlx::query(insert).bind(new.refund.clone()).bind(new.order.clone()).bind(new.amount);
        let insert = insert.bind(new.reason.clone()).bind(failed.map(str::to_owned)).bind(transaction.clone());
        insert.bind(at.as_millisecond()).execute(&mut **write).await?;
        if let Some(transaction) = &transaction {
            let message = json!({
                "kind": "refunded", "refund": new.refund, "order": new.order, "amount": new.amount,
                "transaction": transaction, "at": at
            });
            callbacks::put(write, &message, at.as_millisecond()).await?;
        }
        let (id, order, amount) = (new.refund.clone(), new.order.clone(), new.amount);
        Ok(RefundRow { id, order, amount, failed_because: failed.map(str::to_owned), transaction, at })
    }

    /// A refund by its id.
    pub(crate) async fn refund(&self, id: &str) -> Result<Option<RefundRow>, CashDeskError> {
        let row: Option<AnyRow> =
            sqlx::query(sqlx::AssertSqlSafe(select())).bind(id.to_owned()).fetch_optional(self.store.pool()).await?;
        row.map(|row| RefundRow::read(&row)).transpose()
    }
}

fn select() -> String {
    format!("SELECT {REFUND_COLUMNS} FROM cashdesk_refunds WHERE id = $1")
}

async fn refund(write: &mut WriteTransaction, id: &str) -> Result<Option<RefundRow>, CashDeskError> {
    let select = sqlx::query(sqlx::AssertSqlSafe(select())).bind(id.to_owned());
    let row: Option<AnyRow> = select.fetch_optional(&mut **write).await?;
    row.map(|row| RefundRow::read(&row)).transpose()
}
