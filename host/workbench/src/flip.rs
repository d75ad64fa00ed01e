//! How a draft's decision differs from one that was made, counted by department and action.

use std::collections::BTreeMap;

use serde::Serialize;
use zhongtai_kernel::{CallerFacts, Effect, Mask, Question, Timestamp};

use crate::{Lang, answer::Answer};

/// The most examples that are kept of a group.
pub const EXAMPLES: usize = 5;

/// What would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flip {
    /// Denied so far; the draft allows it.
    DenyToAllow,
    /// Allowed so far; the draft denies it.
    AllowToDeny,
    /// Allowed by both, hidden differently.
    MaskChanged,
}

/// Why a recorded question does not fit the draft's schema any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retired {
    /// The action is gone.
    Action,
    /// The action is no longer about resources of this type.
    Resource,
    /// A fact is missing, of another type, or no longer known.
    Facts,
}

/// A decision as it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) effect: Effect,
    pub(crate) mask: Option<Mask>,
}

/// Equal differences of one department's requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group<K> {
    /// Whose scenarios asked.
    pub department: String,
    /// The Cedar action.
    pub action: String,
    /// What is different.
    pub what: K,
    /// How many decisions.
    pub count: u64,
    /// The first few.
    pub examples: Vec<Example>,
}

/// One decision of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The record's reference, `request/sequence`. Empty in shadow mode: the record is written later.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reference: String,
    /// When.
    pub at: Timestamp,
    /// `Field::"credit.detail"`
    pub resource: String,
    /// How it was hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
    /// How the draft would hide it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft_mask: Option<Mask>,
    /// The draft's policies that decide.
    pub reasons: Vec<String>,
    /// What goes wrong with the draft, or why it can't be asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

/// Decisions compared so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) compared: u64,
    flips: Groups<Flip>,
    retired: Groups<Retired>,
}

type Groups<K> = BTreeMap<(String, String, K), (u64, Vec<Example>)>;

// === impl Flip ===

impl Flip {
    /// What changes between two decisions.
    pub(crate) fn between(made: Made, draft: Made) -> Option<Self> {
        match (made.effect, draft.effect) {
            (Effect::Deny, Effect::Allow) => Some(Self::DenyToAllow),
            (Effect::Allow, Effect::Deny) => Some(Self::AllowToDeny),
            (Effect::Allow, Effect::Allow) if made.mask != draft.mask => Some(Self::MaskChanged),
            _ => None,
        }
    }

    /// For people.
    pub fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::DenyToAllow => lang.pick("由拒绝变为允许", "denied -> allowed"),
            Self::AllowToDeny => lang.pick("由允许变为拒绝", "allowed -> denied"),
            Self::MaskChanged => lang.pick("脱敏方式改变", "mask changed"),
        }
    }
}

// === impl Retired ===

impl Retired {
    /// For people.
    pub fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::Action => lang.pick("操作已不存在", "the action is gone"),
            Self::Resource => lang.pick("操作不再适用于这类资源", "the action is no longer about such resources"),
            Self::Facts => lang.pick("事实与模式不再相符", "the facts no longer fit the schema"),
        }
    }
}

// === impl Tally ===

impl Tally {
    /// Counts one decision against the draft's answer.
    pub(crate) fn add(
        &mut self,
        (caller, question): (&CallerFacts, &Question),
        at: Timestamp,
        reference: &str,
        made: Made,
        answer: &Answer,
    ) {
        self.compared += 1;
        let example = |draft_mask, reasons: &[String], errors: &[String]| Example {
            reference: reference.to_owned(),
            at,
            resource: question.resource(),
            mask: made.mask,
            draft_mask,
            reasons: reasons.to_vec(),
            errors: errors.to_vec(),
        };
        match answer {
            Answer::Retired(why, problem) => {
                count(&mut self.retired, caller, question, *why, || example(None, &[], std::slice::from_ref(problem)));
            }
            Answer::Decided { made: draft, reasons, errors } => {
                if let Some(flip) = Flip::between(made, *draft) {
                    count(&mut self.flips, caller, question, flip, || example(draft.mask, reasons, errors));
                }
            }
        }
    }

    /// What would flip.
    pub(crate) fn flips(&self) -> Vec<Group<Flip>> {
        groups(&self.flips)
    }

    /// What can't be asked any more.
    pub(crate) fn retired(&self) -> Vec<Group<Retired>> {
        groups(&self.retired)
    }
}

fn count<K: Ord>(
    groups: &mut Groups<K>,
    caller: &CallerFacts,
    question: &Question,
    what: K,
    example: impl FnOnce() -> Example,
) {
    let key = (caller.scenario.department().to_string(), question.action.clone(), what);
    let (count, examples) = groups.entry(key).or_default();
    *count += 1;
    if examples.len() < EXAMPLES {
        examples.push(example());
    }
}

fn groups<K: Copy + Ord>(groups: &Groups<K>) -> Vec<Group<K>> {
    let group = |((department, action, what), (count, examples)): (&(String, String, K), &(u64, Vec<Example>))| Group {
        department: department.clone(),
        action: action.clone(),
        what: *what,
        count: *count,
        examples: examples.clone(),
    };
    groups.iter().map(group).collect()
}

/// One line for a group, then its examples.
pub(crate) fn render<K: Copy>(groups: &[Group<K>], text: impl Fn(K) -> &'static str) -> String {
    let mut lines = String::new();
    for Group { department, action, what, count, examples } in groups {
        lines += &format!("{count:>9}  {department}  {action}  {}\n", text(*what));
        for example in examples {
            lines += &example.render();
        }
    }
    lines
}

// === impl Example ===

impl Example {
    fn render(&self) -> String {
        let because = [self.reasons.as_slice(), self.errors.as_slice()].concat().join(", ");
        let reference = if self.reference.is_empty() { self.at.to_string() } else { self.reference.clone() };
        format!("           {reference}  {}  {because}\n", self.resource).replace("  \n", "\n")
    }
}
