//! A question as Cedar sees it: principal, action, resource, context, and the entities behind them. The one way from
//! the platform's words to Cedar's: a live request and a recorded one are built alike.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use cedar_policy::{Context, Entities, Entity, EntityUid, Request, RestrictedExpression};
use zhongtai_kernel::{Agent, Attribute, CallerFacts, Channel, DepartmentId, Question, Subject, Timestamp, chain};

use crate::{Compiled, index::Party};

/// What stops a question before Cedar is asked. The decision is then a denial that says so.
pub type Problem = String;

type Attributes = HashMap<String, RestrictedExpression>;

/// A request, and the entities that are its own beside the declared ones.
pub struct Asked {
    /// The request, valid by the schema.
    pub request: Request,
    /// The caller, its plugin and department.
    pub party: Arc<Party>,
    /// The resource, when it was described.
    pub resource: Option<Entity>,
}

/// Who asks, as Cedar sees it.
pub(crate) struct Principal {
    uid: EntityUid,
    party: Arc<Party>,
    channel: Channel,
}

// === impl Principal ===

impl Principal {
    pub(crate) fn new(compiled: &Compiled, caller: &CallerFacts) -> Result<Self, Problem> {
        let uid = compiled.uid("Caller", &caller_id(caller))?;
        let entities = caller_entities(compiled, caller, &uid)?;
        let party = Arc::new(Party::new(entities, Some(&compiled.schema))?);
        Ok(Self { uid, party, channel: caller.channel })
    }
}

// === impl Asked ===

impl Asked {
    /// What `caller` asks at `now`.
    pub fn new(
        compiled: &Compiled,
        caller: &CallerFacts,
        question: &Question,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        Self::by(compiled, &Principal::new(compiled, caller)?, question, now)
    }

    /// What somebody known asks at `now`.
    pub(crate) fn by(
        compiled: &Compiled,
        principal: &Principal,
        question: &Question,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let uid = compiled.uid(&question.kind, &question.id)?;
        let resource = match question.attributes.is_empty() {
            false => Some(resource_entity(compiled, question, uid.clone())?),
            true if compiled.entities.get(&uid).is_some() => None,
            // A field that nobody classified must not be readable by a policy that allows every field.
            true => return Err(format!("{uid} is not declared in any entities.json")),
        };
        let action = compiled.uid("Action", &question.action)?;
        let context = context(principal.channel, question, now)?;
        let request = Request::new(principal.uid.clone(), action, uid, context, Some(&compiled.schema))
            .map_err(|error| chain(&error))?;
        Ok(Self { request, party: principal.party.clone(), resource })
    }

    /// The declared entities with the request's own added.
    pub fn entities(&self, compiled: &Compiled) -> Result<Entities, Problem> {
        let own = self.party.entities().chain(&self.resource).cloned();
        compiled.entities.clone().upsert_entities(own, Some(&compiled.schema)).map_err(|error| chain(&error))
    }
}

/// The time as policy sees it, to the minute: decisions are remembered that long, and a replay asks for the same.
pub(crate) fn minute(now: Timestamp) -> i64 {
    now.as_second().div_euclid(60) * 60
}

fn context(channel: Channel, question: &Question, now: Timestamp) -> Result<Context, Problem> {
    let facts = [
        ("purpose", &question.purpose),
        ("basis", &question.basis),
        ("consent", &question.consent),
        ("case", &question.case),
    ];
    let given = facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), text(value.as_deref()?))));
    let always = [("channel".to_owned(), text(channel.as_str())), ("now".to_owned(), datetime(minute(now))?)];
    Context::from_pairs(given.chain(always)).map_err(|error| chain(&error))
}

thread_local! {
    /// The latest minute's: Cedar parses the name of its constructor each time.
    static DATETIME: RefCell<Option<(i64, RestrictedExpression)>> = const { RefCell::new(None) };
}

/// ISO 8601 in UTC, as Cedar's `datetime` takes it.
fn datetime(second: i64) -> Result<RestrictedExpression, Problem> {
    DATETIME.with_borrow_mut(|latest| {
        if let Some((_, datetime)) = latest.as_ref().filter(|(of, _)| *of == second) {
            return Ok(datetime.clone());
        }
        let time = Timestamp::from_second(second).map_err(|error| error.to_string())?;
        let datetime = RestrictedExpression::new_datetime(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        *latest = Some((second, datetime.clone()));
        Ok(datetime)
    })
}

/// One principal for plugin, department and subject together.
fn caller_entities(compiled: &Compiled, caller: &CallerFacts, principal: &EntityUid) -> Result<Vec<Entity>, Problem> {
    let scenario = &caller.scenario;
    let department = compiled.uid("Department", scenario.department().as_str())?;
    let plugin = compiled.uid("Plugin", scenario.as_str())?;
    let mut attributes = Attributes::from([
        ("plugin".to_owned(), reference(&plugin)),
        ("department".to_owned(), reference(&department)),
        ("area".to_owned(), text(scenario.department().area())),
        ("scenario".to_owned(), reference(&compiled.uid("Scenario", scenario.as_str())?)),
        ("component".to_owned(), text(&caller.component.to_string())),
        ("purposes".to_owned(), RestrictedExpression::new_set(caller.purposes.iter().map(|purpose| text(purpose)))),
    ]);
    let mut parents = HashSet::from([plugin.clone(), department.clone()]);
    if let Some(subject) = &caller.subject {
        for role in &subject.roles {
            parents.insert(compiled.uid("Role", role)?);
        }
        attributes.insert("subject".to_owned(), subject_record(compiled, subject)?);
    }
    Ok(vec![
        department_entity(scenario.department(), department.clone())?,
        entity(plugin, Attributes::new(), HashSet::from([department]))?,
        entity(principal.clone(), attributes, parents)?,
    ])
}

fn subject_record(compiled: &Compiled, subject: &Subject) -> Result<RestrictedExpression, Problem> {
    let roles = subject.roles.iter().map(|role| text(role));
    let mut fields = vec![
        ("account".to_owned(), text(&subject.account.to_string())),
        ("kind".to_owned(), text(subject.kind.as_str())),
        ("assurance".to_owned(), RestrictedExpression::new_long(subject.assurance as i64)),
        ("clearance".to_owned(), RestrictedExpression::new_long(i64::from(subject.clearance))),
        ("roles".to_owned(), RestrictedExpression::new_set(roles)),
    ];
    if let Some(department) = &subject.department {
        fields.push(("department".to_owned(), reference(&compiled.uid("Department", department.as_str())?)));
        fields.push(("area".to_owned(), text(department.area())));
    }
    if let Some(agent) = &subject.agent {
        fields.push(("agent".to_owned(), agent_record(compiled, agent)?));
    }
    RestrictedExpression::new_record(fields).map_err(|error| chain(&error))
}

fn agent_record(compiled: &Compiled, agent: &Agent) -> Result<RestrictedExpression, Problem> {
    let scenarios = agent.scenarios.iter().flatten();
    let scenarios = scenarios.map(|scenario| Ok(reference(&compiled.uid("Scenario", scenario.as_str())?)));
    let fields = [
        ("account".to_owned(), text(&agent.account.to_string())),
        ("mandate".to_owned(), text(&agent.mandate)),
        ("everywhere".to_owned(), RestrictedExpression::new_bool(agent.scenarios.is_none())),
        ("scenarios".to_owned(), RestrictedExpression::new_set(scenarios.collect::<Result<Vec<_>, Problem>>()?)),
        ("actions".to_owned(), RestrictedExpression::new_set(agent.actions.iter().map(|action| text(action)))),
    ];
    RestrictedExpression::new_record(fields).map_err(|error| chain(&error))
}

fn resource_entity(compiled: &Compiled, question: &Question, id: EntityUid) -> Result<Entity, Problem> {
    let mut attributes = Attributes::new();
    for (name, attribute) in &question.attributes {
        let value = match attribute {
            Attribute::Text(value) => text(value),
            Attribute::Number(value) => RestrictedExpression::new_long(*value),
            Attribute::Flag(value) => RestrictedExpression::new_bool(*value),
            Attribute::Entity(kind, id) => reference(&compiled.uid(kind, id)?),
        };
        attributes.insert(name.clone(), value);
    }
    entity(id, attributes, HashSet::new())
}

fn department_entity(id: &DepartmentId, uid: EntityUid) -> Result<Entity, Problem> {
    entity(uid, Attributes::from([("area".to_owned(), text(id.area()))]), HashSet::new())
}

fn entity(id: EntityUid, attributes: Attributes, parents: HashSet<EntityUid>) -> Result<Entity, Problem> {
    Entity::new(id, attributes, parents).map_err(|error| chain(&error))
}

/// The caller's id: the scenario, and the account when somebody signed in.
fn caller_id(caller: &CallerFacts) -> String {
    match &caller.subject {
        Some(subject) => format!("{}#{}", caller.scenario, subject.account),
        None => caller.scenario.to_string(),
    }
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn reference(id: &EntityUid) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(id.clone())
}
