//! `explain`: why a request is allowed or denied, policy by policy and condition by condition, and what the nearest
//! permit misses.

mod policy;
mod render;
mod select;

pub use policy::{ConditionView, Nearest, PolicyView};

use std::collections::BTreeMap;

use cedar_policy::{Entities, Request};
use serde::Serialize;
use zhongtai_authz::{ActiveSet, Asked, Case, Compiled, PolicyTexts};
use zhongtai_kernel::{CallerFacts, Effect, Question, Timestamp};

use crate::verdict::Verdict;
use select::Selection;

/// Why a request is allowed or denied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What was asked.
    pub request: Summary,
    /// What was decided, by which policies.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Every policy whose scope matches: what decided first, then what applies, then the rest by place.
    pub policies: Vec<PolicyView>,
    /// When no permit applies: the permit with the least missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Nearest>,
    /// The hash of the policies that were asked.
    pub policy: String,
}

/// What was asked, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// `Caller::"441802-chengguan/pothole"`
    pub principal: String,
    /// `credit:check`
    pub action: String,
    /// `Field::"credit.standing"`
    pub resource: String,
    /// The facts about the request, as Cedar writes them: `purpose` to `"road-repair"`.
    pub context: BTreeMap<String, String>,
}

/// Explains a request that somebody wrote down.
///
/// # Errors
///
/// A text for people when the case does not fit the schema.
pub fn explain_case(compiled: &Compiled, texts: &PolicyTexts, case: &Case) -> Result<Explanation, String> {
    let (request, entities) = case.request(compiled, texts)?;
    Ok(Explanation::new(compiled, &request, &entities))
}

/// Explains a question that was recorded, as `active` decides it at the time `at`. What can't be asked of it is
/// explained as a denial with the error.
pub fn explain_question(active: &ActiveSet, caller: &CallerFacts, question: &Question, at: Timestamp) -> Explanation {
    let compiled = active.compiled();
    let asked =
        Asked::new(compiled, caller, question, at).and_then(|asked| Ok((asked.entities(compiled)?, asked.request)));
    match asked {
        Ok((entities, request)) => Explanation::new(compiled, &request, &entities),
        Err(problem) => Explanation::unasked(compiled, caller, question, problem),
    }
}

// === impl Explanation ===

impl Explanation {
    fn new(compiled: &Compiled, request: &Request, entities: &Entities) -> Self {
        let verdict = Verdict::of(compiled, request, entities);
        let selection = Selection::new(compiled, request, entities);
        let policies = selection.matching();
        let mut views: Vec<_> =
            policies.iter().flat_map(|policy| PolicyView::all(policy, &verdict, request, entities)).collect();
        let permitted = views.iter().any(|view| view.permits && view.applies);
        let nearest = if permitted { None } else { selection.nearest() };
        views.sort_by_key(|view| (!view.decided, !view.applies, view.place.clone(), view.policy.clone()));
        Self { request: Summary::of(request), verdict, policies: views, nearest, policy: compiled.hash().to_string() }
    }

    fn unasked(compiled: &Compiled, caller: &CallerFacts, question: &Question, problem: String) -> Self {
        let verdict = Verdict { effect: Effect::Deny, mask: None, reasons: Vec::new(), errors: vec![problem] };
        let purpose = question.purpose.iter().map(|purpose| ("purpose".to_owned(), format!("{purpose:?}")));
        let request = Summary {
            principal: format!("Caller::\"{}\"", caller.scenario),
            action: question.action.clone(),
            resource: question.resource(),
            context: purpose.collect(),
        };
        let policy = compiled.hash().to_string();
        Self { request, verdict, policies: Vec::new(), nearest: None, policy }
    }
}

// === impl Summary ===

impl Summary {
    fn of(request: &Request) -> Self {
        let name =
            |uid: &cedar_policy::EntityUid| format!("{}::\"{}\"", uid.type_name(), uid.id().unescaped().escape_debug());
        let context = request.context().cloned().into_iter().flatten();
        Self {
            principal: request.principal().map(name).unwrap_or_default(),
            action: request.action().map(|uid| uid.id().unescaped().to_owned()).unwrap_or_default(),
            resource: request.resource().map(name).unwrap_or_default(),
            context: context.map(|(name, value)| (name, AsRef::as_ref(&value).to_string())).collect(),
        }
    }
}
