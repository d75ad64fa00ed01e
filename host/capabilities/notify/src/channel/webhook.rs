use std::sync::Arc;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;
use zhongtai_kernel::Clock;
use zhongtai_outbound::{HeaderName, HeaderValue, Origins, Outbound, OutboundError, Repeat, Request};

use crate::{
    Accepted, Address, Channel, ConfigError, DeliveryError, FailureKind, Outgoing, WebhookConfig, config::read_secret,
};

/// The header that proves who sent it: `t=<unix seconds>,v1=<hex of HMAC-SHA-256 over "<t>.<body>">`.
const SIGNATURE: HeaderName = HeaderName::from_static("zhongtai-signature");

/// A shorter secret could be guessed.
const MIN_SECRET_BYTES: usize = 32;

/// A signed HTTP request to a system of the department.
pub struct Webhook {
    receivers: Origins,
    key: Hmac<Sha256>,
    clock: Arc<dyn Clock>,
}

#[derive(Serialize)]
struct Payload<'a> {
    id: String,
    title: &'a str,
    body: &'a str,
}

// === impl Webhook ===

impl Webhook {
    /// Reads the secret. Each receiver's host is called on its own: one that fails keeps no other from its messages.
    pub fn new(config: &WebhookConfig, outbound: &Outbound, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        let secret = read_secret("webhook.secret_file", &config.secret_file)?;
        if secret.len() < MIN_SECRET_BYTES {
            return Err(ConfigError::value("webhook.secret_file", "expected a secret of 32 bytes or more"));
        }
        let key = Hmac::new_from_slice(secret.as_bytes())
            .map_err(|_| ConfigError::value("webhook.secret_file", "the secret can't be used"))?;
        let receivers = outbound.origins("notify.webhook", &config.receivers)?;
        Ok(Self { receivers, key, clock })
    }

    fn signature(&self, body: &[u8]) -> String {
        let time = self.clock.now().as_second();
        let mut mac = self.key.clone();
        mac.update(format!("{time}.").as_bytes());
        mac.update(body);
        format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
    }
}

#[async_trait]
impl Channel for Webhook {
    async fn deliver(&self, message: &Outgoing) -> Result<Accepted, DeliveryError> {
        let Address::Webhook(url) = &message.address else { return Err(DeliveryError::wrong_address()) };
        let payload = Payload { id: message.id.to_string(), title: &message.text.title, body: &message.text.body };
        let body = serde_json::to_vec(&payload)
            .map_err(|_| DeliveryError::permanent(FailureKind::Content, "the message can't be written as JSON"))?;
        let signature = HeaderValue::try_from(self.signature(&body))
            .map_err(|_| DeliveryError::permanent(FailureKind::Other, "the signature can't be sent"))?;
        let request = Request::post("", "application/json", body).header(SIGNATURE, signature);
        // Once: the outbox tries again, with a new signature.
        match self.receivers.send(url.url(), request, Repeat::Never).await {
            Ok(answer) => judge(answer.status.as_u16()),
            Err(error) => Err(unreachable(&error)),
        }
    }
}

/// Our own words, and a kind that says whether it may work later.
fn unreachable(error: &OutboundError) -> DeliveryError {
    match error {
        OutboundError::TimedOut { .. } => {
            DeliveryError::temporary(FailureKind::Unreachable, "the receiver does not answer in time")
        }
        OutboundError::Resting { .. } => {
            DeliveryError::temporary(FailureKind::Unreachable, "the receiver failed often and is left alone for now")
        }
        OutboundError::Busy { .. } => DeliveryError::temporary(FailureKind::Throttled, "too many calls are under way"),
        OutboundError::Unreachable { reason, .. } => {
            DeliveryError::temporary(FailureKind::Unreachable, format!("no connection: {reason}"))
        }
        OutboundError::BrokenOff { .. } => DeliveryError::temporary(FailureKind::Unreachable, "the answer broke off"),
        OutboundError::TooLarge { .. } => DeliveryError::temporary(FailureKind::Carrier, "the answer is too long"),
        OutboundError::Redirected { status, .. } => {
            DeliveryError::permanent(FailureKind::Other, format!("HTTP {status}"))
        }
        OutboundError::NotAllowed { .. } | OutboundError::Config { .. } => {
            DeliveryError::permanent(FailureKind::NoSuchAddress, "the address is not one that may be called")
        }
    }
}

/// The receiver is the recipient's own system: what it accepts has arrived.
fn judge(status: u16) -> Result<Accepted, DeliveryError> {
    use FailureKind::{Account, Carrier, NoSuchAddress, Other, Refused, Throttled};
    let reason = format!("HTTP {status}");
    match status {
        200..=299 => Ok(Accepted::Delivered),
        429 => Err(DeliveryError::Temporary(Throttled, reason)),
        408 | 500..=599 => Err(DeliveryError::Temporary(Carrier, reason)),
        401 | 403 => Err(DeliveryError::Permanent(Account, reason)),
        404 | 410 => Err(DeliveryError::Permanent(NoSuchAddress, reason)),
        400..=499 => Err(DeliveryError::Permanent(Refused, reason)),
        _ => Err(DeliveryError::Permanent(Other, reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_decides_what_becomes_of_a_message() {
        let outcome = judge;
        for code in [200, 202, 204] {
            assert_eq!(outcome(code), Ok(Accepted::Delivered));
        }
        for (code, kind) in [(408, "carrier"), (429, "throttled"), (500, "carrier"), (503, "carrier")] {
            let kind = kind.parse().unwrap();
            assert_eq!(outcome(code), Err(DeliveryError::Temporary(kind, format!("HTTP {code}"))));
        }
        let permanent = [(304, "other"), (400, "refused"), (401, "account"), (404, "no-such-address")];
        for (code, kind) in permanent.into_iter().chain([(410, "no-such-address")]) {
            let kind = kind.parse().unwrap();
            assert_eq!(outcome(code), Err(DeliveryError::Permanent(kind, format!("HTTP {code}"))));
        }
    }
}
