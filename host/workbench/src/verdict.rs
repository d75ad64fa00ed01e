//! What one policy comes to, and what all of them decide together: Cedar's rule and the platform's.

use std::collections::BTreeMap;

use cedar_policy::{Authorizer, Decision, Entities, Policy, PolicySet, Request, pst};
use serde::Serialize;
use zhongtai_authz::{Compiled, conclude};
use zhongtai_kernel::{Effect, Mask};

use crate::anatomy::name;

/// What one policy comes to for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It applies.
    Satisfied,
    /// It does not.
    Unmatched,
    /// Cedar can't evaluate it.
    Erred(String),
}

/// What the policies decide together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Allowed or not.
    pub effect: Effect,
    /// How an allowed value is hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
    /// The policies that decided, by id, sorted.
    pub reasons: Vec<String>,
    /// What went wrong; not empty means denied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

/// One policy that can be asked by itself.
pub(crate) struct Alone {
    set: PolicySet,
}

/// A policy's part in a verdict.
pub(crate) struct Voice<'a> {
    pub(crate) id: &'a str,
    pub(crate) effect: pst::Effect,
    pub(crate) mask: Option<Mask>,
    pub(crate) outcome: &'a Outcome,
}

// === impl Verdict ===

impl Verdict {
    /// What Cedar's authorizer says over every policy.
    pub(crate) fn of(compiled: &Compiled, request: &Request, entities: &Entities) -> Self {
        let response = Authorizer::new().is_authorized(request, compiled.policies(), entities);
        let reasons: BTreeMap<String, Option<Mask>> =
            response.diagnostics().reason().map(|id| (name(id), compiled.mask(id))).collect();
        let errors = response.diagnostics().errors().map(ToString::to_string).collect();
        Self::new(response.decision() == Decision::Allow, reasons, errors)
    }

    /// The same from what each policy comes to, by Cedar's rule: a forbid that applies wins, else a permit that
    /// applies, else nothing is allowed.
    pub(crate) fn together<'a>(voices: impl Iterator<Item = Voice<'a>>) -> Self {
        let (mut permits, mut forbids, mut errors) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for voice in voices {
            match (voice.outcome, voice.effect) {
                (Outcome::Satisfied, pst::Effect::Permit) => permits.insert(voice.id.to_owned(), voice.mask),
                (Outcome::Satisfied, pst::Effect::Forbid) => forbids.insert(voice.id.to_owned(), None),
                (Outcome::Unmatched, _) => None,
                (Outcome::Erred(problem), _) => {
                    errors.push(problem.clone());
                    None
                }
            };
        }
        let allowed = forbids.is_empty() && !permits.is_empty();
        Self::new(allowed, if forbids.is_empty() { permits } else { forbids }, errors)
    }

    /// The platform's rule on top of Cedar's.
    fn new(allowed: bool, reasons: BTreeMap<String, Option<Mask>>, errors: Vec<String>) -> Self {
        let (effect, mask) = conclude(allowed, !errors.is_empty(), reasons.values().copied());
        Self { effect, mask, reasons: reasons.into_keys().collect(), errors }
    }
}

// === impl Alone ===

impl Alone {
    /// The policy whose slots are filled with a `body`.
    pub(crate) fn new(body: pst::Template) -> Result<Self, String> {
        let body = pst::StaticPolicy::try_from(body).map_err(|error| error.to_string())?;
        let policy = Policy::from_pst(pst::Policy::Static(body)).map_err(|error| error.to_string())?;
        let set = PolicySet::from_policies([policy]).map_err(|error| error.to_string())?;
        Ok(Self { set })
    }

    /// The policy as a set, to be validated.
    pub(crate) fn set(&self) -> &PolicySet {
        &self.set
    }

    /// What it comes to.
    pub(crate) fn outcome(&self, request: &Request, entities: &Entities) -> Outcome {
        let response = Authorizer::new().is_authorized(request, &self.set, entities);
        if let Some(error) = response.diagnostics().errors().next() {
            return Outcome::Erred(error.to_string());
        }
        match response.diagnostics().reason().next() {
            Some(_) => Outcome::Satisfied,
            None => Outcome::Unmatched,
        }
    }
}
