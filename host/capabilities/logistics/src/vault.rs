//! What is personal, at rest: AES-256-GCM, bound to the row and column that it is of.

use hmac::{Hmac, KeyInit as _, Mac};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;
use zhongtai_store::StoreError;

use crate::{LogisticsError, PostalAddress};

/// Seals, opens and tells requests apart. Every host of a database needs the same key.
pub(crate) struct Vault {
    sealing: LessSafeKey,
    digesting: [u8; 32],
}

// === impl Vault ===

impl Vault {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        #[expect(clippy::expect_used, reason = "AES-256 takes every key of 32 bytes")]
        let sealing = UnboundKey::new(&AES_256_GCM, &mac(key, &["sealing"])).expect("a key of 32 bytes");
        Self { sealing: LessSafeKey::new(sealing), digesting: mac(key, &["digesting"]) }
    }

    /// A random nonce, the ciphertext and its tag.
    pub(crate) fn seal(&self, row: &str, column: &str, value: &str) -> Result<Vec<u8>, LogisticsError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce)?;
        let mut sealed = value.as_bytes().to_vec();
        self.sealing
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), binding(row, column), &mut sealed)
            .map_err(|_| LogisticsError::Fault("a value can't be sealed".to_owned()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The value, unless it was changed, moved, or sealed with another key.
    pub(crate) fn open(&self, row: &str, column: &str, stored: &[u8]) -> Result<String, StoreError> {
        let value = self.try_open(row, column, stored).and_then(|value| String::from_utf8(value).ok());
        value.ok_or_else(|| StoreError::corrupt("shipment", "it was changed, or sealed with another host's key"))
    }

    pub(crate) fn seal_address(&self, row: &str, address: &PostalAddress) -> Result<Vec<u8>, LogisticsError> {
        let text = serde_json::to_string(address).map_err(|error| LogisticsError::Fault(error.to_string()))?;
        self.seal(row, "address", &text)
    }

    pub(crate) fn open_address(&self, row: &str, stored: &[u8]) -> Result<PostalAddress, StoreError> {
        let text = self.open(row, "address", stored)?;
        serde_json::from_str(&text).map_err(|_| StoreError::corrupt("logistics address", "it is none"))
    }

    fn try_open(&self, row: &str, column: &str, stored: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = stored.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.sealing.open_in_place(nonce, binding(row, column), &mut sealed).ok()?.len();
        sealed.truncate(length);
        Some(sealed)
    }

    /// What tells one request from another; keyed, because a request says who gets what.
    pub(crate) fn digest(&self, parts: &[&str]) -> String {
        hex::encode(mac(&self.digesting, parts))
    }
}

/// HMAC-SHA256 over the parts, each with its length: no two different lists are one text.
fn mac(key: &[u8; 32], parts: &[&str]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of 32 bytes");
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

fn binding(row: &str, column: &str) -> Aad<Vec<u8>> {
    Aad::from(format!("{row} {column}").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_only_where_and_with_the_key_it_was_sealed() {
        let vault = Vault::new(&[7; 32]);
        let sealed = vault.seal("a", "what", "营业执照").unwrap();
        assert_eq!(vault.open("a", "what", &sealed).unwrap(), "营业执照");
        assert!(vault.open("b", "what", &sealed).is_err(), "another shipment");
        assert!(vault.open("a", "address", &sealed).is_err(), "another column");
        assert!(Vault::new(&[8; 32]).open("a", "what", &sealed).is_err(), "another key");
        assert!(vault.open("a", "what", &sealed[..11]).is_err(), "half a nonce");
        assert_ne!(vault.digest(&["ab", "c"]), vault.digest(&["a", "bc"]));
    }
}
