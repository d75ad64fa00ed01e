//! The bill of a day, UTC+8: every payment and refund of it. The running day's is what there is so far.

use jiff::{Span, civil::Date, tz};
use serde::Serialize;
use sqlx::Row as _;
use zhongtai_kernel::Timestamp;

use crate::{CashDeskError, state::Shared};

/// China has one time, all year.
pub(crate) const CHINA: tz::Offset = tz::offset(8);

#[derive(Serialize)]
pub(crate) struct Bill {
    day: Date,
    rows: Vec<BillRow>,
}

#[derive(Serialize)]
struct BillRow {
    order: String,
    refund: Option<String>,
    transaction: String,
    amount: i64,
    at: Timestamp,
}

// === impl Shared ===

impl Shared {
    /// `None` for a day that has not begun.
    pub(crate) async fn bill(&self, day: Date) -> Result<Option<Bill>, CashDeskError> {
        let bound = |day: Date| CHINA.to_timestamp(day.at(0, 0, 0, 0)).map(Timestamp::as_millisecond).ok();
        let next = day.checked_add(Span::new().days(1)).ok();
        let (Some(from), Some(to)) = (bound(day), next.and_then(bound)) else { return Ok(None) };
        if from > self.now() {
            return Ok(None);
        }
        let select = "SELECT id, CAST(NULL AS TEXT), transaction_no, amount, paid_at FROM cashdesk_orders \
                      WHERE state = 'paid' AND paid_at >= $1 AND paid_at < $2 \
                      UNION ALL SELECT order_id, id, transaction_no, amount, at FROM cashdesk_refunds \
                      WHERE failed_because IS NULL AND at >= $1 AND at < $2 ORDER BY 5, 1";
        let rows = sqlx::query(select).bind(from).bind(to).fetch_all(self.store.pool()).await?;
        let read = |row: &sqlx::any::AnyRow| {
            let at = Timestamp::from_millisecond(row.try_get(4)?).map_err(|_| CashDeskError::Row("a time"))?;
            let (order, refund, transaction) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            Ok::<_, CashDeskError>(BillRow { order, refund, transaction, amount: row.try_get(3)?, at })
        };
        Ok(Some(Bill { day, rows: rows.iter().map(read).collect::<Result<_, _>>()? }))
    }
}
