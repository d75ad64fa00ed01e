//! Cedar: the schema, the policies in force, and decisions with their reasons.
//!
//! Policies are text in folders (`policies/` and whatever an operator adds). [`Authz`] keeps one [`PolicyFolder`]'s
//! worth of them in force and swaps it as a whole: no request sees half a set, and a set that does not parse or
//! validate never replaces one that does.
//!
//! A decision is computed once and remembered under every fact that went into it, in a cache that belongs to the
//! set: activating another set starts with an empty one.

mod active;
mod entity;
mod error;
mod key;
mod load;

pub use active::PolicySummary;
pub use error::PolicyError;
pub use load::PolicyFolder;

use std::sync::Arc;

use arc_swap::ArcSwap;
use zhongtai_kernel::{Access, Caller, Decision, Guard};

use crate::active::ActiveSet;

/// The policies in force.
pub struct Authz {
    active: ArcSwap<ActiveSet>,
}

// === impl Authz ===

impl Authz {
    /// Loads, validates and activates what `folders` hold.
    pub fn load(folders: &[PolicyFolder]) -> Result<Self, PolicyError> {
        Ok(Self { active: ArcSwap::from_pointee(load::load(folders)?) })
    }

    /// Activates what `folders` hold now, if that differs from what is in force and is valid.
    /// On an error the active set stays in force.
    pub fn reload(&self, folders: &[PolicyFolder]) -> Result<bool, PolicyError> {
        let texts = load::read(folders)?;
        if load::hash(&texts) == self.active.load().hash() {
            return Ok(false);
        }
        self.active.store(Arc::new(load::compile(&texts)?));
        Ok(true)
    }

    /// What is in force.
    pub fn summary(&self) -> PolicySummary {
        self.active.load().summary()
    }
}

impl Guard for Authz {
    fn decide(&self, caller: &Caller, access: &Access<'_>) -> Arc<Decision> {
        self.active.load().decide(caller, access)
    }
}
