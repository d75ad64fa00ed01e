//! How the host and the desk sign what they say: HMAC-SHA-256 (RFC 2104) under a shared secret, over lines that begin
//! with what is signed, so that none can pass for another:
//!
//! - `request`, method, path, time, nonce, SHA-256 of the body
//! - `answer`, status, time, the request's nonce, SHA-256 of the body
//! - `callback`, time, nonce, SHA-256 of the body
//!
//! Every line ends with a line feed; time is Unix seconds; hashes and signatures are lower-case hexadecimal.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zhongtai_outbound::Secret;

pub(super) const TIMESTAMP: &str = "cashdesk-timestamp";
pub(super) const NONCE: &str = "cashdesk-nonce";
pub(super) const SIGNATURE: &str = "cashdesk-signature";

/// A shorter secret could be guessed.
pub(super) const MIN_SECRET_BYTES: usize = 32;

/// The shared secret, ready to sign with. It has no `Debug`.
pub(super) struct Key(Hmac<Sha256>);

// === impl Key ===

impl Key {
    pub(super) fn new(secret: &Secret) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        Self(Hmac::new_from_slice(secret.expose()).expect("a key"))
    }

    pub(super) fn request(&self, method: &str, path: &str, timestamp: &str, nonce: &str, body: &[u8]) -> String {
        hex::encode(self.over(&["request", method, path, timestamp, nonce], body).finalize().into_bytes())
    }

    pub(super) fn signed_answer(
        &self,
        status: u16,
        timestamp: &str,
        nonce: &str,
        body: &[u8],
        signature: &str,
    ) -> bool {
        matches(self.over(&["answer", &status.to_string(), timestamp, nonce], body), signature)
    }

    pub(super) fn signed_callback(&self, timestamp: &str, nonce: &str, body: &[u8], signature: &str) -> bool {
        matches(self.over(&["callback", timestamp, nonce], body), signature)
    }

    fn over(&self, lines: &[&str], body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for line in lines {
            mac.update(line.as_bytes());
            mac.update(b"\n");
        }
        mac.update(hex::encode(Sha256::digest(body)).as_bytes());
        mac.update(b"\n");
        mac
    }
}

/// In the same time for every signature.
fn matches(mac: Hmac<Sha256>, signature: &str) -> bool {
    hex::decode(signature).is_ok_and(|signature| mac.verify_slice(&signature).is_ok())
}

/// 128 bits by chance.
pub(super) fn nonce() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::new(&Secret::new(*b"0123456789abcdef0123456789abcdef"))
    }

    /// Made with Python's hmac and hashlib; host/cashdesk/src/sign.rs has the same ones.
    #[test]
    fn signatures_are_those_of_another_implementation() {
        let request = key().request("POST", "/api/v1/orders", "1764280000", "nonce-1", b"{\"amount\":1}");
        assert_eq!(request, "dadc548127ca32713b77e8f41b3baa1200e344df6d863ba672fb24d6d4cc8f7e");
        let answer = "6492a58f6d85ddae7e4c963eac7310bd606eafe1b781c3b422ff0db93b872580";
        assert!(key().signed_answer(200, "1764280001", "nonce-1", b"{}", answer));
        assert!(!key().signed_answer(201, "1764280001", "nonce-1", b"{}", answer));
        assert!(!key().signed_answer(200, "1764280001", "nonce-2", b"{}", answer));
        let callback = "d429e6b7a04784b57ef73acf6b8781b7f2bfa710583bf401dddc539360586544";
        assert!(key().signed_callback("1764280002", "nonce-3", b"{}", callback));
        assert!(!key().signed_callback("1764280003", "nonce-3", b"{}", callback));
        assert!(!key().signed_callback("1764280002", "nonce-3", b"{ }", callback));
        assert!(!key().signed_callback("1764280002", "nonce-3", b"{}", ""));
    }

    #[test]
    fn what_is_signed_as_one_thing_is_not_another() {
        let (time, nonce) = ("1764280000", "nonce");
        let request = key().request("POST", "/x", time, nonce, b"{}");
        assert!(!key().signed_callback(time, nonce, b"{}", &request));
        assert!(!key().signed_answer(200, time, nonce, b"{}", &request));
    }
}
