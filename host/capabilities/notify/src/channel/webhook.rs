use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, StatusCode, header::CONTENT_TYPE, redirect::Policy};
use serde::Serialize;
use sha2::Sha256;
use zhongtai_kernel::Clock;

use crate::{
    Address, Channel, ConfigError, DeliveryError, Outgoing, WebhookConfig,
    config::{crypto_is_there, read_secret},
};

/// From connecting to the last byte of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The header that proves who sent it: `t=<unix seconds>,v1=<hex of HMAC-SHA-256 over "<t>.<body>">`.
const SIGNATURE: &str = "zhongtai-signature";

/// A shorter secret could be guessed.
const MIN_SECRET_BYTES: usize = 32;

/// A signed HTTP request to a system of the department.
pub struct Webhook {
    client: Client,
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
    /// Reads the secret and sets the client up. A process-wide rustls provider must be installed before.
    pub fn new(config: &WebhookConfig, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        crypto_is_there()?;
        let secret = read_secret("webhook.secret_file", &config.secret_file)?;
        if secret.len() < MIN_SECRET_BYTES {
            return Err(ConfigError::value("webhook.secret_file", "expected a secret of 32 bytes or more"));
        }
        let key = Hmac::new_from_slice(secret.as_bytes())
            .map_err(|_| ConfigError::value("webhook.secret_file", "the secret can't be used"))?;
        // A redirect would carry a message to where no operator sent it.
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(TIMEOUT)
            .no_proxy()
            .build()
            .map_err(|_| ConfigError::value("webhook", "the HTTP client can't be set up"))?;
        Ok(Self { client, key, clock })
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
    async fn deliver(&self, message: &Outgoing) -> Result<(), DeliveryError> {
        let Address::Webhook(url) = &message.address else {
            return Err(DeliveryError::Permanent("not a URL".to_owned()));
        };
        let payload = Payload { id: message.id.to_string(), title: &message.text.title, body: &message.text.body };
        let body = serde_json::to_vec(&payload)
            .map_err(|_| DeliveryError::Permanent("the message can't be written as JSON".to_owned()))?;
        let request = self
            .client
            .post(url.url().clone())
            .header(CONTENT_TYPE, "application/json")
            .header(SIGNATURE, self.signature(&body))
            .body(body);
        let response = request.send().await.map_err(|error| unreachable(&error))?;
        judge(response.status())
    }
}

/// Our own words: the error's would quote the URL.
fn unreachable(error: &reqwest::Error) -> DeliveryError {
    let reason = if error.is_timeout() { "the receiver does not answer in time" } else { "no connection" };
    DeliveryError::Temporary(reason.to_owned())
}

fn judge(status: StatusCode) -> Result<(), DeliveryError> {
    let reason = format!("HTTP {}", status.as_u16());
    let is_temporary =
        status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    match status.is_success() {
        true => Ok(()),
        false if is_temporary => Err(DeliveryError::Temporary(reason)),
        false => Err(DeliveryError::Permanent(reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_decides_what_becomes_of_a_message() {
        let outcome = |code: u16| judge(StatusCode::from_u16(code).unwrap());
        for code in [200, 202, 204] {
            assert_eq!(outcome(code), Ok(()));
        }
        for code in [408, 429, 500, 503] {
            assert_eq!(outcome(code), Err(DeliveryError::Temporary(format!("HTTP {code}"))));
        }
        for code in [301, 307, 400, 401, 404, 410] {
            assert_eq!(outcome(code), Err(DeliveryError::Permanent(format!("HTTP {code}"))));
        }
    }
}
