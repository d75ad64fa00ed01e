//! Which policies are worth taking apart: of thousands, a request concerns a few.

use cedar_policy::{
    ActionConstraint, Effect, Entities, EntityTypeName, EntityUid, Policy, PrincipalConstraint, Request,
    ResourceConstraint,
};
use zhongtai_authz::Compiled;

use super::Nearest;
use crate::{actions::Actions, anatomy::Anatomy};

/// The policies that are about a request's action.
pub(crate) struct Selection<'a> {
    compiled: &'a Compiled,
    request: &'a Request,
    entities: &'a Entities,
    /// Each with how many parts of its scope the request is outside of.
    policies: Vec<(usize, &'a Policy)>,
}

// === impl Selection ===

impl<'a> Selection<'a> {
    pub(crate) fn new(compiled: &'a Compiled, request: &'a Request, entities: &'a Entities) -> Self {
        let actions = Actions::new(compiled.schema());
        let action = request.action().and_then(|action| actions.index(action));
        let about = |policy: &&Policy| match policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(uid) => request.action() == Some(&uid),
            ActionConstraint::In(uids) => {
                action.is_some_and(|action| uids.iter().any(|uid| actions.is_in(action, uid)))
            }
        };
        let policies = compiled.policies().policies().filter(about);
        let policies = policies.map(|policy| (outside(policy, request, entities), policy)).collect();
        Self { compiled, request, entities, policies }
    }

    /// Those whose scope matches, by place. One that can't be taken apart is left out; it was validated, so there is
    /// none.
    pub(crate) fn matching(&self) -> Vec<Anatomy> {
        let matching = self.policies.iter().filter(|(outside, _)| *outside == 0);
        let mut taken: Vec<_> =
            matching.filter_map(|(_, policy)| Anatomy::of_policy(self.compiled, policy).ok()).collect();
        taken.sort_by(|a, b| (&a.place, &a.id).cmp(&(&b.place, &b.id)));
        taken
    }

    /// The permit with the least missing. Of equals the one whose scope is nearer, then the first by place.
    pub(crate) fn nearest(&self) -> Option<Nearest> {
        let permits = self.policies.iter().filter(|(_, policy)| policy.effect() == Effect::Permit);
        let mut permits: Vec<_> = permits.collect();
        permits.sort_by_cached_key(|(outside, policy)| {
            let place = self.compiled.source(policy.id()).map(|source| (source.path.clone(), source.line));
            (*outside, place)
        });
        let mut best: Option<Nearest> = None;
        for (outside, policy) in permits {
            // From here on at least as much is missing.
            if best.as_ref().is_some_and(|best| best.missing.len() <= *outside) {
                break;
            }
            let Ok(taken) = Anatomy::of_policy(self.compiled, policy) else { continue };
            let Some(next) = Nearest::new(&taken, self.request, self.entities) else { continue };
            if best.as_ref().is_none_or(|best| next.missing.len() < best.missing.len()) {
                best = Some(next);
            }
        }
        best
    }
}

fn outside(policy: &Policy, request: &Request, entities: &Entities) -> usize {
    let is_in = |uid: &EntityUid, parent: &EntityUid| uid == parent || entities.is_ancestor_of(parent, uid);
    let is = |uid: &EntityUid, kind: &EntityTypeName| uid.type_name() == kind;
    let principal = request.principal().is_some_and(|uid| match policy.principal_constraint() {
        PrincipalConstraint::Any => true,
        PrincipalConstraint::Eq(only) => *uid == only,
        PrincipalConstraint::In(parent) => is_in(uid, &parent),
        PrincipalConstraint::Is(kind) => is(uid, &kind),
        PrincipalConstraint::IsIn(kind, parent) => is(uid, &kind) && is_in(uid, &parent),
    });
    let resource = request.resource().is_some_and(|uid| match policy.resource_constraint() {
        ResourceConstraint::Any => true,
        ResourceConstraint::Eq(only) => *uid == only,
        ResourceConstraint::In(parent) => is_in(uid, &parent),
        ResourceConstraint::Is(kind) => is(uid, &kind),
        ResourceConstraint::IsIn(kind, parent) => is(uid, &kind) && is_in(uid, &parent),
    });
    usize::from(!principal) + usize::from(!resource)
}
