use zhongtai_kernel::ErrorKind;
use zhongtai_store::StoreError;

use crate::{Key, MAX_CHANGES, MAX_KEY_BYTES, MAX_VALUE_BYTES};

/// Data can't be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyValueError {
    /// An expectation did not hold; nothing was changed.
    #[error("an expectation about a key does not hold")]
    Conflict(Key),
    /// The scenario would hold more than it may, in bytes; nothing was changed.
    #[error("the scenario may hold {0} bytes at most")]
    QuotaExceeded(u64),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

// === impl KeyValueError ===

impl KeyValueError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Conflict(_) => ErrorKind::Conflict,
            Self::QuotaExceeded(_) => ErrorKind::TooLarge,
            Self::Store(error) => error.kind(),
        }
    }
}

impl From<sqlx::Error> for KeyValueError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A text that is not a key. Does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// It is empty.
    #[error("a key must not be empty")]
    Empty,
    /// It is too long.
    #[error("a key has {MAX_KEY_BYTES} bytes at most, this one has {0}")]
    Long(usize),
    /// It has a control character.
    #[error("a key must not have control characters")]
    Control,
}

/// Changes that can't be applied together, or at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChange {
    /// There are too many.
    #[error("at most {MAX_CHANGES} changes can be applied together, these are {0}")]
    TooMany(usize),
    /// Two are about the same key: which of them is to win?
    #[error("a key can be changed only once at a time")]
    Repeated(Key),
    /// A value is too large.
    #[error("a value has {MAX_VALUE_BYTES} bytes at most, this one has {0}")]
    TooLarge(usize),
}

// === impl InvalidChange ===

impl InvalidChange {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TooMany(_) | Self::Repeated(_) => ErrorKind::Invalid,
            Self::TooLarge(_) => ErrorKind::TooLarge,
        }
    }
}

impl InvalidKey {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}
