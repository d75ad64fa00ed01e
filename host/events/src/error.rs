use zhongtai_kernel::ErrorKind;
use zhongtai_store::StoreError;

use crate::EventId;

/// An event can't be kept, or not be told.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Its facts are too long to be facts.
    #[error("an event's data has {bytes} bytes of JSON, at most {most} are kept")]
    TooLong {
        /// What it has.
        bytes: usize,
        /// What it may have.
        most: usize,
    },
    /// Only events that were given up can be told again.
    #[error("event {0} was not given up: there is nothing to replay")]
    NotDead(EventId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

// === impl EventError ===

impl EventError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TooLong { .. } => ErrorKind::Invalid,
            Self::NotDead(_) => ErrorKind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }
}

impl From<sqlx::Error> for EventError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
