use zhongtai_kernel::ErrorKind;
use zhongtai_store::StoreError;

use crate::LogError;

/// A hash can't be anchored or proved.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A value is not what it must be.
    #[error("{what}: expected {expected}")]
    Invalid {
        /// Which value.
        what: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// There is no such anchor.
    #[error("there is no such anchor")]
    NotFound,
    /// The record is in the log of another host, which has not proved it yet.
    #[error("the anchor is in the log of {0}, which has not proved it yet: try again later")]
    Elsewhere(String),
    /// The log can't be written, or can't prove.
    #[error("the log does not answer")]
    Log(#[from] LogError),
    /// A bundle does not hold together.
    #[error("the bundle does not hold: {0}")]
    Mismatch(&'static str),
}

// === impl EvidenceError ===

impl EvidenceError {
    pub(crate) fn invalid(what: &'static str, expected: &'static str) -> Self {
        Self::Invalid { what, expected }
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Invalid { .. } | Self::Mismatch(_) => ErrorKind::Invalid,
            Self::NotFound => ErrorKind::NotFound,
            Self::Elsewhere(_) => ErrorKind::Conflict,
            Self::Log(_) => ErrorKind::Unavailable,
        }
    }
}

impl From<sqlx::Error> for EvidenceError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
