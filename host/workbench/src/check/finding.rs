use serde::Serialize;

use crate::{Lang, Words, anatomy::Place};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The policies can't be put in force.
    Error,
    /// They can, and probably do not do what was meant.
    Warning,
}

/// Something that was found in a policy set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about, such as `grant-without-purpose`; the crate's README lists all.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// In which file. Empty when it is about all of them together.
    pub path: String,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// In which policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What is the matter.
    pub problem: Words,
    /// What to do.
    pub remedy: Words,
}

// === impl Finding ===

impl Finding {
    /// A warning about a policy.
    pub(crate) fn warning(id: &'static str, place: Place, policy: &str, problem: Words, remedy: Words) -> Self {
        Self {
            id,
            severity: Severity::Warning,
            path: place.path,
            line: Some(place.line),
            policy: Some(policy.to_owned()),
            problem,
            remedy,
        }
    }

    /// `credit/credit.cedar:7 warning no-id: ...` and, on the next line, what to do.
    pub fn render(&self, lang: Lang) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        let severity = match self.severity {
            Severity::Error => lang.pick("错误", "error"),
            Severity::Warning => lang.pick("警告", "warning"),
        };
        let policy = self.policy.as_ref().map(|policy| format!(" {policy}")).unwrap_or_default();
        let Self { path, id, .. } = self;
        let colon = lang.pick("：", ": ");
        let (problem, remedy) = (self.problem.get(lang), self.remedy.get(lang));
        format!("{path}{line}{policy} {severity} {id}{colon}{problem}\n    {remedy}")
    }
}
