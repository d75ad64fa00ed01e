//! The table's file: TOML with `schema = 1`, `otherwise`, rows and tests.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Deserialize;

use crate::{Category, CreditRecord, Gravity, State};

use super::{
    RuleProblem,
    table::{Outcome, Range, Row, Standing, Table, Wants},
};

/// Rows in a table: as many as fit the bits of what [`super::analysis`] reckons with.
const MOST_ROWS: usize = 64;
/// Words of one list in a row.
const MOST_WORDS: usize = 64;
/// The largest number in a range. Nobody has more records, nor are they older: 100 years.
const LARGEST: u32 = 36_525;
/// The day of a test that names none.
const A_DAY: Date = jiff::civil::date(2026, 1, 1);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    title: String,
    otherwise: Led,
    #[serde(default)]
    row: Vec<RowText>,
    #[serde(default)]
    test: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Led {
    standing: Standing,
    measure: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowText {
    id: String,
    purposes: Option<Vec<String>>,
    categories: Option<Vec<Category>>,
    gravities: Option<Vec<Gravity>>,
    sources: Option<Vec<String>>,
    age_days: Option<RangeText>,
    count: Option<RangeText>,
    standing: Standing,
    measure: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields)]
struct RangeText {
    least: Option<u32>,
    most: Option<u32>,
}

/// What the table must say about some records.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Test {
    title: String,
    #[serde(default)]
    purpose: String,
    on: Option<String>,
    records: Vec<TestRecord>,
    standing: Standing,
    measure: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestRecord {
    category: Category,
    #[serde(default)]
    gravity: Gravity,
    #[serde(default)]
    source: String,
    since: Option<String>,
}

/// The table and its tests, or all that is wrong with the file.
pub(super) fn read(text: &str) -> Result<(Table, Vec<Test>), Vec<RuleProblem>> {
    let file: File = toml::from_str(text).map_err(|error| vec![RuleProblem::table(error.to_string())])?;
    let mut problems = Vec::new();
    let mut wrong = |problem: RuleProblem| problems.push(problem);
    if file.schema != 1 {
        wrong(RuleProblem::table(format!("schema: expected 1, not {}", file.schema)));
    }
    if file.title.trim().is_empty() || file.title.chars().count() > 100 {
        wrong(RuleProblem::table("title: expected 1 to 100 characters"));
    }
    if file.row.len() > MOST_ROWS {
        wrong(RuleProblem::table(format!("{} rows: expected at most {MOST_ROWS}", file.row.len())));
    }
    if !file.otherwise.measure.as_deref().is_none_or(is_word) {
        wrong(RuleProblem::at("otherwise", MEASURE));
    }
    let mut ids = BTreeSet::new();
    for row in &file.row {
        if !is_word(&row.id) {
            wrong(RuleProblem::at(&row.id, "id: expected 1 to 40 of `a-z`, `0-9` and `-`"));
        }
        if !ids.insert(&row.id) {
            wrong(RuleProblem::at(&row.id, "id: another row has it"));
        }
        row.problems().into_iter().for_each(|problem| wrong(RuleProblem::at(&row.id, problem)));
    }
    for test in &file.test {
        test.dates().err().into_iter().for_each(|problem| wrong(RuleProblem::at(&test.title, problem)));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let outcome = |led: Led| Outcome { standing: led.standing, measure: led.measure };
    let rows = file.row.into_iter().map(RowText::checked).collect();
    Ok((Table { title: file.title, rows, otherwise: outcome(file.otherwise) }, file.test))
}

const MEASURE: &str = "measure: expected 1 to 40 of `a-z`, `0-9` and `-`";

fn is_word(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

// === impl RowText ===

impl RowText {
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let lists = [
            ("purposes", self.purposes.as_ref().map(Vec::len)),
            ("categories", self.categories.as_ref().map(Vec::len)),
            ("gravities", self.gravities.as_ref().map(Vec::len)),
            ("sources", self.sources.as_ref().map(Vec::len)),
        ];
        for (name, length) in lists {
            if length.is_some_and(|length| !(1..=MOST_WORDS).contains(&length)) {
                problems.push(format!("{name}: expected 1 to {MOST_WORDS} words; leave it out for any"));
            }
        }
        for (name, range, least) in [("age_days", self.age_days, 0), ("count", self.count, 1)] {
            let Some(RangeText { least: low, most }) = range else { continue };
            let low = low.unwrap_or(least);
            if low > LARGEST || most.is_some_and(|most| most > LARGEST) {
                problems.push(format!("{name}: expected at most {LARGEST}"));
            }
            if most.is_some_and(|most| most < low) {
                problems.push(format!("{name}: `most` is less than `least`"));
            }
        }
        // With none at least, a row fits by what is not there: only up to some number does that say anything.
        if self.count.is_some_and(|count| count.least == Some(0) && count.most.is_none()) {
            problems.push("count: any number fits; leave the row's conditions out instead".to_owned());
        }
        if !self.measure.as_deref().is_none_or(is_word) {
            problems.push(MEASURE.to_owned());
        }
        problems
    }

    fn checked(self) -> Row {
        let range = |range: Option<RangeText>, least: u32| Range {
            least: range.and_then(|range| range.least).unwrap_or(least),
            most: range.and_then(|range| range.most),
        };
        Row {
            id: self.id,
            purposes: self.purposes,
            wants: Wants {
                categories: self.categories,
                gravities: self.gravities,
                sources: self.sources,
                age_days: range(self.age_days, 0),
            },
            count: range(self.count, 1),
            outcome: Outcome { standing: self.standing, measure: self.measure },
        }
    }
}

// === impl Test ===

impl Test {
    /// What the table says instead, if it does.
    pub(super) fn problem(&self, table: &Table) -> Option<RuleProblem> {
        let (on, since) = self.dates().ok()?;
        let records: Vec<_> = self.records.iter().zip(since).map(|(record, since)| record.of(since)).collect();
        let said = table.judge(&records, &self.purpose, on);
        let holds = said.standing == self.standing && said.measure == self.measure.as_deref();
        let words = |standing: Standing, measure: Option<&str>| format!("{standing:?} with {}", measure.unwrap_or("-"));
        let problem = || {
            let row = said.row.and_then(|row| table.rows.get(row)).map_or("otherwise", |row| &row.id);
            let (is, expected) = (words(said.standing, said.measure), words(self.standing, self.measure.as_deref()));
            RuleProblem::at(&self.title, format!("the test does not hold: {is} by `{row}`, expected {expected}"))
        };
        (!holds).then(problem)
    }

    /// The day, and the first day of each record.
    fn dates(&self) -> Result<(Date, Vec<Date>), String> {
        let day =
            |what: &str, text: &str| text.parse::<Date>().map_err(|_| format!("{what}: expected a day, YYYY-MM-DD"));
        let on = self.on.as_deref().map_or(Ok(A_DAY), |text| day("on", text))?;
        let first = |record: &TestRecord| record.since.as_deref().map_or(Ok(on), |text| day("since", text));
        Ok((on, self.records.iter().map(first).collect::<Result<_, _>>()?))
    }
}

// === impl TestRecord ===

impl TestRecord {
    fn of(&self, since: Date) -> CreditRecord {
        CreditRecord {
            key: None,
            id: String::new(),
            source: self.source.clone(),
            department: None,
            category: self.category,
            gravity: self.gravity,
            since,
            until: None,
            state: State::Published,
            held: false,
            detail: String::new(),
        }
    }
}
