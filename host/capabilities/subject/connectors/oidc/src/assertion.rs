//! Client assertions (RFC 7523, 2.2; OpenID Connect Core, 9: `private_key_jwt`). They are signed with ring, whose RSA
//! takes the same time for every key.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use serde_json::json;
use zhongtai_kernel::Timestamp;

use crate::ClientFault;

/// The `client_assertion_type` of RFC 7523, 2.2.
pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// It is made for one request, and used at once.
const LIFETIME_SECONDS: i64 = 60;

/// The key that signs. It has no `Debug`.
pub(crate) struct AssertionKey {
    key: Key,
    id: Option<String>,
}

enum Key {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

// === impl AssertionKey ===

impl AssertionKey {
    /// A key in PKCS #8, or an RSA key in PKCS #1. `None` for any other.
    pub(crate) fn from_pem(pem: &str, id: Option<String>) -> Option<Self> {
        let key = match PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()? {
            PrivateKeyDer::Pkcs8(der) => pkcs8(der.secret_pkcs8_der())?,
            PrivateKeyDer::Pkcs1(der) => Key::Rs256(RsaKeyPair::from_der(der.secret_pkcs1_der()).ok()?),
            _ => return None,
        };
        Some(Self { key, id })
    }

    /// An assertion by `client_id` for the provider. Its audience is the issuer and nothing else: a token endpoint's URL
    /// could be another provider's.
    pub(crate) fn sign(&self, client_id: &str, issuer: &str, now: Timestamp) -> Result<String, ClientFault> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| ClientFault::Random)?;
        let mut header = json!({ "alg": self.algorithm(), "typ": "JWT" });
        if let (Some(id), Some(header)) = (&self.id, header.as_object_mut()) {
            header.insert("kid".to_owned(), id.as_str().into());
        }
        let claims = json!({
            "iss": client_id,
            "sub": client_id,
            "aud": issuer,
            "jti": hex::encode(id),
            "iat": now.as_second(),
            "exp": now.as_second() + LIFETIME_SECONDS,
        });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(self.signature(signed.as_bytes())?);
        Ok(format!("{signed}.{signature}"))
    }

    fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Es256(_) => "ES256",
            Key::Rs256(_) => "RS256",
        }
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, ClientFault> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Es256(key) => {
                key.sign(&random, message).map(|signature| signature.as_ref().to_vec()).map_err(|_| ClientFault::Key)
            }
            Key::Rs256(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|_| ClientFault::Key)?;
                Ok(signature)
            }
        }
    }
}

fn pkcs8(der: &[u8]) -> Option<Key> {
    let curve = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &SystemRandom::new());
    match curve {
        Ok(key) => Some(Key::Es256(key)),
        Err(_) => RsaKeyPair::from_pkcs8(der).ok().map(Key::Rs256),
    }
}
