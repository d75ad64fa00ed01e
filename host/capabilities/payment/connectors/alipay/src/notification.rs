//! What Alipay says by itself (异步通知): a form, signed over its sorted fields.

use jiff::SignedDuration;
use zhongtai_cap_payment::{Callback, CallbackAnswer, CallbackError, Payment, yuan};

use crate::{Alipay, sheet::Sheet, time};

/// Alipay repeats a notification for 25 hours; it may come with the time of the first one.
const OLDEST: SignedDuration = SignedDuration::from_hours(48);

/// How far Alipay's clock may be before ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(15);

// === impl Alipay ===

impl Alipay {
    /// Verifies and reads it. Amounts and orders are for the ledger to compare; the merchant is compared here.
    pub(crate) fn read_notification(&self, body: &[u8]) -> Result<Callback, CallbackError> {
        let sheet = Sheet::of_form(body).ok_or(CallbackError::Malformed)?;
        if sheet.get("sign_type") != Some("RSA2") || !sheet.is_signed_by(&self.alipay_key) {
            return Err(CallbackError::Forged);
        }
        let field = |name| sheet.get(name).ok_or(CallbackError::Malformed);
        if field("app_id")? != self.app_id || field("seller_id")? != self.seller_id {
            return Err(CallbackError::Malformed);
        }
        let age = time::read(field("notify_time")?).map(|sent| self.clock.now().duration_since(sent));
        let age = age.ok_or(CallbackError::Malformed)?;
        if age > OLDEST || age < -AHEAD {
            return Err(CallbackError::Stale);
        }
        // A refund's notification says how much went back altogether: what became of which refund is asked.
        let is_refund = sheet.get("gmt_refund").is_some() || sheet.get("refund_fee").is_some();
        if is_refund || !matches!(field("trade_status")?, "TRADE_SUCCESS" | "TRADE_FINISHED") {
            return Ok(Callback::Nothing);
        }
        let payment = Payment {
            amount: yuan::to_fen(field("total_amount")?).ok_or(CallbackError::Malformed)?,
            currency: sheet.get("trans_currency").unwrap_or("CNY").to_owned(),
            transaction: Some(field("trade_no")?)
                .filter(|number| number.len() <= 64 && !number.is_empty())
                .ok_or(CallbackError::Malformed)?
                .to_owned(),
            at: time::read(field("gmt_payment")?).ok_or(CallbackError::Malformed)?,
        };
        Ok(Callback::Paid { order: field("out_trade_no")?.to_owned(), payment })
    }
}

/// `success` ends it; anything else makes Alipay send the notification again.
pub(crate) fn answer(status: u16, word: &str) -> CallbackAnswer {
    CallbackAnswer { status, content_type: "text/plain", body: word.as_bytes().to_vec() }
}
