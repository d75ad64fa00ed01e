use std::{cell::RefCell, sync::Arc};

use cedar_policy::{Authorizer, Entities, PolicySet, Schema};
use quick_cache::sync::Cache;
use zhongtai_kernel::{Access, Caller, Decision, Digest, Effect};

use crate::{entity, key};

/// How many decisions are remembered.
const REMEMBERED: usize = 65_536;

/// Stack for one evaluation, bytes.
const STACK: usize = 2 << 20;

/// What is in force, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySummary {
    /// The hash that decisions carry.
    pub hash: Digest,
    /// How many policies there are.
    pub policies: usize,
}

/// A validated policy set with everything needed to decide, and the decisions it made.
pub(crate) struct ActiveSet {
    schema: Schema,
    policies: PolicySet,
    declared: Entities,
    hash: Digest,
    hash_text: Arc<str>,
    decisions: Cache<Box<[u8]>, Arc<Decision>>,
}

thread_local! {
    /// The key being looked up; kept, so that a remembered decision costs no allocation.
    static KEY: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

// === impl ActiveSet ===

impl ActiveSet {
    pub(crate) fn new(schema: Schema, policies: PolicySet, declared: Entities, hash: Digest) -> Self {
        let hash_text = hash.to_string().into();
        Self { schema, policies, declared, hash, hash_text, decisions: Cache::new(REMEMBERED) }
    }

    pub(crate) fn hash(&self) -> Digest {
        self.hash
    }

    pub(crate) fn summary(&self) -> PolicySummary {
        PolicySummary { hash: self.hash, policies: self.policies.num_of_policies() }
    }

    /// The remembered decision, or a new one.
    pub(crate) fn decide(&self, caller: &Caller, access: &Access<'_>) -> Arc<Decision> {
        KEY.with_borrow_mut(|buffer| {
            key::write(buffer, caller, access);
            if let Some(decision) = self.decisions.get(buffer.as_slice()) {
                return decision;
            }
            // Cedar measures how much stack is left, and can't on a guest's fiber: there it would see none.
            let decision = Arc::new(stacker::grow(STACK, || self.evaluate(caller, access)));
            // What went wrong may pass; what was decided stays.
            if decision.errors.is_empty() {
                self.decisions.insert(buffer.as_slice().into(), decision.clone());
            }
            decision
        })
    }

    fn evaluate(&self, caller: &Caller, access: &Access<'_>) -> Decision {
        let (request, entities) = match entity::build(&self.schema, &self.declared, caller, access) {
            Ok(built) => built,
            Err(problem) => return self.decision(Effect::Deny, Vec::new(), vec![problem]),
        };
        let response = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        let reasons = response.diagnostics().reason().map(|id| Arc::from(id.to_string())).collect();
        let errors: Vec<_> = response.diagnostics().errors().map(ToString::to_string).collect();
        // Cedar skips a policy that errs. Were it a forbid, that would let somebody through.
        let allowed = response.decision() == cedar_policy::Decision::Allow && errors.is_empty();
        self.decision(if allowed { Effect::Allow } else { Effect::Deny }, reasons, errors)
    }

    fn decision(&self, effect: Effect, mut reasons: Vec<Arc<str>>, errors: Vec<String>) -> Decision {
        reasons.sort();
        Decision { effect, reasons, errors, policy: self.hash_text.clone() }
    }
}
