use std::{fmt, time::SystemTime};

use zhongtai_pki::{Certificate, PathError, TimeStampError, VerifyError};

use crate::PdfError;

/// What is to be said about the signatures of a file.
#[derive(Debug)]
pub struct PdfReport {
    /// In the order in which they were made.
    pub signatures: Vec<SignatureReport>,
    /// What stands in the file after the last signature, if anything does.
    pub after_last: Option<Appended>,
}

/// One signature.
pub struct SignatureReport {
    /// The field's name.
    pub field: String,
    /// Where the seal stands, from 1.
    pub page: Option<u32>,
    /// Whose signature it is.
    pub certificate: Option<Certificate>,
    /// As the signature says of itself; nothing proves it.
    pub name: Option<String>,
    /// As the signature says of itself.
    pub reason: Option<String>,
    /// As the signature says of itself.
    pub location: Option<String>,
    /// As the signature says of itself.
    pub claimed_at: Option<SystemTime>,
    /// When it was there at the latest, as a trusted authority stamped it.
    pub stamped_at: Option<SystemTime>,
    /// The revision it signs is the file up to here.
    pub signed_bytes: usize,
    /// What is wrong. Empty: it is valid, and so is all that it signed.
    pub faults: Vec<Fault>,
}

/// Bytes after the last signature. Nobody signed them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// How many.
    pub bytes: usize,
    /// What they do to the document.
    pub change: Change,
}

/// What a later revision does to an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The document is the same.
    Nothing,
    /// There are more signatures, and nothing else.
    Signatures,
    /// Certificates and revocation lists were added (EN 319 142-1, 5.4.2), and nothing that is shown.
    ValidationData,
    /// The document's metadata were changed, and nothing that is shown: other signers note their time there.
    Metadata,
    /// Something else was changed.
    Content {
        /// The object.
        object: u32,
        /// What about it.
        what: &'static str,
    },
    /// They belong to no revision, or to one that can't be read: readers may make anything of them.
    Unreadable,
}

/// What is wrong with a signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The dictionary is not one that can be relied on.
    #[error("the signature's entry in the file: {0}")]
    Dictionary(&'static str),
    /// What it says it signs is not all of its revision.
    #[error("the signed bytes: {0}")]
    Range(&'static str),
    /// The revision it signs is not one.
    #[error("the signed revision can't be read")]
    Revision(#[source] PdfError),
    /// The signature's form is not the one that PAdES asks for.
    #[error("the signature's form: {0}")]
    Form(&'static str),
    /// The signed bytes are not what was signed.
    #[error("the signed bytes were changed: their digest is another one")]
    Digest,
    /// The value is not the signer's.
    #[error("the signature's value does not hold")]
    Signature(#[source] VerifyError),
    /// Nothing proves when it was made.
    #[error("there is no time stamp: nobody knows when it was signed")]
    NotStamped,
    /// The time stamp proves nothing.
    #[error("the time stamp does not hold")]
    TimeStamp(#[source] TimeStampError),
    /// The signer was not to be trusted at that time.
    #[error("the signer's certificate was not good at the time of signing")]
    Certificate(#[source] PathError),
    /// The document was changed after it was signed, by more than further signatures.
    #[error("the document was changed after this signature: {0}")]
    ChangedLater(Change),
}

// === impl PdfReport ===

impl PdfReport {
    /// Whether there are signatures, all of them are valid, and nothing follows them.
    pub fn is_intact(&self) -> bool {
        let all_valid = self.signatures.iter().all(SignatureReport::is_valid);
        !self.signatures.is_empty() && all_valid && self.after_last.is_none()
    }
}

// === impl SignatureReport ===

impl SignatureReport {
    /// Whether nothing is wrong with it.
    pub fn is_valid(&self) -> bool {
        self.faults.is_empty()
    }
}

impl fmt::Debug for SignatureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The rest may name persons.
        f.debug_struct("SignatureReport")
            .field("field", &self.field)
            .field("stamped_at", &self.stamped_at)
            .field("signed_bytes", &self.signed_bytes)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

// === impl Change ===

impl Change {
    /// Whether what the earlier signatures signed is still what is shown.
    pub fn is_harmless(&self) -> bool {
        matches!(self, Self::Nothing | Self::Signatures | Self::ValidationData | Self::Metadata)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing changes"),
            Self::Signatures => f.write_str("there are more signatures"),
            Self::ValidationData => f.write_str("there is more validation data"),
            Self::Metadata => f.write_str("the metadata are others"),
            Self::Content { object, what } => write!(f, "object {object}: {what}"),
            Self::Unreadable => f.write_str("there are bytes that belong to no revision"),
        }
    }
}
