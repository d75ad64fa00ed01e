use zhongtai_kernel::{ErrorKind, ManifestError, ScenarioId};
use zhongtai_store::StoreError;

/// A change of the registry that can't be made.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Nothing is deployed under this name.
    #[error("{0} is not deployed")]
    NotDeployed(ScenarioId),
    /// There is no earlier release to go back to.
    #[error("{0} has no earlier release to roll back to")]
    NothingEarlier(ScenarioId),
    /// A weight is not a percentage.
    #[error("weight {0} is not between 1 and 100")]
    Weight(i64),
    /// The manifest can't be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

// === impl RegistryError ===

impl RegistryError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotDeployed(_) => ErrorKind::NotFound,
            Self::NothingEarlier(_) => ErrorKind::Conflict,
            Self::Weight(_) => ErrorKind::Invalid,
            Self::Manifest(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }
}

impl From<sqlx::Error> for RegistryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
