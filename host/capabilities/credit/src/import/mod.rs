//! Files of credit records, of any size: CSV with a header line, JSON lines, or a JSON array of objects with the same
//! names. A file is spooled to disk and then read row by row; nothing holds all of it.

mod budget;
mod csv;
mod encoding;
mod json;
mod row;
mod run;
mod spool;

use serde::Serialize;
use zhongtai_kernel::{DepartmentId, Timestamp};

pub use encoding::Encoding;
pub use spool::Spool;

use crate::Imported;

/// Rejected rows that are told one by one.
const MOST_TOLD: usize = 1_000;

/// What a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// CSV (RFC 4180) with a header line.
    Csv,
    /// A JSON array of objects.
    Json,
    /// One JSON object a line.
    JsonLines,
}

/// How a file is to be imported.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// What it is written in.
    pub format: Format,
    /// Its characters; found out when nobody says.
    pub encoding: Option<Encoding>,
    /// Store the good rows of a file with bad ones. Otherwise one bad row refuses the whole file.
    pub skip_bad: bool,
    /// Import a file that was imported before once more.
    pub again: bool,
    /// The department that answers for rows that name none.
    pub department: Option<DepartmentId>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Its good rows are stored.
    Stored,
    /// A row is bad, and so nothing is stored.
    Refused,
    /// The same file was imported before: nothing to do.
    SameFile,
}

/// A row that can't be a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectedRow {
    /// From 1; the header is not counted.
    pub row: u64,
    /// The column that is wrong, when it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What is wrong, without the row's values.
    pub problem: String,
}

/// What became of a file's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// What became of the file as a whole.
    pub outcome: Outcome,
    /// When it was imported before, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
    /// Its characters.
    pub encoding: Encoding,
    /// Rows stored.
    pub accepted: u64,
    /// What they were to the records that there are.
    #[serde(flatten)]
    pub imported: Imported,
    /// Stored rows that no department answers for: they can't be objected to here.
    pub without_department: u64,
    /// Rows left out.
    pub rejected_rows: u64,
    /// The first 1,000 of them.
    pub rejected: Vec<RejectedRow>,
}
