use zhongtai_kernel::ErrorKind;
use zhongtai_pki::{Algorithm, SignError};

use crate::PdfError;

/// A file can't be sealed, or not even be looked at. What is wrong with a signature is no error but a
/// [`Fault`](crate::Fault) in the report.
#[derive(Debug, thiserror::Error)]
pub enum PadesError {
    /// The file is not one that is read here.
    #[error(transparent)]
    Pdf(#[from] PdfError),
    /// PDF readers know neither SM2 nor SM3: such seals are for OFD.
    #[error("a PDF is sealed with P-256 or RSA, not with {0}: use a seal of that kind, or seal an OFD file")]
    Algorithm(Algorithm),
    /// There is no such page.
    #[error("there is no page {page}: the document has {pages}")]
    NoPage {
        /// From 1.
        page: u32,
        /// How many there are.
        pages: usize,
    },
    /// The seal would stand, in part, beside the page.
    #[error("the seal does not fit on page {page} at that place: the page is {width_mm:.0} x {height_mm:.0} mm")]
    OutsidePage {
        /// From 1.
        page: u32,
        /// Of the page as it is shown.
        width_mm: f64,
        /// Of the page as it is shown.
        height_mm: f64,
    },
    /// Somebody certified the document and allowed no further change.
    #[error("the document's author certified it and allows no further signature")]
    Locked,
    /// The form is in XML, which readers show in place of the pages.
    #[error("the document has an XFA form: print it to a PDF first")]
    Xfa,
    /// More than a verifier looks at.
    #[error("the document has {0} signatures already")]
    TooManySignatures(usize),
    /// The time is none that can be written.
    #[error("the time of the signature is before the year 1 or after the year 9999")]
    Time,
    /// The key, the certificate or the time stamp.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The signature has no DER form.
    #[error("the signature can't be encoded")]
    Encode(#[from] der::Error),
    /// The signature outgrew its place twice.
    #[error("the signature is larger than the place that was left for it: {0} bytes")]
    Room(usize),
}

// === impl PadesError ===

impl PadesError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Pdf(error) => error.kind(),
            Self::Sign(error) => error.kind(),
            Self::Algorithm(_) | Self::OutsidePage { .. } | Self::Xfa | Self::Time => ErrorKind::Invalid,
            Self::NoPage { .. } => ErrorKind::NotFound,
            Self::Locked | Self::TooManySignatures(_) => ErrorKind::Conflict,
            Self::Encode(_) | Self::Room(_) => ErrorKind::Internal,
        }
    }
}
