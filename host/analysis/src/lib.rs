//! What a change of policies can grant or deny: proved for every request that there can be, or shown by one.
//!
//! Both sets are translated for an SMT solver (cvc5), one kind of request after the other: principal's type, action,
//! resource's type. "The draft grants nothing new" and "the draft denies nothing new" are then two claims about all
//! requests and all entities of that kind. The solver proves a claim, or finds a request that refutes it; the request is
//! made small, asked of both sets, and kept as a test case. What the solver can't decide is `unknown`, never safe.
//!
//! ```no_run
//! # async fn example(old: zhongtai_authz::PolicyTexts, new: zhongtai_authz::PolicyTexts)
//! # -> Result<(), zhongtai_analysis::AnalysisError> {
//! use zhongtai_analysis::{Lang, Limits, Solver, WorkerCommand, supervise};
//!
//! let worker = WorkerCommand { program: "zt".into(), arguments: vec!["policy".into(), "analyze-worker".into()] };
//! let report = supervise(&worker, &old, &new, &Solver::find()?, Limits::default()).await?;
//! if !report.is_proved_safe() {
//!     eprintln!("{}", report.text(Lang::En));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What a proof says, and what it does not
//!
//! - It is about the same facts on both sides. A draft that declares entities otherwise (a field's level, say) is not
//!   proved safe, whatever its policies are: [`Report::declared`] lists them.
//! - It is about requests whose entities are all there. An attribute of an entity that was not given makes a policy err,
//!   and the platform denies.
//! - Masks count: what was shown under a mask and is shown plainly is new access.
//! - A request type that only the draft's schema has, or that the two schemas describe differently, is not proved.
//!
//! How it stays quick with thousands of policies is told in `prove.rs`; the solver's library is behind `solver.rs`.

mod because;
mod claim;
mod compare;
mod deep;
mod error;
mod forbids;
mod found;
mod job;
mod kinds;
mod places;
mod prove;
mod replay;
mod report;
mod rule;
mod shrink;
mod solver;
mod supervise;
mod text;
mod words;
pub mod worker;

pub use compare::analyse;
pub use error::{AnalysisError, Side};
pub use forbids::{ErrorOutcome, ForbidOutcome, ForbidReport, never_errors};
pub use job::{Job, Limits, Task};
pub use report::{
    Counterexample, DeclaredChange, Lang, Outcome, Plan, PolicyChange, PolicyEdit, Presence, Report, RequestKind,
    RequestOutcome, Shown, Words,
};
pub use solver::Solver;
pub use supervise::{WorkerCommand, supervise, supervise_never_errors};
