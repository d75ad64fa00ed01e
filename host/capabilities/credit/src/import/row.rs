//! One row by the names of its columns.

use jiff::civil::Date;

use super::RejectedRow;
use crate::{Category, CreditRecord, CreditSubject, Gravity, NewRecord, State, petition::LONGEST_TEXT};

/// Every column there is.
pub(super) const COLUMNS: [&str; 10] =
    ["id", "code", "person", "category", "gravity", "source", "department", "since", "until", "detail"];

/// Columns that every file has; beside them, `code` or `person`.
pub(super) const NEEDED: [&str; 4] = ["id", "category", "source", "since"];

/// The longest id or name of a source, characters.
const LONGEST_NAME: usize = 100;

/// A row's texts, in the order of [`COLUMNS`]; empty where it says nothing.
#[derive(Default)]
pub(super) struct Row(pub(super) [String; COLUMNS.len()]);

/// What is wrong with a row.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) column: Option<&'static str>,
    pub(super) problem: String,
}

// === impl Problem ===

impl Problem {
    pub(super) fn row(problem: impl Into<String>) -> Self {
        Self { column: None, problem: problem.into() }
    }

    pub(super) fn of(column: &'static str, problem: impl Into<String>) -> Self {
        Self { column: Some(column), problem: problem.into() }
    }

    pub(super) fn in_row(self, row: u64) -> RejectedRow {
        RejectedRow { row, column: self.column.map(str::to_owned), problem: self.problem }
    }
}

/// The place of a column in a [`Row`].
pub(super) fn place(name: &str) -> Option<usize> {
    COLUMNS.iter().position(|column| *column == name)
}

// === impl Row ===

impl Row {
    /// The record, or the first thing that is wrong: never with a value of the row.
    pub(super) fn record(self) -> Result<NewRecord, Problem> {
        let [id, code, person, category, gravity, source, department, since, until, detail] = self.0;
        let whom = whom(code.trim(), person.trim())?;
        let category: Category = category.trim().parse().map_err(|problem: String| Problem::of("category", problem))?;
        let gravity = match gravity.trim() {
            "" => Gravity::default(),
            text => text.parse().map_err(|problem: String| Problem::of("gravity", problem))?,
        };
        let since = day("since", since.trim())?;
        let until = Some(until.trim()).filter(|text| !text.is_empty()).map(|text| day("until", text)).transpose()?;
        if until.is_some_and(|until| until < since) {
            return Err(Problem::of("until", "before `since`"));
        }
        let department = match department.trim() {
            "" => None,
            text => Some(text.parse().map_err(|_| Problem::of("department", "not a department's id"))?),
        };
        let (id, source) = (name("id", id.trim())?, name("source", source.trim())?);
        let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if detail.chars().count() > LONGEST_TEXT || detail.chars().any(is_odd) {
            let expected = format!("expected at most {LONGEST_TEXT} characters without control characters");
            return Err(Problem::of("detail", expected));
        }
        let (state, held) = (State::Published, false);
        let record =
            CreditRecord { key: None, id, source, department, category, gravity, since, until, state, held, detail };
        Ok(NewRecord { whom, record })
    }
}

fn whom(code: &str, person: &str) -> Result<CreditSubject, Problem> {
    match (code, person) {
        ("", "") => Err(Problem::row("neither `code` nor `person` says whom it is about")),
        (code, "") => {
            let code = code.to_ascii_uppercase().parse();
            code.map(CreditSubject::Enterprise).map_err(|error| Problem::of("code", error.to_string()))
        }
        ("", person) => {
            let person = person.to_ascii_uppercase().parse();
            person.map(CreditSubject::Person).map_err(|error| Problem::of("person", error.to_string()))
        }
        _ => Err(Problem::row("both `code` and `person` say whom it is about")),
    }
}

fn day(column: &'static str, text: &str) -> Result<Date, Problem> {
    let is_day = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let day = is_day.then(|| text.parse().ok()).flatten();
    day.ok_or_else(|| Problem::of(column, "not a date of the form YYYY-MM-DD"))
}

fn name(column: &'static str, text: &str) -> Result<String, Problem> {
    let fits = (1..=LONGEST_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    let expected = || format!("expected 1 to {LONGEST_NAME} characters without control characters");
    if fits { Ok(text.to_owned()) } else { Err(Problem::of(column, expected())) }
}
