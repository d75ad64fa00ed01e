//! Asking both sets for real: what the solver claims is believed only when Cedar's authorizer agrees.

use std::collections::BTreeSet;

use cedar_policy::{Authorizer, Decision, Entities, PolicyId, PolicySet, Request, Response};
use cedar_policy_symcc::Env;
use serde_json::{Map, Value};
use zhongtai_authz::{Case, Compiled, PolicyTexts, conclude};

use crate::{AnalysisError, Shown, Side, kinds};

/// A policy set with the texts it was compiled from.
pub(crate) struct Set<'a> {
    pub(crate) texts: &'a PolicyTexts,
    pub(crate) compiled: Compiled,
}

/// A case asked of both sets.
pub(crate) struct Replayed {
    pub(crate) old: Shown,
    pub(crate) new: Shown,
    pub(crate) request: Request,
    pub(crate) entities: Entities,
}

// === impl Replayed ===

impl Replayed {
    /// Nothing erred.
    pub(crate) fn is_clean(&self) -> bool {
        self.old.errors.is_empty() && self.new.errors.is_empty()
    }
}

// === impl Set ===

impl<'a> Set<'a> {
    pub(crate) fn new(side: Side, texts: &'a PolicyTexts) -> Result<Self, AnalysisError> {
        let compiled = Compiled::new(texts).map_err(|error| side.invalid(error))?;
        Ok(Self { texts, compiled })
    }

    fn shown(&self, policies: &PolicySet, request: &Request, entities: &Entities) -> Shown {
        shown(&self.compiled, &answer(policies, request, entities))
    }
}

/// Cedar's answer.
pub(crate) fn answer(policies: &PolicySet, request: &Request, entities: &Entities) -> Response {
    Authorizer::new().is_authorized(request, policies, entities)
}

/// The answer as the platform takes it.
fn shown(compiled: &Compiled, response: &Response) -> Shown {
    let reasons: BTreeSet<&PolicyId> = response.diagnostics().reason().collect();
    let errors: Vec<String> = response.diagnostics().errors().map(ToString::to_string).collect();
    let allowed = response.decision() == Decision::Allow;
    let (effect, mask) = conclude(allowed, !errors.is_empty(), reasons.iter().map(|id| compiled.mask(id)));
    Shown { effect, mask, reasons: reasons.into_iter().map(ToString::to_string).collect(), errors }
}

/// Asks both sets as the workbench would: with each one's declared entities and those of its `tests/entities.json`.
pub(crate) fn both(old: &Set<'_>, new: &Set<'_>, case: &Case) -> Result<Replayed, String> {
    let (request, entities) = case.request(&new.compiled, new.texts)?;
    let after = new.shown(new.compiled.policies(), &request, &entities);
    // Where the draft changes the schema, the old one may not take the request: its policies are asked all the same.
    let before = match case.request(&old.compiled, old.texts) {
        Ok((request, entities)) => old.shown(old.compiled.policies(), &request, &entities),
        Err(_) => old.shown(old.compiled.policies(), &request, &entities),
    };
    Ok(Replayed { old: before, new: after, request, entities })
}

/// Asks some policies of each set, with the draft's declared entities on both sides: quick, for trying many cases.
pub(crate) fn parts(
    (old, old_policies): (&Set<'_>, &PolicySet),
    (new, new_policies): (&Set<'_>, &PolicySet),
    case: &Case,
) -> Result<Replayed, String> {
    let (request, entities) = case.request(&new.compiled, &PolicyTexts::default())?;
    let before = old.shown(old_policies, &request, &entities);
    let after = new.shown(new_policies, &request, &entities);
    Ok(Replayed { old: before, new: after, request, entities })
}

/// A solver's model as a test case without title.
pub(crate) fn case(env: &Env) -> Result<Case, String> {
    let request = &env.request;
    let (Some(principal), Some(action), Some(resource)) = (request.principal(), request.action(), request.resource())
    else {
        return Err("the model leaves principal, action or resource open".to_owned());
    };
    if !kinds::is_plain(action) {
        return Err(format!("a test case can't name {action}: only actions without a namespace"));
    }
    Ok(Case {
        title: String::new(),
        principal: principal.to_string(),
        action: action.id().unescaped().to_owned(),
        resource: resource.to_string(),
        context: context(request)?,
        entities: entities(&env.entities)?,
        mask: None,
    })
}

fn context(request: &Request) -> Result<Map<String, Value>, String> {
    let Some(context) = request.context() else { return Ok(Map::new()) };
    let context: &cedar_policy_core::ast::Context = context.as_ref();
    match context.to_json_value().map_err(|error| error.to_string())? {
        Value::Object(facts) => Ok(facts),
        other => Err(format!("the model's context is {other}")),
    }
}

/// By name, and without actions: the schema holds those.
fn entities(entities: &Entities) -> Result<Vec<Value>, String> {
    let mut own: Vec<_> = entities.iter().filter(|entity| entity.uid().type_name().basename() != "Action").collect();
    own.sort_by_key(|entity| entity.uid());
    own.into_iter().map(|entity| entity.to_json_value().map_err(|error| error.to_string())).collect()
}
