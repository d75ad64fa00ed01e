//! Evidence (存证): a hash in the platform's append-only log, which anybody can check later. Needs a grant for
//! `evidence`.

use serde::Serialize;

use crate::{Problem, host, problem};

/// Writes a hash into the log: `sha256:` or `sm3:` and 64 hex digits. Neither `purpose` nor `reference` may be about a
/// person. The same hash with the same purpose and reference is anchored once.
///
/// # Errors
/// `?` turns a refusal into 403, a wrong value into 422 and a failure into 503.
pub fn anchor(hash: &str, purpose: &str, reference: &str) -> Result<Anchor, Error> {
    host::anchor(hash, purpose, reference)
}

/// The proof of an anchor, as JSON: it is checked with the log's public keys and nothing else.
///
/// # Errors
/// As for [`anchor`]; 404 when there is none.
pub fn prove(id: &str) -> Result<String, Error> {
    host::prove(id)
}

/// A hash in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Anchor {
    /// Its name.
    pub id: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
}

/// Why there is no anchor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Policy refused; carries the reference of the decision.
    #[error("policy refused (decision {0})")]
    Denied(String),
    /// A value is not what it must be.
    #[error("{0}")]
    Invalid(String),
    /// There is no such anchor.
    #[error("there is no such anchor")]
    NotFound,
    /// The capability failed.
    #[error("{0}")]
    Other(String),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(decision) => problem::denied(decision),
            Error::Invalid(what) => problem::unprocessable(what),
            Error::NotFound => problem::not_found("there is no such anchor"),
            Error::Other(what) => problem::failed("evidence", what),
        }
    }
}
