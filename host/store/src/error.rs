use zhongtai_kernel::ErrorKind;

/// The database failed, or its schema can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names a database we don't speak.
    #[error("unknown database `{0}`: expected sqlite:// or postgres://")]
    Url(String),
    /// A statement or a connection failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// A migration that was applied has been edited since.
    #[error("migration {owner} {version} was changed after it was applied: add a new one instead")]
    MigrationChanged {
        /// The crate that owns it.
        owner: String,
        /// Its number.
        version: i64,
    },
    /// What is stored can't be read back as what it must be.
    #[error("stored {what} is not valid: {problem}")]
    Corrupt {
        /// The table or column.
        what: &'static str,
        /// What is wrong with it, without its value.
        problem: String,
    },
}

// === impl StoreError ===

impl StoreError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Database(_) => ErrorKind::Unavailable,
            Self::Url(_) => ErrorKind::Invalid,
            Self::MigrationChanged { .. } | Self::Corrupt { .. } => ErrorKind::Internal,
        }
    }

    /// Stored data that can't be parsed.
    pub fn corrupt(what: &'static str, problem: impl ToString) -> Self {
        Self::Corrupt { what, problem: problem.to_string() }
    }

    /// True when a row with the same key is there already.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}
