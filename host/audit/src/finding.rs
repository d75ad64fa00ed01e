//! What a check of a whole log says.

use std::fmt;

use serde::Serialize;

/// The most findings that are named; the rest is counted.
pub(crate) const MAX_FINDINGS: usize = 1_000;

/// What was checked and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// The log's name, as its checkpoint says.
    pub origin: String,
    /// Records under the checkpoint.
    pub signed: u64,
    /// The root hash under the checkpoint, base64.
    pub root: String,
    /// The oldest record that is there; those before it were removed after their time.
    pub first: u64,
    /// Records that were read and hashed.
    pub checked: u64,
    /// Lines after the last signed record: written since the checkpoint, and not vouched for.
    pub unsigned: u64,
    /// Records under the older checkpoint that this log was held against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub older: Option<u64>,
    /// What is wrong. Empty: nothing is.
    pub findings: Vec<Finding>,
    /// Findings beyond those named.
    pub more: u64,
}

/// Something that is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "problem", rename_all = "kebab-case")]
pub enum Finding {
    /// The checkpoint can't be read.
    Checkpoint {
        /// What is wrong with it.
        detail: String,
    },
    /// The checkpoint does not bear the signature of a key.
    NotSigned {
        /// The key.
        key: String,
    },
    /// A signature under the checkpoint is not of its text.
    WrongSignature {
        /// The key.
        key: String,
    },
    /// The older checkpoint can't be believed.
    Older {
        /// What is wrong with it.
        detail: String,
    },
    /// There were more records under the older checkpoint.
    Shortened {
        /// Records under this one.
        signed: u64,
        /// Records under the older one.
        older: u64,
    },
    /// The records that were under the older checkpoint were others.
    Rewritten {
        /// Records under the older one.
        older: u64,
    },
    /// A record's text is not what was signed.
    Altered {
        /// The record.
        number: u64,
    },
    /// Records are gone, and no record says that they were removed after their time.
    Missing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// The log ends before the last signed record.
    Truncated {
        /// The first that is gone.
        from: u64,
        /// The last.
        to: u64,
    },
    /// A line that nobody signed stands between records.
    Inserted {
        /// The record before which it stands.
        before: u64,
    },
    /// A record is not in its place.
    Reordered {
        /// The record.
        number: u64,
    },
    /// A record is there twice.
    Repeated {
        /// The record.
        number: u64,
    },
    /// A file's name is not the number of its first record.
    Misnamed {
        /// The file.
        file: String,
    },
    /// A stored hash is gone or was altered.
    Tiles {
        /// The level: the file in tiles/.
        level: usize,
        /// The hash in it, from 0.
        index: u64,
    },
    /// The records don't give the signed root.
    Root,
}

// === impl VerifyReport ===

impl VerifyReport {
    /// True when nothing is wrong.
    pub fn is_ok(&self) -> bool {
        self.findings.is_empty()
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        match self.findings.len() < MAX_FINDINGS {
            true => self.findings.push(finding),
            false => self.more += 1,
        }
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "log        {}", self.origin)?;
        writeln!(f, "signed     {} records, root {}", self.signed, self.root)?;
        writeln!(f, "read       {} records, the oldest is number {}", self.checked, self.first)?;
        if self.unsigned > 0 {
            writeln!(f, "unsigned   {} lines after the checkpoint", self.unsigned)?;
        }
        if let Some(older) = self.older {
            writeln!(f, "older      held against a checkpoint of {older} records")?;
        }
        for finding in &self.findings {
            writeln!(f, "WRONG      {finding}")?;
        }
        if self.more > 0 {
            writeln!(f, "WRONG      and {} more", self.more)?;
        }
        f.write_str(if self.is_ok() { "the log is as it was signed" } else { "the log is NOT as it was signed" })
    }
}

// === impl Finding ===

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint { detail } => write!(f, "the checkpoint can't be read: {detail}"),
            Self::NotSigned { key } => write!(f, "the checkpoint is not signed by the key {key}"),
            Self::WrongSignature { key } => write!(f, "the checkpoint's signature of the key {key} is of another text"),
            Self::Older { detail } => write!(f, "the older checkpoint can't be trusted: {detail}"),
            Self::Shortened { signed, older } => {
                write!(f, "the older checkpoint has {older} records, this log only {signed}")
            }
            Self::Rewritten { older } => write!(f, "the first {older} records are not those of the older checkpoint"),
            Self::Altered { number } => write!(f, "record {number} was altered"),
            Self::Missing { from, to } => write!(f, "{} missing", Range(*from, *to)),
            Self::Truncated { from, to } => write!(f, "{} cut off the end", Range(*from, *to)),
            Self::Inserted { before } => write!(f, "a line that nobody signed stands before record {before}"),
            Self::Reordered { number } => write!(f, "record {number} is not in its place"),
            Self::Repeated { number } => write!(f, "record {number} is there more than once"),
            Self::Misnamed { file } => write!(f, "the file {file} does not begin with the record of its name"),
            Self::Tiles { level, index } => write!(f, "hash {index} in tiles/{level} is gone or was altered"),
            Self::Root => f.write_str("the records do not give the signed root"),
        }
    }
}

struct Range(u64, u64);

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(from, to) if from == to => write!(f, "record {from} is"),
            Self(from, to) => write!(f, "records {from} to {to} are"),
        }
    }
}
