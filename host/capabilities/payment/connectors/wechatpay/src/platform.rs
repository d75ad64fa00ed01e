//! Whom to believe: WeChat Pay's certificates, which it renews, or its public key.

use std::collections::HashMap;

use jiff::SignedDuration;
use parking_lot::RwLock;
use serde::Deserialize;
use x509_cert::{Certificate, der::DecodePem, time::Time};
use zhongtai_cap_payment::rsa::VerifyingKey;
use zhongtai_kernel::Timestamp;

use crate::aead::{ApiKey, Sealed};

/// How far WeChat Pay's clock and ours may be apart: what it asks merchants to allow.
pub(crate) const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// How soon certificates are asked for again: anybody can send a callback that names an unknown one.
pub(crate) const PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// What was signed: four headers.
pub(crate) struct Proof<'a> {
    pub(crate) serial: &'a str,
    pub(crate) timestamp: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) signature: &'a str,
}

/// Why something is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// The key that it names is not known.
    UnknownKey,
    /// It is too old, or from the future.
    Stale,
    /// The signature is wrong.
    Forged,
}

/// The keys that are known.
#[derive(Default)]
pub(crate) struct Platform {
    configured: Option<(String, VerifyingKey)>,
    certificates: RwLock<HashMap<String, Known>>,
}

#[derive(Clone)]
pub(crate) struct Known {
    key: VerifyingKey,
    from: Timestamp,
    to: Timestamp,
}

/// The answer of `GET /v3/certificates`.
#[derive(Deserialize)]
struct Certificates {
    data: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    serial_no: String,
    encrypt_certificate: Sealed,
}

// === impl Proof ===

impl<'a> Proof<'a> {
    /// From headers by name; `None` when one is missing.
    pub(crate) fn of(header: impl Fn(&'static str) -> Option<&'a str>) -> Option<Self> {
        Some(Self {
            serial: header("wechatpay-serial")?,
            timestamp: header("wechatpay-timestamp")?,
            nonce: header("wechatpay-nonce")?,
            signature: header("wechatpay-signature")?,
        })
    }

    fn holds(&self, key: &VerifyingKey, body: &[u8], now: Timestamp) -> Result<(), Doubt> {
        let mut message = format!("{}\n{}\n", self.timestamp, self.nonce).into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        if !key.verifies(&message, self.signature) {
            return Err(Doubt::Forged);
        }
        let at = self.timestamp.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        match at {
            Some(at) if now.duration_since(at).abs() <= SKEW => Ok(()),
            _ => Err(Doubt::Stale),
        }
    }
}

// === impl Platform ===

impl Platform {
    pub(crate) fn with_key(configured: Option<(String, VerifyingKey)>) -> Self {
        Self { configured, ..Self::default() }
    }

    /// The name of the configured key: requests say that answers may be signed with it.
    pub(crate) fn key_id(&self) -> Option<&str> {
        self.configured.as_ref().map(|(id, _)| id.as_str())
    }

    /// True when the key that `serial` names can only be the configured one: no certificate has such a name.
    pub(crate) fn is_settled(&self, serial: &str) -> bool {
        serial.starts_with("PUB_KEY_ID_") || !serial.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// Whether WeChat Pay signed this, now.
    pub(crate) fn verify(&self, proof: &Proof<'_>, body: &[u8], now: Timestamp) -> Result<(), Doubt> {
        let key = match &self.configured {
            Some((id, key)) if id == proof.serial => key.clone(),
            _ => self.certified(proof.serial, now).ok_or(Doubt::UnknownKey)?,
        };
        proof.holds(&key, body, now)
    }

    fn certified(&self, serial: &str, now: Timestamp) -> Option<VerifyingKey> {
        let known = self.certificates.read().get(&plain(serial)).cloned();
        known.filter(|known| known.from <= now && now <= known.to).map(|known| known.key)
    }

    /// Takes the certificates of an answer over, when one of them, or one that is known, signed it. Those that are not in
    /// it are believed no longer; those that are, in their validity.
    pub(crate) fn renew(
        &self,
        proof: &Proof<'_>,
        body: &[u8],
        api_key: &ApiKey,
        now: Timestamp,
    ) -> Result<usize, Doubt> {
        let renewed = opened(body, api_key).ok_or(Doubt::Forged)?;
        match renewed.get(&plain(proof.serial)) {
            Some(known) => proof.holds(&known.key, body, now)?,
            None => self.verify(proof, body, now)?,
        }
        let count = renewed.len();
        *self.certificates.write() = renewed;
        Ok(count)
    }
}

/// The certificates of an answer. The APIv3 key, which only the two of us have, proves where they come from.
fn opened(body: &[u8], api_key: &ApiKey) -> Option<HashMap<String, Known>> {
    let listed: Certificates = serde_json::from_slice(body).ok()?;
    let open = |listed: &Listed| {
        let pem = api_key.open(&listed.encrypt_certificate)?;
        let certificate = Certificate::from_pem(&pem).ok()?;
        let serial = plain(&hex::encode(certificate.tbs_certificate().serial_number().as_bytes()));
        let validity = certificate.tbs_certificate().validity();
        let (from, to) = (time(&validity.not_before)?, time(&validity.not_after)?);
        let known = Known { key: VerifyingKey::of_certificate(&certificate)?, from, to };
        (serial == plain(&listed.serial_no)).then_some((serial, known))
    };
    listed.data.iter().map(open).collect()
}

/// A serial number has one spelling here: upper case, without zeros before it.
fn plain(serial: &str) -> String {
    serial.trim_start_matches('0').to_ascii_uppercase()
}

fn time(time: &Time) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(time.to_unix_duration().as_secs()).ok()?).ok()
}
