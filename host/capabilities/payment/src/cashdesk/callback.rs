//! What the desk says by itself.

use serde::Deserialize;
use zhongtai_kernel::Timestamp;

use super::{
    CashDesk, SKEW,
    sign::{NONCE, SIGNATURE, TIMESTAMP},
};
use crate::{Callback, CallbackAnswer, CallbackError, Headers, Payment, RefundState, Refunded};

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Message {
    Paid {
        order: String,
        amount: i64,
        currency: String,
        transaction: String,
        at: Timestamp,
    },
    Refunded {
        refund: String,
        amount: i64,
        transaction: String,
        at: Timestamp,
    },
    #[serde(other)]
    Other,
}

// === impl CashDesk ===

impl CashDesk {
    /// Signed by the desk, now, and for the first time.
    pub(super) fn verified(&self, headers: &Headers, body: &[u8]) -> Result<(), CallbackError> {
        let header = |name| headers.get(name).ok_or(CallbackError::Forged);
        let (timestamp, nonce, signature) = (header(TIMESTAMP)?, header(NONCE)?, header(SIGNATURE)?);
        if !self.key.signed_callback(timestamp, nonce, body, signature) {
            return Err(CallbackError::Forged);
        }
        let now = self.clock.now();
        let sent = timestamp.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        let sent = sent.ok_or(CallbackError::Malformed)?;
        if now.duration_since(sent).abs() > SKEW || !self.seen.is_new(nonce, now) {
            return Err(CallbackError::Stale);
        }
        Ok(())
    }
}

pub(super) fn read(body: &[u8]) -> Result<Callback, CallbackError> {
    match serde_json::from_slice(body).map_err(|_| CallbackError::Malformed)? {
        Message::Paid { order, amount, currency, transaction, at } => {
            Ok(Callback::Paid { order, payment: Payment { amount, currency, transaction, at } })
        }
        Message::Refunded { refund, amount, transaction, at } => {
            Ok(Callback::Refund { refund, state: RefundState::Done(Refunded { amount, transaction, at }) })
        }
        Message::Other => Ok(Callback::Nothing),
    }
}

pub(super) fn answer(status: u16, code: &str) -> CallbackAnswer {
    let body = format!("{{\"code\":\"{code}\"}}").into_bytes();
    CallbackAnswer { status, content_type: "application/json", body }
}
