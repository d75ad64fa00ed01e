//! Records as others read them: typed, each decision with the caller that it was made for.

use std::{collections::HashMap, sync::Arc};

use serde::Deserialize;
use zhongtai_kernel::{AccountId, CallerFacts, Effect, Mask, Question, ScenarioId, Timestamp};

/// A record of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Policy was asked.
    Decision(Box<DecisionEntry>),
    /// Somebody did something to the platform.
    Act(ActEntry),
    /// Who the caller of later decisions is.
    Caller(CallerEntry),
}

/// Policy was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionEntry {
    /// The record's place in the log, from 0.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// `request/sequence`: what a denial shows.
    pub reference: String,
    /// Who asked.
    pub caller: Arc<CallerFacts>,
    /// What was asked.
    pub question: Question,
    /// Allowed or not.
    pub effect: Effect,
    /// How the value was to be hidden.
    pub mask: Option<Mask>,
    /// The policies that decided, by id.
    pub reasons: Vec<String>,
    /// What went wrong while deciding.
    pub errors: Vec<String>,
    /// The hash of the policy set that was asked.
    pub policy: String,
}

/// Somebody did something to the platform.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ActEntry {
    /// The record's place in the log, from 0.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// `request/sequence`.
    pub reference: String,
    /// The account or process that acted.
    pub actor: String,
    /// What was done, `noun:verb`.
    pub action: String,
    /// To what.
    pub target: String,
    /// How it ended: `ok`, or the error's code.
    pub outcome: String,
}

/// Who the caller of later decisions in the same file is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CallerEntry {
    /// The record's place in the log, from 0: what decisions refer to.
    pub number: u64,
    /// When the first of those decisions was made.
    pub at: Timestamp,
    /// The facts.
    #[serde(flatten)]
    pub facts: Arc<CallerFacts>,
}

/// A line as it stands.
#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line {
    Decision(Box<DecisionLine>),
    Act(ActEntry),
    Caller(CallerEntry),
}

#[derive(Deserialize)]
struct DecisionLine {
    number: u64,
    at: Timestamp,
    reference: String,
    caller: u64,
    scenario: ScenarioId,
    #[serde(default)]
    subject: Option<AccountId>,
    #[serde(flatten)]
    question: Question,
    effect: Effect,
    #[serde(default)]
    mask: Option<Mask>,
    reasons: Vec<String>,
    #[serde(default)]
    errors: Vec<String>,
    policy: String,
}

/// The callers that a file has introduced so far. A file is read from its beginning.
#[derive(Default)]
pub(crate) struct Callers(HashMap<u64, Arc<CallerFacts>>);

// === impl Entry ===

impl Entry {
    /// The record's place in the log, from 0.
    pub fn number(&self) -> u64 {
        match self {
            Self::Decision(entry) => entry.number,
            Self::Act(entry) => entry.number,
            Self::Caller(entry) => entry.number,
        }
    }

    /// When.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Decision(entry) => entry.at,
            Self::Act(entry) => entry.at,
            Self::Caller(entry) => entry.at,
        }
    }
}

// === impl Callers ===

impl Callers {
    /// True for the line of a caller, which has to be read even by those who don't want it.
    pub(crate) fn is_introduced_by(line: &str) -> bool {
        // `event` is the third member of a caller's line; no text before it can hold quotes.
        line.get(..120.min(line.len())).unwrap_or(line).contains(",\"event\":\"caller\",")
    }

    /// Reads a line.
    pub(crate) fn read(&mut self, line: &str) -> Result<Entry, String> {
        match serde_json::from_str(line).map_err(|error| error.to_string())? {
            Line::Act(entry) => Ok(Entry::Act(entry)),
            Line::Caller(entry) => {
                self.0.insert(entry.number, entry.facts.clone());
                Ok(Entry::Caller(entry))
            }
            Line::Decision(line) => self.decision(*line).map(|entry| Entry::Decision(Box::new(entry))),
        }
    }

    fn decision(&self, line: DecisionLine) -> Result<DecisionEntry, String> {
        let caller = self.0.get(&line.caller).cloned();
        let caller = caller.ok_or_else(|| format!("its caller, record {}, is not in the same file", line.caller))?;
        let account = caller.subject.as_ref().map(|subject| subject.account);
        if caller.scenario != line.scenario || account != line.subject {
            return Err(format!("its caller, record {}, is another one", line.caller));
        }
        let DecisionLine { number, at, reference, question, effect, mask, reasons, errors, policy, .. } = line;
        Ok(DecisionEntry { number, at, reference, caller, question, effect, mask, reasons, errors, policy })
    }
}
