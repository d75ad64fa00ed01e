//! The entities that policy knows beside the rows: the declared ones and the caller's.

use cedar_policy::{Entities, EntityId, EntityTypeName, EntityUid, EvalResult, pst};

use crate::{RowFilterError, Table};

/// An entity, as SQL sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Uid {
    pub(crate) kind: String,
    pub(crate) id: String,
}

/// Every entity but the rows. What is not in here and is not a row does not exist.
pub(crate) struct World(Entities);

// === impl Uid ===

impl From<&EntityUid> for Uid {
    fn from(uid: &EntityUid) -> Self {
        Self { kind: uid.type_name().to_string(), id: uid.id().unescaped().to_owned() }
    }
}

impl From<&pst::EntityUID> for Uid {
    fn from(uid: &pst::EntityUID) -> Self {
        Self { kind: uid.ty.to_string(), id: uid.eid.to_string() }
    }
}

// === impl World ===

impl World {
    /// Refuses entities that are of the rows' type or in one of it: Cedar would take their facts from here, and the
    /// clause would take them from the table.
    pub(crate) fn new(entities: Entities, table: &Table) -> Result<Self, RowFilterError> {
        let is_row = |uid: &EntityUid| uid.type_name().to_string() == table.kind;
        for entity in entities.iter() {
            let uid = entity.uid();
            let in_row = entities.ancestors(&uid).into_iter().flatten().any(is_row);
            if in_row || is_row(&uid) {
                return Err(RowFilterError::Declared { kind: table.kind, entity: uid.to_string() });
            }
        }
        Ok(Self(entities))
    }

    pub(crate) fn entities(&self) -> &Entities {
        &self.0
    }

    /// The ids of this type that are `ancestor` or in it.
    pub(crate) fn within(&self, ancestor: &Uid, kind: &str) -> Vec<String> {
        let mut ids: Vec<String> = match ancestor.uid() {
            Some(uid) => {
                self.of_kind(kind).filter(|one| self.0.is_ancestor_of(&uid, one)).map(|one| id(&one)).collect()
            }
            None => Vec::new(),
        };
        ids.extend((ancestor.kind == kind).then(|| ancestor.id.clone()));
        sorted(ids)
    }

    /// The ids of this type that `descendant` is or is in.
    pub(crate) fn around(&self, descendant: &Uid, kind: &str) -> Vec<String> {
        let ancestors = descendant.uid().and_then(|uid| Some(self.0.ancestors(&uid)?.map(Uid::from).collect()));
        let ancestors: Vec<Uid> = ancestors.unwrap_or_default();
        let own = std::iter::once(descendant.clone());
        sorted(ancestors.into_iter().chain(own).filter(|one| one.kind == kind).map(|one| one.id).collect())
    }

    pub(crate) fn is_in(&self, descendant: &Uid, ancestor: &Uid) -> bool {
        self.around(descendant, &ancestor.kind).contains(&ancestor.id)
    }

    /// Who of this type has the attribute, and what it is there.
    pub(crate) fn attribute(&self, kind: &str, name: &str) -> Vec<(String, EvalResult)> {
        let value = |uid: EntityUid| Some((id(&uid), self.0.get(&uid)?.attr(name)?.ok()?));
        let mut found: Vec<_> = self.of_kind(kind).filter_map(value).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = EntityUid> + 'a {
        self.0.iter().map(cedar_policy::Entity::uid).filter(move |uid| uid.type_name().to_string() == kind)
    }
}

impl Uid {
    fn uid(&self) -> Option<EntityUid> {
        let kind: EntityTypeName = self.kind.parse().ok()?;
        Some(EntityUid::from_type_name_and_id(kind, EntityId::new(&self.id)))
    }
}

fn id(uid: &EntityUid) -> String {
    uid.id().unescaped().to_owned()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids.dedup();
    ids
}
