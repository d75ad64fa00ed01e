//! What security staff do with a draft of policies: check, test, explain, replay, watch in the shadow.
//!
//! Everything works on [`zhongtai_authz::PolicyTexts`], so a draft is handled as what is in force is.
//!
//! ```
//! use zhongtai_authz::PolicyTexts;
//! use zhongtai_workbench::{Lang, check};
//!
//! let schema = "entity Caller; entity Door; action \"open\" appliesTo { principal: [Caller], resource: [Door] };";
//! let texts = PolicyTexts::new([
//!     ("doors.cedarschema".to_owned(), schema.to_owned()),
//!     ("doors.cedar".to_owned(), "permit (principal, action == Action::\"open\", resource);\n".to_owned()),
//! ])
//! .unwrap();
//! let report = check(&texts);
//! assert!(report.is_valid());
//! assert!(report.render(Lang::En).contains("too-broad"));
//! ```

mod actions;
mod anatomy;
mod answer;
mod check;
mod condition;
mod explain;
mod flip;
mod replay;
mod scope;
mod sentence;
mod shadow;
mod test;
mod verdict;
mod words;

pub use anatomy::Place;
pub use check::{CheckReport, Finding, Formatted, Severity, check, format};
pub use condition::Truth;
pub use explain::{ConditionView, Explanation, Nearest, PolicyView, Summary, explain_case, explain_question};
pub use flip::{EXAMPLES, Example, Flip, Group, Retired};
pub use replay::{Recorded, ReplayReport, replay};
pub use shadow::{Shadow, ShadowError, ShadowReport, ShadowSettings};
pub use test::{
    ConditionCoverage, Failure, Mutation, Outcome, PolicyCoverage, Share, Survivor, TestReport, failures, test,
};
pub use verdict::Verdict;
pub use words::{Lang, Words};
