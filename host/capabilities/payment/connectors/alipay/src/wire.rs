//! Alipay's JSON: money in yuan with two decimals, times in China's.

use serde::Deserialize;
use zhongtai_cap_payment::{GatewayError, GatewayState, Payment, RefundState, Refunded, yuan};

use crate::time;

/// What every answer has.
#[derive(Deserialize)]
pub(crate) struct Common {
    pub(crate) code: String,
    pub(crate) sub_code: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Placed {
    pub(crate) out_trade_no: String,
    pub(crate) qr_code: String,
}

#[derive(Deserialize)]
pub(crate) struct Trade {
    pub(crate) out_trade_no: String,
    trade_no: Option<String>,
    trade_status: String,
    total_amount: String,
    trans_currency: Option<String>,
    send_pay_date: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Cancelled {
    pub(crate) out_trade_no: String,
    pub(crate) retry_flag: Option<String>,
    pub(crate) action: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Refund {
    trade_no: Option<String>,
    out_request_no: Option<String>,
    refund_amount: Option<String>,
    refund_status: Option<String>,
    gmt_refund_pay: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct BillPlace {
    pub(crate) bill_download_url: String,
}

impl TryFrom<Trade> for GatewayState {
    type Error = GatewayError;

    /// A trade that was paid and whose money all went back is closed there; here it was paid.
    fn try_from(trade: Trade) -> Result<Self, GatewayError> {
        match (trade.trade_status.as_str(), &trade.send_pay_date) {
            ("WAIT_BUYER_PAY", _) => Ok(Self::Open),
            ("TRADE_CLOSED", None) => Ok(Self::Closed),
            ("TRADE_SUCCESS" | "TRADE_FINISHED" | "TRADE_CLOSED", Some(at)) => Ok(Self::Paid(Payment {
                amount: yuan::to_fen(&trade.total_amount).ok_or_else(unreadable)?,
                currency: trade.trans_currency.unwrap_or_else(|| "CNY".to_owned()),
                at: time::read(at).ok_or_else(unreadable)?,
                transaction: trade.trade_no.filter(|number| is_number(number)).ok_or_else(unreadable)?,
            })),
            _ => Err(unreadable()),
        }
    }
}

// === impl Refund ===

impl Refund {
    /// `wanted` is our number of the refund. Alipay answers an unknown one with nothing.
    pub(crate) fn state(self, wanted: &str) -> Result<RefundState, GatewayError> {
        let Some(number) = self.out_request_no else { return Ok(RefundState::Unknown) };
        if number != wanted {
            return Err(GatewayError::Untrusted("it is about another refund".to_owned()));
        }
        match self.refund_status.as_deref() {
            Some("REFUND_SUCCESS") => {
                let amount = self.refund_amount.as_deref().and_then(yuan::to_fen).ok_or_else(unreadable)?;
                let trade = self.trade_no.filter(|number| is_number(number)).ok_or_else(unreadable)?;
                let at = self.gmt_refund_pay.as_deref().and_then(time::read).ok_or_else(unreadable)?;
                Ok(RefundState::Done(Refunded { amount, transaction: refund_transaction(&trade, &number), at }))
            }
            Some(_) => Ok(RefundState::Processing),
            None if self.refund_amount.is_some() => Ok(RefundState::Processing),
            None => Ok(RefundState::Unknown),
        }
    }
}

/// Alipay has no number of its own for a refund: the trade's and ours together are one.
pub(crate) fn refund_transaction(trade: &str, refund: &str) -> String {
    format!("{trade}-{refund}").chars().take(64).collect()
}

fn is_number(number: &str) -> bool {
    (1..=64).contains(&number.len())
}

pub(crate) fn unreadable() -> GatewayError {
    GatewayError::Untrusted("it can't be read".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trade(text: &str) -> Result<GatewayState, GatewayError> {
        serde_json::from_str::<Trade>(text).unwrap().try_into()
    }

    #[test]
    fn a_trade_that_was_paid_stays_paid_when_its_money_went_back() {
        let paid = r#"{"out_trade_no":"O","trade_no":"T","trade_status":"TRADE_CLOSED","total_amount":"61.50","send_pay_date":"2026-11-27 10:00:00"}"#;
        assert!(matches!(trade(paid), Ok(GatewayState::Paid(payment)) if payment.amount == 6150));
        let closed = r#"{"out_trade_no":"O","trade_no":"T","trade_status":"TRADE_CLOSED","total_amount":"61.50"}"#;
        assert!(matches!(trade(closed), Ok(GatewayState::Closed)));
        let odd = r#"{"out_trade_no":"O","trade_no":"T","trade_status":"TRADE_SUCCESS","total_amount":"61.505","send_pay_date":"2026-11-27 10:00:00"}"#;
        assert!(matches!(trade(odd), Err(GatewayError::Untrusted(_))));
    }
}
