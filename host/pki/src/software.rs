use std::fmt;

use der::{Any, Decode as _, Encode as _, SecretDocument, asn1::BitString};
use p256::{
    ecdsa::signature::Signer as _,
    elliptic_curve::Generate as _,
    pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _},
};
use ring::{
    rand::SystemRandom,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use zeroize::Zeroizing;
use zhongtai_kernel::ErrorKind;

use crate::{Algorithm, SignError, Signer, algorithm::RSA, verify::SM2_DISTID};

/// A private key in memory, which is wiped when it is dropped.
///
/// P-256 and SM2 keys are generated here; RSA keys are imported, or made in a token. Debug shows the kind only.
pub struct SoftwareKey {
    secret: Secret,
    public_key: Vec<u8>,
}

enum Secret {
    P256(Box<p256::ecdsa::SigningKey>),
    /// The scalar, not the ready `SigningKey`: that one is not wiped.
    Sm2(sm2::SecretKey),
    /// The pair is ring's, which does not wipe its numbers; the document is what is kept at rest.
    Rsa {
        pair: Box<RsaKeyPair>,
        document: Zeroizing<Vec<u8>>,
    },
}

/// A private key could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The system gives no random numbers.
    #[error("no random number for a key: check the system's random source")]
    Random,
    /// RSA keys are not made here.
    #[error("RSA keys are not generated: import one, make it in a token, or use P-256")]
    NoRsa,
    /// What was given is not an unencrypted PKCS #8 document of a known kind.
    #[error(
        "not a PKCS #8 private key of P-256, SM2 or RSA (2048 bits or more): convert it with `openssl pkcs8 -topk8 -nocrypt`"
    )]
    Format,
    /// A sealed key was changed, moved, or sealed with another platform key.
    #[error("a sealed key does not open: it was changed, moved, or sealed with another platform key")]
    Sealed,
    /// It has no DER form.
    #[error("a key can't be encoded")]
    Encode,
}

// === impl KeyError ===

impl KeyError {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Random => ErrorKind::Unavailable,
            Self::NoRsa | Self::Format => ErrorKind::Invalid,
            Self::Sealed | Self::Encode => ErrorKind::Internal,
        }
    }
}

// === impl SoftwareKey ===

impl SoftwareKey {
    /// A new key from the system's random numbers.
    ///
    /// # Errors
    /// When there are none, and for RSA.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        match algorithm {
            Algorithm::EcdsaP256Sha256 => Self::p256(&p256::SecretKey::try_generate().map_err(|_| KeyError::Random)?),
            Algorithm::Sm2Sm3 => Self::sm2(sm2::SecretKey::try_generate().map_err(|_| KeyError::Random)?),
            Algorithm::RsaPkcs1Sha256 => Err(KeyError::NoRsa),
        }
    }

    /// Reads an unencrypted PKCS #8 document (RFC 5958), DER.
    ///
    /// # Errors
    /// When it is something else, or of a kind that is not known.
    pub fn from_pkcs8(document: &[u8]) -> Result<Self, KeyError> {
        if let Ok(key) = p256::SecretKey::from_pkcs8_der(document) {
            return Self::p256(&key);
        }
        if let Ok(key) = sm2::SecretKey::from_pkcs8_der(document) {
            return Self::sm2(key);
        }
        Self::rsa(document)
    }

    /// Reads the same as PEM (`BEGIN PRIVATE KEY`).
    ///
    /// # Errors
    /// As [`from_pkcs8`](Self::from_pkcs8).
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let (label, document) = SecretDocument::from_pem(text).map_err(|_| KeyError::Format)?;
        if label == "PRIVATE KEY" { Self::from_pkcs8(document.as_bytes()) } else { Err(KeyError::Format) }
    }

    /// The secret, for [`KeyVault`](crate::KeyVault): it leaves this crate only sealed.
    pub(crate) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let document = match &self.secret {
            Secret::P256(key) => key.to_pkcs8_der(),
            Secret::Sm2(key) => key.to_pkcs8_der(),
            Secret::Rsa { document, .. } => return Ok(document.clone()),
        };
        Ok(document.map_err(|_| KeyError::Encode)?.to_bytes())
    }

    fn p256(key: &p256::SecretKey) -> Result<Self, KeyError> {
        let public_key = key.public_key().to_public_key_der().map_err(|_| KeyError::Encode)?.into_vec();
        Ok(Self { secret: Secret::P256(Box::new(key.into())), public_key })
    }

    fn sm2(key: sm2::SecretKey) -> Result<Self, KeyError> {
        let public_key = key.public_key().to_public_key_der().map_err(|_| KeyError::Encode)?.into_vec();
        Ok(Self { secret: Secret::Sm2(key), public_key })
    }

    fn rsa(document: &[u8]) -> Result<Self, KeyError> {
        let pair = RsaKeyPair::from_pkcs8(document).map_err(|_| KeyError::Format)?;
        let public_key = rsa_public_key(pair.public_key().as_ref()).map_err(|_| KeyError::Encode)?;
        let document = Zeroizing::new(document.to_vec());
        Ok(Self { secret: Secret::Rsa { pair: Box::new(pair), document }, public_key })
    }
}

impl Signer for SoftwareKey {
    fn algorithm(&self) -> Algorithm {
        match &self.secret {
            Secret::P256(_) => Algorithm::EcdsaP256Sha256,
            Secret::Sm2(_) => Algorithm::Sm2Sm3,
            Secret::Rsa { .. } => Algorithm::RsaPkcs1Sha256,
        }
    }

    fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = match &self.secret {
            Secret::P256(key) => p256_signature(key, message),
            Secret::Sm2(key) => sm2_signature(key, message),
            Secret::Rsa { pair, .. } => rsa_signature(pair, message),
        };
        signature.ok_or(SignError::Key(self.algorithm()))
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareKey").field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}

fn p256_signature(key: &p256::ecdsa::SigningKey, message: &[u8]) -> Option<Vec<u8>> {
    let signature: p256::ecdsa::Signature = key.try_sign(message).ok()?;
    Some(signature.to_der().as_bytes().to_vec())
}

fn sm2_signature(key: &sm2::SecretKey, message: &[u8]) -> Option<Vec<u8>> {
    let key = sm2::dsa::SigningKey::new(SM2_DISTID, key).ok()?;
    // Its stock form is r || s; X.509, CMS and GB/T 35276 want a SEQUENCE.
    let signature: sm2::dsa::Signature = key.try_sign(message).ok()?;
    Some(signature.to_der().to_vec())
}

fn rsa_signature(pair: &RsaKeyPair, message: &[u8]) -> Option<Vec<u8>> {
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
    Some(signature)
}

/// `SubjectPublicKeyInfo` of an `RSAPublicKey` (RFC 8017, A.1.1), DER.
pub(crate) fn rsa_public_key(pkcs1: &[u8]) -> der::Result<Vec<u8>> {
    let algorithm = AlgorithmIdentifierOwned { oid: RSA, parameters: Some(Any::null()) };
    SubjectPublicKeyInfoOwned { algorithm, subject_public_key: BitString::from_bytes(pkcs1)? }.to_der()
}

/// A signer's public key as certificates carry it.
pub(crate) fn public_key_of(signer: &dyn Signer) -> der::Result<SubjectPublicKeyInfoOwned> {
    SubjectPublicKeyInfoOwned::from_der(signer.public_key())
}
