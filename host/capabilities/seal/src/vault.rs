//! Secrets at rest: private keys as `zhongtai_pki` seals them, the certificates of persons, and what tells one request
//! from another.

use hmac::{Hmac, KeyInit as _, Mac};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;
use zhongtai_pki::KeyVault;
use zhongtai_store::StoreError;

use crate::SealError;

/// Every host of a database needs the same key.
pub(crate) struct Vault {
    pub(crate) keys: KeyVault,
    values: LessSafeKey,
    requests: [u8; 32],
}

// === impl Vault ===

impl Vault {
    pub(crate) fn new(key: &[u8; 32]) -> Result<Self, SealError> {
        let values = UnboundKey::new(&AES_256_GCM, &mac(key, &[b"values"]));
        let values = values.map_err(|_| SealError::Fault("a key is not of 32 bytes".to_owned()))?;
        Ok(Self { keys: KeyVault::new(key)?, values: LessSafeKey::new(values), requests: mac(key, &[b"requests"]) })
    }

    /// A value for its place: a random nonce, the ciphertext and its tag.
    pub(crate) fn seal(&self, place: &str, value: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce)?;
        let mut sealed = value.to_vec();
        self.values
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut sealed)
            .map_err(|_| SealError::Fault("a value can't be sealed".to_owned()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The value again, unless it was changed, moved, or sealed with another key.
    pub(crate) fn open(&self, place: &str, stored: &[u8]) -> Result<Vec<u8>, StoreError> {
        let corrupt = || StoreError::corrupt("value of a seal", "it was changed, or sealed with another key");
        let (nonce, sealed) = stored.split_first_chunk::<NONCE_LEN>().ok_or_else(corrupt)?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let value = self.values.open_in_place(nonce, Aad::from(place), &mut sealed).map_err(|_| corrupt())?;
        Ok(value.to_vec())
    }

    /// What tells one request from another; keyed, since a document's digest says what was sealed.
    pub(crate) fn digest(&self, parts: &[&[u8]]) -> String {
        hex::encode(mac(&self.requests, parts))
    }
}

/// HMAC-SHA256 over the parts, each with its length: no two different lists are one text.
fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of 32 bytes");
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_only_where_and_with_the_key_it_was_sealed() {
        let vault = Vault::new(&[7; 32]).unwrap();
        let sealed = vault.seal("a/p256", b"chain").unwrap();
        assert_eq!(vault.open("a/p256", &sealed).unwrap(), b"chain");
        assert!(vault.open("b/p256", &sealed).is_err(), "another place");
        assert!(Vault::new(&[8; 32]).unwrap().open("a/p256", &sealed).is_err(), "another key");
        assert!(vault.open("a/p256", &sealed[..11]).is_err(), "half a nonce");
        assert_ne!(vault.digest(&[b"ab", b"c"]), vault.digest(&[b"a", b"bc"]));
    }
}
