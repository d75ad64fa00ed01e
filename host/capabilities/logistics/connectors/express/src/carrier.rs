use std::sync::Arc;

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, Method};
use serde::{Serialize, de::DeserializeOwned};
use zhongtai_cap_logistics::{
    Answer, Callback, CallbackError, Carrier, CarrierError, CarrierEvent, CarrierNumber, Consignment, LogisticsError,
    Order, TakenBack, Waybill,
};
use zhongtai_kernel::{Clock, ErrorKind};
use zhongtai_outbound::{Outbound, Repeat, Request, System};

use crate::{
    ExpressConfig, ExpressConfigError,
    signature::{Signed, Signer, nonce},
    wire::{NewOrder, News, Ordered, Refused},
};

/// A shorter key could be guessed.
const LEAST_KEY_BYTES: usize = 32;

/// An express company that speaks the protocol of the README.
pub struct Express {
    system: System,
    signer: Signer,
    window_s: u32,
    clock: Arc<dyn Clock>,
}

/// A signed answer: its status, and its body.
type Signing = (u16, Vec<u8>);

// === impl Express ===

impl Express {
    /// Reads the key, and connects when there is something to say. `name` is the carrier's in `zt.toml`.
    pub fn new(
        name: &str,
        config: &ExpressConfig,
        outbound: &Outbound,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ExpressConfigError> {
        config.check(name)?;
        let at = format!("logistics.express.{name}.key");
        let signer = Signer::new(config.key.read_key(&at, LEAST_KEY_BYTES)?, config.partner.clone());
        let system = outbound.system(&format!("logistics.express.{name}"), &config.system)?;
        Ok(Self { system, signer, window_s: config.window_s, clock })
    }

    /// Sends, and takes an answer only that the carrier signed for this very request. Once: whoever called comes again,
    /// and is signed anew then; a carrier refuses a nonce that it knows.
    async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Signing, CarrierError> {
        let temporary = |reason: String| CarrierError::Temporary(reason);
        let nonce = nonce().map_err(|error| temporary(format!("no random bytes: {error}")))?;
        let now = self.clock.now();
        let signed = Signed::Request(method.as_str(), path);
        let headers = self.signer.headers(signed, (now.as_second(), &nonce), &body);
        let headers = headers.ok_or_else(|| CarrierError::Refused("the request can't be signed".to_owned()))?;
        let mut request = match method {
            Method::POST => Request::post(path, "application/json", body),
            method => Request::new(method, path),
        };
        for (name, value) in headers {
            request = request.header(HeaderName::from_static(name), value);
        }
        let answer = self.system.send(request, Repeat::Never).await.map_err(|error| temporary(error.to_string()))?;
        let status = answer.status.as_u16();
        let clock = (self.clock.now(), self.window_s);
        match self.signer.verify(Signed::Answer(status), &answer.headers, &answer.body, clock) {
            Ok(answered) if answered == nonce => Ok((status, answer.body.to_vec())),
            Ok(_) | Err(_) => Err(temporary(format!("HTTP {status}, not signed by the carrier"))),
        }
    }
}

#[async_trait]
impl Carrier for Express {
    fn collects(&self) -> bool {
        true
    }

    async fn create(&self, order: &Order) -> Result<CarrierNumber, CarrierError> {
        let Some(from) = &order.from else {
            return Err(CarrierError::Refused("no sender's address is set up".to_owned()));
        };
        let (sender, recipient) = (from.into(), (&order.to).into());
        let body = json(&NewOrder { order_id: order.waybill.to_string(), cargo: &order.what, sender, recipient })?;
        let (status, body) = self.ask(Method::POST, "/v1/orders", body).await?;
        match status {
            200 => {
                let ordered: Ordered = parse(&body)?;
                let number = CarrierNumber::try_from(ordered.waybill_no);
                number.map_err(|_| CarrierError::Temporary("the carrier's number is none".to_owned()))
            }
            _ => Err(refused(status, &body)),
        }
    }

    async fn cancel(&self, of: &Consignment) -> Result<TakenBack, CarrierError> {
        let path = format!("/v1/orders/{}/cancel", of.waybill);
        let (status, body) = self.ask(Method::POST, &path, b"{}".to_vec()).await?;
        match (status, code(&body).as_deref()) {
            (200, _) | (404, Some("unknown-order")) => Ok(TakenBack::Yes),
            (409, Some("collected")) => Ok(TakenBack::TooLate),
            _ => Err(refused(status, &body)),
        }
    }

    async fn query(&self, of: &Consignment) -> Result<Vec<CarrierEvent>, CarrierError> {
        let path = format!("/v1/orders/{}/events", of.waybill);
        let (status, body) = self.ask(Method::GET, &path, Vec::new()).await?;
        if status != 200 {
            return Err(refused(status, &body));
        }
        let news: News = parse(&body)?;
        if news.order_id != of.waybill.to_string() {
            return Err(CarrierError::Temporary("the carrier answers about another order".to_owned()));
        }
        news.events().ok_or_else(|| CarrierError::Temporary("an event's time is none".to_owned()))
    }

    fn callback(&self, headers: &HeaderMap, body: &[u8]) -> Result<Callback, CallbackError> {
        self.signer.verify(Signed::Callback, headers, body, (self.clock.now(), self.window_s))?;
        let news: News = serde_json::from_slice(body).map_err(|_| CallbackError::Malformed("the body"))?;
        let waybill: Waybill = news.order_id.parse().map_err(|_| CallbackError::Malformed("order_id"))?;
        let number = news.waybill_no.clone().map(CarrierNumber::try_from).transpose();
        let number = number.map_err(|_| CallbackError::Malformed("waybill_no"))?;
        let news = news.events().ok_or(CallbackError::Malformed("an event's time"))?;
        Ok(Callback { about: Consignment { waybill, number }, news })
    }

    fn answer(&self, refused: Option<&LogisticsError>) -> Answer {
        let (status, code) = match refused {
            None => (200, "ok"),
            Some(error) => (status(error), error.code()),
        };
        Answer { status, content_type: "application/json", body: format!("{{\"code\":\"{code}\"}}") }
    }
}

/// 5xx asks the carrier to come again; 4xx says that it need not.
fn status(error: &LogisticsError) -> u16 {
    match error.kind() {
        ErrorKind::Denied => 401,
        ErrorKind::NotFound => 404,
        ErrorKind::Conflict => 409,
        ErrorKind::Invalid => 400,
        _ => 503,
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, CarrierError> {
    serde_json::to_vec(value).map_err(|_| CarrierError::Refused("the order can't be written as JSON".to_owned()))
}

/// The words say nothing of what was answered: it may quote an address.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, CarrierError> {
    serde_json::from_slice(body).map_err(|_| CarrierError::Temporary("the carrier's answer can't be read".to_owned()))
}

/// A code of the protocol, which is words with `-` between.
fn code(body: &[u8]) -> Option<String> {
    let refused: Refused = serde_json::from_slice(body).ok()?;
    let is_code = |code: &str| code.len() <= 40 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    is_code(&refused.code).then_some(refused.code)
}

/// What is the order's fault is not tried again; what may be the carrier's, or the account's there, is.
fn refused(status: u16, body: &[u8]) -> CarrierError {
    let code = code(body);
    let reason = format!("HTTP {status}, {}", code.as_deref().unwrap_or("no code"));
    match (status, code.as_deref()) {
        (422, Some("unserviceable-address")) => CarrierError::Address,
        (400 | 422, _) => CarrierError::Refused(reason),
        _ => CarrierError::Temporary(reason),
    }
}
