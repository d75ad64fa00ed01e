//! How both sides sign. HMAC-SHA256 in hex over five lines and the digest of the body:
//!
//! ```text
//! request | answer | callback
//! what it is about
//! x-zt-timestamp          unix seconds
//! x-zt-nonce              16 to 64 of A-Z, a-z, 0-9
//! account
//! sha256(body), hex
//! ```
//!
//! The first line keeps what one side signed from being sent back as the other's. Of a request the second line is the
//! method, a space and the path with its query; of an answer its status, and the nonce is that of the request: an
//! answer to another request does not fit. Of a callback it is empty.

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderValue};
use sha2::{Digest as _, Sha256};
use zhongtai_cap_notify::CallbackError;
use zhongtai_kernel::Timestamp;
use zhongtai_outbound::Secret;

const MISSING: CallbackError = CallbackError::Forged("a header is missing");
const WRONG: CallbackError = CallbackError::Forged("the signature does not fit");
const OLD: CallbackError = CallbackError::Forged("it was signed at another time");

/// Unix seconds.
pub(crate) const TIMESTAMP: &str = "x-zt-timestamp";
/// Never the same twice.
pub(crate) const NONCE: &str = "x-zt-nonce";
/// Hex.
pub(crate) const SIGNATURE: &str = "x-zt-signature";
/// What the gateway calls us.
pub(crate) const ACCOUNT: &str = "x-zt-account";

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signed<'a> {
    /// Method and path.
    Request(&'a str, &'a str),
    /// The status.
    Answer(u16),
    Callback,
}

/// Signs for one account, and checks what the other side signed.
pub(crate) struct Signer {
    key: Secret,
    account: String,
}

// === impl Signer ===

impl Signer {
    pub(crate) fn new(key: Secret, account: String) -> Self {
        Self { key, account }
    }

    /// The headers of a request.
    pub(crate) fn headers(
        &self,
        what: Signed<'_>,
        (timestamp, nonce): (i64, &str),
        body: &[u8],
    ) -> Option<[(&'static str, HeaderValue); 4]> {
        let timestamp = timestamp.to_string();
        let signature = hex::encode(self.mac(what, (&timestamp, nonce), body).finalize().into_bytes());
        let value = |text: &str| HeaderValue::from_str(text).ok();
        Some([
            (TIMESTAMP, value(&timestamp)?),
            (NONCE, value(nonce)?),
            (SIGNATURE, value(&signature)?),
            (ACCOUNT, value(&self.account)?),
        ])
    }

    /// Checks what came: that the other side signed it, and now. Returns its nonce.
    pub(crate) fn verify<'h>(
        &self,
        what: Signed<'_>,
        headers: &'h HeaderMap,
        body: &[u8],
        (now, window_s): (Timestamp, u32),
    ) -> Result<&'h str, CallbackError> {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).ok_or(MISSING);
        let (timestamp, nonce, signature) = (header(TIMESTAMP)?, header(NONCE)?, header(SIGNATURE)?);
        let signature = hex::decode(signature).map_err(|_| WRONG)?;
        let mac = self.mac(what, (timestamp, nonce), body);
        mac.verify_slice(&signature).map_err(|_| WRONG)?;
        if !(16..=64).contains(&nonce.len()) || !nonce.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(CallbackError::Forged("the nonce"));
        }
        let at: i64 = timestamp.parse().map_err(|_| CallbackError::Forged("the timestamp"))?;
        match at.abs_diff(now.as_second()) <= u64::from(window_s) {
            true => Ok(nonce),
            false => Err(OLD),
        }
    }

    fn mac(&self, what: Signed<'_>, (timestamp, nonce): (&str, &str), body: &[u8]) -> Hmac<Sha256> {
        let (kind, about) = match what {
            Signed::Request(method, path) => ("request", format!("{method} {path}")),
            Signed::Answer(status) => ("answer", status.to_string()),
            Signed::Callback => ("callback", String::new()),
        };
        let digest = hex::encode(Sha256::digest(body));
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose()).expect("a key");
        mac.update([kind, &about, timestamp, nonce, &self.account, &digest].join("\n").as_bytes());
        mac
    }
}

/// 32 hex digits that nobody can guess.
pub(crate) fn nonce() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_578_400;

    fn signer(key: &str) -> Signer {
        Signer::new(Secret::new(key), "qc".to_owned())
    }

    fn headers(what: Signed<'_>, at: i64, nonce: &str, body: &[u8]) -> HeaderMap {
        let signed = signer("k").headers(what, (at, nonce), body).unwrap();
        signed.into_iter().map(|(name, value)| (http::HeaderName::from_static(name), value)).collect()
    }

    fn check(what: Signed<'_>, headers: &HeaderMap, body: &[u8]) -> Result<(), CallbackError> {
        let now = (Timestamp::from_second(NOW).unwrap(), 300);
        signer("k").verify(what, headers, body, now).map(drop)
    }

    #[test]
    fn what_was_signed_fits_and_nothing_else_does() {
        let nonce = "0123456789abcdef";
        let signed = headers(Signed::Callback, NOW, nonce, b"news");
        assert_eq!(check(Signed::Callback, &signed, b"news"), Ok(()));
        assert_eq!(check(Signed::Callback, &signed, b"News"), Err(WRONG), "another body");
        assert_eq!(check(Signed::Answer(200), &signed, b"news"), Err(WRONG), "another kind");
        let request = headers(Signed::Request("POST", "/v1/orders"), NOW, nonce, b"");
        for (method, path) in [("GET", "/v1/orders"), ("POST", "/v1/order")] {
            assert_eq!(check(Signed::Request(method, path), &request, b""), Err(WRONG));
        }
        for name in [TIMESTAMP, NONCE, SIGNATURE] {
            let mut changed = signed.clone();
            changed.insert(name, HeaderValue::from_static("1767578401"));
            assert_eq!(check(Signed::Callback, &changed, b"news"), Err(WRONG), "{name}");
            changed.remove(name);
            assert_eq!(check(Signed::Callback, &changed, b"news"), Err(MISSING), "no {name}");
        }
        let now = (Timestamp::from_second(NOW).unwrap(), 300);
        let other = signer("another").verify(Signed::Callback, &signed, b"news", now);
        assert_eq!(other, Err(WRONG), "another key");
    }

    #[test]
    fn what_was_signed_long_ago_or_is_signed_for_later_does_not_fit() {
        let nonce = "0123456789abcdef";
        for (at, expected) in [(-301, Err(OLD)), (-300, Ok(())), (300, Ok(())), (301, Err(OLD))] {
            let signed = headers(Signed::Callback, NOW + at, nonce, b"");
            assert_eq!(check(Signed::Callback, &signed, b""), expected, "{at}");
        }
        let short = headers(Signed::Callback, NOW, "short", b"");
        assert_eq!(check(Signed::Callback, &short, b""), Err(CallbackError::Forged("the nonce")));
    }
}
