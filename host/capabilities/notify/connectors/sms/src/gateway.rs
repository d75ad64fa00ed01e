use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderName;
use serde::{Deserialize, Serialize};
use zhongtai_cap_notify::{
    Accepted, Address, Callback, CallbackAnswer, CallbackError, CarrierId, Channel, DeliveryError, FailureKind,
    Outcome, Outgoing, Receipt,
};
use zhongtai_kernel::Clock;
use zhongtai_outbound::{Outbound, Repeat, Request, System};

use crate::{
    GatewayConfig, GatewayConfigError,
    signature::{Signed, Signer, nonce},
};

/// A shorter key could be guessed.
const LEAST_KEY_BYTES: usize = 32;

/// Receipts in one callback; a gateway that sends more is not well.
const MOST_RECEIPTS: usize = 500;

const MESSAGES: &str = "/v1/messages";

/// An HTTP gateway that speaks the protocol of the README.
pub struct Gateway {
    system: System,
    signer: Signer,
    sign: String,
    window_s: u32,
    clock: Arc<dyn Clock>,
}

/// `POST /v1/messages`. Personal data: no `Debug`.
#[derive(Serialize)]
struct Message<'a> {
    id: String,
    to: &'a str,
    sign: &'a str,
    text: &'a str,
}

#[derive(Deserialize)]
struct Taken {
    message_id: String,
}

#[derive(Deserialize)]
struct Refused {
    code: String,
}

#[derive(Deserialize)]
struct WireReceipts {
    receipts: Vec<WireReceipt>,
}

#[derive(Deserialize)]
struct WireReceipt {
    message_id: String,
    status: String,
    code: Option<String>,
}

// === impl Gateway ===

impl Gateway {
    /// Reads the key, and connects when there is something to send.
    pub fn new(config: &GatewayConfig, outbound: &Outbound, clock: Arc<dyn Clock>) -> Result<Self, GatewayConfigError> {
        config.check()?;
        let key = config.key.read_key("notify.sms.gateway.key", LEAST_KEY_BYTES)?;
        let system = outbound.system("notify.sms.gateway", &config.system)?;
        let (sign, window_s) = (config.sign.clone(), config.window_s);
        Ok(Self { system, signer: Signer::new(key, config.account.clone()), sign, window_s, clock })
    }

    /// Sends once: the outbox comes again with the same id, and is signed anew then. Believes a signed answer only.
    async fn post(&self, body: Vec<u8>) -> Result<(u16, Vec<u8>), DeliveryError> {
        let unreachable = |reason: String| DeliveryError::temporary(FailureKind::Unreachable, reason);
        let nonce = nonce().map_err(|error| unreachable(format!("no random bytes: {error}")))?;
        let signed = Signed::Request("POST", MESSAGES);
        let headers = self.signer.headers(signed, (self.clock.now().as_second(), &nonce), &body);
        let headers = headers.ok_or_else(|| unreachable("the request can't be signed".to_owned()))?;
        let mut request = Request::post(MESSAGES, "application/json", body);
        for (name, value) in headers {
            request = request.header(HeaderName::from_static(name), value);
        }
        let answer = self.system.send(request, Repeat::Never).await.map_err(|error| unreachable(error.to_string()))?;
        let status = answer.status.as_u16();
        let now = (self.clock.now(), self.window_s);
        match self.signer.verify(Signed::Answer(status), &answer.headers, &answer.body, now) {
            Ok(answered) if answered == nonce => Ok((status, answer.body.to_vec())),
            Ok(_) | Err(_) => {
                let reason = format!("HTTP {status}, not signed by the gateway");
                Err(DeliveryError::temporary(FailureKind::Account, reason))
            }
        }
    }
}

#[async_trait]
impl Channel for Gateway {
    async fn deliver(&self, message: &Outgoing) -> Result<Accepted, DeliveryError> {
        let Address::Sms(number) = &message.address else { return Err(DeliveryError::wrong_address()) };
        let (to, text) = (number.e164(), message.text.body.as_str());
        let body = serde_json::to_vec(&Message { id: message.id.to_string(), to, sign: &self.sign, text });
        let body = body.map_err(|_| DeliveryError::permanent(FailureKind::Other, "the message can't be written"))?;
        let (status, body) = self.post(body).await?;
        if status != 200 {
            return Err(refused(status, &body));
        }
        // The words say nothing of what was answered: it may quote a number.
        let unreadable = || DeliveryError::temporary(FailureKind::Carrier, "the gateway's answer can't be read");
        let taken: Taken = serde_json::from_slice(&body).map_err(|_| unreadable())?;
        let id = CarrierId::try_from(taken.message_id).map_err(|_| unreadable())?;
        Ok(Accepted::Sent(vec![id]))
    }

    fn callback(&self, callback: &Callback) -> Result<(Vec<Receipt>, CallbackAnswer), CallbackError> {
        let now = (self.clock.now(), self.window_s);
        self.signer.verify(Signed::Callback, &callback.headers, &callback.body, now)?;
        let sent: WireReceipts =
            serde_json::from_slice(&callback.body).map_err(|_| CallbackError::Malformed("the body"))?;
        if sent.receipts.len() > MOST_RECEIPTS {
            return Err(CallbackError::Malformed("the number of receipts"));
        }
        let receipts = sent.receipts.into_iter().filter_map(|one| receipt(one).transpose());
        let answer = CallbackAnswer { content_type: "application/json", body: "{\"code\":\"ok\"}".to_owned() };
        Ok((receipts.collect::<Result<_, _>>()?, answer))
    }
}

/// What a receipt says; nothing when it says that the message is on its way.
fn receipt(one: WireReceipt) -> Result<Option<Receipt>, CallbackError> {
    let id = CarrierId::try_from(one.message_id).map_err(|_| CallbackError::Malformed("message_id"))?;
    let outcome = match one.status.as_str() {
        "DELIVERED" => Outcome::Delivered,
        "FAILED" => {
            let code = one.code.filter(|code| is_code(code)).unwrap_or_else(|| "no code".to_owned());
            Outcome::Failed(kind(&code).unwrap_or(FailureKind::Carrier), format!("receipt, {code}"))
        }
        "SENT" => return Ok(None),
        _ => return Err(CallbackError::Malformed("status")),
    };
    Ok(Some(Receipt { id, outcome }))
}

/// What the gateway says no to. What is the message's fault is not tried again.
fn refused(status: u16, body: &[u8]) -> DeliveryError {
    let code = serde_json::from_slice(body).ok().map(|refused: Refused| refused.code).filter(|code| is_code(code));
    let reason = format!("HTTP {status}, {}", code.as_deref().unwrap_or("no code"));
    let by_code = code.as_deref().and_then(kind);
    match (status, by_code) {
        (400 | 422, Some(kind @ (FailureKind::NoSuchAddress | FailureKind::Refused | FailureKind::Content))) => {
            DeliveryError::permanent(kind, reason)
        }
        (400 | 422, _) => DeliveryError::permanent(FailureKind::Other, reason),
        (429, _) => DeliveryError::temporary(FailureKind::Throttled, reason),
        (401..=403, _) => DeliveryError::temporary(FailureKind::Account, reason),
        (_, kind) => DeliveryError::temporary(kind.unwrap_or(FailureKind::Carrier), reason),
    }
}

/// The codes of the protocol that say whose fault it is.
fn kind(code: &str) -> Option<FailureKind> {
    Some(match code {
        "no-such-number" => FailureKind::NoSuchAddress,
        "opted-out" => FailureKind::Refused,
        "content" => FailureKind::Content,
        "balance" | "account" => FailureKind::Account,
        "throttled" => FailureKind::Throttled,
        "expired" => FailureKind::Expired,
        _ => return None,
    })
}

/// Codes are words with `-` between: a text that a gateway puts there could quote a number.
fn is_code(code: &str) -> bool {
    (1..=40).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}
