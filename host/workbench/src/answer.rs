//! What a draft says to a question that was asked before, remembered: much of a log is the same few questions.

use std::{ops::Deref, sync::Arc};

use cedar_policy::{EntityId, EntityTypeName, EntityUid, pst};
use pst::{Clause, Expr, Var};
use quick_cache::unsync::Cache;
use zhongtai_authz::{ActiveSet, Asked, Compiled};
use zhongtai_kernel::{CallerFacts, Question, Timestamp};

use crate::flip::{Made, Retired};

/// How many answers are remembered.
const REMEMBERED: usize = 65_536;

/// What a draft says.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// It decides.
    Decided { made: Made, reasons: Vec<String>, errors: Vec<String> },
    /// It can't be asked, and why not.
    Retired(Retired, String),
}

/// A draft with the answers that it gave.
pub(crate) struct Answers<D> {
    draft: D,
    /// Without a policy that looks at the time, questions of different minutes have the same answer.
    tells_time: bool,
    remembered: Cache<Box<[u8]>, Arc<Answer>>,
}

// === impl Answers ===

impl<D: Deref<Target = ActiveSet>> Answers<D> {
    pub(crate) fn new(draft: D) -> Self {
        let tells_time = tells_time(draft.compiled());
        Self { draft, tells_time, remembered: Cache::new(REMEMBERED) }
    }

    pub(crate) fn draft(&self) -> &ActiveSet {
        &self.draft
    }

    /// What the draft says to the question at that time.
    pub(crate) fn ask(&mut self, caller: &CallerFacts, question: &Question, at: Timestamp) -> Arc<Answer> {
        let minute = if self.tells_time { at.as_second().div_euclid(60) } else { 0 };
        // Facts that can't be written down as JSON there are none; were there any, they would not be remembered.
        let Ok(key) = serde_json::to_vec(&(caller, question, minute)) else {
            return Arc::new(self.answer(caller, question, at));
        };
        if let Some(answer) = self.remembered.get(key.as_slice()) {
            return answer.clone();
        }
        let answer = Arc::new(self.answer(caller, question, at));
        self.remembered.insert(key.into(), answer.clone());
        answer
    }

    fn answer(&self, caller: &CallerFacts, question: &Question, at: Timestamp) -> Answer {
        let compiled = self.draft.compiled();
        if let Some((why, problem)) = unknown(compiled, question) {
            return Answer::Retired(why, problem);
        }
        let decision = self.draft.evaluate(caller, question.clone(), at);
        if !decision.errors.is_empty()
            && let Some(problem) = misfit(compiled, caller, question, at)
        {
            return Answer::Retired(Retired::Facts, problem);
        }
        Answer::Decided {
            made: Made { effect: decision.effect, mask: decision.mask },
            reasons: decision.reasons.iter().map(ToString::to_string).collect(),
            errors: decision.errors,
        }
    }
}

/// What of the question the schema does not know.
fn unknown(compiled: &Compiled, question: &Question) -> Option<(Retired, String)> {
    let schema = compiled.schema();
    let action = uid("Action", &question.action);
    let action = action.filter(|action| schema.actions().any(|known| known == action));
    let Some(action) = action else {
        return Some((Retired::Action, format!("there is no action `{}`", question.action)));
    };
    let mut kinds = schema.resources_for_action(&action).into_iter().flatten();
    if !kinds.any(|kind| kind.to_string() == question.kind) {
        return Some((Retired::Resource, format!("`{}` is not about a `{}`", question.action, question.kind)));
    }
    None
}

/// Why the facts don't fit the schema. A resource that is no longer declared does: the answer is no.
fn misfit(compiled: &Compiled, caller: &CallerFacts, question: &Question, at: Timestamp) -> Option<String> {
    let declared = || uid(&question.kind, &question.id).is_some_and(|uid| compiled.entities().get(&uid).is_some());
    if question.attributes.is_empty() && !declared() {
        return None;
    }
    Asked::new(compiled, caller, question, at).and_then(|asked| asked.entities(compiled)).err()
}

fn uid(kind: &str, id: &str) -> Option<EntityUid> {
    let kind: EntityTypeName = kind.parse().ok()?;
    Some(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

/// True when a policy looks at `context.now`, or at the context as a whole. A policy that can't be taken apart is
/// taken for one that does.
fn tells_time(compiled: &Compiled) -> bool {
    compiled.policies().policies().any(|policy| {
        policy.to_pst().map_or(true, |policy| {
            policy.body().clauses().iter().any(|clause| {
                let (Clause::When(expr) | Clause::Unless(expr)) = clause;
                expr.reduce(&looks_at_now, &|a, b| a || b, false)
            })
        })
    })
}

fn looks_at_now(expr: &Expr) -> Option<bool> {
    let of_context = |expr: &Expr| matches!(expr, Expr::Var(Var::Context));
    match expr {
        Expr::GetAttr { expr, attr } if of_context(expr) => Some(attr == "now"),
        Expr::HasAttr { expr, .. } if of_context(expr) => Some(false),
        Expr::Var(Var::Context) => Some(true),
        _ => None,
    }
}
