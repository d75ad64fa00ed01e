use zhongtai_kernel::ErrorKind;
use zhongtai_runtime::Refusal;
use zhongtai_store::StoreError;
use zhongtai_typeset::{TemplateError, TypesetError};

use crate::{InputProblem, ShelfError};

/// A template can't be put online, or a document can't be made or kept.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
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
    /// Nobody signed in, and nobody was named.
    #[error("nobody signed in and no subject is named: the document would be nobody's")]
    Anonymous,
    /// There is no such template, or no such version of it.
    #[error("there is no template `{0}`, or no such version of it: `zt template list` shows them")]
    UnknownTemplate(String),
    /// What was sent is no template.
    #[error("not a template: {0}")]
    InvalidTemplate(String),
    /// The template's parts are not right.
    #[error(transparent)]
    Parts(#[from] TemplateError),
    /// The inputs don't fit the template's schema.
    #[error("the inputs do not fit the template: {}", InputProblem::list(.0))]
    Inputs(Vec<InputProblem>),
    /// A value is not what it must be.
    #[error("{what}: expected {expected}")]
    Invalid {
        /// Which value.
        what: &'static str,
        /// What was expected.
        expected: String,
    },
    /// The document can't be laid out.
    #[error(transparent)]
    Typeset(#[from] TypesetError),
    /// The document can't be kept.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
}

// === impl DocumentError ===

impl DocumentError {
    pub(crate) fn invalid(what: &'static str, expected: impl Into<String>) -> Self {
        Self::Invalid { what, expected: expected.into() }
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Denied(_) => ErrorKind::Denied,
            Self::Unrecorded => ErrorKind::Unavailable,
            Self::Anonymous => ErrorKind::Unauthenticated,
            Self::UnknownTemplate(_) => ErrorKind::NotFound,
            Self::UndeclaredPurpose(_) | Self::InvalidTemplate(_) | Self::Inputs(_) | Self::Invalid { .. } => {
                ErrorKind::Invalid
            }
            Self::Parts(error) => error.kind(),
            Self::Typeset(error) => error.kind(),
            Self::Shelf(ShelfError::Quota(_)) => ErrorKind::TooLarge,
            Self::Shelf(ShelfError::Case(_)) => ErrorKind::Invalid,
            Self::Shelf(ShelfError::Fault(_)) => ErrorKind::Internal,
        }
    }

    /// For programs: stays the same where words change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(_) | Self::Shelf(ShelfError::Fault(_)) => "document",
            Self::Denied(_) => "access-denied",
            Self::Unrecorded => "audit-unavailable",
            Self::UndeclaredPurpose(_) => "undeclared-purpose",
            Self::Anonymous => "unauthenticated",
            Self::UnknownTemplate(_) => "unknown-template",
            Self::InvalidTemplate(_) | Self::Parts(_) => "invalid-template",
            Self::Inputs(_) => "invalid-inputs",
            Self::Invalid { .. } | Self::Shelf(ShelfError::Case(_)) => "invalid-value",
            Self::Typeset(TypesetError::Template(_)) => "faulty-template",
            Self::Typeset(_) => "typeset",
            Self::Shelf(ShelfError::Quota(_)) => "quota-exceeded",
        }
    }
}

impl From<sqlx::Error> for DocumentError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<Refusal> for DocumentError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Denied(reference) => Self::Denied(reference),
            Refusal::Unrecorded => Self::Unrecorded,
        }
    }
}
