//! `replay`: a draft asked everything that was asked before. What would be decided differently?

use serde::{Deserialize, Serialize};
use zhongtai_authz::ActiveSet;
use zhongtai_kernel::{CallerFacts, Effect, Mask, Question, Timestamp};

use crate::{
    Lang,
    answer::Answers,
    flip::{self, Flip, Group, Made, Retired, Tally},
};

/// A decision as the audit log holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The record's reference, `request/sequence`.
    pub reference: String,
    /// When.
    pub at: Timestamp,
    /// Who asked.
    pub caller: CallerFacts,
    /// What.
    pub question: Question,
    /// What was decided.
    pub effect: Effect,
    /// How it was hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
}

/// What a draft would decide differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplayReport {
    /// How many decisions were asked again.
    pub records: u64,
    /// What would flip, by department, action and kind.
    pub flips: Vec<Group<Flip>>,
    /// What can't be asked any more, because the schema changed: it says nothing about the draft.
    pub retired: Vec<Group<Retired>>,
    /// The hash of the draft.
    pub draft: String,
}

/// Asks `draft` what was asked before. Memory does not grow with the number of records.
pub fn replay(draft: &ActiveSet, records: impl IntoIterator<Item = Recorded>) -> ReplayReport {
    let mut answers = Answers::new(draft);
    let mut tally = Tally::default();
    for Recorded { reference, at, caller, question, effect, mask } in records {
        let answer = answers.ask(&caller, &question, at);
        tally.add((&caller, &question), at, &reference, Made { effect, mask }, &answer);
    }
    ReplayReport {
        records: tally.compared,
        flips: tally.flips(),
        retired: tally.retired(),
        draft: answers.draft().compiled().hash().to_string(),
    }
}

// === impl ReplayReport ===

impl ReplayReport {
    /// How many decisions would flip.
    pub fn flipped(&self) -> u64 {
        self.flips.iter().map(|group| group.count).sum()
    }

    /// How many can't be asked any more.
    pub fn retired(&self) -> u64 {
        self.retired.iter().map(|group| group.count).sum()
    }

    /// The report as people read it.
    pub fn render(&self, lang: Lang) -> String {
        let (records, flipped, retired) = (self.records, self.flipped(), self.retired());
        let mut text = lang.pick(
            format!("重放 {records} 条决定：{flipped} 条会改变，{retired} 条已无法再问\n"),
            format!("{records} decisions replayed: {flipped} would flip, {retired} can't be asked any more\n"),
        );
        text += &flip::render(&self.flips, |flip| flip.text(lang));
        text += &flip::render(&self.retired, |retired| retired.text(lang));
        text
    }
}
