use std::fmt::Debug;

use zhongtai_kernel::ErrorKind;

use crate::Algorithm;

/// A private key in use, wherever it is kept. Only signatures leave it.
pub trait Signer: Send + Sync + Debug {
    /// What it signs with.
    fn algorithm(&self) -> Algorithm;

    /// The public key: `SubjectPublicKeyInfo` (RFC 5280, 4.1), DER.
    fn public_key(&self) -> &[u8];

    /// Signs `message` itself, not a digest of it.
    ///
    /// - P-256: DER `Ecdsa-Sig-Value` (RFC 3279, 2.2.3) over SHA-256
    /// - RSA: the PKCS #1 v1.5 block over SHA-256 (RFC 8017, 8.2)
    /// - SM2: DER `SEQUENCE { r, s }` over SM3 with the distinguishing id `1234567812345678` (GB/T 35276)
    ///
    /// # Errors
    /// When the key can't be used now, such as when its token does not answer.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// A signature could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The system gives no random numbers.
    #[error("no random number for a signature: check the system's random source")]
    Random,
    /// The key refused.
    #[error("the {0} key made no signature")]
    Key(Algorithm),
    /// The token of the key failed or refused.
    #[error("the token of the {algorithm} key made no signature: {reason}")]
    Token {
        /// The key's.
        algorithm: Algorithm,
        /// What the token said.
        reason: String,
    },
    /// A credential without a certificate, or with that of another key.
    #[error("a credential {0}")]
    Credential(&'static str),
    /// What was to be signed has no DER form.
    #[error("what was to be signed can't be encoded")]
    Encode(#[from] der::Error),
}

// === impl SignError ===

impl SignError {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Random | Self::Token { .. } => ErrorKind::Unavailable,
            Self::Credential(_) => ErrorKind::Invalid,
            Self::Key(_) | Self::Encode(_) => ErrorKind::Internal,
        }
    }
}
