use zhongtai_kernel::ErrorKind;
use zhongtai_runtime::Refusal;
use zhongtai_store::StoreError;

use crate::{PetitionState, RuleProblem, State};

/// Something about credit can't be had or done. Never says whom it is about.
#[derive(Debug, thiserror::Error)]
pub enum CreditError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another platform does not answer, or with what can't be read, and nothing it said before is left.
    #[error("the credit platform `{platform}` can't be asked: {problem}")]
    Unavailable {
        /// Which one.
        platform: String,
        /// What went wrong, without anybody's data.
        problem: String,
    },
    /// The file to import is not one.
    #[error("the import can't be read: {0}")]
    Import(String),
    /// The decision table can't be used.
    #[error("the rules can't be used: {}", list(.0))]
    Rules(Vec<RuleProblem>),
    /// Somebody else put a version of the rules at the same moment.
    #[error("another version of the rules was put at the same moment: look at it, and put yours again")]
    RulesMoved,
    /// Policy refuses; carries the record's reference.
    #[error("access denied ({0})")]
    Denied(String),
    /// The decision can't be recorded, so nothing happened.
    #[error("the decision can't be recorded; try again later")]
    Unrecorded,
    /// The purpose is not one of those in the plugin's manifest.
    #[error("the purpose `{0}` is not declared")]
    UndeclaredPurpose(String),
    /// Nobody signed in.
    #[error("nobody signed in")]
    Anonymous,
    /// A value is not what it must be.
    #[error("{what}: expected {expected}")]
    Invalid {
        /// Which value.
        what: &'static str,
        /// What was expected.
        expected: String,
    },
    /// There is no such thing, or none that the caller may know of.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The record's state does not allow it.
    #[error("the record is {state}", state = .0.as_str())]
    State(State),
    /// The petition was decided before.
    #[error("the petition is {state} already", state = .0.as_str())]
    Decided(PetitionState),
    /// One of the same sort waits for its decision.
    #[error("a petition of the same sort is still open")]
    StillOpen,
    /// Repair is not due yet.
    #[error("repair can be asked for from {0} on")]
    TooEarly(jiff::civil::Date),
    /// A record of this sort is no burden that could be repaired.
    #[error("there is nothing to repair in such a record")]
    NothingToRepair,
    /// No department answers for the record here.
    #[error("no department here answers for the record: turn to the authority that published it")]
    NoAuthority,
    /// The case is another scenario's.
    #[error("the case is another scenario's")]
    NotOwnCase,
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another request: choose a new one")]
    KeyReused,
    /// Who somebody is can't be found out.
    #[error("the subject can't be looked up: {0}")]
    People(String),
    /// A fault of ours.
    #[error("{0}")]
    Fault(String),
}

// === impl CreditError ===

impl CreditError {
    pub(crate) fn invalid(what: &'static str, expected: impl Into<String>) -> Self {
        Self::Invalid { what, expected: expected.into() }
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Unavailable { .. } | Self::Unrecorded | Self::People(_) => ErrorKind::Unavailable,
            Self::Import(_) | Self::Rules(_) | Self::UndeclaredPurpose(_) | Self::Invalid { .. } => ErrorKind::Invalid,
            Self::Denied(_) | Self::NotOwnCase => ErrorKind::Denied,
            Self::Anonymous => ErrorKind::Unauthenticated,
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::State(_)
            | Self::Decided(_)
            | Self::StillOpen
            | Self::TooEarly(_)
            | Self::NothingToRepair
            | Self::NoAuthority
            | Self::RulesMoved
            | Self::KeyReused => ErrorKind::Conflict,
            Self::Fault(_) => ErrorKind::Internal,
        }
    }

    /// For programs: stays the same where words change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(_) | Self::People(_) | Self::Fault(_) => "credit",
            Self::Unavailable { .. } => "credit-unavailable",
            Self::Import(_) => "invalid-import",
            Self::Rules(_) => "invalid-rules",
            Self::RulesMoved => "rules-moved",
            Self::Denied(_) => "access-denied",
            Self::Unrecorded => "audit-unavailable",
            Self::UndeclaredPurpose(_) => "undeclared-purpose",
            Self::Anonymous => "unauthenticated",
            Self::Invalid { .. } => "invalid-value",
            Self::NotFound(_) => "not-found",
            Self::State(_) => "not-allowed-while",
            Self::Decided(_) => "already-decided",
            Self::StillOpen => "still-open",
            Self::TooEarly(_) => "too-early",
            Self::NothingToRepair => "nothing-to-repair",
            Self::NoAuthority => "no-authority",
            Self::NotOwnCase => "not-own-case",
            Self::KeyReused => "key-reused",
        }
    }
}

fn list(problems: &[RuleProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl From<sqlx::Error> for CreditError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<getrandom::Error> for CreditError {
    fn from(error: getrandom::Error) -> Self {
        Self::Fault(format!("the system gives no random bytes: {error}"))
    }
}

impl From<Refusal> for CreditError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Denied(reference) => Self::Denied(reference),
            Refusal::Unrecorded => Self::Unrecorded,
        }
    }
}
