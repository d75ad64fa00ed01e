//! Rows of the desk's file as values.

use sqlx::{Row, any::AnyRow};
use zhongtai_kernel::Timestamp;

use crate::CashDeskError;

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Paid,
    Closed,
}

/// An order as it stands now.
#[derive(Debug, Clone)]
pub(crate) struct OrderRow {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) amount: i64,
    pub(crate) subject: String,
    pub(crate) state: State,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) transaction: Option<String>,
    pub(crate) paid_at: Option<Timestamp>,
}

/// A refund as it stands.
#[derive(Debug, Clone)]
pub(crate) struct RefundRow {
    pub(crate) id: String,
    pub(crate) order: String,
    pub(crate) amount: i64,
    pub(crate) failed_because: Option<String>,
    pub(crate) transaction: Option<String>,
    pub(crate) at: Timestamp,
}

pub(crate) const ORDER_COLUMNS: &str =
    "id, token, amount, subject, state, created_at, expires_at, transaction_no, paid_at";

pub(crate) const REFUND_COLUMNS: &str = "id, order_id, amount, failed_because, transaction_no, at";

// === impl State ===

impl State {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Closed => "closed",
        }
    }
}

// === impl OrderRow ===

impl OrderRow {
    /// `now` in milliseconds: an order that has expired is closed, whether somebody noticed or not.
    pub(crate) fn read(row: &AnyRow, now: i64) -> Result<Self, CashDeskError> {
        let expires: i64 = row.try_get(6)?;
        let state = match row.try_get::<String, _>(4)?.as_str() {
            "paid" => State::Paid,
            "open" if now < expires => State::Open,
            _ => State::Closed,
        };
        Ok(Self {
            id: row.try_get(0)?,
            token: row.try_get(1)?,
            amount: row.try_get(2)?,
            subject: row.try_get(3)?,
            state,
            created_at: time(row.try_get(5)?)?,
            expires_at: time(expires)?,
            transaction: row.try_get(7)?,
            paid_at: row.try_get::<Option<i64>, _>(8)?.map(time).transpose()?,
        })
    }
}

// === impl RefundRow ===

impl RefundRow {
    pub(crate) fn read(row: &AnyRow) -> Result<Self, CashDeskError> {
        Ok(Self {
            id: row.try_get(0)?,
            order: row.try_get(1)?,
            amount: row.try_get(2)?,
            failed_because: row.try_get(3)?,
            transaction: row.try_get(4)?,
            at: time(row.try_get(5)?)?,
        })
    }
}

fn time(millis: i64) -> Result<Timestamp, CashDeskError> {
    Timestamp::from_millisecond(millis).map_err(|_| CashDeskError::Row("a time is out of range"))
}
