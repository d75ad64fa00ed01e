//! The cash desk: the channel that every host can have. The desk itself is a process of its own (`zt payment cashdesk`,
//! `host/cashdesk`), which takes no real money; this is how the host speaks to it.

mod callback;
mod config;
mod sign;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, civil::Date};
use serde::{Serialize, de::DeserializeOwned};
use zhongtai_kernel::Clock;
use zhongtai_outbound::{
    Answer, HeaderName, HeaderValue, Method, Outbound, OutboundError, Repeat, Request, StatusCode, System,
};

pub use config::CashDeskConfig;

use crate::{
    BillRow, Callback, CallbackAnswer, CallbackError, Gateway, GatewayConfigError, GatewayError, GatewayState, Headers,
    Order, OrderId, Prepaid, RefundOrder, RefundState, Seen,
};
use sign::{Key, NONCE, SIGNATURE, TIMESTAMP};

/// How far the desk's clock and ours may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The cash desk as a channel.
pub struct CashDesk {
    name: String,
    system: System,
    key: Key,
    clock: Arc<dyn Clock>,
    seen: Seen,
}

/// What the desk said, verified.
enum Said<T> {
    /// What was asked for.
    This(T),
    /// It refuses: its code.
    No(String),
}

// === impl CashDesk ===

impl CashDesk {
    /// The channel `name`. Asks nothing yet.
    pub fn new(
        name: &str,
        config: &CashDeskConfig,
        outbound: &Outbound,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, GatewayConfigError> {
        let at = format!("payment.gateways.{name}");
        let key = Key::new(&config.secret.read_key(&format!("{at}.secret"), sign::MIN_SECRET_BYTES)?);
        let system = outbound.system(&at, &config.system)?;
        Ok(Self { name: name.to_owned(), system, key, clock, seen: Seen::new(SKEW * 2) })
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Said<T>, GatewayError> {
        self.ask(Method::GET, path, Vec::new()).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<Said<T>, GatewayError> {
        let body = serde_json::to_vec(body).map_err(|_| GatewayError::Unavailable("no request can be made".into()))?;
        self.ask(Method::POST, path, body).await
    }

    /// A desk that was started anew has closed its connections: the second attempt finds out. It is signed anew, because
    /// the desk takes no signature twice; everything that is asked may be asked twice.
    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Said<T>, GatewayError> {
        match self.exchange(method.clone(), path, body.clone()).await {
            Err(Failure::Broken(OutboundError::BrokenOff { .. })) => self.exchange(method, path, body).await,
            outcome => outcome,
        }
        .map_err(Failure::into_error)
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Said<T>, Failure> {
        let (timestamp, nonce) = (self.clock.now().as_second().to_string(), sign::nonce().ok_or(Failure::NoRandom)?);
        let signature = self.key.request(method.as_str(), path, &timestamp, &nonce, &body);
        let mut request = Request::new(method, path);
        for (name, value) in [(TIMESTAMP, timestamp.as_str()), (NONCE, &nonce), (SIGNATURE, &signature)] {
            let value = HeaderValue::from_str(value).map_err(|_| Failure::NoRandom)?;
            request.headers.insert(HeaderName::from_static(name), value);
        }
        if !body.is_empty() {
            request.headers.insert("content-type", HeaderValue::from_static("application/json"));
            request.body = body.into();
        }
        let answer = self.system.send(request, Repeat::Never).await.map_err(Failure::Broken)?;
        self.read(&answer, &nonce).map_err(Failure::Answer)
    }

    /// Believes nothing that the desk did not sign for this very request.
    fn read<T: DeserializeOwned>(&self, answer: &Answer, nonce: &str) -> Result<Said<T>, GatewayError> {
        if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS {
            return Err(GatewayError::Unavailable(format!("HTTP status {}", answer.status.as_u16())));
        }
        let untrusted = |why: &str| GatewayError::Untrusted(why.to_owned());
        let header = |name| answer.header(name).ok_or_else(|| untrusted("it is not signed"));
        let (timestamp, signature) = (header(TIMESTAMP)?, header(SIGNATURE)?);
        if !self.key.signed_answer(answer.status.as_u16(), timestamp, nonce, &answer.body, signature) {
            return Err(untrusted("its signature is wrong"));
        }
        if answer.is_success() {
            let body = serde_json::from_slice(&answer.body).map_err(|_| untrusted("it can't be read"))?;
            return Ok(Said::This(body));
        }
        let problem: wire::Problem =
            serde_json::from_slice(&answer.body).map_err(|_| untrusted("its refusal can't be read"))?;
        Ok(Said::No(problem.code))
    }
}

#[async_trait]
impl Gateway for CashDesk {
    fn name(&self) -> &str {
        &self.name
    }

    async fn prepay(&self, order: &Order) -> Result<Prepaid, GatewayError> {
        match self.post::<wire::Placed>("/api/v1/orders", &wire::NewOrder::from(order)).await? {
            Said::This(placed) => Ok(Prepaid { qr: placed.qr }),
            Said::No(code) => Err(GatewayError::Refused { code }),
        }
    }

    async fn query(&self, order: &OrderId) -> Result<GatewayState, GatewayError> {
        order_state(self.get(&format!("/api/v1/orders/{order}")).await?)
    }

    async fn close(&self, order: &OrderId) -> Result<GatewayState, GatewayError> {
        order_state(self.post(&format!("/api/v1/orders/{order}/close"), &serde_json::json!({})).await?)
    }

    async fn refund(&self, refund: &RefundOrder) -> Result<RefundState, GatewayError> {
        match self.post::<wire::Refund>("/api/v1/refunds", &wire::NewRefund::from(refund)).await? {
            Said::This(refund) => refund.try_into(),
            Said::No(code) => Ok(RefundState::Failed(code)),
        }
    }

    async fn query_refund(&self, refund: &RefundOrder) -> Result<RefundState, GatewayError> {
        match self.get::<wire::Refund>(&format!("/api/v1/refunds/{}", refund.id)).await? {
            Said::This(refund) => refund.try_into(),
            Said::No(code) if code == "unknown-refund" => Ok(RefundState::Unknown),
            Said::No(code) => Err(GatewayError::Refused { code }),
        }
    }

    async fn callback(&self, headers: &Headers, body: &[u8]) -> Result<Callback, CallbackError> {
        self.verified(headers, body)?;
        callback::read(body)
    }

    fn accepted(&self) -> CallbackAnswer {
        callback::answer(200, "ok")
    }

    fn refused(&self, why: CallbackError) -> CallbackAnswer {
        let status = match why {
            CallbackError::Forged | CallbackError::Stale => 401,
            CallbackError::Malformed => 400,
            CallbackError::Unverifiable | CallbackError::Unavailable => 503,
        };
        callback::answer(status, why.code())
    }

    async fn bill(&self, day: Date) -> Result<Vec<BillRow>, GatewayError> {
        match self.get::<wire::Bill>(&format!("/api/v1/bills/{day}")).await? {
            Said::This(bill) => Ok(bill.rows.into_iter().map(BillRow::from).collect()),
            Said::No(code) if code == "no-bill" => Err(GatewayError::NoBill),
            Said::No(code) => Err(GatewayError::Refused { code }),
        }
    }
}

fn order_state(said: Said<wire::OrderNow>) -> Result<GatewayState, GatewayError> {
    match said {
        Said::This(order) => order.try_into(),
        Said::No(code) if code == "unknown-order" => Ok(GatewayState::Unknown),
        Said::No(code) => Err(GatewayError::Refused { code }),
    }
}

/// Why an exchange brought nothing.
enum Failure {
    Broken(OutboundError),
    Answer(GatewayError),
    NoRandom,
}

// === impl Failure ===

impl Failure {
    fn into_error(self) -> GatewayError {
        match self {
            Self::Broken(error) => GatewayError::Unavailable(error.to_string()),
            Self::Answer(error) => error,
            Self::NoRandom => GatewayError::Unavailable("no request can be signed".to_owned()),
        }
    }
}
