//! Files of addresses, grids and halls on their way in: CSV (UTF-8 with or without a byte-order mark, or GBK) and
//! GeoJSON. A row that can't be read is told by its number, the column and the reason, never with its value.

mod addresses;
mod divisions;
mod file;
mod grids;
mod halls;

pub use addresses::read_addresses;
pub use divisions::Divisions;
pub use grids::read_grids;
pub use halls::{parse_hours, read_halls};

use serde::{Deserialize, Serialize};

use crate::GeoError;

/// What sort of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// With a header line.
    Csv,
    /// A feature collection.
    GeoJson,
}

/// A row that can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRow {
    /// From 1; a header is not counted.
    pub row: usize,
    /// Which column, empty when it is the row as a whole.
    pub column: String,
    /// What is wrong, without the row's values.
    pub problem: String,
}

/// What became of a file. Where a row is rejected, nothing is stored, unless the good rows alone were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Rows stored.
    pub stored: usize,
    /// Rows that can't be taken, the first thousand of them.
    pub rejected: Vec<RejectedRow>,
    /// How many can't be taken in all.
    pub rejected_in_all: usize,
}

/// A file's rows: good ones, and others.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows<T> {
    /// Those that can be stored.
    pub good: Vec<T>,
    /// Those that can't.
    pub rejected: Vec<RejectedRow>,
}

/// Rows that a report names.
const MOST_TOLD: usize = 1_000;

/// Rows of a file.
const MOST_ROWS: usize = 5_000_000;

// === impl Rows ===

impl<T> Rows<T> {
    /// Whether to store: every row is good, or the good ones alone were asked for.
    pub fn to_store(&self, good_alone: bool) -> &[T] {
        if self.rejected.is_empty() || good_alone { &self.good } else { &[] }
    }

    /// The report, once `stored` rows are.
    pub fn report(mut self, stored: usize) -> ImportReport {
        let rejected_in_all = self.rejected.len();
        self.rejected.truncate(MOST_TOLD);
        ImportReport { stored, rejected: self.rejected, rejected_in_all }
    }
}

/// A value that can't be taken: its column, and why.
type Refused = (&'static str, String);

/// Sorts rows into good and bad, and refuses an id that was there before.
fn sort<T>(rows: impl Iterator<Item = Result<T, Refused>>, id: impl Fn(&T) -> &str) -> Result<Rows<T>, GeoError> {
    let mut sorted = Rows { good: Vec::new(), rejected: Vec::new() };
    let mut seen = std::collections::HashSet::new();
    for (index, row) in rows.enumerate() {
        if index == MOST_ROWS {
            return Err(GeoError::Import(format!("it has more than {MOST_ROWS} rows")));
        }
        let row = row.and_then(|row| match seen.insert(id(&row).to_owned()) {
            true => Ok(row),
            false => Err(("id", "is there twice".to_owned())),
        });
        match row {
            Ok(row) => sorted.good.push(row),
            Err((column, problem)) => {
                sorted.rejected.push(RejectedRow { row: index + 1, column: column.to_owned(), problem });
            }
        }
    }
    Ok(sorted)
}

/// A short text in one line.
fn short(column: &'static str, text: &str, longest: usize) -> Result<String, Refused> {
    let text = text.trim();
    if text.chars().count() > longest {
        return Err((column, format!("is longer than {longest} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err((column, "has a control character".to_owned()));
    }
    Ok(text.to_owned())
}

/// The same, where there has to be one.
fn needed(column: &'static str, text: &str, longest: usize) -> Result<String, Refused> {
    let text = short(column, text, longest)?;
    if text.is_empty() { Err((column, "is empty".to_owned())) } else { Ok(text) }
}
