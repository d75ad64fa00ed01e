//! Signed tokens in compact form (RFC 7515, 7.1) that openidconnect has no type for. The signature itself is checked by
//! openidconnect's keys.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    JsonWebKey, JsonWebKeyAlgorithm, JsonWebKeyUse, JwsSigningAlgorithm,
    core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::TokenFault;

/// What signatures are accepted. Never `none`; never `HS…`, whose key a server that is asked to verify would know too.
pub(crate) const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// A longer token is not read: nobody has to be authenticated to send one.
const MAX_BYTES: usize = 16 * 1024;

/// A token that was taken apart, and not verified yet.
pub(crate) struct Jws<'a> {
    header: Header,
    signed: &'a [u8],
    payload: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

// === impl Jws ===

impl<'a> Jws<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, TokenFault> {
        if text.len() > MAX_BYTES {
            return Err(TokenFault::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(TokenFault::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenFault::Malformed)?;
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenFault::Malformed);
        let header: Header = serde_json::from_slice(&bytes(header)?).map_err(|_| TokenFault::Malformed)?;
        // A header that must be understood, and that we don't understand (RFC 7515, 4.1.11).
        if header.crit.is_some() {
            return Err(TokenFault::Type);
        }
        Ok(Self { header, signed: signed.as_bytes(), payload: bytes(payload)?, signature: bytes(signature)? })
    }

    /// The media type, in small letters and without `application/` (RFC 7515, 4.1.9).
    pub(crate) fn kind(&self) -> Option<String> {
        let kind = self.header.typ.as_ref()?.to_ascii_lowercase();
        Some(kind.strip_prefix("application/").map_or(kind.clone(), str::to_owned))
    }

    /// The claims, when one of `keys` signed them.
    pub(crate) fn verify<T: DeserializeOwned>(&self, keys: &CoreJsonWebKeySet) -> Result<T, TokenFault> {
        let algorithm = serde_json::from_value(Value::String(self.header.alg.clone()))
            .ok()
            .filter(|algorithm| ALGORITHMS.contains(algorithm))
            .ok_or(TokenFault::Algorithm)?;
        let key = self.key(keys, &algorithm)?;
        key.verify_signature(&algorithm, self.signed, &self.signature).map_err(|_| TokenFault::Signature)?;
        serde_json::from_slice(&self.payload).map_err(|_| TokenFault::Malformed)
    }

    /// The one key that the token names, or the one that there is (OpenID Connect Core, 10.1).
    fn key<'k>(
        &self,
        keys: &'k CoreJsonWebKeySet,
        algorithm: &CoreJwsSigningAlgorithm,
    ) -> Result<&'k CoreJsonWebKey, TokenFault> {
        let named = |key: &CoreJsonWebKey| match &self.header.kid {
            Some(id) => key.key_id().is_some_and(|key_id| key_id.as_str() == id),
            None => true,
        };
        let mut fitting = keys.keys().iter().filter(|key| named(key) && is_for(key, algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            _ => Err(TokenFault::NoKey),
        }
    }
}

/// A key is for one type of algorithm, perhaps for one algorithm, and perhaps not for signatures at all.
fn is_for(key: &CoreJsonWebKey, algorithm: &CoreJwsSigningAlgorithm) -> bool {
    let right_algorithm = match key.signing_alg() {
        JsonWebKeyAlgorithm::Unspecified => true,
        JsonWebKeyAlgorithm::Algorithm(only) => only == algorithm,
        JsonWebKeyAlgorithm::Unsupported => false,
    };
    right_algorithm
        && key.key_use().is_none_or(JsonWebKeyUse::allows_signature)
        && algorithm.key_type().as_ref() == Some(key.key_type())
}
