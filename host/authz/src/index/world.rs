//! The entities that the evaluation of a request can reach.
//!
//! Cedar can't make an entity's name out of a text: a policy gets at an entity as principal, action, resource, as a
//! value in the context, as a literal, or as a value in an attribute or tag of an entity that it got at. `in` asks
//! for an entity's ancestors, which follow from the parents of the entity and of its ancestors. So what is reached
//! from those beginnings by values and parents is all that can matter.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use cedar_policy::{Context, Entities, Entity, EntityUid, EvalResult, Request};
use quick_cache::sync::Cache;
use zhongtai_kernel::chain;

use crate::request::Problem;

/// The declared entities with what each leads to.
pub(super) struct Declared {
    known: HashMap<EntityUid, Known>,
    /// Parts that were asked for, by the numbers of the entities: the same few datasets are asked about again and
    /// again, and to put a part together takes longer than to evaluate over it.
    slices: Cache<Box<[u32]>, Arc<Entities>>,
}

struct Known {
    /// Which it is of all.
    number: u32,
    entity: Entity,
    leads: Leads,
}

/// How many parts of the declared entities are kept.
const SLICES: usize = 4_096;

/// Where one can get from an entity.
struct Leads {
    parents: Vec<EntityUid>,
    /// What its attributes and tags lead to.
    values: Vec<EntityUid>,
}

/// The declared entities with a request's own in front.
pub(super) struct World<'a> {
    declared: &'a Declared,
    /// A handful.
    own: Vec<(EntityUid, Leads)>,
    /// Principal, action, resource, and what the context names.
    asked: Vec<EntityUid>,
}

// === impl Declared ===

impl Declared {
    pub(super) fn new(entities: &Entities) -> Result<Self, Problem> {
        let known = (0..).zip(entities.iter()).map(|(number, entity)| {
            Ok((entity.uid(), Known { number, entity: entity.clone(), leads: Leads::of(entity)? }))
        });
        Ok(Self { known: known.collect::<Result<_, Problem>>()?, slices: Cache::new(SLICES) })
    }

    fn slice(&self, mut part: Vec<&Known>) -> Result<Arc<Entities>, Problem> {
        part.sort_unstable_by_key(|known| known.number);
        let key: Vec<u32> = part.iter().map(|known| known.number).collect();
        if let Some(slice) = self.slices.get(key.as_slice()) {
            return Ok(slice);
        }
        let entities = part.into_iter().map(|known| known.entity.clone());
        let slice = Arc::new(Entities::from_entities(entities, None).map_err(|error| chain(&error))?);
        self.slices.insert(key.into(), slice.clone());
        Ok(slice)
    }
}

// === impl Leads ===

impl Leads {
    fn of(entity: &Entity) -> Result<Self, Problem> {
        let parents = entity.as_ref().parents().map(|parent| parent.clone().into()).collect();
        let mut values = Vec::new();
        for (_, value) in entity.attrs().chain(entity.tags()) {
            names(&value.map_err(|error| format!("{}: {error}", entity.uid()))?, &mut values);
        }
        Ok(Self { parents, values })
    }

    fn all(&self) -> impl Iterator<Item = &EntityUid> {
        self.parents.iter().chain(&self.values)
    }
}

// === impl World ===

impl<'a> World<'a> {
    pub(super) fn new(declared: &'a Declared, request: &Request, own: &[Entity]) -> Result<Self, Problem> {
        let own = own.iter().map(|entity| Ok((entity.uid(), Leads::of(entity)?)));
        let own = own.collect::<Result<_, Problem>>()?;
        let mut asked = request.context().map(context_names).unwrap_or_default();
        asked.extend([request.principal(), request.action(), request.resource()].into_iter().flatten().cloned());
        Ok(Self { declared, own, asked })
    }

    /// Every ancestor of an entity, declared or not.
    pub(super) fn ancestors(&self, uid: &EntityUid) -> Vec<EntityUid> {
        let mut found: Vec<&EntityUid> = Vec::new();
        let mut open = vec![uid];
        while let Some(uid) = open.pop() {
            for parent in self.leads(uid).into_iter().flat_map(|leads| &leads.parents) {
                if !found.contains(&parent) {
                    found.push(parent);
                    open.push(parent);
                }
            }
        }
        found.into_iter().cloned().collect()
    }

    /// The declared entities that can be reached from the request, its own entities and `literals`. One that an own
    /// entity replaces is among them: only so Cedar takes back what followed from it.
    pub(super) fn reachable<'s>(
        &'s self,
        literals: impl Iterator<Item = &'s EntityUid>,
    ) -> Result<Arc<Entities>, Problem> {
        let own = self.own.iter().map(|(uid, _)| uid);
        let mut open: Vec<&EntityUid> = self.asked.iter().chain(own).chain(literals).collect();
        let mut seen: HashSet<&EntityUid> = HashSet::new();
        let mut found = Vec::new();
        while let Some(uid) = open.pop() {
            if !seen.insert(uid) {
                continue;
            }
            open.extend(self.leads(uid).into_iter().flat_map(Leads::all));
            found.extend(self.declared.known.get(uid));
        }
        self.declared.slice(found)
    }

    fn leads(&self, uid: &EntityUid) -> Option<&Leads> {
        let own = self.own.iter().find(|(own, _)| own == uid).map(|(_, leads)| leads);
        own.or_else(|| self.declared.known.get(uid).map(|known| &known.leads))
    }
}

fn context_names(context: &Context) -> Vec<EntityUid> {
    let mut found = Vec::new();
    for (key, _) in context.clone() {
        if let Some(value) = context.get(&key) {
            names(&value, &mut found);
        }
    }
    found
}

/// Every entity that one can get at through a value.
fn names(value: &EvalResult, found: &mut Vec<EntityUid>) {
    match value {
        EvalResult::EntityUid(uid) => found.push(uid.clone()),
        EvalResult::Record(record) => record.iter().for_each(|(_, value)| names(value, found)),
        // Nothing takes a member out of a set: it is only asked whether something is in it, or is below a member.
        EvalResult::Set(_)
        | EvalResult::Bool(_)
        | EvalResult::Long(_)
        | EvalResult::String(_)
        | EvalResult::ExtensionValue(_) => {}
    }
}
