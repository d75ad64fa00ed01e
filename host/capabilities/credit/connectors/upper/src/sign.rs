//! Signatures of requests and answers: an HMAC over lines, with the key that both sides have.

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use sm3::Sm3;
use zhongtai_outbound::Secret;

/// How the two sides sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// HMAC (RFC 2104) with SHA-256.
    #[default]
    HmacSha256,
    /// HMAC with SM3 (GB/T 32905).
    HmacSm3,
}

/// Signs and verifies.
pub(crate) enum Key {
    Sha256(Hmac<Sha256>),
    Sm3(Hmac<Sm3>),
}

// === impl Method ===

impl Method {
    /// The word in the header.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::HmacSm3 => "hmac-sm3",
        }
    }
}

// === impl Key ===

impl Key {
    /// `None` when the secret can't be a key, which an HMAC never says.
    pub(crate) fn new(method: Method, secret: &Secret) -> Option<Self> {
        Some(match method {
            Method::HmacSha256 => Self::Sha256(Hmac::new_from_slice(secret.expose()).ok()?),
            Method::HmacSm3 => Self::Sm3(Hmac::new_from_slice(secret.expose()).ok()?),
        })
    }

    /// The signature in hex over four lines and the digest of the body, joined by a line feed.
    pub(crate) fn sign(&self, lines: [&str; 4], body: &[u8]) -> String {
        let text = self.text(lines, body);
        match self {
            Self::Sha256(mac) => hex::encode(mac.clone().chain_update(text).finalize().into_bytes()),
            Self::Sm3(mac) => hex::encode(mac.clone().chain_update(text).finalize().into_bytes()),
        }
    }

    /// Compares in constant time.
    pub(crate) fn verifies(&self, lines: [&str; 4], body: &[u8], signature: &str) -> bool {
        let Ok(signature) = hex::decode(signature) else { return false };
        let text = self.text(lines, body);
        match self {
            Self::Sha256(mac) => mac.clone().chain_update(text).verify_slice(&signature).is_ok(),
            Self::Sm3(mac) => mac.clone().chain_update(text).verify_slice(&signature).is_ok(),
        }
    }

    fn text(&self, lines: [&str; 4], body: &[u8]) -> String {
        let digest = match self {
            Self::Sha256(_) => hex::encode(Sha256::digest(body)),
            Self::Sm3(_) => hex::encode(Sm3::digest(body)),
        };
        format!("{}\n{digest}", lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 4] = ["POST", "/v1/records", "1767225600", "00"];

    /// What Python's `hmac` and `hashlib` say of the same text and key.
    #[test]
    fn signatures_are_those_of_another_implementation() {
        let secret = Secret::new("0123456789abcdef0123456789abcdef");
        for (method, wanted) in [(Method::HmacSha256, PY_SHA256), (Method::HmacSm3, PY_SM3)] {
            let key = Key::new(method, &secret).unwrap();
            assert_eq!(key.sign(LINES, b"{}"), wanted);
            assert!(key.verifies(LINES, b"{}", wanted));
        }
    }

    const PY_SHA256: &str = "5c7d8a7cdf205b0324705d9e28a031c10d3e0f6f08a02ab81c9deecf7bdcd3fb";
    const PY_SM3: &str = "c55e98fd0e3145b21469755daeeaf9be9eb68a2d9590769bd8498afcafedb844";

    #[test]
    fn another_line_body_key_or_signature_does_not_verify() {
        let key = |secret: &str| Key::new(Method::HmacSm3, &Secret::new(secret)).unwrap();
        let ours = key("ours");
        let signature = ours.sign(LINES, b"{}");
        for index in 0..LINES.len() {
            let mut lines = LINES;
            lines[index] = "x";
            assert!(!ours.verifies(lines, b"{}", &signature));
        }
        assert!(!ours.verifies(LINES, b"{ }", &signature));
        assert!(!key("theirs").verifies(LINES, b"{}", &signature));
        for wrong in ["", "00", "zz", &signature[..62], &signature.replace(&signature[..1], "x")] {
            assert!(!ours.verifies(LINES, b"{}", wrong), "{wrong}");
        }
    }
}
