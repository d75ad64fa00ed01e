//! `check`: whether policies can be put in force, are formatted, and mean what they seem to.

mod erring;
mod finding;
mod format;
mod grant;
mod overlap;
mod types;
mod vacuous;

pub use finding::{Finding, Severity};
pub use format::{Formatted, format};

use cedar_policy::{PolicyId, RequestEnv};
use serde::Serialize;
use zhongtai_authz::{Compiled, PolicyError, PolicyTexts, WrittenCase};

use crate::{Lang, Words, actions::Actions, anatomy::Anatomy};
use types::Types;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// How many policies there are in force; 0 when there is an error.
    pub policies: usize,
    /// What is the matter, by severity and place.
    pub findings: Vec<Finding>,
    /// Findings that their policies accept by `@accept("<id>")`.
    pub accepted: usize,
    /// The files that are not formatted, as they should be.
    pub formatted: Vec<Formatted>,
}

/// Looks the texts over.
pub fn check(texts: &PolicyTexts) -> CheckReport {
    let formatted = format::unformatted(texts);
    let mut findings: Vec<_> = formatted.iter().map(|file| format::finding(texts, file)).collect();
    findings.extend(WrittenCase::all(texts).err().map(|error| invalid(&error)));
    let mut accepted = 0;
    let policies = match Compiled::new(texts) {
        Err(error) => {
            findings.push(invalid(&error));
            0
        }
        Ok(compiled) => {
            match lint(&compiled, texts) {
                Ok((found, let_be)) => {
                    findings.extend(found);
                    accepted = let_be;
                }
                Err(error) => findings.push(invalid(&error)),
            }
            compiled.policies().num_of_policies()
        }
    };
    findings.sort_by(|a, b| (a.severity, &a.path, a.line, a.id).cmp(&(b.severity, &b.path, b.line, b.id)));
    CheckReport { policies, findings, accepted, formatted }
}

// === impl CheckReport ===

impl CheckReport {
    /// True when the policies can be put in force.
    pub fn is_valid(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }

    /// The report as people read it.
    pub fn render(&self, lang: Lang) -> String {
        let mut text: String = self.findings.iter().map(|finding| finding.render(lang) + "\n").collect();
        let count = |severity| self.findings.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let Self { policies, accepted, .. } = self;
        text += &lang.pick(
            format!("策略 {policies} 条；错误 {errors} 个，警告 {warnings} 个，策略自行接受 {accepted} 个\n"),
            format!(
                "policies: {policies}; errors: {errors}, warnings: {warnings}, accepted by their policies: {accepted}\n"
            ),
        );
        text
    }
}

fn invalid(error: &PolicyError) -> Finding {
    let (path, line, problem) = match error {
        PolicyError::Invalid { path, line, problem } => (path.clone(), *line, problem.clone()),
        other => (String::new(), None, other.to_string()),
    };
    Finding {
        id: "invalid",
        severity: Severity::Error,
        path,
        line,
        policy: None,
        problem: Words::same(problem),
        remedy: Words::new(
            "改正后才能生效；现行策略不受影响",
            "correct it: until then it can't be put in force, and what is in force stays",
        ),
    }
}

/// What is worth a warning, and how many warnings the policies accept.
fn lint(compiled: &Compiled, texts: &PolicyTexts) -> Result<(Vec<Finding>, usize), PolicyError> {
    let policies = Anatomy::all(compiled)?;
    let actions = Actions::new(compiled.schema());
    let types = Types::new(texts);
    let mut findings = vacuous::warned(compiled);
    findings.extend(overlap::findings(&policies, &actions, compiled.entities()));
    let surroundings = grant::Surroundings::new(&policies, &actions);
    for policy in &policies {
        findings.extend(surroundings.findings(policy));
        let mut inside = vacuous::constant(policy);
        inside.extend(vacuous::contradicting(policy));
        inside.extend(erring::findings(policy, &envs(compiled, policy), &types, compiled.entities()));
        findings.extend(inside.into_iter().map(|(finding, at)| at_condition(finding, policy, at, compiled, texts)));
    }
    let all = findings.len();
    findings.retain(|finding| !is_accepted(compiled, finding));
    let accepted = all - findings.len();
    Ok((findings, accepted))
}

/// The kinds of request that a policy may apply to.
fn envs(compiled: &Compiled, policy: &Anatomy) -> Vec<RequestEnv> {
    let (schema, id) = (compiled.schema(), PolicyId::new(&policy.id));
    match compiled.policies().policy(&id) {
        Some(policy) => policy.get_valid_request_envs(schema).collect(),
        None => compiled
            .policies()
            .template(&id)
            .map(|template| template.get_valid_request_envs(schema).collect())
            .unwrap_or_default(),
    }
}

/// The finding at the line of the condition it is about.
fn at_condition(finding: Finding, policy: &Anatomy, at: usize, compiled: &Compiled, texts: &PolicyTexts) -> Finding {
    let condition = policy.conditions.get(at);
    let line = condition.map(|condition| policy.place_of(condition, compiled, texts).line);
    Finding { line: line.or(finding.line), ..finding }
}

/// `@accept("too-broad, no-id")` on the policy.
fn is_accepted(compiled: &Compiled, finding: &Finding) -> bool {
    let annotated = |id: &String| {
        let id = PolicyId::new(id);
        let policies = compiled.policies();
        policies.annotation(&id, "accept").or_else(|| policies.template_annotation(&id, "accept")).map(str::to_owned)
    };
    let accepted = finding.policy.as_ref().and_then(annotated);
    accepted.is_some_and(|accepted| accepted.split(',').any(|id| id.trim() == finding.id))
}
