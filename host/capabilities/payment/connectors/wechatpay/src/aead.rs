//! AEAD_AES_256_GCM (RFC 5116) under the merchant's APIv3 key: how WeChat Pay encrypts callbacks and certificates.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::Deserialize;
use zhongtai_outbound::Secret;

/// The one algorithm.
const ALGORITHM: &str = "AEAD_AES_256_GCM";

/// The APIv3 key. It has no `Debug`.
pub(crate) struct ApiKey(LessSafeKey);

/// What is encrypted, as it stands in JSON.
#[derive(Deserialize)]
pub(crate) struct Sealed {
    algorithm: String,
    nonce: String,
    #[serde(default)]
    associated_data: Option<String>,
    ciphertext: String,
}

// === impl ApiKey ===

impl ApiKey {
    /// `None` unless it is 32 bytes.
    pub(crate) fn new(secret: &Secret) -> Option<Self> {
        UnboundKey::new(&AES_256_GCM, secret.expose()).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// What was encrypted; `None` when it, its nonce, its associated data or its tag was touched.
    pub(crate) fn open(&self, sealed: &Sealed) -> Option<Vec<u8>> {
        if sealed.algorithm != ALGORITHM {
            return None;
        }
        let nonce = Nonce::try_assume_unique_for_key(sealed.nonce.as_bytes()).ok()?;
        let associated = Aad::from(sealed.associated_data.as_deref().unwrap_or_default());
        let mut text = STANDARD.decode(&sealed.ciphertext).ok()?;
        let length = self.0.open_in_place(nonce, associated, &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ApiKey {
        ApiKey::new(&Secret::new(*b"0123456789abcdef0123456789ABCDEF")).unwrap()
    }

    /// Made with Python's `cryptography`.
    fn sealed() -> Sealed {
        Sealed {
            algorithm: ALGORITHM.to_owned(),
            nonce: "fdasflkja484".to_owned(),
            associated_data: Some("transaction".to_owned()),
            ciphertext: "bz1mQGtugHE+xvD4swlMsg6W5xnriN35Db7X2VNaNYA0OlRApB0=".to_owned(),
        }
    }

    #[test]
    fn what_another_implementation_encrypted_is_opened() {
        assert_eq!(key().open(&sealed()).unwrap(), "{\"out_trade_no\":\"一\"}".as_bytes());
    }

    #[test]
    fn nothing_that_was_touched_is_opened() {
        let broken = |touch: fn(&mut Sealed)| {
            let mut sealed = sealed();
            touch(&mut sealed);
            key().open(&sealed).is_none()
        };
        assert!(broken(|sealed| sealed.nonce = "fdasflkja485".to_owned()));
        assert!(broken(|sealed| sealed.nonce = "short".to_owned()));
        assert!(broken(|sealed| sealed.associated_data = None));
        assert!(broken(|sealed| sealed.associated_data = Some("certificate".to_owned())));
        assert!(broken(|sealed| sealed.algorithm = "AEAD_SM4_GCM".to_owned()));
        assert!(broken(|sealed| sealed.ciphertext = "AAAA".to_owned()));
        assert!(broken(|sealed| {
            let mut bytes = STANDARD.decode(&sealed.ciphertext).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            sealed.ciphertext = STANDARD.encode(bytes);
        }));
        assert!(ApiKey::new(&Secret::new(*b"short")).is_none());
    }
}
