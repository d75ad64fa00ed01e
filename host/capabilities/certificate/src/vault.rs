//! What is personal, at rest: AES-256-GCM bound to its certificate and column, and a blind index to find a holder by.

use hmac::{Hmac, KeyInit as _, Mac};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;
use zhongtai_store::StoreError;

use crate::{CertificateError, CertificateId, Holder};

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

    /// A random nonce, the ciphertext and its tag.
    pub(crate) fn seal(&self, id: CertificateId, column: &str, value: &[u8]) -> Result<Vec<u8>, CertificateError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce)?;
        let mut sealed = value.to_vec();
        self.sealing
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), binding(id, column), &mut sealed)
            .map_err(|_| CertificateError::Fault("a value can't be sealed".to_owned()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The value, unless it was changed, moved, or sealed with another key.
    pub(crate) fn open(&self, id: CertificateId, column: &str, stored: &[u8]) -> Result<String, StoreError> {
        let value = self.open_bytes(id, column, stored)?;
        String::from_utf8(value).map_err(|_| StoreError::corrupt("certificates", "it is no text"))
    }

    /// The same of what is no text.
    pub(crate) fn open_bytes(&self, id: CertificateId, column: &str, stored: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.try_open(id, column, stored)
            .ok_or_else(|| StoreError::corrupt("certificates", "it was changed, or sealed with another host's key"))
    }

    fn try_open(&self, id: CertificateId, column: &str, stored: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = stored.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.sealing.open_in_place(nonce, binding(id, column), &mut sealed).ok()?.len();
        sealed.truncate(length);
        Some(sealed)
    }

    /// What a holder is found by. Without the key nobody can try all resident IDs against it.
    pub(crate) fn index(&self, holder: &Holder) -> String {
        hex::encode(mac(&self.indexing, &[b"holder", holder.to_text().as_bytes()]))
    }

    /// What tells one request from another; keyed, because a request says who the holder is.
    pub(crate) fn digest(&self, parts: &[&str]) -> String {
        let parts: Vec<&[u8]> =
            std::iter::once(b"request".as_slice()).chain(parts.iter().map(|p| p.as_bytes())).collect();
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

fn binding(id: CertificateId, column: &str) -> Aad<Vec<u8>> {
    Aad::from([id.to_string().as_bytes(), column.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_only_where_and_with_the_key_it_was_sealed() {
        let (vault, id) = (Vault::new(&[7; 32]), CertificateId::generate());
        let sealed = vault.seal(id, "fields", "张三".as_bytes()).unwrap();
        assert_eq!(vault.open(id, "fields", &sealed).unwrap(), "张三");
        assert!(vault.open(CertificateId::generate(), "fields", &sealed).is_err(), "another certificate");
        assert!(vault.open(id, "holder", &sealed).is_err(), "another column");
        assert!(Vault::new(&[8; 32]).open(id, "fields", &sealed).is_err(), "another key");
        assert!(vault.open(id, "fields", &sealed[..11]).is_err(), "half a nonce");
    }

    #[test]
    fn the_index_is_the_same_for_the_same_holder_and_key_only() {
        let (vault, other) = (Vault::new(&[7; 32]), Vault::new(&[8; 32]));
        let person = Holder::Person("11010519491231002X".parse().unwrap());
        let another = Holder::Person("34052419800101001X".parse().unwrap());
        assert_eq!(vault.index(&person), vault.index(&person.clone()));
        assert_ne!(vault.index(&person), vault.index(&another));
        assert_ne!(vault.index(&person), other.index(&person));
        assert_ne!(vault.digest(&["ab", "c"]), vault.digest(&["a", "bc"]));
    }
}
