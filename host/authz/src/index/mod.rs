//! The policy index: which policies could say anything about a request, and which entities they could look at.
//!
//! Cedar's own authorizer evaluates every policy over every entity. Here only those are evaluated whose scope can hold
//! ([`tree`]), over only those entities that can be reached ([`world`]). Nobody can tell the difference by decision,
//! reasons or errors: `tests/index.rs` and Cedar's own integration tests (`examples/conformance.rs`) hold that.

mod tree;
mod world;

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use cedar_policy::{
    AuthorizationError, Authorizer, Decision, Entities, Entity, EntityUid, PolicyId, PolicySet, Request, Response,
    Schema,
};
use zhongtai_kernel::chain;

use crate::request::Problem;
use tree::{Key, Leaf, Tree};
use world::{Declared, Own, World};

pub use world::Party;

/// Policies by what their scopes ask for, and the declared entities by what they lead to. Never changes once built.
pub struct Index {
    authorizer: Authorizer,
    tree: Tree,
    declared: Declared,
}

// === impl Index ===

impl Index {
    /// Sorts `policies`, and looks up what each of `entities` refers to.
    ///
    /// # Errors
    /// When an entity has an unknown value, as only partial evaluation has them.
    pub fn new(policies: &PolicySet, entities: &Entities) -> Result<Self, Problem> {
        Ok(Self { authorizer: Authorizer::new(), tree: Tree::new(policies)?, declared: Declared::new(entities)? })
    }

    /// What Cedar's authorizer would answer over all policies, and over all declared entities with the party's and
    /// `resource` added. An added entity replaces a declared one of the same name; the resource must conform to
    /// `schema` where one is given.
    ///
    /// # Errors
    /// When a part of the request is unknown, or the resource is invalid.
    pub fn answer(
        &self,
        request: &Request,
        party: &Party,
        resource: Option<Entity>,
        schema: Option<&Schema>,
    ) -> Result<Response, Problem> {
        let resource = resource.map(Own::new).transpose()?;
        let world = World::new(&self.declared, request, party, resource.as_ref());
        let leaves = self.candidates(request, &world)?;
        let mut entities = world.reachable(leaves.iter().flat_map(|leaf| leaf.literals.iter()))?;
        if let Some(resource) = resource {
            let all = Entities::clone(&entities).upsert_entities([resource.entity], schema);
            entities = Arc::new(all.map_err(|error| chain(&error))?);
        }
        let parts = leaves.into_iter().map(|leaf| self.authorizer.is_authorized(request, &leaf.policies, &entities));
        Ok(together(parts))
    }

    fn candidates(&self, request: &Request, world: &World<'_>) -> Result<Vec<&Leaf>, Problem> {
        let keys = |uid: Option<&EntityUid>| {
            let uid = uid.ok_or("a request names its principal, action and resource")?;
            Ok::<_, Problem>(Key::all(uid, world.ancestors(uid)))
        };
        Ok(self.tree.candidates(&keys(request.action())?, &keys(request.resource())?, &keys(request.principal())?))
    }
}

/// One answer out of those over parts of a policy set.
///
/// A part says which of its forbids hold, or where none does, which of its permits. So what the parts with a forbid
/// say is all there is to say; without any, the permits of the others are complete. A policy that stands in two
/// parts is named once.
fn together(parts: impl Iterator<Item = Response>) -> Response {
    let (mut permits, mut forbids) = (HashSet::new(), HashSet::new());
    // By id: the order in which parts are visited is nobody's business.
    let mut errors: BTreeMap<PolicyId, AuthorizationError> = BTreeMap::new();
    for part in parts {
        let reasons = if part.decision() == Decision::Allow { &mut permits } else { &mut forbids };
        reasons.extend(part.diagnostics().reason().cloned());
        for error in part.diagnostics().errors() {
            let AuthorizationError::PolicyEvaluationError(evaluation) = error;
            errors.insert(evaluation.policy_id().clone(), error.clone());
        }
    }
    let allowed = forbids.is_empty() && !permits.is_empty();
    let (decision, reasons) = if allowed { (Decision::Allow, permits) } else { (Decision::Deny, forbids) };
    Response::new(decision, reasons, errors.into_values().collect())
}
