//! The sealed files of a certificate (版式文件): made elsewhere, kept here.

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use sm3::Sm3;

use crate::{Certificate, CertificateError};

/// A file that was made for a certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct Paper {
    /// Such as `certificate.pdf`, `certificate.ofd`.
    pub name: String,
    /// Such as `application/pdf`, `application/ofd`.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A file of a certificate, by its digests.
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

/// Renders and seals a certificate. The server wires it to documents and seals.
#[async_trait]
pub trait Papers: Send + Sync + 'static {
    /// The sealed files of a certificate whose type has a plan for them. Asked again for the same id it gives the same
    /// bytes: a host may have died between the making and the keeping.
    async fn make(&self, certificate: &Certificate) -> Result<Vec<Paper>, PapersError>;
}

/// A paper's bytes, at most.
const MOST_BYTES: usize = 16 << 20;

// === impl PaperFile ===

impl PaperFile {
    /// What is told of a paper.
    pub(crate) fn of(paper: &Paper) -> Self {
        let (name, media_type) = (paper.name.clone(), paper.media_type.clone());
        Self { name, media_type, sha256: Sha256::digest(&paper.bytes).into(), sm3: Sm3::digest(&paper.bytes).into() }
    }
}

impl std::fmt::Debug for Paper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Paper({}, {} bytes)", self.name, self.bytes.len())
    }
}

/// A maker's answer is kept and given out: it has to be files.
pub(crate) fn check(papers: &[Paper]) -> Result<(), CertificateError> {
    let is_name = |text: &str| {
        (1..=100).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"./+-_".contains(&b))
    };
    let is_file = |paper: &Paper| {
        is_name(&paper.name) && is_name(&paper.media_type) && (1..=MOST_BYTES).contains(&paper.bytes.len())
    };
    if papers.is_empty() || !papers.iter().all(is_file) {
        let problem = "the maker gave no files, or files without names or content".to_owned();
        return Err(CertificateError::Papers(PapersError(problem)));
    }
    Ok(())
}
