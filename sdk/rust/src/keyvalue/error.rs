//! What can go wrong with stored data.

use crate::{Problem, problem};

/// Why data was not read or not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Policy refused; carries the reference of the decision.
    #[error("policy refused (decision {0})")]
    Denied(String),
    /// A key has 1 to 512 bytes without control characters; carries what is wrong.
    #[error("invalid key: {0}")]
    InvalidKey(String),
    /// The value is larger than this many bytes.
    #[error("the value is larger than {0} bytes")]
    TooLarge(u64),
    /// The scenario holds as much as it may, in bytes.
    #[error("the scenario holds {0} bytes already")]
    QuotaExceeded(u64),
    /// An expectation about this key did not hold, and nothing was changed.
    #[error("`{0}` was changed meanwhile")]
    Conflict(String),
    /// What is stored under the key is not of the type asked for.
    #[error("what is stored under `{0}` cannot be read: {1}")]
    Unreadable(String, String),
    /// The value for the key cannot be written as JSON.
    #[error("the value for `{0}` cannot be written: {1}")]
    Unwritable(String, String),
    /// The capability failed.
    #[error("{0}")]
    Other(String),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(decision) => problem::denied(decision),
            Error::InvalidKey(what) => problem::unprocessable(what).with_code("invalid-key"),
            Error::TooLarge(limit) => Self::new(413, "too-large", format!("at most {limit} bytes can be stored")),
            Error::QuotaExceeded(_) => Self::new(507, "storage-full", "the service can store no more").caused_by(error),
            Error::Conflict(_) => {
                problem::conflict("somebody else changed it meanwhile").with_code("changed-meanwhile")
            }
            Error::Unreadable(..) | Error::Unwritable(..) => {
                problem::internal("stored data could not be used").caused_by(error)
            }
            Error::Other(what) => problem::failed("keyvalue", what),
        }
    }
}
