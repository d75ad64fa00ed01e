use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use zhongtai_kernel::ErrorKind;

use crate::Fault;

/// Why there is no document.
///
/// Faults may repeat what the inputs say (a template may quote them): they are for whoever gave the inputs, and never
/// for a log.
#[derive(Debug, thiserror::Error)]
pub enum TypesetError {
    /// The template, or the template with these inputs, is not right.
    #[error("the template can't be laid out: {}", list(.0))]
    Template(Vec<Fault>),
    /// The inputs are no JSON object.
    #[error("the inputs are no object")]
    Inputs,
    /// More pages than allowed.
    #[error("the document has {pages} pages; at most {most} are allowed")]
    TooManyPages {
        /// As laid out.
        pages: usize,
        /// The limit.
        most: usize,
    },
    /// More bytes than allowed.
    #[error("the document is larger than {} MiB", .0 >> 20)]
    TooLarge(usize),
    /// The template did not come to an end.
    #[error("the template was not laid out within {:.1} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// The template needs too much memory.
    #[error("the template needs more than {0} MiB of memory")]
    OutOfMemory(u64),
    /// The worker ended on this order. Others are not touched by that.
    #[error("the typesetter ended on this template")]
    Died,
    /// All workers are at work, and the wait is over.
    #[error("too many documents are being made")]
    Busy,
    /// Workers can't be started.
    #[error("the typesetter {} can't be started", program.display())]
    Start {
        /// Its program.
        program: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The configured fonts can't be used.
    #[error("the fonts can't be used: {0}")]
    Fonts(String),
    /// A fault of ours.
    #[error("the typesetter failed: {0}")]
    Internal(String),
}

/// What a worker says instead of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Refusal {
    Template(Vec<Fault>),
    TooManyPages { pages: usize, most: usize },
    Internal(String),
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

// === impl TypesetError ===

impl TypesetError {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Template(_) | Self::Inputs | Self::Died => ErrorKind::Invalid,
            Self::TooManyPages { .. } | Self::TooLarge(_) | Self::OutOfMemory(_) => ErrorKind::TooLarge,
            Self::TimedOut(_) => ErrorKind::Timeout,
            Self::Busy => ErrorKind::Overloaded,
            Self::Start { .. } | Self::Fonts(_) => ErrorKind::Unavailable,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }
}

impl From<Refusal> for TypesetError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Template(faults) => Self::Template(faults),
            Refusal::TooManyPages { pages, most } => Self::TooManyPages { pages, most },
            Refusal::Internal(problem) => Self::Internal(problem),
        }
    }
}
