//! Request types of a schema, and whether two schemas mean the same by one.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cedar_policy::{Entities, EntityTypeName, EntityUid, RequestEnv, Schema};
use cedar_policy_core::{
    ast::EntityType,
    validator::{
        ValidatorSchema,
        types::{Attributes, EntityKind, Type},
    },
};

use crate::RequestKind;

/// A request type with what Cedar knows of it.
pub(crate) struct Kind {
    pub(crate) env: RequestEnv,
    /// The action and every group it is in.
    pub(crate) groups: HashSet<EntityUid>,
}

/// Every request type of a schema.
pub(crate) fn all(schema: &Schema) -> Result<BTreeMap<RequestKind, Kind>, String> {
    let actions = schema.action_entities().map_err(|error| error.to_string())?;
    let kinds = schema.request_envs().map(|env| {
        let env = RequestEnv::new(env.principal().clone(), env.action().clone(), env.resource().clone());
        let groups = groups(&actions, env.action());
        (name(&env), Kind { env, groups })
    });
    Ok(kinds.collect())
}

fn groups(actions: &Entities, action: &EntityUid) -> HashSet<EntityUid> {
    let above = actions.ancestors(action).into_iter().flatten().cloned();
    above.chain([action.clone()]).collect()
}

fn name(env: &RequestEnv) -> RequestKind {
    let action = env.action();
    RequestKind {
        action: if is_plain(action) { action.id().unescaped().to_owned() } else { action.to_string() },
        principal: env.principal().to_string(),
        resource: env.resource().to_string(),
    }
}

/// True for `Action::"..."`: test cases name no other action.
pub(crate) fn is_plain(action: &EntityUid) -> bool {
    action.type_name().to_string() == "Action"
}

/// True when both schemas admit the same principals, resources, contexts and entities behind them for this kind.
/// What only one schema admits would be compared with nothing.
pub(crate) fn same_shape(old: &Schema, new: &Schema, kind: &Kind) -> bool {
    let (old_core, new_core): (&ValidatorSchema, &ValidatorSchema) = (old.as_ref(), new.as_ref());
    if old_core == new_core {
        return true;
    }
    let context = |schema: &ValidatorSchema| {
        schema.get_action_id(kind.env.action().as_ref()).and_then(|action| action.context_type()).cloned()
    };
    let (before, after) = (context(old_core), context(new_core));
    before == after && {
        let mut open: Vec<EntityType> =
            [kind.env.principal(), kind.env.resource()].map(|name| name.as_ref().clone()).into();
        open.extend(after.iter().flat_map(named));
        same_entities(old, new, open)
    }
}

/// Compares the types in `open` and every type that can be reached from them.
fn same_entities(old: &Schema, new: &Schema, mut open: Vec<EntityType>) -> bool {
    let mut seen = HashSet::new();
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let (old_core, new_core): (&ValidatorSchema, &ValidatorSchema) = (old.as_ref(), new.as_ref());
        let (Some(before), Some(after)) = (old_core.get_entity_type(&name), new_core.get_entity_type(&name)) else {
            return false;
        };
        let above = ancestors(new, &name);
        if before.attributes() != after.attributes() || before.kind != after.kind || ancestors(old, &name) != above {
            return false;
        }
        open.extend(of_attributes(after.attributes()));
        open.extend(after.tag_type().into_iter().flat_map(named));
        open.extend(above);
    }
    true
}

fn ancestors(schema: &Schema, name: &EntityType) -> BTreeSet<EntityType> {
    let name = EntityTypeName::from(name.clone());
    schema.ancestors(&name).into_iter().flatten().map(|above| above.as_ref().clone()).collect()
}

/// The entity types that a type names.
fn named(held: &Type) -> Vec<EntityType> {
    match held {
        Type::Entity(EntityKind::Entity(names)) => names.get_single_entity().cloned().into_iter().collect(),
        Type::Set { element_type: Some(element) } => named(element),
        Type::Record { attrs, .. } => of_attributes(attrs),
        _ => Vec::new(),
    }
}

fn of_attributes(attributes: &Attributes) -> Vec<EntityType> {
    attributes.iter().flat_map(|(_, attribute)| named(&attribute.attr_type)).collect()
}
