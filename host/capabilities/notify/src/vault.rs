//! Texts and addresses at rest: AES-256-GCM, bound to their message and place; and what a recipient is counted by.

use hmac::{Hmac, KeyInit as _, Mac};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;
use zhongtai_store::StoreError;

use crate::{Address, MessageId, NotifyError};

/// Seals, opens and indexes. Every host of a database needs the same key.
pub(crate) struct Vault {
    sealing: LessSafeKey,
    indexing: [u8; 32],
}

// === impl Vault ===

impl Vault {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        #[expect(clippy::expect_used, reason = "AES-256 takes every key of 32 bytes")]
        let sealing = UnboundKey::new(&AES_256_GCM, &mac(key, b"sealing")).expect("a key of 32 bytes");
        Self { sealing: LessSafeKey::new(sealing), indexing: mac(key, b"indexing") }
    }

    /// A random nonce, the ciphertext and its tag. `place` is the table and the channel, or the account.
    pub(crate) fn seal(&self, id: MessageId, place: &str, value: &[u8]) -> Result<Vec<u8>, NotifyError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| NotifyError::Fault("the system gives no random bytes"))?;
        let mut sealed = value.to_vec();
        self.sealing
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), binding(id, place), &mut sealed)
            .map_err(|_| NotifyError::Fault("a message can't be sealed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The value, unless it was changed, moved, or sealed with another key.
    pub(crate) fn open(&self, id: MessageId, place: &str, stored: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.try_open(id, place, stored)
            .ok_or_else(|| StoreError::corrupt("a message", "it was changed, or sealed with another host's key"))
    }

    fn try_open(&self, id: MessageId, place: &str, stored: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = stored.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.sealing.open_in_place(nonce, binding(id, place), &mut sealed).ok()?.len();
        sealed.truncate(length);
        Some(sealed)
    }

    /// What a recipient is counted by. Without the key nobody can try all phone numbers against it.
    pub(crate) fn index(&self, address: &Address) -> String {
        let text = format!("{}:{}", address.channel().as_str(), address.to_text().to_lowercase());
        hex::encode(mac(&self.indexing, text.as_bytes()))
    }
}

fn mac(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of 32 bytes");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

fn binding(id: MessageId, place: &str) -> Aad<Vec<u8>> {
    Aad::from([id.to_string().as_bytes(), place.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ChannelKind;

    #[test]
    fn a_value_opens_only_where_and_with_the_key_it_was_sealed() {
        let (vault, id) = (Vault::new(&[7; 32]), MessageId::generate());
        let sealed = vault.seal(id, "outbox sms", "您好".as_bytes()).unwrap();
        assert_eq!(vault.open(id, "outbox sms", &sealed).unwrap(), "您好".as_bytes());
        assert!(vault.open(MessageId::generate(), "outbox sms", &sealed).is_err(), "another message");
        assert!(vault.open(id, "outbox email", &sealed).is_err(), "another place");
        assert!(Vault::new(&[8; 32]).open(id, "outbox sms", &sealed).is_err(), "another key");
        assert!(vault.open(id, "outbox sms", &sealed[..11]).is_err(), "half a nonce");
    }

    #[test]
    fn a_recipient_is_counted_by_address_and_key() {
        let address = |kind, text| Address::parse(kind, text).unwrap();
        let (vault, other) = (Vault::new(&[7; 32]), Vault::new(&[8; 32]));
        let (a, b) = (address(ChannelKind::Sms, "13800138000"), address(ChannelKind::Sms, "+86 138 0013 8000"));
        assert_eq!(vault.index(&a), vault.index(&b), "however it was written");
        assert_ne!(vault.index(&a), vault.index(&address(ChannelKind::Sms, "13800138001")));
        assert_ne!(vault.index(&a), other.index(&a));
    }
}
