use p256::ecdsa::signature::Verifier as _;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use zhongtai_kernel::ErrorKind;

use crate::Algorithm;

/// Whom an SM2 signature names when nobody else was agreed on (GB/T 35276, 10).
pub(crate) const SM2_DISTID: &str = "1234567812345678";

/// A signature does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The key is of a kind or curve that is not known here.
    #[error("the public key is neither P-256 nor SM2 nor RSA")]
    UnknownKey,
    /// The key is of another kind than the signature.
    #[error("the signature is said to be {named}, but the key is {key}")]
    OtherKey {
        /// What the signature is said to be.
        named: Algorithm,
        /// What the key is.
        key: Algorithm,
    },
    /// Neither the form of the public key nor that of the signature says anything else than that it does not fit.
    #[error("the signature is not of this message by this {0} key")]
    Signature(Algorithm),
}

// === impl VerifyError ===

impl VerifyError {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

/// Checks a signature by the key of a certificate; in the forms of [`Signer::sign`](crate::Signer::sign).
///
/// # Errors
/// When the key is not of `algorithm`, or the signature is not of `message` by it.
pub fn verify(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: Algorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    let of_key = Algorithm::of_key(key).ok_or(VerifyError::UnknownKey)?;
    if of_key != algorithm {
        return Err(VerifyError::OtherKey { named: algorithm, key: of_key });
    }
    let bits = key.subject_public_key.as_bytes().ok_or(VerifyError::UnknownKey)?;
    let holds = match algorithm {
        Algorithm::EcdsaP256Sha256 => p256_holds(bits, message, signature),
        Algorithm::RsaPkcs1Sha256 => {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, bits).verify(message, signature).ok()
        }
        Algorithm::Sm2Sm3 => sm2_holds(bits, message, signature),
    };
    holds.ok_or(VerifyError::Signature(algorithm))
}

fn p256_holds(point: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
    let signature = p256::ecdsa::Signature::from_der(signature).ok()?;
    key.verify(message, &signature).ok()
}

fn sm2_holds(point: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = sm2::dsa::VerifyingKey::from_sec1_bytes(SM2_DISTID, point).ok()?;
    let signature = sm2::dsa::Signature::from_der(signature).ok()?;
    key.verify(message, &signature).ok()
}
