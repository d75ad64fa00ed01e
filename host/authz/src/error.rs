use std::path::{Path, PathBuf};

use zhongtai_kernel::ErrorKind;

/// A policy folder that can't be put in force. Names the file, and the line where there is one.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file or folder can't be read.
    #[error("{path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file does not parse, or the whole does not validate.
    #[error("{path}{}: {problem}", line.map(|line| format!(":{line}")).unwrap_or_default())]
    Invalid {
        /// In which file.
        path: PathBuf,
        /// From 1.
        line: Option<usize>,
        /// What is wrong.
        problem: String,
    },
    /// The schema fragments do not fit together.
    #[error("the schema fragments do not fit together: {0}")]
    Schema(String),
    /// The folders hold no policy: that would deny everything.
    #[error("no policy found in {0}")]
    Empty(String),
}

// === impl PolicyError ===

impl PolicyError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Read { .. } => ErrorKind::Unavailable,
            _ => ErrorKind::Invalid,
        }
    }

    /// A problem at a byte offset of a file's text.
    pub(crate) fn at(path: &Path, text: &str, offset: Option<usize>, problem: impl ToString) -> Self {
        let line = offset.map(|offset| {
            let before = text.get(..offset).unwrap_or(text);
            before.matches('\n').count() + 1
        });
        Self::Invalid { path: path.to_owned(), line, problem: problem.to_string() }
    }
}
