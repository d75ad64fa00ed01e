//! The entities that the evaluation of a request can reach.
//!
//! Cedar can't make an entity's name out of a text: a policy gets at an entity as principal, action, resource, as a
//! value in the context, as a literal, or as a value in an attribute or tag of an entity that it got at. `in` asks
//! for an entity's ancestors, which follow from the parents of the entity and of its ancestors. So what is reached
//! from those beginnings by values and parents is all that can matter.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use cedar_policy::{Context, Entities, Entity, EntityUid, EvalResult, Request, Schema};
use quick_cache::sync::Cache;
use zhongtai_kernel::chain;

use crate::request::Problem;

/// The declared entities with what each leads to.
pub(super) struct Declared {
    known: HashMap<EntityUid, Known>,
    /// Parts that were asked for, by the party they were asked with and the numbers of the entities: the same few
    /// datasets are asked about again and again, and to put a part together takes longer than to evaluate over it.
    slices: Cache<(u64, Box<[u32]>), Arc<Entities>>,
}

/// Entities that many requests bring along: a caller with its plugin and department. Checked once.
pub struct Party {
    /// No other has it.
    serial: u64,
    own: Vec<Own>,
}

/// An entity that a request brings along.
pub(super) struct Own {
    pub(super) entity: Entity,
    uid: EntityUid,
    leads: Leads,
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
    party: &'a Party,
    /// Beside the party: the resource, when it was described.
    resource: Option<&'a Own>,
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

    /// These entities with the party's own.
    fn slice(&self, mut part: Vec<&Known>, party: &Party) -> Result<Arc<Entities>, Problem> {
        part.sort_unstable_by_key(|known| known.number);
        let key = (party.serial, part.iter().map(|known| known.number).collect());
        if let Some(slice) = self.slices.get(&key) {
            return Ok(slice);
        }
        let declared = Entities::from_entities(part.into_iter().map(|known| known.entity.clone()), None)
            .map_err(|error| chain(&error))?;
        let all = declared.upsert_entities(party.entities().cloned(), None);
        let slice = Arc::new(all.map_err(|error| chain(&error))?);
        self.slices.insert(key, slice.clone());
        Ok(slice)
    }
}

// === impl Party ===

impl Party {
    /// These entities, which must conform to `schema` where one is given.
    ///
    /// # Errors
    /// When one does not conform, or has an unknown value.
    pub fn new(entities: Vec<Entity>, schema: Option<&Schema>) -> Result<Self, Problem> {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        Entities::empty().upsert_entities(entities.iter().cloned(), schema).map_err(|error| chain(&error))?;
        let own = entities.into_iter().map(Own::new).collect::<Result<_, Problem>>()?;
        Ok(Self { serial: SERIAL.fetch_add(1, Ordering::Relaxed), own })
    }

    /// The entities.
    pub fn entities(&self) -> impl Iterator<Item = &Entity> {
        self.own.iter().map(|own| &own.entity)
    }
}

// === impl Own ===

impl Own {
    pub(super) fn new(entity: Entity) -> Result<Self, Problem> {
        Ok(Self { uid: entity.uid(), leads: Leads::of(&entity)?, entity })
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
    pub(super) fn new(declared: &'a Declared, request: &Request, party: &'a Party, resource: Option<&'a Own>) -> Self {
        let mut asked = request.context().map(context_names).unwrap_or_default();
        asked.extend([request.principal(), request.action(), request.resource()].into_iter().flatten().cloned());
        Self { declared, party, resource, asked }
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

    /// The party's entities, and the declared ones that can be reached from the request, its own entities and
    /// `literals`. One that an own entity replaces is among them: only so Cedar takes back what followed from it.
    pub(super) fn reachable<'s>(
        &'s self,
        literals: impl Iterator<Item = &'s EntityUid>,
    ) -> Result<Arc<Entities>, Problem> {
        let own = self.own().map(|own| &own.uid);
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
        self.declared.slice(found, self.party)
    }

    /// The resource comes first: it replaces what the party says of it.
    fn own(&self) -> impl Iterator<Item = &Own> {
        self.resource.into_iter().chain(&self.party.own)
    }

    fn leads(&self, uid: &EntityUid) -> Option<&Leads> {
        let own = self.own().find(|own| own.uid == *uid).map(|own| &own.leads);
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
