//! `in`, and attributes of entities: answered from the declared entities while the clause is made, so that the
//! database only compares ids.

use cedar_policy::{EvalResult, pst::Expr};

use crate::{
    Bind, Construct,
    condition::{Comparison, Condition, Term},
    meaning::{Meaning, Reference, Scalar, Stop, Truth, text},
    table::{Column, Holds},
    translate::Translator,
    world::Uid,
};

/// How many entities may be listed for one attribute or one `in`.
const MAX_LISTED: usize = 2_000;

// === impl Translator ===

impl Translator<'_> {
    /// `reference in container`, which is an entity or a set of them.
    pub(crate) fn is_in(&mut self, reference: Reference, container: &Expr) -> Result<Truth, Stop> {
        let containers = match self.meaning(container)? {
            Meaning::Set(elements) => elements,
            one => vec![one],
        };
        let mut bad = vec![reference.bad()];
        let mut within = Vec::new();
        for container in containers {
            let Meaning::Entity(container) = container else {
                return Err(Stop::untranslated("`in` something that is not an entity"));
            };
            within.push(self.is_within(&reference, &container)?);
            bad.push(container.bad());
        }
        Ok(Truth::unless_bad(Condition::any(bad), Condition::any(within)))
    }

    /// Where neither is bad.
    fn is_within(&self, reference: &Reference, container: &Reference) -> Result<Condition, Stop> {
        let row = self.table.kind;
        match (reference, container) {
            // Nothing that policy knows is in a row, so a row is only in itself.
            (_, container) if container.kind(row) == row => self.is_same(reference, container),
            (Reference::Known(one), _) if one.kind == row => Err(Stop::Untranslated(Construct::OtherRow)),
            (Reference::Other(kind, _), _) if kind == row => Err(Stop::Untranslated(Construct::OtherRow)),
            (Reference::Row(_), Reference::Known(container)) => self.row_is_in(container),
            (Reference::Known(one), Reference::Known(container)) => {
                Ok(Condition::constant(self.world.is_in(one, container)))
            }
            (Reference::Known(one), Reference::Other(kind, scalar)) => {
                listed(&scalar.term, self.world.around(one, kind))
            }
            (Reference::Other(kind, scalar), Reference::Known(container)) => {
                listed(&scalar.term, self.world.within(container, kind))
            }
            _ => Err(Stop::untranslated("`in` between two columns")),
        }
    }

    fn is_same(&self, one: &Reference, other: &Reference) -> Result<Condition, Stop> {
        let ((one_kind, one), (other_kind, other)) = (one.scalar(self.table.kind)?, other.scalar(self.table.kind)?);
        if one_kind != other_kind {
            return Ok(Condition::constant(false));
        }
        Ok(Condition::compare(Comparison::Equal, one.term, other.term))
    }

    /// By its parents.
    fn row_is_in(&self, container: &Uid) -> Result<Condition, Stop> {
        let mut ways = Vec::new();
        for parent in &self.table.parents {
            if let Holds::Entity(kind) = parent.holds {
                let among = listed(&Term::column(parent.place()), self.world.within(container, kind))?;
                ways.push(Condition::all([parent.presence(), among]));
            }
        }
        Ok(Condition::any(ways))
    }

    /// `base.name`
    pub(crate) fn attribute(&self, base: Meaning, name: &str) -> Result<Meaning, Stop> {
        match self.entity(base)? {
            Reference::Row(_) => Ok(Meaning::of(self.column(name)?)),
            Reference::Known(uid) => {
                let mut known = self.world.attribute(&uid.kind, name).into_iter();
                let (_, value) = known.find(|(id, _)| *id == uid.id).ok_or(Stop::Errs)?;
                constant(value)
            }
            Reference::Other(kind, scalar) => looked_up(scalar, self.world.attribute(&kind, name)),
        }
    }

    /// `base has first.second`
    pub(crate) fn has(&self, base: Meaning, path: &[&str]) -> Result<Truth, Stop> {
        let Some((name, rest)) = path.split_first() else { return Ok(Truth::constant(true)) };
        let bad = base.bad();
        let present = match self.entity(base.clone())? {
            Reference::Row(_) => self.column(name)?.presence(),
            Reference::Known(uid) => {
                let known = self.world.attribute(&uid.kind, name);
                Condition::constant(known.iter().any(|(id, _)| *id == uid.id))
            }
            Reference::Other(kind, scalar) => {
                let known = self.world.attribute(&kind, name);
                listed(&scalar.term, known.into_iter().map(|(id, _)| id).collect())?
            }
        };
        let here = Truth::unless_bad(bad, present);
        if rest.is_empty() || here.yes.is(false) {
            return Ok(here);
        }
        let further = self.has(self.attribute(base, name)?, rest)?;
        Ok(Truth::all(vec![here, further]))
    }

    /// An entity whose attributes are known: not another row.
    fn entity(&self, base: Meaning) -> Result<Reference, Stop> {
        match base {
            Meaning::Entity(row @ Reference::Row(_)) => Ok(row),
            Meaning::Entity(other) if other.kind(self.table.kind) == self.table.kind => {
                Err(Stop::Untranslated(Construct::OtherRow))
            }
            Meaning::Entity(other) => Ok(other),
            _ => Err(Stop::untranslated("an attribute of a record")),
        }
    }

    fn column(&self, name: &str) -> Result<&Column, Stop> {
        self.table.attributes.get(name).ok_or_else(|| Stop::Untranslated(Construct::Attribute(name.to_owned())))
    }
}

fn listed(term: &Term, ids: Vec<String>) -> Result<Condition, Stop> {
    if ids.len() > MAX_LISTED {
        return Err(Stop::Untranslated(Construct::TooLarge));
    }
    let ids = ids.iter().map(|id| text(id)).collect::<Result<_, _>>()?;
    Ok(Condition::among(term.clone(), ids))
}

fn constant(value: EvalResult) -> Result<Meaning, Stop> {
    Ok(match value {
        EvalResult::Bool(value) => Meaning::Flag(Truth::constant(value)),
        EvalResult::Long(value) => Meaning::Number(Scalar::constant(Bind::Number(value))),
        EvalResult::String(value) => Meaning::Text(Scalar::constant(text(&value)?)),
        EvalResult::EntityUid(uid) => Meaning::Entity(Reference::Known(Uid::from(&uid))),
        _ => return Err(Stop::untranslated("an entity's attribute that holds a set, record or extension value")),
    })
}

/// An attribute of whatever entity a column refers to. Cedar errs where that one is not declared or lacks it.
fn looked_up(of: Scalar, known: Vec<(String, EvalResult)>) -> Result<Meaning, Stop> {
    let has = listed(&of.term, known.iter().map(|(id, _)| id.clone()).collect())?;
    let bad = Condition::any([of.bad.clone(), has.negated()]);
    if let Some((_, EvalResult::Bool(_))) = known.first() {
        let set = known.into_iter().filter(|(_, value)| matches!(value, EvalResult::Bool(true)));
        let yes = listed(&of.term, set.map(|(id, _)| id).collect())?;
        return Ok(Meaning::Flag(Truth::unless_bad(bad, yes)));
    }
    let mut arms = Vec::new();
    let mut kind = None;
    for (id, value) in known {
        let (value, of_kind) = bound(value)?;
        arms.push((text(&id)?, value));
        kind = Some(of_kind);
    }
    let term = |arms| Scalar { term: Term::lookup(of.term.clone(), arms), bad };
    match kind {
        None => Err(Stop::Errs),
        Some(Of::Number) => Ok(Meaning::Number(term(arms))),
        Some(Of::Text) => Ok(Meaning::Text(term(arms))),
        Some(Of::Entity(kind)) => Ok(Meaning::Entity(Reference::Other(kind, term(arms)))),
    }
}

/// What an attribute holds; the schema says so for all entities of a type.
enum Of {
    Number,
    Text,
    Entity(String),
}

fn bound(value: EvalResult) -> Result<(Bind, Of), Stop> {
    Ok(match value {
        EvalResult::Long(value) => (Bind::Number(value), Of::Number),
        EvalResult::String(value) => (text(&value)?, Of::Text),
        EvalResult::EntityUid(uid) => {
            let uid = Uid::from(&uid);
            (text(&uid.id)?, Of::Entity(uid.kind))
        }
        _ => return Err(Stop::untranslated("an entity's attribute that holds a set, record or extension value")),
    })
}
