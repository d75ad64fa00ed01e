use zhongtai_kernel::ErrorKind;

/// A file is not a PDF that this crate reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    /// Something is not as ISO 32000-1 has it.
    #[error("the PDF is broken at byte {at}: {what}")]
    Broken {
        /// What is wrong.
        what: &'static str,
        /// From the beginning of the file.
        at: usize,
    },
    /// Something in the document is not as ISO 32000-1 has it, or not there.
    #[error("the PDF is broken: {0}")]
    Document(&'static str),
    /// Protected by a password, even an empty one.
    #[error("the PDF is encrypted: take the protection off first")]
    Encrypted,
    /// Readers disagree about what such a file shows.
    #[error(
        "the PDF has two cross-reference tables side by side (hybrid-reference file): save it as PDF 1.7 without compatibility"
    )]
    Hybrid,
    /// More than anyone needs, and more than is read.
    #[error("the PDF has too many or too large {0}")]
    TooLarge(&'static str),
}

// === impl PdfError ===

impl PdfError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TooLarge(_) => ErrorKind::TooLarge,
            _ => ErrorKind::Invalid,
        }
    }
}
