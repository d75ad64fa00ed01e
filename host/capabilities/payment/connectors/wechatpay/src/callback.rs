//! What WeChat Pay says by itself: signed like an answer, and encrypted.

use serde::Deserialize;
use zhongtai_cap_payment::{Callback, CallbackAnswer, CallbackError, GatewayError, Headers, RefundState};

use crate::{
    WechatPay,
    aead::Sealed,
    platform::{Doubt, Proof},
    wire,
};

#[derive(Deserialize)]
struct Message {
    event_type: String,
    resource: Sealed,
}

// === impl WechatPay ===

impl WechatPay {
    /// Signed by WeChat Pay, now, and for the first time. An unknown certificate is fetched.
    pub(crate) async fn verified(&self, headers: &Headers, body: &[u8]) -> Result<(), CallbackError> {
        let proof = Proof::of(|name| headers.get(name)).ok_or(CallbackError::Forged)?;
        let mut outcome = self.platform.verify(&proof, body, self.clock.now());
        if outcome == Err(Doubt::UnknownKey) {
            match self.learn(proof.serial).await {
                Ok(()) => outcome = self.platform.verify(&proof, body, self.clock.now()),
                Err(error) => {
                    tracing::warn!(gateway = self.name, %error, "a callback can't be verified");
                    return Err(CallbackError::Unverifiable);
                }
            }
        }
        match outcome {
            Ok(()) if self.seen.is_new(proof.nonce, self.clock.now()) => Ok(()),
            Ok(()) | Err(Doubt::Stale) => Err(CallbackError::Stale),
            Err(Doubt::Forged | Doubt::UnknownKey) => Err(CallbackError::Forged),
        }
    }

    pub(crate) fn read_callback(&self, body: &[u8]) -> Result<Callback, CallbackError> {
        let message: Message = serde_json::from_slice(body).map_err(|_| CallbackError::Malformed)?;
        let resource = self.api_key.open(&message.resource).ok_or(CallbackError::Malformed)?;
        match message.event_type.split_once('.') {
            Some(("TRANSACTION", "SUCCESS")) => self.paid(&resource),
            Some(("REFUND", _)) => self.refunded(&resource),
            _ => Ok(Callback::Nothing),
        }
    }

    fn paid(&self, resource: &[u8]) -> Result<Callback, CallbackError> {
        let transaction: wire::Transaction = serde_json::from_slice(resource).map_err(|_| CallbackError::Malformed)?;
        if !self.is_ours(&transaction) {
            return Err(CallbackError::Malformed);
        }
        if transaction.trade_state != "SUCCESS" {
            return Ok(Callback::Nothing);
        }
        let order = transaction.out_trade_no.clone();
        let payment = transaction.payment().ok_or(CallbackError::Malformed)?;
        Ok(Callback::Paid { order, payment })
    }

    fn refunded(&self, resource: &[u8]) -> Result<Callback, CallbackError> {
        let refund: wire::Refund = serde_json::from_slice(resource).map_err(|_| CallbackError::Malformed)?;
        if refund.mchid.as_deref() != Some(self.merchant.id.as_str()) {
            return Err(CallbackError::Malformed);
        }
        let number = refund.out_refund_no.clone();
        match refund.try_into().map_err(|_: GatewayError| CallbackError::Malformed)? {
            RefundState::Processing | RefundState::Unknown => Ok(Callback::Nothing),
            state => Ok(Callback::Refund { refund: number, state }),
        }
    }
}

/// What WeChat Pay wants to hear: 2xx ends it, anything else makes it send the callback again.
pub(crate) fn answer(status: u16, code: &str, message: &str) -> CallbackAnswer {
    let body = serde_json::json!({ "code": code, "message": message }).to_string().into_bytes();
    CallbackAnswer { status, content_type: "application/json", body }
}

pub(crate) fn refused(why: CallbackError) -> CallbackAnswer {
    let status = match why {
        CallbackError::Forged | CallbackError::Stale => 401,
        CallbackError::Malformed => 400,
        CallbackError::Unverifiable | CallbackError::Unavailable => 503,
    };
    answer(status, "FAIL", "失败")
}
