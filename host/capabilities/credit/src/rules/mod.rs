//! Joint reward and punishment (联合奖惩) as a decision table: a TOML file, checked when it is loaded, kept in versions.

mod analysis;
mod book;
mod file;
mod table;

use std::fmt;

use serde::Serialize;

pub use book::{InForce, Put, RuleBook, RuleVersion};
pub use table::{Judged, Standing, Table};

/// What was found when a table was checked, beside that it can be used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Rows in the table.
    pub rows: usize,
    /// Tests in the file; all of them hold.
    pub tests: usize,
    /// Two rows that fit the same records and lead to something else: the upper one decides.
    pub overlaps: Vec<String>,
    /// Records that no row fits: `otherwise` decides.
    pub gaps: Vec<String>,
    /// Rows of which it could not be found out whether they can ever decide: the table is too large for that.
    pub unproven: Vec<String>,
}

/// Something that makes a table unusable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleProblem {
    /// The row's or test's id, or the table as a whole.
    pub at: Option<String>,
    /// What is wrong.
    pub problem: String,
}

// === impl RuleProblem ===

impl RuleProblem {
    fn table(problem: impl Into<String>) -> Self {
        Self { at: None, problem: problem.into() }
    }

    fn at(at: &str, problem: impl Into<String>) -> Self {
        Self { at: Some(at.to_owned()), problem: problem.into() }
    }
}

impl fmt::Display for RuleProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Some(at) => write!(f, "`{at}`: {}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}
