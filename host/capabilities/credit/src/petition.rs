//! What a subject asks for about an own record: that it is wrong (异议), or that the fault was made good (信用修复).

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zhongtai_kernel::{AccountId, Timestamp};

use crate::{CreditError, RecordId};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PetitionKind {
    /// 异议: the record is wrong.
    Objection,
    /// 信用修复: the record is right, and the fault made good.
    Repair,
}

/// How a petition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PetitionState {
    /// Waits for an officer.
    Open,
    /// The subject is right: an objection withdraws the record, a repair makes it repaired.
    Upheld,
    /// The record stays as it is.
    Dismissed,
}

// === impl PetitionKind ===

impl PetitionKind {
    /// The word used in WIT, the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Objection => "objection",
            Self::Repair => "repair",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Objection, Self::Repair].into_iter().find(|kind| kind.as_str() == text)
    }
}

// === impl PetitionState ===

impl PetitionState {
    /// The word used in WIT, the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Upheld => "upheld",
            Self::Dismissed => "dismissed",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Upheld, Self::Dismissed].into_iter().find(|state| state.as_str() == text)
    }
}

/// A petition's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PetitionId(ulid::Ulid);

// === impl PetitionId ===

impl PetitionId {
    pub(crate) fn generate() -> Self {
        Self(ulid::Ulid::generate())
    }
}

impl FromStr for PetitionId {
    type Err = CreditError;

    fn from_str(text: &str) -> Result<Self, CreditError> {
        text.parse().map(Self).map_err(|_| CreditError::invalid("petition", "an id of 26 characters"))
    }
}

impl fmt::Display for PetitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A petition. `Debug` leaves out what it says.
#[derive(Clone, PartialEq, Eq)]
pub struct Petition {
    /// Its id.
    pub id: PetitionId,
    /// The record that it is about.
    pub about: RecordId,
    /// What is asked for.
    pub kind: PetitionKind,
    /// How it stands.
    pub state: PetitionState,
    /// True when the record has no effect until it is decided.
    pub holds: bool,
    /// Who filed it.
    pub filed_by: AccountId,
    /// When.
    pub filed_at: Timestamp,
    /// The last day for the decision.
    pub due_on: Date,
    /// Why, in the subject's words.
    pub text: String,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// Why it was decided so, in the officer's words.
    pub reason: Option<String>,
}

// === impl Petition ===

impl Petition {
    /// True when it is still open after the last day for its decision.
    pub fn is_overdue_on(&self, day: Date) -> bool {
        self.state == PetitionState::Open && self.due_on < day
    }
}

impl fmt::Debug for Petition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Petition")
            .field("id", &self.id)
            .field("about", &self.about)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .field("holds", &self.holds)
            .field("due_on", &self.due_on)
            .finish_non_exhaustive()
    }
}

/// A petition on its way in.
#[derive(Clone)]
pub struct NewPetition {
    /// The record that it is about.
    pub about: RecordId,
    /// What is asked for.
    pub kind: PetitionKind,
    /// Why: 1 to 2,000 characters.
    pub text: String,
    /// Who files it.
    pub by: AccountId,
    /// The same key of the same account is the same petition.
    pub key: ActKey,
}

/// An idempotency key: 1 to 128 characters without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActKey(String);

// === impl ActKey ===

impl ActKey {
    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ActKey {
    type Error = CreditError;

    fn try_from(text: String) -> Result<Self, CreditError> {
        // PostgreSQL's text can't hold a NUL, and nobody could read the others.
        let is_valid = (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        let expected = "1 to 128 characters, none of them a control character";
        if is_valid { Ok(Self(text)) } else { Err(CreditError::invalid("idempotency key", expected)) }
    }
}

/// The longest text of a petition, a reason or a detail, characters.
pub(crate) const LONGEST_TEXT: usize = 2_000;

/// A text that people write: 1 to 2,000 characters, lines allowed, no other control characters.
pub(crate) fn checked_text(what: &'static str, text: String) -> Result<String, CreditError> {
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    let length = text.chars().count();
    if !text.trim().is_empty() && length <= LONGEST_TEXT && !text.chars().any(is_odd) {
        return Ok(text);
    }
    Err(CreditError::invalid(what, format!("1 to {LONGEST_TEXT} characters without control characters")))
}
