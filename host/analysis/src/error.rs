use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use zhongtai_kernel::ErrorKind;

/// Which of the two policy sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// What is in force.
    Old,
    /// The draft.
    New,
}

/// Why there is no report at all. What could not be decided within a report is an `unknown` in it instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "error", rename_all = "kebab-case")]
pub enum AnalysisError {
    /// A policy set does not compile.
    #[error("the {} policies can't be analysed: {problem}", match side { Side::Old => "old", Side::New => "new" })]
    Invalid {
        /// Which set.
        side: Side,
        /// File, line and what is wrong there.
        problem: String,
    },
    /// There is no solver.
    #[error(
        "the SMT solver cvc5 was not found ({looked}); install it (Debian, Ubuntu: apt-get install cvc5), or name its \
         program in the environment variable CVC5"
    )]
    SolverMissing {
        /// Where it was looked for.
        looked: String,
    },
    /// The process that does the work can't be started.
    #[error("the analysis worker {} can't be started: {problem}", program.display())]
    Spawn {
        /// Which program.
        program: PathBuf,
        /// Why not.
        problem: String,
    },
    /// The worker can't do what it is asked: its job does not parse, or the limits leave it no room.
    #[error("the analysis worker can't do its job: {problem}")]
    Worker {
        /// Why not.
        problem: String,
    },
}

// === impl Side ===

impl Side {
    pub(crate) fn invalid(self, problem: impl std::fmt::Display) -> AnalysisError {
        AnalysisError::Invalid { side: self, problem: problem.to_string() }
    }
}

// === impl AnalysisError ===

impl AnalysisError {
    pub(crate) fn worker(problem: impl std::fmt::Display) -> Self {
        Self::Worker { problem: problem.to_string() }
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::SolverMissing { .. } => ErrorKind::Unavailable,
            Self::Spawn { .. } | Self::Worker { .. } => ErrorKind::Internal,
        }
    }
}
