//! Who read a subject's data: what the subject may ask (PIPL, article 45).

use std::{collections::VecDeque, path::Path};

use serde::{Deserialize, Serialize};
use zhongtai_kernel::{AccountId, DepartmentId, Effect, ScenarioId, Timestamp};

use crate::{
    entry::{Callers, DecisionEntry, Entry},
    reader::{ReadError, Reader, Walk},
    segment::SegmentFile,
};

/// The most files that one page reads: an answer takes seconds, not minutes, however long the log.
const MAX_FILES: usize = 16;

/// How far the time of a record may be off that of the file's other records: a request ends within this time.
const SKEW_S: i64 = 300;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The newest first.
    #[default]
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

/// A question to the log.
#[derive(Debug, Clone)]
pub struct WhoRead {
    /// Whose data.
    pub account: AccountId,
    /// From when, inclusive.
    pub from: Option<Timestamp>,
    /// Until when, exclusive.
    pub to: Option<Timestamp>,
    /// Which way.
    pub order: Order,
    /// The most answers, 1 at least.
    pub limit: usize,
    /// Where the page before ended: its [`Page::next`].
    pub cursor: Option<u64>,
}

/// One decision in which the account was the caller's subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// The record's place in the log.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// `request/sequence`.
    pub reference: String,
    /// Which department.
    pub department: DepartmentId,
    /// With which scenario.
    pub scenario: ScenarioId,
    /// What it did.
    pub action: String,
    /// On what, as Cedar writes it.
    pub resource: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// For which case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Whether it was allowed.
    pub effect: Effect,
}

/// Some of the answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// In the order that was asked for.
    pub readings: Vec<Reading>,
    /// The cursor of the next page; none at the end. A page may be short and still have a next one.
    pub next: Option<u64>,
}

/// Lists the decisions in which `account` was the subject of the caller, in the log in `dir`. The log knows for whom
/// data was read where the subject was signed in; it does not know yet of reads by others, such as an officer's.
pub fn who_read(dir: &Path, question: &WhoRead) -> Result<Page, ReadError> {
    let files = Reader::new(dir).files()?;
    let mut candidates: Vec<(usize, SegmentFile)> = Vec::new();
    for (index, file) in files.iter().enumerate() {
        if question.may_be_in(file, files.get(index + 1))? {
            candidates.push((index, file.clone()));
        }
    }
    if question.order == Order::NewestFirst {
        candidates.reverse();
    }
    let mut page = Page { readings: Vec::new(), next: None };
    let limit = question.limit.max(1);
    for (read, (index, file)) in candidates.iter().enumerate() {
        if read >= MAX_FILES {
            // Nothing before the file that comes next was left out.
            let end = files.get(index + 1).map_or(u64::MAX, |next| next.first);
            page.next = Some(if question.order == Order::NewestFirst { end } else { file.first });
            return Ok(page);
        }
        question.read(file, limit, &mut page)?;
        if page.readings.len() >= limit {
            page.next = page.readings.last().map(|last| match question.order {
                Order::NewestFirst => last.number,
                Order::OldestFirst => last.number + 1,
            });
            return Ok(page);
        }
    }
    Ok(page)
}

// === impl WhoRead ===

impl WhoRead {
    /// Whether a file can hold answers; `next` is the file after it.
    fn may_be_in(&self, file: &SegmentFile, next: Option<&SegmentFile>) -> Result<bool, ReadError> {
        let begin = |file: &SegmentFile| file.first_at().map_err(|source| ReadError::io(&file.path, source));
        let end = next.map_or(u64::MAX, |next| next.first);
        let by_cursor = match (self.cursor, self.order) {
            (None, _) => true,
            (Some(cursor), Order::NewestFirst) => file.first < cursor,
            (Some(cursor), Order::OldestFirst) => end > cursor,
        };
        if !by_cursor {
            return Ok(false);
        }
        let too_new = match (self.to, begin(file)?) {
            (Some(to), Some(begin)) => begin.as_second() - SKEW_S > to.as_second(),
            _ => false,
        };
        let too_old = match (self.from, next) {
            (Some(from), Some(next)) => begin(next)?.is_some_and(|end| end.as_second() + SKEW_S < from.as_second()),
            _ => false,
        };
        Ok(!too_new && !too_old)
    }

    /// Adds the answers in one file, until the page is full.
    fn read(&self, file: &SegmentFile, limit: usize, page: &mut Page) -> Result<(), ReadError> {
        let needle = format!("\"subject\":\"{}\"", self.account);
        let room = limit - page.readings.len();
        let mut found = VecDeque::new();
        let mut walk = Walk::over(vec![file.clone()], u64::MAX);
        let mut callers = Callers::default();
        while let Some(number) = walk.advance()? {
            let line = walk.text()?;
            let wanted = self.is_before_or_after(number) && line.contains(&needle);
            if !wanted && !Callers::is_introduced_by(line) {
                continue;
            }
            let entry = callers.read(line).map_err(|problem| walk.problem(problem))?;
            found.extend(self.answer(wanted, entry));
            match self.order {
                Order::OldestFirst if found.len() == room => break,
                Order::NewestFirst if found.len() > room => drop(found.pop_front()),
                _ => {}
            }
        }
        match self.order {
            Order::OldestFirst => page.readings.extend(found),
            Order::NewestFirst => page.readings.extend(found.into_iter().rev()),
        }
        Ok(())
    }

    fn answer(&self, wanted: bool, entry: Entry) -> Option<Reading> {
        let Entry::Decision(decision) = entry else { return None };
        let within = self.from.is_none_or(|from| decision.at >= from) && self.to.is_none_or(|to| decision.at < to);
        (wanted && within).then(|| Reading::from(*decision))
    }

    fn is_before_or_after(&self, number: u64) -> bool {
        self.cursor.is_none_or(|cursor| match self.order {
            Order::NewestFirst => number < cursor,
            Order::OldestFirst => number >= cursor,
        })
    }
}

// === impl Reading ===

impl From<DecisionEntry> for Reading {
    fn from(entry: DecisionEntry) -> Self {
        let resource = entry.question.resource();
        Self {
            number: entry.number,
            at: entry.at,
            reference: entry.reference,
            department: entry.caller.scenario.department().clone(),
            scenario: entry.caller.scenario.clone(),
            action: entry.question.action,
            resource,
            purpose: entry.question.purpose,
            case: entry.question.case,
            effect: entry.effect,
        }
    }
}
