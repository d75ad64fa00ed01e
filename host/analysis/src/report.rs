//! What an analysis found. Everything serialises: a report crosses a process boundary and is stored with a proposal.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zhongtai_authz::Case;
use zhongtai_kernel::{Effect, Mask};
pub use zhongtai_kernel::{Lang, Words};

/// A request type of the schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestKind {
    /// `credit:read-detail`
    pub action: String,
    /// The principal's type: `Caller`
    pub principal: String,
    /// The resource's type: `Field`
    pub resource: String,
}

/// In which of the two schemas a request type exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// In both.
    Both,
    /// In the draft's only.
    Added,
    /// In the old one only.
    Removed,
}

/// One question's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// There is no such request, whatever entities and facts there are.
    Proved,
    /// Here is one; both sets were asked and disagree.
    Counterexample(Box<Counterexample>),
    /// Not decided. Never to be shown as safe.
    Unknown {
        /// Why not.
        reason: Words,
    },
    /// Can't be decided in this way. Never to be shown as safe.
    Unsupported {
        /// Which construct stands in the way.
        reason: Words,
    },
}

/// What the change means for one request type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestOutcome {
    /// Which.
    #[serde(flatten)]
    pub kind: RequestKind,
    /// In which schema it exists.
    pub presence: Presence,
    /// `Proved`: the draft allows nothing that is denied today, and shows nothing less masked.
    pub grants: Outcome,
    /// `Proved`: the draft denies nothing that is allowed today, and masks nothing more.
    pub denies: Outcome,
}

/// What one set decides on a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Allowed or not, by the platform's rule: an erring policy denies.
    pub effect: Effect,
    /// How what is allowed is hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
    /// The policies that decided.
    pub reasons: Vec<String>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

/// A request on which the two sets disagree: found by the solver, made small, asked of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counterexample {
    /// The request as a test case.
    pub case: Case,
    /// Where the case belongs in the policy folder: `credit/tests/deny/detail-above-clearance.json`.
    pub path: String,
    /// What the case expects: today's decision.
    pub expected: Effect,
    /// The old set's decision.
    pub today: Shown,
    /// The draft's decision.
    pub draft: Shown,
    /// The changes that make the difference.
    pub because: Vec<PolicyChange>,
    /// The same in plain words, one line each.
    pub words: Vec<Words>,
}

/// A policy that the draft adds, removes or edits. Moving, renaming, commenting and reformatting change nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyChange {
    /// Its id.
    pub policy: String,
    /// Where it is written, in the draft or, when it is gone, in the old set: `credit/credit.cedar:7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What happened to it.
    #[serde(flatten)]
    pub what: PolicyEdit,
}

/// What happened to a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum PolicyEdit {
    /// The draft adds it.
    Added {
        /// Whether it is a forbid.
        forbid: bool,
    },
    /// The draft removes it.
    Removed {
        /// Whether it was a forbid.
        forbid: bool,
    },
    /// The draft changes it.
    Edited {
        /// Whether it is a forbid.
        forbid: bool,
        /// Conditions that it had.
        dropped: Vec<String>,
        /// Conditions that it has now.
        added: Vec<String>,
        /// Its scope before and now, where that changed.
        scope: Option<(String, String)>,
        /// Its mask before and now, where that changed.
        mask: Option<(Option<Mask>, Option<Mask>)>,
    },
}

/// An entity that `entities.json` declares differently in the draft. A proof holds for the same facts on both sides:
/// changing the facts themselves, such as a field's level, needs a person's look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredChange {
    /// `Field::"credit.detail"`
    pub entity: String,
    /// As declared today, in Cedar's JSON.
    pub today: Option<Value>,
    /// As the draft declares it.
    pub draft: Option<Value>,
}

/// What is known before the solver is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// How many policies the draft has, links of templates included.
    pub policies: usize,
    /// Those that change.
    pub changed: Vec<PolicyChange>,
    /// Declared entities that change.
    pub declared: Vec<DeclaredChange>,
    /// Every request type of either schema.
    pub kinds: Vec<RequestKind>,
}

/// What a change means, for every request type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How many policies the draft has, links of templates included.
    pub policies: usize,
    /// Those that change.
    pub changed: Vec<PolicyChange>,
    /// Declared entities that change.
    pub declared: Vec<DeclaredChange>,
    /// Every request type of either schema.
    pub requests: Vec<RequestOutcome>,
    /// Why the analysis ended early, if it did. What it had not finished is `unknown`.
    pub stopped: Option<Words>,
}

// === impl Outcome ===

impl Outcome {
    /// True for a proof, and for nothing else.
    pub fn is_proved(&self) -> bool {
        matches!(self, Self::Proved)
    }
}

// === impl RequestOutcome ===

impl RequestOutcome {
    /// A request type about which nothing is known.
    pub(crate) fn unknown(kind: RequestKind, reason: &Words) -> Self {
        let outcome = || Outcome::Unknown { reason: reason.clone() };
        Self { kind, presence: Presence::Both, grants: outcome(), denies: outcome() }
    }
}

// === impl Shown ===

impl Shown {
    /// Allowed or not.
    pub fn is_allow(&self) -> bool {
        self.effect == Effect::Allow
    }

    /// Shows what `other` does not: it is allowed here and not there, or hidden less or otherwise.
    pub(crate) fn reveals_beyond(&self, other: &Self) -> bool {
        match (self.effect, other.effect) {
            (Effect::Deny, _) => false,
            (Effect::Allow, Effect::Deny) => true,
            (Effect::Allow, Effect::Allow) => {
                self.mask != other.mask && self.mask != Some(Mask::All) && other.mask.is_some()
            }
        }
    }
}

// === impl Report ===

impl Report {
    pub(crate) fn new(plan: Plan, requests: Vec<RequestOutcome>, stopped: Option<Words>) -> Self {
        let Plan { policies, changed, declared, .. } = plan;
        Self { policies, changed, declared, requests, stopped }
    }

    /// Every request type was proved to be granted nothing new, and no declared fact changes. Only then may a change
    /// be put in force without a named approver.
    pub fn is_proved_safe(&self) -> bool {
        self.is_complete() && self.requests.iter().all(|request| request.grants.is_proved())
    }

    /// The two sets were proved to decide and mask alike.
    pub fn is_equivalent(&self) -> bool {
        self.is_complete()
            && self.requests.iter().all(|request| request.grants.is_proved() && request.denies.is_proved())
    }

    /// What the solver found, grants first.
    pub fn counterexamples(&self) -> impl Iterator<Item = &Counterexample> {
        let grants = self.requests.iter().map(|request| &request.grants);
        let denies = self.requests.iter().map(|request| &request.denies);
        grants.chain(denies).filter_map(|outcome| match outcome {
            Outcome::Counterexample(found) => Some(&**found),
            _ => None,
        })
    }

    fn is_complete(&self) -> bool {
        self.stopped.is_none() && self.declared.is_empty()
    }
}
