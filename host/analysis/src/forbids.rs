//! Forbids that never err. Cedar skips a policy that errs: a guardrail that can err is a guardrail that can be jumped,
//! and even where the platform denies on an error, it then denies what nobody meant to deny.

use std::mem::{Discriminant, discriminant};

use cedar_policy::{AuthorizationError, EvaluationError, PolicySet};
use serde::{Deserialize, Serialize};
use zhongtai_authz::{Case, PolicyTexts};

use crate::{
    AnalysisError, Lang, RequestKind, Side, Solver, Words, deep,
    kinds::{self, Kind},
    replay::{self, Set},
    rule::Rule,
    shrink::shrink,
    solver::{Session, Trouble},
};

/// Whether a forbid can err.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum ErrorOutcome {
    /// It never does, whatever entities and facts there are.
    Proved,
    /// It does on this request; asked of Cedar.
    Errs {
        /// The request.
        case: Box<Case>,
        /// What Cedar says.
        error: String,
    },
    /// Not decided. Never to be shown as safe.
    Unknown {
        /// Why not.
        reason: Words,
    },
    /// Can't be decided in this way. Never to be shown as safe.
    Unsupported {
        /// Which construct stands in the way.
        reason: Words,
    },
}

/// What is known of one forbid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForbidOutcome {
    /// Its id.
    pub policy: String,
    /// Where it is written: `platform/guardrails.cedar:4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// For every request type that its scope admits.
    pub requests: Vec<(RequestKind, ErrorOutcome)>,
}

/// What is known of a set's forbids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForbidReport {
    /// Every forbid that was looked at, by id.
    pub forbids: Vec<ForbidOutcome>,
    /// Why not all were looked at, if so.
    pub stopped: Option<Words>,
}

/// Proves for each forbid of a set that it never errs, in this process; see [`crate::analyse`].
///
/// It is about requests whose entities are all there: an attribute of an entity that was not given is an error that no
/// proof rules out.
pub async fn never_errors(texts: &PolicyTexts, solver: &Solver) -> Result<ForbidReport, AnalysisError> {
    let (texts, solver) = (texts.clone(), solver.clone());
    deep::run(move || async move {
        let mut forbids = Vec::new();
        step_by_step(&texts, &solver, &mut |outcome| forbids.push(outcome)).await?;
        Ok(ForbidReport { forbids, stopped: None })
    })
    .await
}

/// Tells each forbid as soon as it is finished. Needs a deep stack.
pub(crate) async fn step_by_step(
    texts: &PolicyTexts,
    solver: &Solver,
    tell: &mut dyn FnMut(ForbidOutcome),
) -> Result<(), AnalysisError> {
    let set = Set::new(Side::New, texts)?;
    let kinds = kinds::all(set.compiled.schema()).map_err(|problem| Side::New.invalid(problem))?;
    let rules = Rule::all(&set.compiled);
    let mut session = Session::new(solver);
    for rule in rules.iter().filter(|rule| !rule.is_permit()) {
        let mut requests = Vec::new();
        for (name, kind) in kinds.iter().filter(|(_, kind)| rule.applies(kind)) {
            requests.push((name.clone(), of_kind(&set, rule, kind, &mut session).await));
        }
        let source = set.compiled.source(rule.id()).map(|source| format!("{}:{}", source.path, source.line));
        tell(ForbidOutcome { policy: rule.id().to_string(), source, requests });
    }
    Ok(())
}

async fn of_kind(set: &Set<'_>, rule: &Rule<'_>, kind: &Kind, session: &mut Session<'_>) -> ErrorOutcome {
    let found = async {
        let schema = set.compiled.schema();
        let Some(env) = session.never_errors(&kind.env, schema, rule.fixed()?).await? else { return Ok(None) };
        replay::case(&env).and_then(|case| erring(set, rule, case)).map(Some).map_err(|problem| {
            Trouble::Unknown(Words::new(
                format!("求解器找到了请求，但无法重放：{problem}"),
                format!("the solver found a request, but it can't be replayed: {problem}"),
            ))
        })
    };
    match found.await {
        Ok(None) => ErrorOutcome::Proved,
        Ok(Some((case, error))) => ErrorOutcome::Errs { case: Box::new(case), error },
        Err(Trouble::Unknown(reason)) => ErrorOutcome::Unknown { reason },
        Err(Trouble::Unsupported(reason)) => ErrorOutcome::Unsupported { reason },
    }
}

/// A small case on which the forbid alone errs, and the error.
fn erring(set: &Set<'_>, rule: &Rule<'_>, case: Case) -> Result<(Case, String), String> {
    let mut alone = PolicySet::new();
    let fixed = rule.fixed().map_err(|_| "it is a template's link that can't be written out".to_owned())?;
    alone.add(fixed.clone()).map_err(|error| error.to_string())?;
    let ask = |case: &Case| error_of(set, &alone, case);
    let (sort, _) = ask(&case)?.ok_or("as a test case it does not make the policy err")?;
    // Of the same sort: a case without entities errs too, but for that alone.
    let mut case = shrink(case, &mut |case| matches!(ask(case), Ok(Some((now, _))) if now == sort));
    let (_, error) = ask(&case)?.ok_or("made small, it does not make the policy err")?;
    case.title = format!("{} errs on {}", rule.id(), case.action);
    Ok((case, error))
}

/// Of which sort the first error is, and its text.
fn error_of(
    set: &Set<'_>,
    policies: &PolicySet,
    case: &Case,
) -> Result<Option<(Discriminant<EvaluationError>, String)>, String> {
    let (request, entities) = case.request(&set.compiled, set.texts)?;
    let response = replay::answer(policies, &request, &entities);
    let error = response.diagnostics().errors().next().map(|error| match error {
        AuthorizationError::PolicyEvaluationError(inner) => (discriminant(inner.inner()), error.to_string()),
    });
    Ok(error)
}

// === impl ErrorOutcome ===

impl ErrorOutcome {
    /// True for a proof, and for nothing else.
    pub fn is_proved(&self) -> bool {
        matches!(self, Self::Proved)
    }
}

// === impl ForbidOutcome ===

impl ForbidOutcome {
    /// It was proved for every request type.
    pub fn is_proved(&self) -> bool {
        self.requests.iter().all(|(_, outcome)| outcome.is_proved())
    }

    /// What is known, in a line.
    pub fn words(&self) -> Words {
        let place = self.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
        let open = self.requests.iter().find(|(_, outcome)| !outcome.is_proved());
        let what = match open {
            None => Words::new("已证明从不出错", "is proved never to err"),
            Some((kind, ErrorOutcome::Errs { error, .. })) => {
                Words::new(format!("在 {} 上会出错：{error}", kind.action), format!("errs on {}: {error}", kind.action))
            }
            Some((kind, ErrorOutcome::Unknown { reason } | ErrorOutcome::Unsupported { reason })) => Words::new(
                format!("在 {} 上未能证明：{}", kind.action, reason.get(Lang::Zh)),
                format!("is not proved for {}: {}", kind.action, reason.get(Lang::En)),
            ),
            Some((_, ErrorOutcome::Proved)) => Words::new("", ""),
        };
        let id = &self.policy;
        Words::new(format!("{id}{place} {}", what.zh), format!("{id}{place} {}", what.en))
    }
}

// === impl ForbidReport ===

impl ForbidReport {
    /// Every forbid was proved never to err.
    pub fn is_proved(&self) -> bool {
        self.stopped.is_none() && self.forbids.iter().all(ForbidOutcome::is_proved)
    }
}
