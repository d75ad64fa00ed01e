use std::sync::Arc;

use der::{DecodePem as _, Encode as _};
use x509_cert::Certificate;
use zhongtai_kernel::ErrorKind;

use crate::{Algorithm, SignError, Signer, verify};

/// A signer with its certificate and those above it, nearest first; the root may be left out.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The key.
    pub signer: Arc<dyn Signer>,
    /// The signer's certificate, then its issuer's, and so on.
    pub chain: Vec<Certificate>,
}

/// A chain does not belong to a key, or not together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// Not a list of PEM certificates.
    #[error("not a list of certificates: give them as PEM, the signer's first, then its issuer's, and so on")]
    NotCertificates,
    /// Not a PEM revocation list.
    #[error("not a revocation list: give one as PEM (`BEGIN X509 CRL`)")]
    NotAList,
    /// There is no certificate.
    #[error("no certificate for the key: the signer's own comes first")]
    Empty,
    /// The first certificate is of another key.
    #[error("the first certificate is not of this key: the signer's own comes first")]
    OtherKey,
    /// A certificate does not stand below the next.
    #[error("certificate {0} of the chain was not signed by the one after it: give them nearest first")]
    Broken(usize),
}

// === impl CredentialError ===

impl CredentialError {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

// === impl Credential ===

impl Credential {
    /// Joins a key with its chain, made here or by another authority.
    ///
    /// This says that they belong together, not that anybody trusts them: see [`Trust`](crate::Trust).
    ///
    /// # Errors
    /// When the first certificate is not of this key, or one was not signed by the next.
    pub fn new(signer: Arc<dyn Signer>, chain: Vec<Certificate>) -> Result<Self, CredentialError> {
        let own = chain.first().ok_or(CredentialError::Empty)?;
        let key = own.tbs_certificate().subject_public_key_info().to_der();
        if !key.is_ok_and(|key| key == signer.public_key()) {
            return Err(CredentialError::OtherKey);
        }
        let broken = chain.iter().zip(chain.iter().skip(1)).position(|(below, above)| !signed_by(below, above));
        match broken {
            Some(position) => Err(CredentialError::Broken(position + 1)),
            None => Ok(Self { signer, chain }),
        }
    }

    /// The same with a chain as PEM, as other authorities hand it out.
    ///
    /// # Errors
    /// As [`new`](Self::new), and when it is not PEM.
    pub fn import(signer: Arc<dyn Signer>, chain: &str) -> Result<Self, CredentialError> {
        Self::new(signer, certificates(chain)?)
    }

    /// The signer's own certificate.
    ///
    /// # Errors
    /// When the chain was emptied.
    pub fn certificate(&self) -> Result<&Certificate, SignError> {
        self.chain.first().ok_or(SignError::Credential("has no certificate"))
    }
}

/// Reads PEM certificates, one after the other; text around them is passed over.
///
/// # Errors
/// When one can't be read, or there is none.
pub fn certificates(text: &str) -> Result<Vec<Certificate>, CredentialError> {
    const END: &str = "-----END CERTIFICATE-----";
    let blocks = text
        .split_inclusive(END)
        .filter_map(|block| block.find("-----BEGIN CERTIFICATE-----").map(|at| block.split_at(at).1));
    let certificates = blocks.map(Certificate::from_pem).collect::<Result<Vec<_>, _>>();
    certificates.ok().filter(|list| !list.is_empty()).ok_or(CredentialError::NotCertificates)
}

/// Whether `above` is named as the issuer of `below` and its key made the signature.
pub(crate) fn signed_by(below: &Certificate, above: &Certificate) -> bool {
    let named = below.tbs_certificate().issuer() == above.tbs_certificate().subject();
    named && signature_holds(below, above)
}

/// Whether the key of `above` made the signature of `below`, as both of its names for the algorithm say.
pub(crate) fn signature_holds(below: &Certificate, above: &Certificate) -> bool {
    let tbs = below.tbs_certificate();
    let Some(algorithm) = Algorithm::of_signature(below.signature_algorithm()) else { return false };
    let (Ok(message), Some(signature)) = (tbs.to_der(), below.signature().as_bytes()) else { return false };
    let key = above.tbs_certificate().subject_public_key_info();
    tbs.signature() == below.signature_algorithm() && verify(key, algorithm, &message, signature).is_ok()
}
