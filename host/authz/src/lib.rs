//! Cedar: the schema, the policies in force, and decisions with their reasons.
//!
//! Policies are text in folders (`policies/` and whatever an operator adds). [`Authz`] keeps one [`PolicyFolder`]'s
//! worth of them in force and swaps it as a whole: no request sees half a set, and a set that does not parse or
//! validate never replaces one that does.
//!
//! A decision is computed once and remembered under every fact that went into it, in a cache that belongs to the
//! set: activating another set starts with an empty one.

mod active;
mod case;
mod compile;
mod entities;
mod error;
mod index;
mod key;
mod request;
mod rule;
mod texts;

pub use active::{ActiveSet, PolicySummary};
pub use case::{Case, CaseWorld, WrittenCase};
pub use compile::{Compiled, Source};
pub use error::PolicyError;
pub use index::{Index, Party};
pub use request::{Asked, Problem};
pub use rule::conclude;
pub use texts::{FileKind, MAX_BYTES, PolicyFolder, PolicyTexts};

use std::sync::Arc;

use arc_swap::ArcSwap;
use zhongtai_kernel::{Access, Caller, Decision, Guard, Question, Timestamp};

/// The policies in force.
pub struct Authz {
    active: ArcSwap<ActiveSet>,
}

// === impl Authz ===

impl Authz {
    /// Activates what was compiled.
    pub fn new(compiled: Arc<Compiled>) -> Self {
        Self { active: ArcSwap::from_pointee(ActiveSet::new(compiled)) }
    }

    /// Loads, validates and activates what `folders` hold.
    pub fn load(folders: &[PolicyFolder]) -> Result<Self, PolicyError> {
        Ok(Self::new(Arc::new(Compiled::new(&PolicyTexts::read(folders)?)?)))
    }

    /// Activates what `folders` hold now, if that differs from what is in force and is valid.
    /// On an error the active set stays in force.
    pub fn reload(&self, folders: &[PolicyFolder]) -> Result<bool, PolicyError> {
        let texts = PolicyTexts::read(folders)?;
        if texts.hash() == self.active.load().compiled().hash() {
            return Ok(false);
        }
        self.activate(Arc::new(Compiled::new(&texts)?));
        Ok(true)
    }

    /// Puts another set in force at once: no request sees half of it, and what the old one decided is forgotten.
    pub fn activate(&self, compiled: Arc<Compiled>) {
        self.active.store(Arc::new(ActiveSet::new(compiled)));
    }

    /// What is in force.
    pub fn active(&self) -> Arc<ActiveSet> {
        self.active.load_full()
    }

    /// What is in force, for people.
    pub fn summary(&self) -> PolicySummary {
        self.active.load().summary()
    }
}

impl Guard for Authz {
    fn remembered(&self, caller: &Caller, access: &Access<'_>, now: Timestamp) -> Option<Arc<Decision>> {
        self.active.load().remembered(caller, access, now)
    }

    fn evaluate(&self, caller: &Caller, question: Question, now: Timestamp) -> Arc<Decision> {
        self.active.load().decide(caller, question, now)
    }
}
