//! What is personal, at rest: AES-256-GCM bound to its place, and a keyed index to find a subject's records by.

use hmac::{Hmac, KeyInit as _, Mac};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;
use zhongtai_store::StoreError;

use crate::{CreditError, CreditSubject};

/// Seals, opens and indexes. Every host of a database needs the same key.
pub(crate) struct Vault {
    sealing: LessSafeKey,
    indexing: [u8; 32],
}

// === impl Vault ===

impl Vault {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        #[expect(clippy::expect_used, reason = "AES-256 takes every key of 32 bytes")]
        let sealing = UnboundKey::new(&AES_256_GCM, &mac(key, &[b"sealing"])).expect("a key of 32 bytes");
        Self { sealing: LessSafeKey::new(sealing), indexing: mac(key, &[b"indexing"]) }
    }

    /// A random nonce, the ciphertext and its tag. It opens at the same place only.
    pub(crate) fn seal(&self, place: &[&str], value: &str) -> Result<Vec<u8>, CreditError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce)?;
        let mut sealed = value.as_bytes().to_vec();
        self.sealing
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), binding(place), &mut sealed)
            .map_err(|_| CreditError::Fault("a value can't be sealed".to_owned()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The value, unless it was changed, moved, or sealed with another key.
    pub(crate) fn open(&self, place: &[&str], stored: &[u8]) -> Result<String, StoreError> {
        let value = self
            .try_open(place, stored)
            .ok_or_else(|| StoreError::corrupt("credit data", "it was changed, or sealed with another host's key"))?;
        String::from_utf8(value).map_err(|_| StoreError::corrupt("credit data", "it is no text"))
    }

    fn try_open(&self, place: &[&str], stored: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = stored.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.sealing.open_in_place(nonce, binding(place), &mut sealed).ok()?.len();
        sealed.truncate(length);
        Some(sealed)
    }

    /// What a subject's records are found by. Without the key nobody can try all resident IDs against it.
    pub(crate) fn index(&self, whom: &CreditSubject) -> String {
        hex::encode(mac(&self.indexing, &[b"subject", whom.to_text().as_bytes()]))
    }

    /// What tells one text from another; keyed, because it may be about somebody.
    pub(crate) fn digest(&self, parts: &[&str]) -> String {
        let parts: Vec<&[u8]> =
            std::iter::once(b"digest".as_slice()).chain(parts.iter().map(|part| part.as_bytes())).collect();
        hex::encode(mac(&self.indexing, &parts))
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

fn binding(place: &[&str]) -> Aad<Vec<u8>> {
    let part = |part: &&str| [(part.len() as u64).to_le_bytes().as_slice(), part.as_bytes()].concat();
    Aad::from(place.iter().flat_map(part).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_only_where_and_with_the_key_it_was_sealed() {
        let vault = Vault::new(&[7; 32]);
        let sealed = vault.seal(&["detail", "税务局", "1"], "欠税").unwrap();
        assert_eq!(vault.open(&["detail", "税务局", "1"], &sealed).unwrap(), "欠税");
        assert!(vault.open(&["detail", "税务局", "2"], &sealed).is_err(), "another record");
        assert!(vault.open(&["subject", "税务局", "1"], &sealed).is_err(), "another column");
        assert!(vault.open(&["detail", "税务局1", ""], &sealed).is_err(), "other parts of the same text");
        assert!(Vault::new(&[8; 32]).open(&["detail", "税务局", "1"], &sealed).is_err(), "another key");
        assert!(vault.open(&["detail", "税务局", "1"], &sealed[..11]).is_err(), "half a nonce");
    }

    #[test]
    fn the_index_is_the_same_for_the_same_subject_and_key_only() {
        let (vault, other) = (Vault::new(&[7; 32]), Vault::new(&[8; 32]));
        let person = CreditSubject::Person("11010519491231002X".parse().unwrap());
        let another = CreditSubject::Person("34052419800101001X".parse().unwrap());
        assert_eq!(vault.index(&person), vault.index(&person.clone()));
        assert_ne!(vault.index(&person), vault.index(&another));
        assert_ne!(vault.index(&person), other.index(&person));
        assert_ne!(vault.digest(&["ab", "c"]), vault.digest(&["a", "bc"]));
    }
}
