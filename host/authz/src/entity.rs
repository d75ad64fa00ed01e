//! The request as Cedar sees it: principal, action, resource, context, and the entities behind them.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression, Schema,
};
use zhongtai_kernel::{Access, Attribute, Caller, DepartmentId, Resource, Subject};

/// What stops a question before Cedar is asked. The decision is then a denial that says so.
pub(crate) type Problem = String;

type Attributes = HashMap<String, RestrictedExpression>;

/// The request, and the declared entities with the request's own added.
pub(crate) fn build(
    schema: &Schema,
    declared: &Entities,
    caller: &Caller,
    access: &Access<'_>,
) -> Result<(Request, Entities), Problem> {
    let principal = uid("Caller", &caller_id(caller))?;
    let resource = uid(access.resource.kind, &access.resource.id)?;
    let mut own = caller_entities(caller, &principal)?;
    if access.resource.attributes.is_empty() {
        // A field that nobody classified must not be readable by a policy that allows every field.
        if declared.get(&resource).is_none() {
            return Err(format!("{resource} is not declared in any entities.json"));
        }
    } else {
        own.push(resource_entity(&access.resource, resource.clone())?);
    }
    let request = Request::new(principal, uid("Action", access.action)?, resource, context(access)?, Some(schema))
        .map_err(|error| error.to_string())?;
    let entities = declared.clone().upsert_entities(own, Some(schema)).map_err(|error| {
        format!("{error}: {}", std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default())
    })?;
    Ok((request, entities))
}

fn context(access: &Access<'_>) -> Result<Context, Problem> {
    let purpose = access.purpose.map(|purpose| ("purpose".to_owned(), text(purpose)));
    Context::from_pairs(purpose).map_err(|error| error.to_string())
}

/// One principal for plugin, department and subject together.
fn caller_entities(caller: &Caller, principal: &EntityUid) -> Result<Vec<Entity>, Problem> {
    let release = caller.release();
    let scenario = release.scenario();
    let department = uid("Department", scenario.department().as_str())?;
    let plugin = uid("Plugin", scenario.as_str())?;
    let purposes = release.manifest().plugin.purposes.iter().map(|purpose| text(purpose));
    let mut attributes = Attributes::from([
        ("plugin".to_owned(), reference(&plugin)),
        ("department".to_owned(), reference(&department)),
        ("area".to_owned(), text(scenario.department().area())),
        ("scenario".to_owned(), reference(&uid("Scenario", scenario.as_str())?)),
        ("component".to_owned(), text(&release.digest().to_string())),
        ("purposes".to_owned(), RestrictedExpression::new_set(purposes)),
    ]);
    let mut parents = HashSet::from([plugin.clone(), department.clone()]);
    if let Some(subject) = caller.subject() {
        for role in &subject.roles {
            parents.insert(uid("Role", role)?);
        }
        attributes.insert("subject".to_owned(), subject_record(subject)?);
    }
    Ok(vec![
        department_entity(scenario.department(), department.clone())?,
        entity(plugin, Attributes::new(), HashSet::from([department]))?,
        entity(principal.clone(), attributes, parents)?,
    ])
}

fn subject_record(subject: &Subject) -> Result<RestrictedExpression, Problem> {
    let roles = subject.roles.iter().map(|role| text(role));
    let mut fields = vec![
        ("account".to_owned(), text(&subject.account.to_string())),
        ("kind".to_owned(), text(subject.kind.as_str())),
        ("assurance".to_owned(), RestrictedExpression::new_long(subject.assurance as i64)),
        ("roles".to_owned(), RestrictedExpression::new_set(roles)),
    ];
    if let Some(department) = &subject.department {
        fields.push(("department".to_owned(), reference(&uid("Department", department.as_str())?)));
        fields.push(("area".to_owned(), text(department.area())));
    }
    RestrictedExpression::new_record(fields).map_err(|error| error.to_string())
}

fn resource_entity(resource: &Resource<'_>, id: EntityUid) -> Result<Entity, Problem> {
    let mut attributes = Attributes::new();
    for (name, attribute) in resource.attributes {
        let value = match attribute {
            Attribute::Text(value) => text(value),
            Attribute::Number(value) => RestrictedExpression::new_long(*value),
            Attribute::Entity(kind, id) => reference(&uid(kind, id)?),
        };
        attributes.insert((*name).to_owned(), value);
    }
    entity(id, attributes, HashSet::new())
}

fn department_entity(id: &DepartmentId, uid: EntityUid) -> Result<Entity, Problem> {
    entity(uid, Attributes::from([("area".to_owned(), text(id.area()))]), HashSet::new())
}

fn entity(id: EntityUid, attributes: Attributes, parents: HashSet<EntityUid>) -> Result<Entity, Problem> {
    Entity::new(id, attributes, parents).map_err(|error| error.to_string())
}

/// The caller's id: the scenario, and the account when somebody signed in.
fn caller_id(caller: &Caller) -> String {
    let scenario = caller.release().scenario();
    match caller.subject() {
        Some(subject) => format!("{scenario}#{}", subject.account),
        None => scenario.to_string(),
    }
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, Problem> {
    let kind: EntityTypeName = kind.parse().map_err(|error| format!("{kind}: {error}"))?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn reference(id: &EntityUid) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(id.clone())
}
