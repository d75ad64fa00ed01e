use std::{cell::RefCell, collections::BTreeSet, sync::Arc};

use cedar_policy::{PolicyId, Response};
use quick_cache::sync::Cache;
use zhongtai_kernel::{Access, Caller, CallerFacts, Decision, Digest, Effect, Question, Timestamp};

use crate::{
    Compiled, key,
    request::{Asked, Principal, Problem, minute},
    rule::conclude,
};

/// How many decisions are remembered.
const REMEMBERED: usize = 65_536;

/// How many callers are.
const CALLERS: usize = 4_096;

/// Stack for one evaluation, bytes: Cedar gives up when less than 100 KiB are left.
const ENOUGH: usize = 512 << 10;

/// What it gets where less is left.
const STACK: usize = 2 << 20;

/// What is in force, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySummary {
    /// The hash that decisions carry.
    pub hash: Digest,
    /// How many policies there are.
    pub policies: usize,
}

/// A compiled policy set that decides, and the decisions it made.
pub struct ActiveSet {
    compiled: Arc<Compiled>,
    hash_text: Arc<str>,
    decisions: Cache<Box<[u8]>, Arc<Decision>>,
    /// By the caller's key: a caller asks more than once, and the next minute again.
    principals: Cache<Arc<[u8]>, Arc<Principal>>,
}

thread_local! {
    /// The key being looked up; kept, so that a remembered decision costs no allocation.
    static KEY: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

// === impl ActiveSet ===

impl ActiveSet {
    /// A set ready to decide, with nothing remembered.
    pub fn new(compiled: Arc<Compiled>) -> Self {
        let hash_text = compiled.hash.to_string().into();
        Self { compiled, hash_text, decisions: Cache::new(REMEMBERED), principals: Cache::new(CALLERS) }
    }

    /// What it decides by.
    pub fn compiled(&self) -> &Arc<Compiled> {
        &self.compiled
    }

    /// What is in force, for people.
    pub fn summary(&self) -> PolicySummary {
        PolicySummary { hash: self.compiled.hash, policies: self.compiled.policies.num_of_policies() }
    }

    /// The decision, when it was made before under the same facts.
    pub fn remembered(&self, caller: &Caller, access: &Access<'_>, now: Timestamp) -> Option<Arc<Decision>> {
        KEY.with_borrow_mut(|buffer| {
            key::of_access(buffer, caller, access, minute(now));
            self.decisions.get(buffer.as_slice())
        })
    }

    /// A new decision, remembered from now on.
    pub fn decide(&self, caller: &Caller, question: Question, now: Timestamp) -> Arc<Decision> {
        let mut key = Vec::new();
        key::of_question(&mut key, caller, &question, minute(now));
        let decision = Arc::new(
            self.concluded(question, |question| Asked::by(&self.compiled, &*self.principal(caller)?, question, now)),
        );
        // What went wrong may pass; what was decided stays.
        if decision.errors.is_empty() {
            self.decisions.insert(key.into(), decision.clone());
        }
        decision
    }

    fn principal(&self, caller: &Caller) -> Result<Arc<Principal>, Problem> {
        if let Some(principal) = self.principals.get(caller.key()) {
            return Ok(principal);
        }
        let principal = Arc::new(Principal::new(&self.compiled, &caller.facts())?);
        self.principals.insert(caller.key().clone(), principal.clone());
        Ok(principal)
    }

    /// Asks Cedar, remembering nothing: for a decision to be explained, or recorded long ago.
    pub fn evaluate(&self, caller: &CallerFacts, question: Question, now: Timestamp) -> Decision {
        self.concluded(question, |question| Asked::new(&self.compiled, caller, question, now))
    }

    fn concluded(&self, question: Question, asked: impl FnOnce(&Question) -> Result<Asked, Problem>) -> Decision {
        let answer = stacker::maybe_grow(ENOUGH, STACK, || self.answer(asked(&question)?));
        let mut decision = Decision::new(question, Effect::Deny, self.hash_text.clone());
        match answer {
            Ok(response) => self.conclude(&response, &mut decision),
            Err(problem) => decision.errors.push(problem),
        }
        decision
    }

    fn answer(&self, asked: Asked) -> Result<Response, Problem> {
        let Asked { request, party, resource } = asked;
        self.compiled.index.answer(&request, &party, resource, Some(&self.compiled.schema))
    }

    fn conclude(&self, response: &Response, decision: &mut Decision) {
        let reasons: BTreeSet<&PolicyId> = response.diagnostics().reason().collect();
        decision.reasons = reasons.iter().map(|id| Arc::from(AsRef::<str>::as_ref(*id))).collect();
        decision.errors = response.diagnostics().errors().map(ToString::to_string).collect();
        let allowed = response.decision() == cedar_policy::Decision::Allow;
        let masks = reasons.iter().map(|id| self.compiled.mask(id));
        (decision.effect, decision.mask) = conclude(allowed, !decision.errors.is_empty(), masks);
    }
}
