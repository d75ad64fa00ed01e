//! What whoever is signed in knows and asks for about the own records.

use serde::Serialize;

use crate::{Problem, Purpose, clock::Timestamp, host, problem};

/// The own records in whatever state, the newest first; at most 200.
///
/// # Errors
/// `?` turns a refusal into 403 `access-denied`, nobody signed in into 401.
pub fn mine(purpose: Purpose<'_>) -> Result<Vec<OwnRecord>, OwnError> {
    host::own_records(purpose.0)
}

/// The own petitions, the newest first; at most 200.
///
/// # Errors
/// As for [`mine`].
pub fn petitions(purpose: Purpose<'_>) -> Result<Vec<Petition>, OwnError> {
    host::petitions(purpose.0)
}

/// Objects to an own record (异议): it is wrong. The same `once` is the same objection, however often it is sent.
///
/// # Errors
/// `?` turns what the record's state does not allow into 409.
pub fn object(record: &str, text: &str, once: &str) -> Result<Petition, OwnError> {
    host::file_petition(record, PetitionKind::Objection, text, once)
}

/// Applies for the repair of an own record (信用修复): the fault is made good.
///
/// # Errors
/// As for [`object`].
pub fn apply_for_repair(record: &str, text: &str, once: &str) -> Result<Petition, OwnError> {
    host::file_petition(record, PetitionKind::Repair, text, once)
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Reported, and without effect until an officer publishes it.
    Unpublished,
    /// It counts, within its validity.
    Published,
    /// Repaired: it counts no more.
    Repaired,
    /// Taken back: it should never have counted.
    Withdrawn,
}

/// A record about whoever is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnRecord {
    /// The platform's id of the record.
    pub id: String,
    /// `red-list`, `black-list`, `penalty`, `licence` or `commitment`.
    pub category: String,
    /// `general`, `serious` or `grave`.
    pub gravity: String,
    /// The authority that published the record.
    pub source: String,
    /// First day of validity, `YYYY-MM-DD`.
    pub since: String,
    /// Last day of validity, `YYYY-MM-DD`; nothing when open-ended.
    pub until: Option<String>,
    /// Where it stands.
    pub state: State,
    /// True while an objection holds its effect.
    pub held: bool,
    /// What happened, in the source's words.
    pub detail: String,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PetitionKind {
    /// The record is wrong.
    Objection,
    /// The fault is made good.
    Repair,
}

/// How a petition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PetitionState {
    /// Waits for an officer.
    Open,
    /// The subject is right.
    Upheld,
    /// The record stays as it is.
    Dismissed,
}

/// An objection, or an application for repair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Petition {
    /// Its id.
    pub id: String,
    /// The record's id.
    pub about: String,
    /// What is asked for.
    pub kind: PetitionKind,
    /// How it stands.
    pub state: PetitionState,
    /// True when the record has no effect until it is decided.
    pub holds: bool,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// The last day for the decision, `YYYY-MM-DD`.
    pub due_on: String,
    /// Why it was decided as it was; nothing while it is open.
    pub reason: Option<String>,
}

/// Why the own records are not told, or a petition not filed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnError {
    /// Policy refused; carries the reference of the decision.
    #[error("policy refused (decision {0})")]
    Denied(String),
    /// Nobody is signed in.
    #[error("nobody signed in")]
    Anonymous,
    /// The purpose is not one of those in the manifest.
    #[error("the purpose `{0}` is not declared")]
    UndeclaredPurpose(String),
    /// A value is not what it must be.
    #[error("{0}")]
    Invalid(String),
    /// There is no such record of the subject.
    #[error("there is no such record")]
    NotFound,
    /// The record's state does not allow it.
    #[error("the record does not allow it as it stands")]
    NotAllowedWhile(State),
    /// A petition of the same kind about the record is open.
    #[error("a petition of the same kind is open")]
    StillOpen,
    /// Repair can be applied for from this day on, `YYYY-MM-DD`.
    #[error("repair can be applied for from {0} on")]
    TooEarly(String),
    /// A licence or a place on a red list is nothing to repair.
    #[error("there is nothing to repair in such a record")]
    NothingToRepair,
    /// No department here answers for the record.
    #[error("the authority that published the record answers for it")]
    NoAuthority,
    /// The key was used for another petition.
    #[error("the key was used for another petition")]
    KeyReused,
    /// The capability failed.
    #[error("{0}")]
    Other(String),
}

impl From<OwnError> for Problem {
    fn from(error: OwnError) -> Self {
        let conflict = |error: OwnError, code: &'static str| problem::conflict(error.to_string()).with_code(code);
        match error {
            OwnError::Denied(decision) => problem::denied(decision),
            OwnError::Anonymous => problem::unauthenticated("sign in first"),
            OwnError::UndeclaredPurpose(purpose) => problem::undeclared(&purpose),
            OwnError::Invalid(what) => problem::unprocessable(what),
            OwnError::NotFound => problem::not_found("there is no such record"),
            OwnError::Other(what) => problem::failed("credit", what),
            error @ OwnError::NotAllowedWhile(_) => conflict(error, "not-allowed-while"),
            error @ OwnError::StillOpen => conflict(error, "still-open"),
            error @ OwnError::TooEarly(_) => conflict(error, "too-early"),
            error @ OwnError::NothingToRepair => conflict(error, "nothing-to-repair"),
            error @ OwnError::NoAuthority => conflict(error, "no-authority"),
            error @ OwnError::KeyReused => conflict(error, "key-reused"),
        }
    }
}
