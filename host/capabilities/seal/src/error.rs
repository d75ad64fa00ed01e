use zhongtai_impression::DesignError;
use zhongtai_kernel::ErrorKind;
use zhongtai_ofd::OfdError;
use zhongtai_pades::PadesError;
use zhongtai_pki::{CredentialError, InvalidSubject, IssueError, KeyError, SignError, TokenError};
use zhongtai_runtime::Refusal;
use zhongtai_store::StoreError;

use crate::Status;

/// A document can't be sealed, or a seal not be made, changed or found. No text holds a person's name or a content.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Policy refuses; carries the record's reference.
    #[error("access denied ({0})")]
    Denied(String),
    /// The decision can't be recorded, so nothing happened.
    #[error("the decision can't be recorded; try again later")]
    Unrecorded,
    /// The purpose is not one of those in the plugin's manifest.
    #[error("the purpose `{0}` is not declared")]
    UndeclaredPurpose(String),
    /// Nobody signed in.
    #[error("nobody signed in")]
    Anonymous,
    /// There is no such seal or key.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// There is one of that name.
    #[error("there is a seal of that name already, which was made for something else: choose another name")]
    Exists,
    /// It can't be used, or changed, as it stands.
    #[error("the {what} is {status}")]
    Standing {
        /// Seal or signing key.
        what: &'static str,
        /// How it stands.
        status: Status,
    },
    /// The case has not come to where the seal is used.
    #[error("the seal is used from the stage `{needed}`, and the case is not there")]
    Stage {
        /// The seal's.
        needed: String,
    },
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another request: choose a new one")]
    KeyReused,
    /// It was done before, and the file can't be made again as it was.
    #[error("this was sealed before, as sha256:{0}: take the file from where it was put")]
    NotAgain(String),
    /// A value is not what it must be.
    #[error("{what}: expected {expected}")]
    Invalid {
        /// Which value.
        what: &'static str,
        /// What was expected.
        expected: String,
    },
    /// The document is larger than what is sealed here.
    #[error("the document is larger than the {0} bytes that are taken here")]
    TooLarge(u64),
    /// Neither PDF nor OFD.
    #[error("the document is neither PDF nor OFD: its first bytes are of something else")]
    Format,
    /// The name can't be drawn as a seal's face, which an OFD file needs.
    #[error("the signer's name can't be drawn as a name seal, which an OFD file needs: sign a PDF file")]
    NoFace,
    /// A PDF can't be sealed.
    #[error(transparent)]
    Pdf(#[from] PadesError),
    /// An OFD file can't be sealed.
    #[error(transparent)]
    Ofd(#[from] OfdError),
    /// A face can't be drawn.
    #[error(transparent)]
    Design(#[from] DesignError),
    /// The font can't be had.
    #[error("the font for seals can't be read from {path}: name another with `font` in [seal]")]
    Font {
        /// Where it was looked for.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A name that certificates can't carry.
    #[error(transparent)]
    Subject(#[from] InvalidSubject),
    /// A certificate or revocation list can't be issued.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A key can't be made or opened.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A key made no signature.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The token can't be used.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A chain does not belong to its key.
    #[error(transparent)]
    Chain(#[from] CredentialError),
    /// Where files are failed, or has no such file.
    #[error("the file can't be had: {0}")]
    Shelf(String),
    /// Who somebody is can't be found out.
    #[error("the name of the account can't be looked up: {0}")]
    People(String),
    /// A fault of ours.
    #[error("{0}")]
    Fault(String),
}

// === impl SealError ===

impl SealError {
    pub(crate) fn invalid(what: &'static str, expected: impl Into<String>) -> Self {
        Self::Invalid { what, expected: expected.into() }
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Denied(_) => ErrorKind::Denied,
            Self::Anonymous => ErrorKind::Unauthenticated,
            Self::Unrecorded | Self::Font { .. } | Self::Shelf(_) | Self::People(_) => ErrorKind::Unavailable,
            Self::UndeclaredPurpose(_) | Self::Invalid { .. } | Self::Format | Self::NoFace => ErrorKind::Invalid,
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Exists | Self::Standing { .. } | Self::Stage { .. } | Self::KeyReused | Self::NotAgain(_) => {
                ErrorKind::Conflict
            }
            Self::TooLarge(_) => ErrorKind::TooLarge,
            Self::Pdf(error) => error.kind(),
            Self::Ofd(error) => error.kind(),
            Self::Design(error) => error.kind(),
            Self::Subject(error) => error.kind(),
            Self::Issue(error) => error.kind(),
            Self::Key(error) => error.kind(),
            Self::Sign(error) => error.kind(),
            Self::Token(error) => error.kind(),
            Self::Chain(error) => error.kind(),
            Self::Fault(_) => ErrorKind::Internal,
        }
    }

    /// The word that a client's program goes by.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Denied(_) => "access-denied",
            Self::Unrecorded => "unrecorded",
            Self::UndeclaredPurpose(_) => "undeclared-purpose",
            Self::Anonymous => "unauthenticated",
            Self::NotFound(_) => "no-such-seal",
            Self::Exists => "seal-exists",
            Self::Standing { .. } => "seal-standing",
            Self::Stage { .. } => "seal-stage",
            Self::KeyReused => "key-reused",
            Self::NotAgain(_) => "sealed-before",
            Self::Invalid { .. } | Self::Subject(_) | Self::Chain(_) => "invalid-seal-request",
            Self::TooLarge(_) => "document-too-large",
            Self::Format => "unknown-format",
            Self::NoFace | Self::Design(_) => "seal-face",
            Self::Pdf(_) => "pdf",
            Self::Ofd(_) => "ofd",
            Self::Token(_) => "seal-token",
            Self::Shelf(_) => "files",
            Self::Store(_)
            | Self::Font { .. }
            | Self::Issue(_)
            | Self::Key(_)
            | Self::Sign(_)
            | Self::People(_)
            | Self::Fault(_) => "seal",
        }
    }
}

impl From<sqlx::Error> for SealError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<Refusal> for SealError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Denied(reference) => Self::Denied(reference),
            Refusal::Unrecorded => Self::Unrecorded,
        }
    }
}

impl From<tokio::task::JoinError> for SealError {
    fn from(_: tokio::task::JoinError) -> Self {
        Self::Fault("the work on a document was lost".to_owned())
    }
}

impl From<getrandom::Error> for SealError {
    fn from(_: getrandom::Error) -> Self {
        Self::Fault("the system gives no random bytes".to_owned())
    }
}
