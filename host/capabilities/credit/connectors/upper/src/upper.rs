use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use zhongtai_cap_credit::{CreditError, CreditProvider, CreditSubject, Known};
use zhongtai_kernel::{Clock, Timestamp, chain};
use zhongtai_outbound::{Answer, HeaderName, HeaderValue, Outbound, Repeat, Request, System};

use crate::{
    AnswerFault, ConfigError, Method, UpperConfig, UpperError,
    kept::Kept,
    sign::Key,
    wire::{Asked, Told},
};

/// The name of the system in metrics, and the table in `zt.toml`.
const NAME: &str = "credit.upper";

/// Where records are asked for, below the base URL.
const PATH: &str = "v1/credit/records";

/// How far the platform's clock may be from ours, seconds.
const SKEW_S: i64 = 300;

/// A shorter key could be guessed.
const LEAST_KEY_BYTES: usize = 32;

const APP: HeaderName = HeaderName::from_static("x-app-id");
const TIME: HeaderName = HeaderName::from_static("x-timestamp");
const NONCE: HeaderName = HeaderName::from_static("x-nonce");
const METHOD: HeaderName = HeaderName::from_static("x-signature-method");
const SIGNATURE: HeaderName = HeaderName::from_static("x-signature");

/// The upper-level platform as a source of credit records.
pub struct UpperCredit {
    system: System,
    platform: String,
    app: HeaderValue,
    method: Method,
    key: Key,
    clock: Arc<dyn Clock>,
    kept: Kept,
}

// === impl UpperCredit ===

impl UpperCredit {
    /// Checks the configuration and reads the key. Asks nobody: the host starts though the platform is down.
    pub fn new(config: &UpperConfig, outbound: &Outbound, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        config.check()?;
        let secret = config.key.read_key("credit.upper: key", LEAST_KEY_BYTES)?;
        let key = Key::new(config.signature, &secret)
            .ok_or(ConfigError::Value { key: "key", expected: "a key for an HMAC" })?;
        let app = HeaderValue::from_str(&config.app_id)
            .map_err(|_| ConfigError::Value { key: "app_id", expected: "visible ASCII characters" })?;
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        Ok(Self {
            system: outbound.system(NAME, &config.system)?,
            platform: config.platform.clone(),
            app,
            method: config.signature,
            key,
            clock,
            kept: Kept::new(u64::from(config.memory_mib) << 20, seconds(config.fresh_s), seconds(config.stale_s)),
        })
    }

    /// Asks the platform now, whatever is remembered, and remembers its answer if it can be believed.
    pub async fn ask(&self, whom: &CreditSubject) -> Result<Known, UpperError> {
        let body = serde_json::to_vec(&Asked::about(whom))
            .map_err(|_| UpperError::Request("the subject can't be written as JSON"))?;
        let asked = self.clock.now();
        let (answer, nonce) = self.send(&body).await?;
        if !answer.is_success() {
            return Err(UpperError::Status(answer.status.as_u16()));
        }
        self.verify(&answer, &nonce)?;
        let told = Told::read(&answer.body, whom)?;
        // No younger than our question: an answer may be older, never newer than we know.
        let known = Known::fresh(told.records, told.as_of.min(asked));
        self.kept.put(whom, asked, known.clone());
        Ok(known)
    }

    /// The answer, and the nonce of the attempt that it answers.
    async fn send(&self, body: &[u8]) -> Result<(Answer, String), UpperError> {
        // The same for every attempt, and known before one is made.
        let plain = Request::post(PATH, "application/json", body.to_vec());
        let target = self.system.target(&plain)?;
        let seed = nonce()?;
        let (mut attempt, mut last) = (0_u32, String::new());
        let signed = || {
            // The platform takes a nonce once: each attempt has its own.
            last = format!("{seed}{attempt:02x}");
            attempt += 1;
            self.signed(plain.clone(), &target, &last, body)
        };
        // Asking changes nothing: it may be repeated.
        let answer = self.system.send_anew(signed, Repeat::Idempotent).await?;
        Ok((answer, last))
    }

    fn signed(&self, request: Request, target: &str, nonce: &str, body: &[u8]) -> Request {
        let time = self.clock.now().as_second().to_string();
        let signature = self.key.sign([request.method.as_str(), target, &time, nonce], body);
        let mut request = request.header(APP, self.app.clone());
        for (name, value) in [(TIME, time.as_str()), (NONCE, nonce), (SIGNATURE, signature.as_str())] {
            if let Ok(value) = HeaderValue::from_str(value) {
                request.headers.insert(name, value);
            }
        }
        request.header(METHOD, HeaderValue::from_static(self.method.as_str()))
    }

    /// The answer is the platform's, to this very request, of now.
    fn verify(&self, answer: &Answer, nonce: &str) -> Result<(), AnswerFault> {
        let header = |name: &HeaderName| answer.header(name.as_str()).ok_or(AnswerFault::Signature);
        let (time, signature) = (header(&TIME)?, header(&SIGNATURE)?);
        let status = answer.status.as_u16().to_string();
        if !self.key.verifies(["ANSWER", &status, time, nonce], &answer.body, signature) {
            return Err(AnswerFault::Signature);
        }
        let time: i64 = time.parse().map_err(|_| AnswerFault::Time)?;
        if self.clock.now().as_second().abs_diff(time) > SKEW_S.unsigned_abs() {
            return Err(AnswerFault::Time);
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

#[async_trait]
impl CreditProvider for UpperCredit {
    fn at_hand(&self, whom: &CreditSubject) -> Option<Known> {
        self.kept.fresh(whom, self.now())
    }

    async fn records(&self, whom: &CreditSubject) -> Result<Known, CreditError> {
        if let Some(known) = self.at_hand(whom) {
            return Ok(known);
        }
        let error = match self.ask(whom).await {
            Ok(known) => return Ok(known),
            Err(error) => error,
        };
        let problem = chain(&error);
        match self.kept.stale(whom, self.now()) {
            Some(known) => {
                tracing::warn!(
                    platform = self.platform,
                    problem,
                    "the credit platform can't be asked: an older answer is used"
                );
                Ok(known)
            }
            None => {
                tracing::warn!(platform = self.platform, problem, "the credit platform can't be asked");
                Err(error.of(&self.platform))
            }
        }
    }
}

impl fmt::Debug for UpperCredit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpperCredit").field("system", &self.system).finish_non_exhaustive()
    }
}

/// 128 random bits in hex.
fn nonce() -> Result<String, UpperError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| UpperError::Request("the system gives no random bytes"))?;
    Ok(hex::encode(bytes))
}
