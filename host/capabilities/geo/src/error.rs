use zhongtai_geodesy::Problem;
use zhongtai_kernel::ErrorKind;
use zhongtai_runtime::Refusal;
use zhongtai_store::StoreError;

/// A question about geography can't be answered, or something not be stored.
#[derive(Debug, thiserror::Error)]
pub enum GeoError {
    /// Policy refuses; carries the record's reference.
    #[error("access denied ({0})")]
    Denied(String),
    /// The purpose is not one of those declared, or there are several and none was named.
    #[error("the purpose `{0}` is not declared")]
    UndeclaredPurpose(String),
    /// An argument is wrong.
    #[error("{field} {problem}")]
    Invalid {
        /// Which argument.
        field: &'static str,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A figure or place that no caller named can't be.
    #[error("a figure {0}")]
    Figure(#[from] Problem),
    /// Two grids have area in common.
    #[error("the grids {0} and {1} overlap")]
    Overlap(String, String),
    /// The file to import is not one.
    #[error("the import can't be read: {0}")]
    Import(String),
    /// The decision can't be recorded, so there is none.
    #[error("the decision can't be recorded; try again later")]
    Unrecorded,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system behind a connector failed.
    #[error("the geography's system can't be asked: {0}")]
    System(String),
}

// === impl GeoError ===

impl GeoError {
    /// A wrong argument.
    pub fn invalid(field: &'static str, problem: Problem) -> Self {
        Self::Invalid { field, problem }
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(_) => ErrorKind::Denied,
            Self::UndeclaredPurpose(_) | Self::Import(_) => ErrorKind::Invalid,
            Self::Invalid { problem: Problem::TooLong(_) | Problem::TooManyVertices(_), .. } => ErrorKind::TooLarge,
            Self::Invalid { .. } | Self::Figure(_) => ErrorKind::Invalid,
            Self::Overlap(..) => ErrorKind::Conflict,
            Self::Unrecorded | Self::System(_) => ErrorKind::Unavailable,
            Self::Store(error) => error.kind(),
        }
    }
}

impl From<sqlx::Error> for GeoError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<Refusal> for GeoError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Denied(reference) => Self::Denied(reference),
            Refusal::Unrecorded => Self::Unrecorded,
        }
    }
}
