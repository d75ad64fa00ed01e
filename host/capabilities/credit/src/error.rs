use zhongtai_kernel::ErrorKind;
use zhongtai_store::StoreError;

/// Credit records can't be had.
#[derive(Debug, thiserror::Error)]
pub enum CreditError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file to import is not one.
    #[error("the import can't be read: {0}")]
    Import(String),
}

// === impl CreditError ===

impl CreditError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Import(_) => ErrorKind::Invalid,
        }
    }
}

impl From<sqlx::Error> for CreditError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
