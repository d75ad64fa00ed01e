//! Public credit (公共信用): may this enterprise or person do what is asked for? Needs a grant for `credit`.
//!
//! [`check`] and [`check_person`] give verdicts, [`mine`] and [`object`] are for whoever is signed in, and [`report`] tells
//! of a broken promise.

mod code;
mod own;
mod report;
mod resident;

use std::fmt;

use serde::Serialize;

pub use code::{CreditCode, InvalidCreditCode};
pub use own::{
    OwnError, OwnRecord, Petition, PetitionKind, PetitionState, State, apply_for_repair, mine, object, petitions,
};
pub use report::{BrokenPromise, Gravity, Promiser, ReportError, report};
pub use resident::{InvalidResidentId, ResidentId};

use crate::{Problem, Purpose, clock::Timestamp, host, problem};

/// The verdict on an enterprise. One without records is clear.
///
/// # Errors
/// `?` turns a refusal into 403 `access-denied`, an undeclared purpose into 500, anything else into 503.
pub fn check(code: &CreditCode, purpose: Purpose<'_>) -> Result<Verdict, Error> {
    host::check(code.as_str(), purpose.0)
}

/// The verdict on a natural person: for the person, and for officers.
///
/// # Errors
/// As for [`check`].
pub fn check_person(id: &ResidentId, purpose: Purpose<'_>) -> Result<Verdict, Error> {
    host::check_person(id.expose(), purpose.0)
}

/// The valid records of an enterprise with their detail (level 3 data), where policy allows it.
///
/// # Errors
/// As for [`check`].
pub fn records(code: &CreditCode, purpose: Purpose<'_>) -> Result<Vec<Record>, Error> {
    host::records(code.as_str(), purpose.0)
}

/// The outcome of all records together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// No valid record speaks against the subject.
    Clear,
    /// A valid record asks for a person to look: a penalty, a broken promise.
    Flagged,
    /// The subject is on a blacklist (黑名单): joint punishment applies.
    Barred,
}

/// Why a verdict is what it is: which list, not what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Basis {
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
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} since {}", self.category, self.source, self.since)?;
        self.until.iter().try_for_each(|until| write!(f, " until {until}"))
    }
}

/// A record with its detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Which list it stands on.
    pub basis: Basis,
    /// What happened, in the source's words.
    pub detail: String,
}

/// What the records say together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    standing: Standing,
    measure: Option<String>,
    rule: String,
    basis: Vec<Basis>,
    masked: bool,
    as_of: Timestamp,
    stale: bool,
}

impl Verdict {
    /// A verdict with the records that decided, the gravest first.
    pub fn new(standing: Standing, basis: Vec<Basis>) -> Self {
        let (as_of, rule) = (Timestamp::from_nanos(0), String::new());
        Self { standing, measure: None, rule, basis, masked: false, as_of, stale: false }
    }

    /// The same by a row of the rules, and with what they ask for.
    #[must_use]
    pub fn by_rule(mut self, rule: &str, measure: Option<&str>) -> Self {
        self.rule = rule.into();
        self.measure = measure.map(Into::into);
        self
    }

    /// The same as the source said at some time, and whether it could not be asked since.
    #[must_use]
    pub fn as_said(mut self, as_of: Timestamp, stale: bool) -> Self {
        self.as_of = as_of;
        self.stale = stale;
        self
    }

    /// The same with a basis that is hidden.
    #[must_use]
    pub fn masked(mut self, masked: bool) -> Self {
        self.masked = masked;
        self
    }

    /// No record speaks against the subject. For tests.
    pub fn clear() -> Self {
        Self::new(Standing::Clear, Vec::new())
    }

    /// A penalty published by `source` asks for a person to look. For tests.
    pub fn flagged(source: &str) -> Self {
        Self::by("penalty", Standing::Flagged, source)
    }

    /// On the blacklist of `source`. For tests.
    pub fn barred(source: &str) -> Self {
        Self::by("black-list", Standing::Barred, source)
    }

    fn by(category: &str, standing: Standing, source: &str) -> Self {
        let (category, gravity) = (category.into(), "general".into());
        let (source, since) = (source.into(), "2026-01-01".into());
        Self::new(standing, vec![Basis { category, gravity, source, since, until: None }])
    }

    /// The standing itself.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Whether nothing speaks against the subject.
    pub fn is_clear(&self) -> bool {
        self.standing == Standing::Clear
    }

    /// Whether a person has to look.
    pub fn is_flagged(&self) -> bool {
        self.standing == Standing::Flagged
    }

    /// Whether the subject is on a blacklist.
    pub fn is_barred(&self) -> bool {
        self.standing == Standing::Barred
    }

    /// What the rules ask for, such as `no-promise-track`, `manual-review` or `fast-track`.
    pub fn measure(&self) -> Option<&str> {
        self.measure.as_deref()
    }

    /// The row of the rules that decided, with their version: `3/joint-punishment`.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Whether the basis is hidden from this caller.
    pub fn is_masked(&self) -> bool {
        self.masked
    }

    /// When the source said so.
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// Whether the source could not be asked since: the records may have changed.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// The records that decided, the gravest first.
    pub fn records(&self) -> &[Basis] {
        &self.basis
    }

    /// The records that decided, as one text for people.
    pub fn basis(&self) -> impl fmt::Display + '_ {
        fmt::from_fn(|f| {
            self.basis.iter().enumerate().try_for_each(|(at, basis)| {
                let separator = if at == 0 { "" } else { "; " };
                write!(f, "{separator}{basis}")
            })
        })
    }
}

/// Why there is no verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Policy refused; carries the reference of the decision.
    #[error("policy refused (decision {0})")]
    Denied(String),
    /// Not a unified social credit code, or no resident ID; carries what is wrong with it.
    #[error("not a valid code: {0}")]
    InvalidCode(String),
    /// The purpose is not one of those in the manifest.
    #[error("the purpose `{0}` is not declared")]
    UndeclaredPurpose(String),
    /// The capability failed.
    #[error("{0}")]
    Other(String),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(decision) => problem::denied(decision),
            Error::InvalidCode(what) => problem::unprocessable(what).with_code("invalid-credit-code"),
            Error::UndeclaredPurpose(purpose) => problem::undeclared(&purpose),
            Error::Other(what) => problem::failed("credit", what),
        }
    }
}
