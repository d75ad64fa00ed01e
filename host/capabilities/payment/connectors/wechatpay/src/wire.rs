//! WeChat Pay's JSON. Money is whole fen, time is RFC 3339 with an offset.

use serde::{Deserialize, Serialize};
use zhongtai_cap_payment::{GatewayError, GatewayState, Payment, RefundState, Refunded};
use zhongtai_kernel::Timestamp;

#[derive(Serialize)]
pub(crate) struct NewOrder<'a> {
    pub(crate) appid: &'a str,
    pub(crate) mchid: &'a str,
    pub(crate) description: &'a str,
    pub(crate) out_trade_no: String,
    pub(crate) time_expire: String,
    pub(crate) notify_url: &'a str,
    pub(crate) amount: Amount<'a>,
}

#[derive(Serialize)]
pub(crate) struct Amount<'a> {
    pub(crate) total: i64,
    pub(crate) currency: &'a str,
}

#[derive(Serialize)]
pub(crate) struct NewRefund<'a> {
    pub(crate) out_trade_no: String,
    pub(crate) out_refund_no: String,
    pub(crate) reason: &'a str,
    pub(crate) notify_url: &'a str,
    pub(crate) amount: RefundAmount<'a>,
}

#[derive(Serialize)]
pub(crate) struct RefundAmount<'a> {
    pub(crate) refund: i64,
    pub(crate) total: i64,
    pub(crate) currency: &'a str,
}

#[derive(Deserialize)]
pub(crate) struct Placed {
    pub(crate) code_url: String,
}

#[derive(Deserialize)]
pub(crate) struct Problem {
    pub(crate) code: String,
}

/// A transaction, as an answer and as a callback have it.
#[derive(Deserialize)]
pub(crate) struct Transaction {
    pub(crate) appid: String,
    pub(crate) mchid: String,
    pub(crate) out_trade_no: String,
    pub(crate) trade_state: String,
    transaction_id: Option<String>,
    success_time: Option<Timestamp>,
    amount: Option<Paid>,
}

#[derive(Deserialize)]
struct Paid {
    total: i64,
    /// Left out for the currency of the country, CNY.
    currency: Option<String>,
}

/// A refund, as an answer has it (`status`) and as a callback has it (`refund_status`, `mchid`).
#[derive(Deserialize)]
pub(crate) struct Refund {
    pub(crate) mchid: Option<String>,
    pub(crate) out_refund_no: String,
    refund_id: String,
    #[serde(alias = "refund_status")]
    status: String,
    success_time: Option<Timestamp>,
    amount: Back,
}

#[derive(Deserialize)]
struct Back {
    refund: i64,
}

#[derive(Deserialize)]
pub(crate) struct BillPlace {
    pub(crate) hash_type: String,
    pub(crate) hash_value: String,
    pub(crate) download_url: String,
}

// === impl Transaction ===

impl Transaction {
    pub(crate) fn payment(self) -> Option<Payment> {
        let amount = self.amount?;
        Some(Payment {
            amount: amount.total,
            currency: amount.currency.unwrap_or_else(|| "CNY".to_owned()),
            transaction: self.transaction_id.filter(|id| (1..=64).contains(&id.len()))?,
            at: self.success_time?,
        })
    }
}

impl TryFrom<Transaction> for GatewayState {
    type Error = GatewayError;

    fn try_from(transaction: Transaction) -> Result<Self, GatewayError> {
        match transaction.trade_state.as_str() {
            // It was paid, also when money went back since.
            "SUCCESS" | "REFUND" => transaction.payment().map(Self::Paid).ok_or_else(unreadable),
            // A payment that failed may be tried again until the order expires.
            "NOTPAY" | "USERPAYING" | "ACCEPT" | "PAYERROR" => Ok(Self::Open),
            "CLOSED" | "REVOKED" => Ok(Self::Closed),
            _ => Err(unreadable()),
        }
    }
}

impl TryFrom<Refund> for RefundState {
    type Error = GatewayError;

    fn try_from(refund: Refund) -> Result<Self, GatewayError> {
        match refund.status.as_str() {
            "SUCCESS" => {
                let at = refund.success_time.ok_or_else(unreadable)?;
                Ok(Self::Done(Refunded { amount: refund.amount.refund, transaction: refund.refund_id, at }))
            }
            "PROCESSING" => Ok(Self::Processing),
            // The payer's card is gone: somebody sends the money another way in the merchant's console, and then it is
            // done.
            "ABNORMAL" => {
                tracing::warn!(refund = refund.out_refund_no, "a refund waits for a person in the merchant's console");
                Ok(Self::Processing)
            }
            "CLOSED" => Ok(Self::Failed("CLOSED".to_owned())),
            _ => Err(unreadable()),
        }
    }
}

pub(crate) fn unreadable() -> GatewayError {
    GatewayError::Untrusted("it can't be read".to_owned())
}
