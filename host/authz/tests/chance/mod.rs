//! Policies, entities and requests that chance makes, over a handful of names: few enough that scopes meet requests,
//! attributes lead somewhere and parents have parents.

mod condition;

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Context, Entity, EntityUid, Policy, PolicyId, PolicySet, Request, RestrictedExpression, SlotId, Template,
};
use proptest::{prelude::*, sample::subsequence};

/// What there is to be named, ancestors first: an entity's parents stand before it, so no hierarchy is cyclic.
const THINGS: [&str; 14] = [
    "Area::\"a\"",
    "Area::\"b\"",
    "Role::\"a\"",
    "Role::\"b\"",
    "Department::\"a\"",
    "Department::\"b\"",
    "Department::\"c\"",
    "Caller::\"a\"",
    "Caller::\"b\"",
    "Dataset::\"a\"",
    "Dataset::\"b\"",
    "Field::\"a\"",
    "Field::\"b\"",
    "Field::\"c\"",
];
const ACTIONS: [&str; 5] =
    ["Action::\"all\"", "Action::\"reading\"", "Action::\"read\"", "Action::\"write\"", "Action::\"list\""];
const KINDS: [&str; 6] = ["Area", "Role", "Department", "Caller", "Dataset", "Field"];

/// A policy set, what is declared, and what is asked.
#[derive(Debug)]
pub struct World {
    pub policies: Policies,
    pub declared: Vec<Entity>,
    pub requests: Vec<Facts>,
}

/// A request and its own entities.
#[derive(Debug)]
pub struct Facts {
    pub request: Request,
    pub own: Vec<Entity>,
}

/// Texts of policies, and of templates with the values of their slots, for each link.
#[derive(Debug)]
pub struct Policies(Vec<Written>);

#[derive(Debug)]
struct Written {
    text: String,
    links: Vec<(&'static str, &'static str)>,
}

// === impl Policies ===

impl Policies {
    /// Each under its number: `p3`; a template is `t3` and linked as `p3.0`, `p3.1`.
    pub fn set(&self) -> PolicySet {
        let mut set = PolicySet::new();
        for (number, written) in self.0.iter().enumerate() {
            if !written.text.contains('?') {
                set.add(Policy::parse(Some(PolicyId::new(format!("p{number}"))), &written.text).unwrap()).unwrap();
                continue;
            }
            let template = PolicyId::new(format!("t{number}"));
            set.add_template(Template::parse(Some(template.clone()), &written.text).unwrap()).unwrap();
            for (link, (principal, resource)) in written.links.iter().enumerate() {
                let id = PolicyId::new(format!("p{number}.{link}"));
                set.link(template.clone(), id, written.slots(principal, resource)).unwrap();
            }
        }
        set
    }
}

// === impl Written ===

impl Written {
    fn slots(&self, principal: &str, resource: &str) -> HashMap<SlotId, EntityUid> {
        let slots = [("?principal", SlotId::principal(), principal), ("?resource", SlotId::resource(), resource)];
        let used = slots.into_iter().filter(|(name, ..)| self.text.contains(name));
        used.map(|(_, slot, thing)| (slot, uid(thing))).collect()
    }
}

pub fn world() -> impl Strategy<Value = World> {
    let policies = prop::collection::vec(written(), 1..16).prop_map(Policies);
    let requests = prop::collection::vec(facts(), 8);
    (policies, entities(&THINGS[..]), action_entities(), requests).prop_map(|(policies, things, actions, requests)| {
        World { policies, declared: things.into_iter().chain(actions).collect(), requests }
    })
}

fn written() -> impl Strategy<Value = Written> {
    let effect = prop_oneof![3 => Just("permit"), 2 => Just("forbid")];
    let clause = (prop::sample::select(&["when", "unless"][..]), condition::condition())
        .prop_map(|(word, condition)| format!(" {word} {{ {condition} }}"));
    let clauses = prop::collection::vec(clause, 0..3);
    let links = prop::collection::vec((thing(), thing()), 1..4);
    (effect, scope("principal"), action_scope(), scope("resource"), clauses, links).prop_map(
        |(effect, principal, action, resource, clauses, links)| Written {
            text: format!("{effect} ({principal}, {action}, {resource}){};", clauses.concat()),
            links,
        },
    )
}

fn scope(variable: &'static str) -> impl Strategy<Value = String> {
    let reference = || prop_oneof![3 => thing().prop_map(str::to_owned), 1 => Just(format!("?{variable}"))];
    prop_oneof![
        3 => Just(variable.to_owned()),
        2 => reference().prop_map(move |thing| format!("{variable} == {thing}")),
        4 => reference().prop_map(move |thing| format!("{variable} in {thing}")),
        1 => kind().prop_map(move |kind| format!("{variable} is {kind}")),
        1 => (kind(), reference()).prop_map(move |(kind, thing)| format!("{variable} is {kind} in {thing}")),
    ]
}

fn action_scope() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just("action".to_owned()),
        2 => action().prop_map(|action| format!("action == {action}")),
        2 => action().prop_map(|action| format!("action in {action}")),
        3 => prop::collection::vec(action(), 0..4).prop_map(|actions| format!("action in [{}]", actions.join(", "))),
    ]
}

fn facts() -> impl Strategy<Value = Facts> {
    let own = subsequence(&THINGS[..], 0..4).prop_flat_map(entities);
    (thing(), action(), thing(), context(), own).prop_map(|(principal, action, resource, context, own)| Facts {
        request: Request::new(uid(principal), uid(action), uid(resource), context, None).unwrap(),
        own,
    })
}

fn context() -> impl Strategy<Value = Context> {
    attributes().prop_map(|attributes| Context::from_pairs(attributes).unwrap())
}

/// Some of `things`, each with parents from what stands before it.
fn entities(things: impl AsRef<[&'static str]>) -> impl Strategy<Value = Vec<Entity>> {
    let things = things.as_ref().to_vec();
    let most = things.len();
    subsequence(things, 0..=most).prop_flat_map(|things| {
        things
            .into_iter()
            .map(|thing| {
                let place = THINGS.iter().position(|other| *other == thing).unwrap();
                let parents = subsequence(&THINGS[..place], 0..=place.min(2));
                (parents, attributes(), prop::option::of(value())).prop_map(move |(parents, attributes, tag)| {
                    let parents: Vec<_> = parents.into_iter().map(uid).collect();
                    Entity::new_with_tags(uid(thing), attributes, parents, tag.map(|tag| ("t".to_owned(), tag)))
                        .unwrap()
                })
            })
            .collect::<Vec<_>>()
    })
}

/// `read` and `list` are `reading`, everything is `all`, if it is declared.
fn action_entities() -> impl Strategy<Value = Vec<Entity>> {
    let tree = [(0, vec![]), (1, vec![0]), (2, vec![1]), (3, vec![0]), (4, vec![0, 1])];
    subsequence(tree.to_vec(), 0..=5).prop_map(|actions| {
        let entity = |(action, groups): (usize, Vec<usize>)| {
            let groups: HashSet<_> = groups.into_iter().map(|group| uid(ACTIONS[group])).collect();
            Entity::new_no_attrs(uid(ACTIONS[action]), groups)
        };
        actions.into_iter().map(entity).collect()
    })
}

/// Those that [`condition`] asks for; each may be missing, or be something else than is expected.
fn attributes() -> impl Strategy<Value = HashMap<String, RestrictedExpression>> {
    prop::collection::hash_map(prop::sample::select(&["n", "who", "set", "rec"][..]), value(), 0..5)
        .prop_map(|attributes| attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn value() -> impl Strategy<Value = RestrictedExpression> {
    let reference = || thing().prop_map(|thing| RestrictedExpression::new_entity_uid(uid(thing)));
    prop_oneof![
        2 => prop_oneof![Just(0), Just(1), Just(i64::MAX)].prop_map(RestrictedExpression::new_long),
        4 => reference(),
        2 => prop::collection::vec(reference(), 0..3).prop_map(RestrictedExpression::new_set),
        2 => reference().prop_map(|who| RestrictedExpression::new_record([("who".to_owned(), who)]).unwrap()),
    ]
}

fn thing() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&THINGS[..])
}

fn action() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&ACTIONS[..])
}

fn kind() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&KINDS[..])
}

fn uid(text: &str) -> EntityUid {
    text.parse().unwrap()
}
