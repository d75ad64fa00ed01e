//! Policies sorted by their scopes: by action, then by resource, then by principal.
//!
//! A policy's condition is `principal scope && action scope && resource scope && (when and unless)`, and a scope can't
//! err: it compares a variable with constants. So a policy one of whose scopes is false is neither satisfied nor in
//! error, and leaving it out changes nothing. Each scope is filed under a [`Key`] such that it is false wherever
//! [`Key::all`] of the request's entity does not hold that key:
//!
//! | scope | filed under | true only for |
//! |---|---|---|
//! | none | `Any` | everything |
//! | `is T` | `Is(T)` | entities of the type T |
//! | `== x`, `in x`, `is T in x` | `Entity(x)` | x and what has x among its ancestors |
//! | `action in [x, y]` | `Entity(x)` and `Entity(y)` | x, y, and what has one of them among its ancestors |
//!
//! A slot of a template stands for the entity it was linked with.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{
    ActionConstraint, EntityTypeName, EntityUid, Policy, PolicySet, PrincipalConstraint, ResourceConstraint,
};
use zhongtai_kernel::chain;

use crate::request::Problem;

/// What a scope asks of its variable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Any,
    Is(EntityTypeName),
    Entity(EntityUid),
}

type Level<T> = HashMap<Key, T>;

/// The policies of a set.
#[derive(Default)]
pub(super) struct Tree(Level<Level<Level<Leaf>>>);

/// The policies whose scopes ask the same.
#[derive(Default)]
pub(super) struct Leaf {
    pub(super) policies: PolicySet,
    /// Every entity that a policy of the leaf names.
    pub(super) literals: BTreeSet<EntityUid>,
}

// === impl Key ===

impl Key {
    /// Every key that an entity answers to.
    pub(super) fn all(uid: &EntityUid, ancestors: impl IntoIterator<Item = EntityUid>) -> Vec<Self> {
        let mut keys = vec![Self::Any, Self::Is(uid.type_name().clone()), Self::Entity(uid.clone())];
        keys.extend(ancestors.into_iter().map(Self::Entity));
        keys
    }

    fn of_principal(policy: &Policy) -> Self {
        match policy.principal_constraint() {
            PrincipalConstraint::Any => Self::Any,
            PrincipalConstraint::Is(kind) => Self::Is(kind),
            PrincipalConstraint::Eq(uid) | PrincipalConstraint::In(uid) | PrincipalConstraint::IsIn(_, uid) => {
                Self::Entity(uid)
            }
        }
    }

    fn of_resource(policy: &Policy) -> Self {
        match policy.resource_constraint() {
            ResourceConstraint::Any => Self::Any,
            ResourceConstraint::Is(kind) => Self::Is(kind),
            ResourceConstraint::Eq(uid) | ResourceConstraint::In(uid) | ResourceConstraint::IsIn(_, uid) => {
                Self::Entity(uid)
            }
        }
    }

    fn of_action(policy: &Policy) -> Vec<Self> {
        match policy.action_constraint() {
            ActionConstraint::Any => vec![Self::Any],
            ActionConstraint::Eq(uid) => vec![Self::Entity(uid)],
            // A set: an action that is written twice must not be filed twice.
            ActionConstraint::In(uids) => BTreeSet::from_iter(uids).into_iter().map(Self::Entity).collect(),
        }
    }
}

// === impl Tree ===

impl Tree {
    pub(super) fn new(policies: &PolicySet) -> Result<Self, Problem> {
        let mut tree = Self::default();
        for policy in policies.policies() {
            for action in Key::of_action(policy) {
                let resources = tree.0.entry(action).or_default();
                let principals = resources.entry(Key::of_resource(policy)).or_default();
                principals.entry(Key::of_principal(policy)).or_default().add(policy, policies)?;
            }
        }
        Ok(tree)
    }

    /// The leaves whose scopes the request can meet.
    pub(super) fn candidates(&self, actions: &[Key], resources: &[Key], principals: &[Key]) -> Vec<&Leaf> {
        let mut found = Vec::new();
        for by_resource in under(&self.0, actions) {
            for by_principal in under(by_resource, resources) {
                found.extend(under(by_principal, principals));
            }
        }
        found
    }
}

fn under<'a, T>(level: &'a Level<T>, keys: &[Key]) -> impl Iterator<Item = &'a T> {
    keys.iter().filter_map(|key| level.get(key))
}

// === impl Leaf ===

impl Leaf {
    /// Adds a policy of `all`: as it is, or linked from its template.
    fn add(&mut self, policy: &Policy, all: &PolicySet) -> Result<(), Problem> {
        self.literals.extend(policy.entity_literals());
        let (Some(id), Some(slots)) = (policy.template_id(), policy.template_links()) else {
            return self.policies.add(policy.clone()).map_err(|error| chain(&error));
        };
        if self.policies.template(id).is_none() {
            let template = all.template(id).ok_or_else(|| format!("there is no template `{id}`"))?;
            self.policies.add_template(template.clone()).map_err(|error| chain(&error))?;
        }
        self.policies.link(id.clone(), policy.id().clone(), slots).map_err(|error| chain(&error))
    }
}
