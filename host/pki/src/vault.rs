use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
};
use zeroize::Zeroizing;

use crate::{KeyError, SoftwareKey};

/// The form of what [`KeyVault::seal`] gives, in its first byte.
const FORM: u8 = 1;

/// Private keys at rest: AES-256-GCM under a key that HKDF-SHA-256 derives from the platform's.
///
/// Each is bound to its place, so that one row of a table can't stand in for another.
///
/// ```
/// use zhongtai_pki::{Algorithm, KeyVault, SoftwareKey};
///
/// let vault = KeyVault::new(&[7; 32])?; // the platform's key
/// let key = SoftwareKey::generate(Algorithm::Sm2Sm3)?;
/// let sealed = vault.seal(&key, "seal/42")?;
/// assert!(vault.open(&sealed, "seal/42").is_ok());
/// assert!(vault.open(&sealed, "seal/43").is_err());
/// # Ok::<(), zhongtai_pki::KeyError>(())
/// ```
pub struct KeyVault(LessSafeKey);

// === impl KeyVault ===

impl KeyVault {
    /// A vault under `platform`, which needs to be secret and random.
    ///
    /// # Errors
    /// Never for a key of this length; the derivation has a failing form.
    pub fn new(platform: &[u8; 32]) -> Result<Self, KeyError> {
        let secret = Salt::new(HKDF_SHA256, b"zhongtai.pki").extract(platform);
        let key = secret.expand(&[b"private keys at rest, AES-256-GCM, form 1"], &AES_256_GCM);
        Ok(Self(LessSafeKey::new(UnboundKey::from(key.map_err(|_| KeyError::Encode)?))))
    }

    /// A key, sealed for `place`.
    ///
    /// # Errors
    /// When there are no random numbers.
    pub fn seal(&self, key: &SoftwareKey, place: &str) -> Result<Vec<u8>, KeyError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| KeyError::Random)?;
        let mut secret = key.to_pkcs8()?;
        // Encrypted where it lies, so that no copy of it stays behind.
        let tag = self
            .0
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), binding(place), &mut secret)
            .map_err(|_| KeyError::Encode)?;
        Ok([&[FORM], nonce.as_slice(), &secret, tag.as_ref()].concat())
    }

    /// The key again.
    ///
    /// # Errors
    /// [`KeyError::Sealed`] when it was changed, sealed for another place, or under another platform key.
    pub fn open(&self, sealed: &[u8], place: &str) -> Result<SoftwareKey, KeyError> {
        let (form, rest) = sealed.split_first().ok_or(KeyError::Sealed)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>().ok_or(KeyError::Sealed)?;
        if *form != FORM {
            return Err(KeyError::Sealed);
        }
        let mut secret = Zeroizing::new(rest.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let document = self.0.open_in_place(nonce, binding(place), &mut secret).map_err(|_| KeyError::Sealed)?;
        SoftwareKey::from_pkcs8(document)
    }
}

fn binding(place: &str) -> Aad<Vec<u8>> {
    Aad::from([&[FORM], place.as_bytes()].concat())
}
