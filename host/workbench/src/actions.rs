//! Which actions a policy's scope covers: by the hierarchy that the schema declares.

use std::collections::{BTreeSet, HashSet};

use cedar_policy::{Entities, EntityUid, Schema, pst};

/// An action's place in [`Actions`].
pub(crate) type ActionIndex = usize;

/// Every action of a schema with the groups it is in.
pub(crate) struct Actions(Vec<Action>);

struct Action {
    uid: EntityUid,
    /// Its own key and those of its groups.
    keys: HashSet<Key>,
    /// Whether requests can ask for it; a mere group has neither principals nor resources.
    asked: bool,
}

/// Type and id.
type Key = (String, String);

// === impl Actions ===

impl Actions {
    /// The schema's. A hierarchy that can't be read would not have compiled; it counts as none.
    pub(crate) fn new(schema: &Schema) -> Self {
        let hierarchy = schema.action_entities().unwrap_or_else(|_| Entities::empty());
        let actions = schema.actions().map(|uid| {
            let groups = hierarchy.ancestors(uid).into_iter().flatten().map(key);
            let asked = schema.resources_for_action(uid).is_some_and(|mut types| types.next().is_some());
            Action { uid: uid.clone(), keys: groups.chain([key(uid)]).collect(), asked }
        });
        let mut actions: Vec<_> = actions.collect();
        actions.sort_by(|a, b| a.uid.cmp(&b.uid));
        Self(actions)
    }

    /// Where an action stands.
    pub(crate) fn index(&self, uid: &EntityUid) -> Option<ActionIndex> {
        self.0.iter().position(|action| action.uid == *uid)
    }

    /// The actions that requests can ask for and the constraint lets through.
    pub(crate) fn covered(&self, constraint: &pst::ActionConstraint) -> BTreeSet<ActionIndex> {
        let named: Option<HashSet<Key>> = match constraint {
            pst::ActionConstraint::Any => None,
            pst::ActionConstraint::Eq(uid) => Some(HashSet::from([pst_key(uid)])),
            pst::ActionConstraint::In(uids) => Some(uids.iter().map(pst_key).collect()),
        };
        let exact = matches!(constraint, pst::ActionConstraint::Eq(_));
        let covers = |action: &Action| match &named {
            None => true,
            Some(named) if exact => named.contains(&key(&action.uid)),
            Some(named) => !named.is_disjoint(&action.keys),
        };
        self.0.iter().enumerate().filter(|(_, action)| action.asked && covers(action)).map(|(index, _)| index).collect()
    }

    /// True when an action is `group` or in it.
    pub(crate) fn is_in(&self, action: ActionIndex, group: &EntityUid) -> bool {
        self.0.get(action).is_some_and(|action| action.keys.contains(&key(group)))
    }

    /// The first of `covered` that is in the group `Action::"<id>"`.
    pub(crate) fn first_in_group(&self, covered: &BTreeSet<ActionIndex>, id: &str) -> Option<&str> {
        let group = ("Action".to_owned(), id.to_owned());
        let inside = |action: &&Action| action.keys.contains(&group);
        let found = covered.iter().filter_map(|index| self.0.get(*index)).find(inside)?;
        Some(found.uid.id().unescaped())
    }
}

fn key(uid: &EntityUid) -> Key {
    (uid.type_name().to_string(), uid.id().unescaped().to_owned())
}

fn pst_key(uid: &pst::EntityUID) -> Key {
    (uid.ty.to_string(), uid.eid.to_string())
}
