//! The desk's JSON. Money is whole fen, time is RFC 3339.

use serde::{Deserialize, Serialize};
use zhongtai_kernel::Timestamp;

use crate::{
    BillKind, BillRow, CURRENCY, GatewayError, GatewayState, Order, Payment, RefundOrder, RefundState, Refunded,
};

#[derive(Serialize)]
pub(super) struct NewOrder<'o> {
    order: String,
    amount: i64,
    currency: &'static str,
    subject: &'o str,
    expires_at: Timestamp,
}

#[derive(Deserialize)]
pub(super) struct Placed {
    pub(super) qr: String,
}

#[derive(Deserialize)]
pub(super) struct Problem {
    pub(super) code: String,
}

/// An order as it stands.
#[derive(Deserialize)]
pub(super) struct OrderNow {
    state: String,
    amount: i64,
    currency: String,
    transaction: Option<String>,
    paid_at: Option<Timestamp>,
}

#[derive(Serialize)]
pub(super) struct NewRefund<'r> {
    refund: String,
    order: String,
    amount: i64,
    reason: &'r str,
}

/// A refund as it stands.
#[derive(Deserialize)]
pub(super) struct Refund {
    state: String,
    amount: i64,
    transaction: Option<String>,
    at: Timestamp,
    why: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Bill {
    pub(super) rows: Vec<Row>,
}

#[derive(Deserialize)]
pub(super) struct Row {
    order: String,
    refund: Option<String>,
    transaction: String,
    amount: i64,
    at: Timestamp,
}

fn unreadable() -> GatewayError {
    GatewayError::Untrusted("it can't be read".to_owned())
}

impl<'o> From<&'o Order> for NewOrder<'o> {
    fn from(order: &'o Order) -> Self {
        Self {
            order: order.id.to_string(),
            amount: order.amount.get(),
            currency: CURRENCY,
            subject: &order.subject,
            expires_at: order.expires_at,
        }
    }
}

impl<'r> From<&'r RefundOrder> for NewRefund<'r> {
    fn from(refund: &'r RefundOrder) -> Self {
        Self {
            refund: refund.id.to_string(),
            order: refund.order.to_string(),
            amount: refund.amount.get(),
            reason: &refund.reason,
        }
    }
}

impl TryFrom<OrderNow> for GatewayState {
    type Error = GatewayError;

    fn try_from(order: OrderNow) -> Result<Self, GatewayError> {
        match (order.state.as_str(), order.transaction, order.paid_at) {
            ("open", ..) => Ok(Self::Open),
            ("closed", ..) => Ok(Self::Closed),
            ("paid", Some(transaction), Some(at)) => {
                Ok(Self::Paid(Payment { amount: order.amount, currency: order.currency, transaction, at }))
            }
            _ => Err(unreadable()),
        }
    }
}

impl TryFrom<Refund> for RefundState {
    type Error = GatewayError;

    fn try_from(refund: Refund) -> Result<Self, GatewayError> {
        match (refund.state.as_str(), refund.transaction) {
            ("done", Some(transaction)) => {
                Ok(Self::Done(Refunded { amount: refund.amount, transaction, at: refund.at }))
            }
            ("failed", _) => Ok(Self::Failed(refund.why.unwrap_or_default().chars().take(200).collect())),
            _ => Err(unreadable()),
        }
    }
}

impl From<Row> for BillRow {
    fn from(row: Row) -> Self {
        let kind = row.refund.map_or(BillKind::Payment, BillKind::Refund);
        Self { kind, order: row.order, transaction: row.transaction, amount: row.amount, at: row.at }
    }
}
