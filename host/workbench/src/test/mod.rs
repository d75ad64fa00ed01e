//! `test`: every allow and deny case, how far they reach, and what they would not notice.

mod bench;
mod coverage;
mod mutant;
mod mutation;
mod render;

pub use coverage::{ConditionCoverage, PolicyCoverage};
pub use mutation::{Mutation, Survivor};

use serde::Serialize;
use zhongtai_authz::{Compiled, PolicyError, PolicyTexts};
use zhongtai_kernel::{Effect, Mask};

use crate::verdict::Verdict;
use bench::{Bench, Tried};

/// What the cases show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestReport {
    /// How many cases there are.
    pub cases: usize,
    /// Those that did not come out as written.
    pub failures: Vec<Failure>,
    /// How far they reach.
    pub policies: Vec<PolicyCoverage>,
    /// What they would not notice.
    pub mutation: Mutation,
}

/// A case that did not come out as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// `credit/tests/deny/no-purpose.json`
    pub path: String,
    /// Its title.
    pub title: String,
    /// What was expected.
    pub expected: Effect,
    /// With which mask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
    /// What came out.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a case that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was decided, differently.
    Verdict(Verdict),
    /// It can't be asked: an unknown action, a wrong type, an entity that does not fit the schema.
    CannotBeAsked(String),
}

/// Some of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Share {
    /// How many.
    pub some: usize,
    /// Of how many.
    pub all: usize,
}

/// Runs the cases of `texts`. Fails when the texts are no policy set, or a case is no JSON of a case.
pub fn test(texts: &PolicyTexts) -> Result<TestReport, PolicyError> {
    let compiled = Compiled::new(texts)?;
    let bench = Bench::new(&compiled, texts)?;
    Ok(TestReport {
        cases: bench.cases.len(),
        failures: bench.cases.iter().filter_map(Failure::of).collect(),
        policies: PolicyCoverage::all(&bench),
        mutation: Mutation::run(&bench),
    })
}

/// Only the cases of `texts` that fail, without coverage and mutants: quick enough for a request.
pub fn failures(texts: &PolicyTexts) -> Result<Vec<Failure>, PolicyError> {
    let compiled = Compiled::new(texts)?;
    Ok(Bench::new(&compiled, texts)?.cases.iter().filter_map(Failure::of).collect())
}

// === impl TestReport ===

impl TestReport {
    /// True when every case came out as written.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }

    /// Policies that decided at least one case.
    pub fn policies_decided(&self) -> Share {
        let some = self.policies.iter().filter(|policy| policy.decided > 0).count();
        Share { some, all: self.policies.len() }
    }

    /// Conditions seen met and conditions seen unmet; each condition counts twice.
    pub fn conditions_seen(&self) -> Share {
        let conditions = || self.policies.iter().flat_map(|policy| &policy.conditions);
        let some = conditions().map(|seen| usize::from(seen.met > 0) + usize::from(seen.unmet > 0)).sum();
        Share { some, all: conditions().count() * 2 }
    }
}

// === impl Failure ===

impl Failure {
    fn of(case: &Tried) -> Option<Self> {
        let outcome = match &case.asked {
            Ok(asked) if asked.passed => return None,
            Ok(asked) => Outcome::Verdict(asked.verdict.clone()),
            Err(problem) => Outcome::CannotBeAsked(problem.clone()),
        };
        Some(Self {
            path: case.written.path.clone(),
            title: case.written.case.title.clone(),
            expected: case.written.expected,
            mask: case.written.case.mask,
            outcome,
        })
    }
}

// === impl Share ===

impl Share {
    /// In whole percent, rounded down; 100 of nothing.
    pub fn percent(self) -> usize {
        (self.some * 100).checked_div(self.all).unwrap_or(100)
    }
}
