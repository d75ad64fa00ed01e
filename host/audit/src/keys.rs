//! The keys that sign checkpoints, and their public halves as C2SP verifier keys and PEM.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::Signer as _;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use signed_note::{Note, NoteError, Signature, StandardVerifier, Verifier, VerifierList};
use sm2::{
    dsa::signature::{Signer as _, Verifier as _},
    pkcs8::{EncodePublicKey, LineEnding},
};
use zhongtai_kernel::ErrorKind;

/// The signer's distinguishing identifier of SM2 signatures: the default of GM/T 0009.
pub const SM2_DISTID: &str = "1234567812345678";

/// C2SP signed-note's type byte of Ed25519.
const ED25519: &[u8] = &[0x01];

/// C2SP has no type byte for SM2: 0xff says that a longer name of the type follows.
const SM2_SM3: &[u8] = b"\xffzhongtai.sm2-sm3/v1";

/// The DER before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo` (RFC 8410, section 4).
const ED25519_SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A key that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name can't stand in a signature line.
    #[error("`{0}` can't name an audit key: it must not be empty, nor hold spaces or `+`")]
    Name(String),
    /// No private key came out of the seed.
    #[error("the audit keys can't be derived from the seed: give another one")]
    Seed,
    /// A line of public keys can't be read.
    #[error("`{0}` is not a public key of an audit log: expected `<name>+<8 hex digits>+<base64>`, as in keys/public")]
    Public(String),
    /// There is no key to check with.
    #[error("no public key was given: take keys/public of the host, as it was when the log was begun")]
    None,
}

impl KeyError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

/// What signs a host's checkpoints: an Ed25519 key and an SM2 key (GB/T 32918), under one name.
pub struct AuditKeys {
    name: String,
    ed25519: ed25519_dalek::SigningKey,
    sm2: sm2::dsa::SigningKey,
}

/// The public halves, each with its name. Parsed from and shown as one verifier key per line.
#[derive(Clone)]
pub struct PublicKeys(Vec<PublicKey>);

#[derive(Clone)]
struct PublicKey {
    vkey: String,
    algorithm: Algorithm,
}

#[derive(Clone)]
enum Algorithm {
    Ed25519(Box<StandardVerifier>),
    Sm2(Box<Sm2Verifier>),
}

#[derive(Clone)]
struct Sm2Verifier {
    name: String,
    id: u32,
    key: sm2::dsa::VerifyingKey,
}

/// Whether a key signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    Yes,
    /// There is no signature of this key.
    No,
    /// There is one, and it is not of this text.
    Wrong,
}

// === impl AuditKeys ===

impl AuditKeys {
    /// Derives both keys from a secret. `name` is the log's origin and names both keys, such as
    /// `zhongtai.audit/gateway-1`: two hosts must not share one.
    pub fn derive(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        if !signed_note::is_key_name_valid(name) || name.chars().any(char::is_control) {
            return Err(KeyError::Name(name.to_owned()));
        }
        let ed25519 = ed25519_dalek::SigningKey::from_bytes(&secret(seed, "ed25519", 0));
        // One in 2^32 secrets is not below the order of SM2's curve: then the next one is taken.
        let sm2 = (0..=u8::MAX)
            .find_map(|attempt| sm2::dsa::SigningKey::from_slice(SM2_DISTID, &secret(seed, "sm2", attempt)).ok())
            .ok_or(KeyError::Seed)?;
        Ok(Self { name: name.to_owned(), ed25519, sm2 })
    }

    /// The log's origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What others check with.
    pub fn public(&self) -> PublicKeys {
        let ed25519 = vkey(&self.name, ED25519, self.ed25519.verifying_key().as_bytes());
        let sm2 = vkey(&self.name, SM2_SM3, &self.sm2.verifying_key().to_sec1_bytes());
        // What was just written can be read.
        PublicKeys([ed25519, sm2].iter().filter_map(|vkey| vkey.parse().ok()).collect())
    }

    /// `text` with both signatures.
    pub(crate) fn sign(&self, text: &[u8]) -> Result<Vec<u8>, NoteError> {
        let ed25519 = self.ed25519.sign(text).to_bytes().to_vec();
        let sm2: sm2::dsa::Signature = self.sm2.try_sign(text).map_err(|_| NoteError::InvalidSigner)?;
        let signatures = [
            self.signature(ED25519, self.ed25519.verifying_key().as_bytes(), ed25519)?,
            self.signature(SM2_SM3, &self.sm2.verifying_key().to_sec1_bytes(), sm2.to_der().as_ref().to_vec())?,
        ];
        Ok(Note::new(text, &signatures)?.to_bytes())
    }

    fn signature(&self, kind: &[u8], key: &[u8], signature: Vec<u8>) -> Result<Signature, NoteError> {
        let id = signed_note::key_id(&self.name, &[kind, key].concat());
        Signature::new(self.name.clone(), id, signature)
    }
}

impl fmt::Debug for AuditKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditKeys").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A secret of 32 bytes for one algorithm, so that no two share one.
fn secret(seed: &[u8; 32], algorithm: &str, attempt: u8) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(seed).expect("a key of 32 bytes");
    mac.update(b"zhongtai audit key ");
    mac.update(algorithm.as_bytes());
    mac.update(&[attempt]);
    mac.finalize().into_bytes().into()
}

fn vkey(name: &str, kind: &[u8], key: &[u8]) -> String {
    let key = [kind, key].concat();
    format!("{name}+{:08x}+{}", signed_note::key_id(name, &key), BASE64_STANDARD.encode(key))
}

// === impl PublicKeys ===

impl PublicKeys {
    /// Each key in the PEM form that OpenSSL reads, with the name of a file for it.
    pub fn pem(&self) -> Vec<(&'static str, String)> {
        self.0.iter().filter_map(PublicKey::pem).collect()
    }

    /// Whether each key signed the note: the key as [`PublicKeys`] shows it, and what was found.
    pub(crate) fn check(&self, note: &Note) -> Vec<(&str, Signed)> {
        self.0.iter().map(|key| (key.vkey.as_str(), key.check(note))).collect()
    }
}

impl FromStr for PublicKeys {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys: Vec<PublicKey> = lines.map(str::parse).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(KeyError::None) } else { Ok(Self(keys)) }
    }
}

impl fmt::Display for PublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|key| writeln!(f, "{}", key.vkey))
    }
}

impl fmt::Debug for PublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.vkey)).finish()
    }
}

// === impl PublicKey ===

impl PublicKey {
    fn check(&self, note: &Note) -> Signed {
        let verifier: Box<dyn Verifier> = match &self.algorithm {
            Algorithm::Ed25519(verifier) => verifier.clone(),
            Algorithm::Sm2(verifier) => verifier.clone(),
        };
        match note.verify(&VerifierList::new(vec![verifier])) {
            Ok(_) => Signed::Yes,
            Err(NoteError::UnverifiedNote) => Signed::No,
            Err(_) => Signed::Wrong,
        }
    }

    fn pem(&self) -> Option<(&'static str, String)> {
        match &self.algorithm {
            Algorithm::Ed25519(_) => {
                let key = BASE64_STANDARD.decode(self.vkey.splitn(3, '+').nth(2)?).ok()?;
                let der = [&ED25519_SPKI, key.get(1..)?].concat();
                let text = BASE64_STANDARD.encode(der);
                Some(("ed25519.pem", format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")))
            }
            Algorithm::Sm2(verifier) => Some(("sm2.pem", verifier.key.to_public_key_pem(LineEnding::LF).ok()?)),
        }
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(vkey: &str) -> Result<Self, KeyError> {
        let invalid = || KeyError::Public(vkey.chars().take(200).collect());
        // Base64 has pluses too, but name and id have none: the first two separate.
        let (name, rest) = vkey.split_once('+').ok_or_else(invalid)?;
        let (id, key) = rest.split_once('+').ok_or_else(invalid)?;
        let key = BASE64_STANDARD.decode(key).map_err(|_| invalid())?;
        let algorithm = match key.strip_prefix(SM2_SM3) {
            None => Algorithm::Ed25519(Box::new(StandardVerifier::new(vkey).map_err(|_| invalid())?)),
            Some(point) => {
                let number = signed_note::key_id(name, &key);
                if format!("{number:08x}") != id || !signed_note::is_key_name_valid(name) {
                    return Err(invalid());
                }
                let key = sm2::dsa::VerifyingKey::from_sec1_bytes(SM2_DISTID, point).map_err(|_| invalid())?;
                Algorithm::Sm2(Box::new(Sm2Verifier { name: name.to_owned(), id: number, key }))
            }
        };
        Ok(Self { vkey: vkey.to_owned(), algorithm })
    }
}

// === impl Sm2Verifier ===

impl Verifier for Sm2Verifier {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        sm2::dsa::Signature::from_der(signature).is_ok_and(|signature| self.key.verify(message, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that can't go on must stop")]

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_keys_and_another_name_or_seed_gives_others() {
        let keys = |name: &str, seed: u8| AuditKeys::derive(name, &[seed; 32]).unwrap().public().to_string();
        assert_eq!(keys("zhongtai.audit/a", 1), keys("zhongtai.audit/a", 1));
        assert_ne!(keys("zhongtai.audit/a", 1), keys("zhongtai.audit/a", 2));
        assert_ne!(keys("zhongtai.audit/a", 1), keys("zhongtai.audit/b", 1));
    }

    #[test]
    fn public_keys_read_back_what_they_show_and_refuse_what_was_changed() {
        let text = AuditKeys::derive("zhongtai.audit/a", &[1; 32]).unwrap().public().to_string();
        assert_eq!(text.parse::<PublicKeys>().unwrap().to_string(), text);
        assert_eq!(text.lines().count(), 2);
        for line in text.lines() {
            let renamed = line.replace("audit/a", "audit/b");
            assert!(matches!(renamed.parse::<PublicKeys>(), Err(KeyError::Public(_))), "{renamed}");
        }
        assert!(matches!("\n".parse::<PublicKeys>(), Err(KeyError::None)));
    }

    #[test]
    fn each_public_key_has_a_pem_of_its_whole_der() {
        // Some of these keys have a `+` in their base64.
        for seed in 0..40 {
            let pem = AuditKeys::derive("zhongtai.audit/a", &[seed; 32]).unwrap().public().pem();
            for ((_, text), length) in pem.iter().zip([44, 91]) {
                let der: String = text.lines().filter(|line| !line.starts_with('-')).collect();
                assert_eq!(BASE64_STANDARD.decode(der).unwrap().len(), length, "{text}");
            }
            assert_eq!(pem.len(), 2);
        }
    }

    #[test]
    fn a_name_that_would_break_a_signature_line_is_refused() {
        for name in ["", "a b", "a+b", "a\nb", "a\u{1}"] {
            assert_eq!(AuditKeys::derive(name, &[1; 32]).unwrap_err(), KeyError::Name(name.to_owned()));
        }
    }
}
