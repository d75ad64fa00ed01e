use zhongtai_kernel::ErrorKind;

/// A filter that can't be made. Whoever asked shows no rows.
#[derive(Debug, thiserror::Error)]
pub enum RowFilterError {
    /// A name can't be an SQL identifier.
    #[error("`{0}` can't name a table or column: use at most 63 ASCII letters, digits and `_`, no digit first")]
    Name(&'static str),
    /// The table does not fit the schema in force.
    #[error("the table for `{kind}` does not fit the policy schema: {problem}")]
    Table {
        /// The rows' entity type.
        kind: &'static str,
        /// What differs.
        problem: String,
    },
    /// Policy knows an entity that could be a row as well, and a row's facts must have one source.
    #[error(
        "`{entity}` is of the type `{kind}`, or in one, whose entities are rows of a table: remove it from entities.json"
    )]
    Declared {
        /// The rows' entity type.
        kind: &'static str,
        /// Which entity.
        entity: String,
    },
    /// The question can't be asked, such as an action that is not for this type.
    #[error("the rows can't be asked for: {0}")]
    Question(String),
    /// Cedar could not evaluate the policies partially.
    #[error("the policies can't be evaluated for the rows: {0}")]
    Evaluation(String),
    /// The clause would be more than a database takes.
    #[error("the filter has {bytes} bytes of SQL and {binds} parameters; at most {MAX_BYTES} and {MAX_BINDS} are sent")]
    TooLarge {
        /// Bytes of SQL.
        bytes: usize,
        /// How many values are bound.
        binds: usize,
    },
}

/// Below SQLite's limit of 1,000,000 bytes for a statement, with room for the statement around the clause.
pub(crate) const MAX_BYTES: usize = 900_000;

/// Below SQLite's 32,766 and PostgreSQL's 65,535 parameters, with room for the statement's own.
pub(crate) const MAX_BINDS: usize = 30_000;

// === impl RowFilterError ===

impl RowFilterError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::Question(_) => ErrorKind::Invalid,
            _ => ErrorKind::Internal,
        }
    }
}
