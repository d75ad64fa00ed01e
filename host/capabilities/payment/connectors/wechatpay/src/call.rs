//! One exchange: a signed request, a verified answer.

use serde::de::DeserializeOwned;
use zhongtai_cap_payment::GatewayError;
use zhongtai_outbound::{Answer, Bytes, HeaderName, HeaderValue, Method, Repeat, Request, StatusCode, System};

use crate::{
    WechatPay,
    platform::{Doubt, PAUSE, Proof},
    wire,
};

/// What WeChat Pay said, verified.
pub(crate) enum Said {
    /// 2xx.
    Yes(StatusCode, Bytes),
    /// It refuses: its code.
    No(String),
}

/// What is asked.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(&'a str, &'a str)],
    pub(crate) body: Vec<u8>,
}

// === impl Call ===

impl<'a> Call<'a> {
    pub(crate) fn get(path: &'a str, query: &'a [(&'a str, &'a str)]) -> Self {
        Self { method: Method::GET, path, query, body: Vec::new() }
    }

    pub(crate) fn post(path: &'a str, body: &impl serde::Serialize) -> Result<Self, GatewayError> {
        let body = serde_json::to_vec(body).map_err(|_| unsigned())?;
        Ok(Self { method: Method::POST, path, query: &[], body })
    }

    /// Path and query as they are sent, which is what is signed.
    fn target(&self) -> String {
        let pair = |(name, value): &(&str, &str)| format!("{}={}", encoded(name), encoded(value));
        let query: Vec<String> = self.query.iter().map(pair).collect();
        if query.is_empty() { self.path.to_owned() } else { format!("{}?{}", self.path, query.join("&")) }
    }
}

// === impl Said ===

impl Said {
    /// The answer's JSON, or the refusal.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<Result<T, String>, GatewayError> {
        match self {
            Self::Yes(_, body) => serde_json::from_slice(&body).map(Ok).map_err(|_| wire::unreadable()),
            Self::No(code) => Ok(Err(code)),
        }
    }
}

// === impl WechatPay ===

impl WechatPay {
    /// Asks, and believes nothing that WeChat Pay did not sign.
    pub(crate) async fn call(&self, call: Call<'_>) -> Result<Said, GatewayError> {
        let answer = self.send(&self.system, &call).await?;
        let Some(proof) = Proof::of(|name| answer.header(name)) else {
            return Err(without_proof(answer.status));
        };
        match self.platform.verify(&proof, &answer.body, self.clock.now()) {
            Err(Doubt::UnknownKey) => {
                self.learn(proof.serial).await?;
                self.platform.verify(&proof, &answer.body, self.clock.now()).map_err(untrusted)?;
            }
            outcome => outcome.map_err(untrusted)?,
        }
        said(&answer)
    }

    /// Sends a signed request. Every request may be sent twice: the merchant's numbers are idempotency keys.
    pub(crate) async fn send(&self, system: &System, call: &Call<'_>) -> Result<Answer, GatewayError> {
        let authorization =
            self.merchant.authorization(call.method.as_str(), &call.target(), &call.body, self.clock.now());
        let value = |text: &str| HeaderValue::from_str(text).map_err(|_| unsigned());
        let mut request = Request::new(call.method.clone(), call.path);
        request.query = call.query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        request.headers.insert("authorization", value(&authorization.ok_or_else(unsigned)?)?);
        request.headers.insert("accept", HeaderValue::from_static("application/json"));
        request.headers.insert("user-agent", HeaderValue::from_static("zhongtai"));
        if let Some(id) = self.platform.key_id() {
            request.headers.insert(HeaderName::from_static("wechatpay-serial"), value(id)?);
        }
        if !call.body.is_empty() {
            request.headers.insert("content-type", HeaderValue::from_static("application/json"));
            request.body = call.body.clone().into();
        }
        let answer = system.send(request, Repeat::Idempotent).await;
        answer.map_err(|error| GatewayError::Unavailable(error.to_string()))
    }

    /// Fetches the certificates, for a serial number that is not known; not more often than [`PAUSE`].
    pub(crate) async fn learn(&self, serial: &str) -> Result<(), GatewayError> {
        if self.platform.is_settled(serial) {
            return Ok(());
        }
        let mut asked = self.asked.lock().await;
        let now = self.clock.now();
        if asked.is_some_and(|at| now.duration_since(at) < PAUSE) {
            return Ok(());
        }
        let answer = self.send(&self.system, &Call::get("/v3/certificates", &[])).await?;
        if !answer.is_success() {
            return Err(without_proof(answer.status));
        }
        let proof = Proof::of(|name| answer.header(name)).ok_or_else(|| without_proof(answer.status))?;
        let count = self.platform.renew(&proof, &answer.body, &self.api_key, now).map_err(untrusted)?;
        *asked = Some(now);
        tracing::info!(gateway = self.name, count, "took the platform's certificates over");
        Ok(())
    }
}

fn said(answer: &Answer) -> Result<Said, GatewayError> {
    if answer.is_success() {
        return Ok(Said::Yes(answer.status, answer.body.clone()));
    }
    let problem: wire::Problem = serde_json::from_slice(&answer.body).map_err(|_| wire::unreadable())?;
    let later = ["SYSTEM_ERROR", "SYSTEMERROR", "FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED", "BANK_ERROR", "BANKERROR"];
    if answer.status.is_server_error()
        || answer.status == StatusCode::TOO_MANY_REQUESTS
        || later.contains(&problem.code.as_str())
    {
        return Err(GatewayError::Unavailable(problem.code.chars().take(64).collect()));
    }
    Ok(Said::No(problem.code.chars().take(64).collect()))
}

/// An answer that nobody signed proves nothing: that it failed, or that something stands between us.
pub(crate) fn without_proof(status: StatusCode) -> GatewayError {
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return GatewayError::Unavailable(format!("HTTP status {}", status.as_u16()));
    }
    GatewayError::Untrusted(format!("HTTP status {} without a signature", status.as_u16()))
}

fn untrusted(doubt: Doubt) -> GatewayError {
    let why = match doubt {
        Doubt::UnknownKey => "it is signed with an unknown key",
        Doubt::Stale => "it is too old, or from the future",
        Doubt::Forged => "its signature is wrong",
    };
    GatewayError::Untrusted(why.to_owned())
}

fn unsigned() -> GatewayError {
    GatewayError::Unavailable("no request can be signed".to_owned())
}

/// RFC 3986, 2.3: what the client below sends.
fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}
