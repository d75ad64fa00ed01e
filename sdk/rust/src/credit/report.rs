//! What a plugin tells public credit about a case of its own.

use super::{CreditCode, ResidentId};
use crate::{Problem, Subject, host, problem};

/// Reports a broken promise (承诺不实), and gives the record's id. It can't be taken back by the plugin, and has no
/// effect until an officer of the department publishes it. The same `once` is the same report, however often it is sent.
///
/// # Errors
/// `?` turns a refusal into 403 `access-denied`.
pub fn report(promise: &BrokenPromise, once: &str) -> Result<String, ReportError> {
    host::report_promise(promise, once)
}

/// Whose promise it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Promiser {
    /// A subject by the handle that this department knows.
    Subject(String),
    /// An enterprise.
    Enterprise(CreditCode),
    /// A natural person.
    Person(ResidentId),
}

/// How grave it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gravity {
    /// 一般
    #[default]
    General,
    /// 较重
    Serious,
    /// 严重
    Grave,
}

/// A promise that turned out to be false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenPromise {
    /// Whose it was.
    pub who: Promiser,
    /// The plugin's own case in which it was made: 1 to 64 of `A-Z a-z 0-9 - _ . : /`.
    pub case: String,
    /// How grave it is.
    pub gravity: Gravity,
    /// What was promised and what was found: 1 to 2,000 characters.
    pub detail: String,
    /// The day on which it was found, `YYYY-MM-DD`; today when nothing is given.
    pub found_on: Option<String>,
}

impl BrokenPromise {
    /// What was promised and found in a case, found today and of the least gravity.
    pub fn new(who: impl Into<Promiser>, case: &str, detail: &str) -> Self {
        let (case, detail) = (case.into(), detail.into());
        Self { who: who.into(), case, gravity: Gravity::General, detail, found_on: None }
    }
}

impl From<&Subject> for Promiser {
    fn from(subject: &Subject) -> Self {
        Self::Subject(subject.handle.clone())
    }
}

impl From<CreditCode> for Promiser {
    fn from(code: CreditCode) -> Self {
        Self::Enterprise(code)
    }
}

impl From<ResidentId> for Promiser {
    fn from(id: ResidentId) -> Self {
        Self::Person(id)
    }
}

/// Why a broken promise was not reported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// Policy refused; carries the reference of the decision.
    #[error("policy refused (decision {0})")]
    Denied(String),
    /// A value is not what it must be.
    #[error("{0}")]
    Invalid(String),
    /// The case is another plugin's.
    #[error("the case is another scenario's")]
    NotOwnCase,
    /// The key was used for another report.
    #[error("the key was used for another report")]
    KeyReused,
    /// The capability failed.
    #[error("{0}")]
    Other(String),
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Denied(decision) => problem::denied(decision),
            ReportError::Invalid(what) => problem::unprocessable(what),
            ReportError::KeyReused => problem::conflict("the key was used for another report").with_code("key-reused"),
            ReportError::Other(what) => problem::failed("credit", what),
            mistake @ ReportError::NotOwnCase => {
                problem::internal("a broken promise could not be reported").caused_by(mistake)
            }
        }
    }
}
