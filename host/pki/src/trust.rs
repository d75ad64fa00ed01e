use std::time::SystemTime;

use x509_cert::{Certificate, crl::CertificateList};
use zhongtai_kernel::ErrorKind;

/// What a verifier trusts and knows.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Certificates that are trusted because they are here.
    pub roots: Vec<Certificate>,
    /// Revocation lists, of any issuer, in any order.
    pub revocations: Vec<CertificateList>,
}

/// What a certificate is to be good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Seals and signatures of documents: `digitalSignature` or `nonRepudiation`.
    DocumentSigning,
    /// RFC 3161: a critical extended key usage of `timeStamping` and nothing else.
    TimeStamping,
    /// Issuing certificates.
    CertificateAuthority,
}

/// Why a certificate is not good. Each names the subject of the certificate that is at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// No way leads from it to a root.
    #[error("{subject}: no trusted root stands above it")]
    Untrusted {
        /// The certificate's.
        subject: String,
    },
    /// It is from later.
    #[error("{subject}: not yet valid")]
    NotYetValid {
        /// The certificate's.
        subject: String,
    },
    /// Its time had passed.
    #[error("{subject}: expired")]
    Expired {
        /// The certificate's.
        subject: String,
    },
    /// Its issuer took it back.
    #[error("{subject}: revoked")]
    Revoked {
        /// The certificate's.
        subject: String,
        /// When.
        since: SystemTime,
    },
    /// Its issuer's key did not sign it.
    #[error("{subject}: its signature is not its issuer's")]
    Signature {
        /// The certificate's.
        subject: String,
    },
    /// It issued another without being allowed to.
    #[error("{subject}: {reason}, so that it may not issue the certificate below it")]
    NotAnAuthority {
        /// The certificate's.
        subject: String,
        /// What it lacks.
        reason: &'static str,
    },
    /// It is for something else.
    #[error("{subject}: not for this use: {reason}")]
    Usage {
        /// The certificate's.
        subject: String,
        /// What it lacks.
        reason: &'static str,
    },
    /// No revocation list of its issuer covers the time.
    #[error("{subject}: no revocation list of its issuer is in force at that time")]
    RevocationUnknown {
        /// The certificate's.
        subject: String,
    },
    /// It has a form that X.509 or this verifier does not allow.
    #[error("{subject}: {reason}")]
    Malformed {
        /// The certificate's.
        subject: String,
        /// What is wrong.
        reason: &'static str,
    },
}

// === impl PathError ===

impl PathError {
    /// What sort of failure this is: a certificate that is not good is wrong input, whatever the reason.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}
