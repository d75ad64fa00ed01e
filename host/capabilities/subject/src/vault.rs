//! Attributes and second factors at rest: AES-256-GCM, bound to their account and name, so that one row can't stand in
//! for another.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zhongtai_kernel::AccountId;
use zhongtai_store::StoreError;

use crate::{AttributeName, SubjectError};

/// Seals and opens values of attributes.
pub(crate) struct Vault(LessSafeKey);

// === impl Vault ===

impl Vault {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        #[expect(clippy::expect_used, reason = "AES-256 takes every key of 32 bytes")]
        let key = UnboundKey::new(&AES_256_GCM, key).expect("a key of 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// A random nonce, the ciphertext and its tag.
    pub(crate) fn seal(&self, account: AccountId, name: AttributeName, value: &str) -> Result<Vec<u8>, SubjectError> {
        self.seal_bytes(account, name.as_str(), value.as_bytes())
    }

    /// The value, unless it was changed, moved, or sealed with another key.
    pub(crate) fn open(&self, account: AccountId, name: AttributeName, stored: &[u8]) -> Result<String, StoreError> {
        const WHAT: &str = "subject_attributes.sealed";
        let value = self.open_bytes(account, name.as_str(), stored, WHAT)?;
        String::from_utf8(value).map_err(|_| StoreError::corrupt(WHAT, "it is no text"))
    }

    /// The same for bytes, under a label that no attribute has.
    pub(crate) fn seal_bytes(&self, account: AccountId, label: &str, value: &[u8]) -> Result<Vec<u8>, SubjectError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce)?;
        let mut sealed = value.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), binding(account, label), &mut sealed)
            .map_err(|_| SubjectError::Fault("a value can't be sealed".to_owned()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// `what` names the column in the error.
    pub(crate) fn open_bytes(
        &self,
        account: AccountId,
        label: &str,
        stored: &[u8],
        what: &'static str,
    ) -> Result<Vec<u8>, StoreError> {
        let value = self.try_open(account, label, stored);
        value.ok_or_else(|| StoreError::corrupt(what, "it was changed, or sealed with another host's key"))
    }

    fn try_open(&self, account: AccountId, label: &str, stored: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = stored.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        Some(self.0.open_in_place(nonce, binding(account, label), &mut sealed).ok()?.to_vec())
    }
}

fn binding(account: AccountId, label: &str) -> Aad<Vec<u8>> {
    Aad::from([account.to_bytes().as_slice(), label.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_only_where_and_with_the_key_it_was_sealed() {
        let (vault, account) = (Vault::new(&[7; 32]), AccountId::generate());
        let sealed = vault.seal(account, AttributeName::Phone, "13800138000").unwrap();
        assert_eq!(vault.open(account, AttributeName::Phone, &sealed).unwrap(), "13800138000");
        assert_ne!(sealed, vault.seal(account, AttributeName::Phone, "13800138000").unwrap());

        assert!(vault.open(AccountId::generate(), AttributeName::Phone, &sealed).is_err(), "another account");
        assert!(vault.open(account, AttributeName::Name, &sealed).is_err(), "another attribute");
        assert!(Vault::new(&[8; 32]).open(account, AttributeName::Phone, &sealed).is_err(), "another key");
        assert!(vault.open(account, AttributeName::Phone, &sealed[..11]).is_err(), "half a nonce");
        let mut changed = sealed;
        *changed.last_mut().unwrap() ^= 1;
        assert!(vault.open(account, AttributeName::Phone, &changed).is_err(), "one bit");
    }
}
