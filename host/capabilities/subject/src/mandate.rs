use std::{collections::BTreeSet, fmt, str::FromStr};

use zhongtai_kernel::{AccountId, Agent, ScenarioId, Timestamp};

use crate::InvalidValue;

/// What an agent may do for the one who gave the mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MandateAction {
    /// 申报: hand in, correct and withdraw applications with their materials.
    Apply,
    /// 缴费
    Pay,
    /// 签署
    Sign,
}

/// For which scenarios a mandate is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MandateScope {
    /// For all.
    Everything,
    /// For these.
    Scenarios(BTreeSet<ScenarioId>),
}

/// Names a mandate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MandateId(ulid::Ulid);

/// A mandate to be given (委托): a person is to act for an enterprise.
#[derive(Debug, Clone)]
pub struct NewMandate {
    /// The enterprise's account.
    pub principal: AccountId,
    /// The person's.
    pub agent: AccountId,
    /// For which scenarios.
    pub scope: MandateScope,
    /// To do what; at least one.
    pub actions: BTreeSet<MandateAction>,
    /// From when on.
    pub from: Timestamp,
    /// Until when, at most five years later.
    pub until: Timestamp,
}

/// A mandate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    /// Its name.
    pub id: MandateId,
    /// The enterprise's account.
    pub principal: AccountId,
    /// The person's.
    pub agent: AccountId,
    /// For which scenarios.
    pub scope: MandateScope,
    /// To do what.
    pub actions: BTreeSet<MandateAction>,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Whose act it was: the enterprise's own, or an operator's.
    pub given_by: AccountId,
    /// Since when it is taken back.
    pub revoked_at: Option<Timestamp>,
}

// === impl MandateAction ===

impl MandateAction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Apply, Self::Pay, Self::Sign];

    /// The word in policies, the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Pay => "pay",
            Self::Sign => "sign",
        }
    }
}

impl FromStr for MandateAction {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let known = Self::ALL.into_iter().find(|action| action.as_str() == text);
        known.ok_or_else(|| InvalidValue::new("action", "apply, pay or sign"))
    }
}

// === impl MandateScope ===

impl MandateScope {
    /// `*`, or scenarios.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, InvalidValue> {
        let invalid =
            || InvalidValue::new("scenarios", "`*` alone, or 1 to 64 scenarios such as 441802-chengguan/pothole");
        match texts {
            [one] if one.as_ref() == "*" => Ok(Self::Everything),
            [] => Err(invalid()),
            texts if texts.len() > 64 => Err(invalid()),
            texts => {
                let parsed = texts.iter().map(|text| text.as_ref().parse()).collect::<Result<_, _>>();
                parsed.map(Self::Scenarios).map_err(|_| invalid())
            }
        }
    }

    /// What [`parse`](Self::parse) reads back.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Everything => vec!["*".to_owned()],
            Self::Scenarios(scenarios) => scenarios.iter().map(ToString::to_string).collect(),
        }
    }
}

// === impl Mandate ===

impl Mandate {
    /// True when it holds at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.from <= now && now < self.until
    }

    /// `valid`, `withdrawn`, `expired` or `not-yet`: what policy sees.
    pub fn status(&self, now: Timestamp) -> &'static str {
        match self {
            _ if self.revoked_at.is_some() => "withdrawn",
            _ if now < self.from => "not-yet",
            _ if now >= self.until => "expired",
            _ => "valid",
        }
    }

    /// Who acts by it, as policy and scenarios see it.
    pub(crate) fn agent(&self) -> Agent {
        let scenarios = match &self.scope {
            MandateScope::Everything => None,
            MandateScope::Scenarios(scenarios) => Some(scenarios.iter().cloned().collect()),
        };
        Agent {
            account: self.agent,
            mandate: self.id.to_string(),
            scenarios,
            actions: self.actions.iter().map(|action| action.as_str().to_owned()).collect(),
        }
    }
}

// === impl MandateId ===

impl MandateId {
    pub(crate) fn generate() -> Self {
        Self(ulid::Ulid::generate())
    }
}

impl FromStr for MandateId {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        text.parse().map(Self).map_err(|_| InvalidValue::new("mandate", "26 characters of a ULID"))
    }
}

impl fmt::Display for MandateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for MandateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
