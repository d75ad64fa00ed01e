//! The sealed files of a certificate (版式文件): made elsewhere, remembered here.

use async_trait::async_trait;

use crate::{Certificate, CertificateError};

/// A file of a certificate, by its digests. Where it is kept is the maker's affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperFile {
    /// Such as `certificate.pdf`, `certificate.ofd`.
    pub name: String,
    /// Such as `application/pdf`, `application/ofd`.
    pub media_type: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// SM3 of its bytes, GB/T 32905.
    pub sm3: [u8; 32],
}

/// Papers can't be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PapersError(pub String);

/// Renders and seals a certificate. The server wires it to documents, seals and files.
#[async_trait]
pub trait Papers: Send + Sync + 'static {
    /// The sealed files of the certificate. Asked again for the same id it gives back what it made before: a host may
    /// have died between the making and the remembering.
    async fn make(&self, certificate: &Certificate) -> Result<Vec<PaperFile>, PapersError>;
}

/// A maker's answer is stored and shown: it has to be files.
pub(crate) fn check(files: &[PaperFile]) -> Result<(), CertificateError> {
    let named = |file: &PaperFile| !file.name.is_empty() && file.name.len() <= 100 && file.media_type.len() <= 100;
    if files.is_empty() || !files.iter().all(named) {
        return Err(CertificateError::Papers(PapersError(
            "the maker gave no files, or files without names".to_owned(),
        )));
    }
    Ok(())
}
