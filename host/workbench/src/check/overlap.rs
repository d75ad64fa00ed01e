//! Policies that add nothing to another one: written twice, or covered by a wider one.
//!
//! By their text only: what the solver would prove equal may be written differently.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{Entities, EntityTypeName, EntityUid, pst};

use super::Finding;
use crate::{
    Words,
    actions::{ActionIndex, Actions},
    anatomy::{Anatomy, Instance},
    scope::{Bound, readable},
};

/// A policy in force, ready to be compared.
struct Entry<'a> {
    policy: &'a Anatomy,
    instance: &'a Instance,
    actions: BTreeSet<ActionIndex>,
    conditions: BTreeSet<(&'a str, bool)>,
}

/// What a wider policy's scope can name for a narrower one to be within: nothing, a type, an entity.
type ScopeKey = Option<String>;

/// Where the policies are that may be wider: by effect, one of their actions, and what principal and resource name.
type Shelf = HashMap<(bool, ActionIndex, ScopeKey, ScopeKey), Vec<usize>>;

/// A warning for each policy that another one makes superfluous.
pub(crate) fn findings(policies: &[Anatomy], actions: &Actions, entities: &Entities) -> Vec<Finding> {
    let entries: Vec<_> = policies
        .iter()
        .flat_map(|policy| policy.instances.iter().map(move |instance| (policy, instance)))
        .map(|(policy, instance)| Entry::new(policy, instance, actions))
        .collect();
    let shelf = shelf(&entries);
    let covered = |(at, entry): (usize, &Entry<'_>)| {
        let candidates = entry.candidates(&shelf, entities);
        let wider = candidates.into_iter().filter(|other| *other != at).filter_map(|other| {
            let wider = entries.get(other)?;
            // Of two that are equal, the one written first stays.
            let other_stays = other < at || !entry.covers(wider, entities);
            (wider.covers(entry, entities) && other_stays).then_some(wider)
        });
        // The first by place, so that the report is the same each time.
        let wider = wider.min_by_key(|wider| (&wider.instance.place, &wider.instance.id))?;
        Some(finding(entry, wider, entry.covers(wider, entities)))
    };
    entries.iter().enumerate().filter_map(covered).collect()
}

fn shelf(entries: &[Entry<'_>]) -> Shelf {
    let mut shelf = Shelf::new();
    for (at, entry) in entries.iter().enumerate() {
        let (principal, resource) = (key(&entry.instance.scope.principal), key(&entry.instance.scope.resource));
        for action in &entry.actions {
            let place = (entry.permits(), *action, principal.clone(), resource.clone());
            shelf.entry(place).or_default().push(at);
        }
    }
    shelf
}

// === impl Entry ===

impl<'a> Entry<'a> {
    fn new(policy: &'a Anatomy, instance: &'a Instance, actions: &Actions) -> Self {
        let conditions = policy.conditions.iter().map(|condition| (condition.cedar.as_str(), condition.wanted));
        Self { policy, instance, actions: actions.covered(&instance.body.action), conditions: conditions.collect() }
    }

    fn permits(&self) -> bool {
        self.policy.effect == pst::Effect::Permit
    }

    /// True when `other` never matters beside this one.
    fn covers(&self, other: &Self, entities: &Entities) -> bool {
        let mask_too = self.instance.mask.is_none() || self.instance.mask == other.instance.mask;
        let scopes = (&self.instance.scope, &other.instance.scope);
        mask_too
            && self.permits() == other.permits()
            && !other.actions.is_empty()
            && self.actions.is_superset(&other.actions)
            && is_wider(&scopes.0.principal, &scopes.1.principal, entities)
            && is_wider(&scopes.0.resource, &scopes.1.resource, entities)
            && self.conditions.is_subset(&other.conditions)
    }

    /// Who may be wider. All of this one's actions must be covered, so the first is enough to look under.
    fn candidates(&self, shelf: &Shelf, entities: &Entities) -> Vec<usize> {
        let Some(action) = self.actions.first() else { return Vec::new() };
        let mut found = Vec::new();
        for principal in keys_above(&self.instance.scope.principal, entities) {
            for resource in keys_above(&self.instance.scope.resource, entities) {
                let place = (self.permits(), *action, principal.clone(), resource);
                found.extend(shelf.get(&place).into_iter().flatten());
            }
        }
        found
    }
}

fn key(bound: &Bound) -> ScopeKey {
    match bound {
        Bound::Any => None,
        Bound::Is(kind) => Some(kind.to_string()),
        Bound::Eq(uid) | Bound::In(uid) | Bound::IsIn(_, uid) => Some(readable(uid)),
    }
}

/// The keys of every bound that can be wider.
fn keys_above(bound: &Bound, entities: &Entities) -> BTreeSet<ScopeKey> {
    let mut keys = BTreeSet::from([None, key(bound)]);
    keys.extend(bound.kind().map(|kind| Some(kind.to_string())));
    keys.extend(bound.entity().into_iter().flat_map(|uid| above(uid, entities)).map(Some));
    keys
}

/// The declared ancestors of an entity.
fn above(uid: &pst::EntityUID, entities: &Entities) -> Vec<String> {
    let ancestors = declared(uid).and_then(|uid| Some(entities.ancestors(&uid)?.map(name).collect()));
    ancestors.unwrap_or_default()
}

fn name(uid: &EntityUid) -> String {
    format!("{}::\"{}\"", uid.type_name(), uid.id().unescaped().escape_debug())
}

fn declared(uid: &pst::EntityUID) -> Option<EntityUid> {
    let kind: EntityTypeName = uid.ty.to_string().parse().ok()?;
    Some(EntityUid::from_type_name_and_id(kind, cedar_policy::EntityId::new(&uid.eid)))
}

/// True when whatever `narrow` lets through, `wide` does too, as far as texts and declared entities tell.
fn is_wider(wide: &Bound, narrow: &Bound, entities: &Entities) -> bool {
    let inside = |uid: &pst::EntityUID| {
        let below = |inner: &pst::EntityUID| inner == uid || above(inner, entities).contains(&readable(uid));
        narrow.entity().is_some_and(below)
    };
    match wide {
        Bound::Any => true,
        Bound::Is(kind) => narrow.kind() == Some(kind),
        Bound::Eq(_) => wide == narrow,
        Bound::In(uid) => inside(uid),
        Bound::IsIn(kind, uid) => narrow.kind() == Some(kind) && inside(uid),
    }
}

fn finding(entry: &Entry<'_>, wider: &Entry<'_>, equal: bool) -> Finding {
    let (id, place) = (&entry.instance.id, entry.instance.place.clone());
    let (other, at) = (&wider.instance.id, &wider.instance.place);
    if equal {
        let problem = Words::new(format!("与 {at} 的 `{other}` 相同"), format!("says the same as `{other}` at {at}"));
        let remedy = Words::new("删去其中一条", "remove one of the two");
        return Finding::warning("duplicate-policy", place, id, problem, remedy);
    }
    let problem = Words::new(
        format!("已被 {at} 的 `{other}` 覆盖，有没有它都一样"),
        format!("is covered by `{other}` at {at}: nothing changes without it"),
    );
    let remedy = Words::new("删去它，或收紧较宽的那条", "remove it, or narrow the wider one");
    Finding::warning("shadowed-policy", place, id, problem, remedy)
}
