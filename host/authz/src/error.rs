use std::path::PathBuf;

use zhongtai_kernel::ErrorKind;

use crate::compile::line_of;

/// A policy folder that can't be put in force. Names the file, and the line where there is one.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file or folder can't be read.
    #[error("{path} can't be read")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file does not parse, or the whole does not validate.
    #[error("{path}{}: {problem}", line.map(|line| format!(":{line}")).unwrap_or_default())]
    Invalid {
        /// In which file, by its path within its folder.
        path: String,
        /// From 1.
        line: Option<usize>,
        /// What is wrong.
        problem: String,
    },
    /// The schema fragments do not fit together.
    #[error("the schema fragments do not fit together: {0}")]
    Schema(String),
    /// The policies or entities can't be sorted by what they ask for.
    #[error("the policies can't be indexed: {0}")]
    Index(String),
    /// There is no policy: that would deny everything.
    #[error("there is no policy in the policy folders; `*.cedar` files were looked for there and one level down")]
    Empty,
    /// The texts together are too large.
    #[error("the policy files have {bytes} bytes together, more than {most}")]
    TooLarge {
        /// How many.
        bytes: usize,
        /// How many may be.
        most: usize,
    },
}

// === impl PolicyError ===

impl PolicyError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Read { .. } => ErrorKind::Unavailable,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            _ => ErrorKind::Invalid,
        }
    }

    /// A problem at a byte offset of a file's text.
    pub(crate) fn at(path: &str, text: &str, offset: Option<usize>, problem: String) -> Self {
        Self::Invalid { path: path.to_owned(), line: offset.map(|offset| line_of(text, offset)), problem }
    }
}
