//! What goes between a host and its worker: one job in, one line of JSON per finding out.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use zhongtai_authz::PolicyTexts;

use crate::{AnalysisError, ForbidOutcome, Plan, RequestOutcome, Solver};

/// What a worker is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The question.
    pub task: Task,
    /// Whom to ask.
    pub solver: Solver,
    /// The most address space of the worker and of its solver, each, in MiB; the worker's stack of 1 GiB counts.
    /// [`crate::supervise`] writes its limit here.
    #[serde(default = "default_memory")]
    pub memory_mib: u64,
}

/// A question.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Task {
    /// What does a change grant and deny?
    Compare {
        /// In force.
        old: PolicyTexts,
        /// The draft.
        new: PolicyTexts,
    },
    /// Can a forbid err?
    NeverErrors {
        /// The policies.
        texts: PolicyTexts,
    },
}

/// How much an analysis may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// From start to end. What is not finished then is `unknown`.
    pub wall: Duration,
    /// The most address space of the worker and of its solver, each, in MiB; the worker's stack of 1 GiB counts.
    pub memory_mib: u64,
}

/// One line of a worker's output.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Line {
    /// What is going to be compared.
    Plan(Plan),
    /// A finished request type.
    Request(RequestOutcome),
    /// A finished forbid.
    Forbid(ForbidOutcome),
    /// There is no report.
    Failed(AnalysisError),
    /// All is told.
    Done,
}

// === impl Job ===

impl Job {
    /// The change from `old` to `new`.
    pub fn compare(old: PolicyTexts, new: PolicyTexts, solver: Solver) -> Self {
        Self { task: Task::Compare { old, new }, solver, memory_mib: default_memory() }
    }

    /// The forbids of `texts`.
    pub fn never_errors(texts: PolicyTexts, solver: Solver) -> Self {
        Self { task: Task::NeverErrors { texts }, solver, memory_mib: default_memory() }
    }
}

// === impl Limits ===

impl Default for Limits {
    /// Two minutes and 4 GiB.
    fn default() -> Self {
        Self { wall: Duration::from_secs(120), memory_mib: default_memory() }
    }
}

fn default_memory() -> u64 {
    4096
}
