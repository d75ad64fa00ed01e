//! The table as it judges.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Category, CreditError, CreditRecord, Gravity};

use super::{Checked, analysis, file};

/// The outcome of all records together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Nothing speaks against the subject.
    Clear,
    /// A person must look.
    Flagged,
    /// Joint punishment applies.
    Barred,
}

/// A decision table that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
    pub(super) otherwise: Outcome,
}

/// What a row, or the lack of one, leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) standing: Standing,
    pub(super) measure: Option<String>,
}

/// One row: what it asks for, and what it leads to. `None` asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) purposes: Option<Vec<String>>,
    pub(super) wants: Wants,
    pub(super) count: Range,
    pub(super) outcome: Outcome,
}

/// What a row asks of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wants {
    pub(super) categories: Option<Vec<Category>>,
    pub(super) gravities: Option<Vec<Gravity>>,
    pub(super) sources: Option<Vec<String>>,
    /// Whole days from the first day of validity to the day of the question.
    pub(super) age_days: Range,
}

/// From `least` to `most`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) least: u32,
    pub(super) most: Option<u32>,
}

/// What the table says about somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged<'a> {
    /// The outcome.
    pub standing: Standing,
    /// What is asked for beside it, such as `manual-review`.
    pub measure: Option<&'a str>,
    /// The row that decided, from 0; none when no row fits.
    pub row: Option<usize>,
    /// Which of the judged records made the row fit, the gravest first.
    pub basis: Vec<usize>,
}

// === impl Table ===

impl Table {
    /// The table that is in force until somebody puts another one.
    pub const BUILT_IN: &'static str = include_str!("../../rules/default.toml");

    /// Parses and checks a table. Every problem is told, not only the first one.
    ///
    /// # Errors
    /// [`CreditError::Rules`]: a key that there is none of, a value out of its range, a row that can never decide, a
    /// test that does not hold.
    pub fn parse(text: &str) -> Result<(Self, Checked), CreditError> {
        let (table, tests) = file::read(text).map_err(CreditError::Rules)?;
        let (found, mut problems) = analysis::analyse(&table);
        problems.extend(tests.iter().filter_map(|test| test.problem(&table)));
        if !problems.is_empty() {
            return Err(CreditError::Rules(problems));
        }
        Ok((table, Checked { tests: tests.len(), ..found }))
    }

    /// A table that was checked when it was put.
    pub(super) fn load(text: &str) -> Result<Self, CreditError> {
        file::read(text).map(|(table, _)| table).map_err(CreditError::Rules)
    }

    /// What it is called.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The ids of its rows, in their order.
    pub fn rows(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| row.id.as_str())
    }

    /// Judges the records that count on `day`, for a question with this purpose. The first row that fits decides.
    pub fn judge(&self, records: &[CreditRecord], purpose: &str, day: Date) -> Judged<'_> {
        let counting: Vec<(usize, &CreditRecord)> =
            records.iter().enumerate().filter(|(_, record)| record.counts_on(day)).collect();
        let rows = self.rows.iter().enumerate();
        let fitting = rows.filter(|(_, row)| row.is_for(purpose)).find_map(|(number, row)| {
            let basis: Vec<_> = counting.iter().filter(|(_, record)| row.wants.fit(record, day)).copied().collect();
            row.count.holds(basis.len()).then_some((number, row, basis))
        });
        let Some((number, row, mut basis)) = fitting else {
            let Outcome { standing, measure } = &self.otherwise;
            return Judged { standing: *standing, measure: measure.as_deref(), row: None, basis: Vec::new() };
        };
        basis.sort_by_key(|(_, record)| std::cmp::Reverse((record.category, record.gravity)));
        Judged {
            standing: row.outcome.standing,
            measure: row.outcome.measure.as_deref(),
            row: Some(number),
            basis: basis.into_iter().map(|(index, _)| index).collect(),
        }
    }
}

// === impl Row ===

impl Row {
    pub(super) fn is_for(&self, purpose: &str) -> bool {
        self.purposes.as_ref().is_none_or(|purposes| purposes.iter().any(|one| one == purpose))
    }
}

// === impl Wants ===

impl Wants {
    fn fit(&self, record: &CreditRecord, day: Date) -> bool {
        // A record counts from its first day on: its age is no negative number.
        let age = (day - record.since).get_days();
        self.fit_facts(record.category, record.gravity, &record.source, u32::try_from(age).unwrap_or_default())
    }

    pub(super) fn fit_facts(&self, category: Category, gravity: Gravity, source: &str, age_days: u32) -> bool {
        self.categories.as_ref().is_none_or(|wanted| wanted.contains(&category))
            && self.gravities.as_ref().is_none_or(|wanted| wanted.contains(&gravity))
            && self.sources.as_ref().is_none_or(|wanted| wanted.iter().any(|one| one == source))
            && self.age_days.holds(age_days as usize)
    }
}

// === impl Range ===

impl Range {
    pub(super) fn holds(self, number: usize) -> bool {
        self.least as usize <= number && self.most.is_none_or(|most| number <= most as usize)
    }
}
