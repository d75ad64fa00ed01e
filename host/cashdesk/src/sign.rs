//! How the host and the desk sign what they say: HMAC-SHA-256 (RFC 2104) under a shared secret, over lines that begin
//! with what is signed, so that none can pass for another. README.md has the lines.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zhongtai_outbound::Secret;

pub(crate) const TIMESTAMP: &str = "cashdesk-timestamp";
pub(crate) const NONCE: &str = "cashdesk-nonce";
pub(crate) const SIGNATURE: &str = "cashdesk-signature";

/// The shared secret, ready to sign with. It has no `Debug`.
#[derive(Clone)]
pub(crate) struct Key(Hmac<Sha256>);

// === impl Key ===

impl Key {
    pub(crate) fn new(secret: &Secret) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        Self(Hmac::new_from_slice(secret.expose()).expect("a key"))
    }

    /// Whether the host signed this request. In the same time for every signature.
    pub(crate) fn signed_request(
        &self,
        [method, path, timestamp, nonce]: [&str; 4],
        body: &[u8],
        signature: &str,
    ) -> bool {
        let mac = self.over(&["request", method, path, timestamp, nonce], body);
        hex::decode(signature).is_ok_and(|signature| mac.verify_slice(&signature).is_ok())
    }

    pub(crate) fn answer(&self, status: u16, timestamp: &str, nonce: &str, body: &[u8]) -> String {
        hex::encode(self.over(&["answer", &status.to_string(), timestamp, nonce], body).finalize().into_bytes())
    }

    pub(crate) fn callback(&self, timestamp: &str, nonce: &str, body: &[u8]) -> String {
        hex::encode(self.over(&["callback", timestamp, nonce], body).finalize().into_bytes())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Python's hmac and hashlib; the host's side in the payment capability has the same ones.
    #[test]
    fn signatures_are_those_of_another_implementation() {
        let key = Key::new(&Secret::new(*b"0123456789abcdef0123456789abcdef"));
        let request = "dadc548127ca32713b77e8f41b3baa1200e344df6d863ba672fb24d6d4cc8f7e";
        let said = ["POST", "/api/v1/orders", "1764280000", "nonce-1"];
        assert!(key.signed_request(said, b"{\"amount\":1}", request));
        assert!(!key.signed_request(said, b"{\"amount\":2}", request));
        assert!(!key.signed_request(["GET", said[1], said[2], said[3]], b"{\"amount\":1}", request));
        assert!(!key.signed_request(said, b"{\"amount\":1}", ""));
        let answer = key.answer(200, "1764280001", "nonce-1", b"{}");
        assert_eq!(answer, "6492a58f6d85ddae7e4c963eac7310bd606eafe1b781c3b422ff0db93b872580");
        let callback = key.callback("1764280002", "nonce-3", b"{}");
        assert_eq!(callback, "d429e6b7a04784b57ef73acf6b8781b7f2bfa710583bf401dddc539360586544");
    }
}
