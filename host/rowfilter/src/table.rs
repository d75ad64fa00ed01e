use std::collections::{BTreeMap, HashMap, HashSet};

use cedar_policy::{Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression, Schema};
use zhongtai_kernel::chain;

use crate::RowFilterError;

/// The longest identifier that both databases take, bytes.
const LONGEST_NAME: usize = 63;

/// Which Cedar entity a row is: where its id, attributes and parents are. Written by a developer, so every name is
/// `'static`: none can come from a request.
#[derive(Debug, Clone)]
pub struct Table {
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
    pub(crate) id: &'static str,
    pub(crate) attributes: BTreeMap<&'static str, Column>,
    pub(crate) parents: Vec<Column>,
}

/// A column that holds an attribute or a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub(crate) name: &'static str,
    pub(crate) holds: Holds,
    pub(crate) optional: bool,
}

/// What a column holds, as Cedar sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Text,
    Number,
    Flag,
    Moment,
    /// The id of an entity of this type.
    Entity(&'static str),
}

// === impl Column ===

impl Column {
    /// A `TEXT` column: Cedar's `String`. On PostgreSQL its collation must be deterministic, as every one is that
    /// was not made otherwise.
    pub fn text(name: &'static str) -> Self {
        Self { name, holds: Holds::Text, optional: false }
    }

    /// A `BIGINT` column: Cedar's `Long`.
    pub fn number(name: &'static str) -> Self {
        Self { name, holds: Holds::Number, optional: false }
    }

    /// A `BIGINT` column that holds 0 or 1: Cedar's `Bool`. A row that holds something else is never selected.
    pub fn flag(name: &'static str) -> Self {
        Self { name, holds: Holds::Flag, optional: false }
    }

    /// A `BIGINT` column of milliseconds since 1970: Cedar's `datetime`.
    pub fn moment(name: &'static str) -> Self {
        Self { name, holds: Holds::Moment, optional: false }
    }

    /// A `TEXT` column with the id of an entity of type `kind`.
    pub fn entity(name: &'static str, kind: &'static str) -> Self {
        Self { name, holds: Holds::Entity(kind), optional: false }
    }

    /// The same column where `NULL` means that there is none: `resource has x` is false. Without this a row that
    /// holds `NULL` here is never selected.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

// === impl Table ===

impl Table {
    /// Rows of `name` are entities of type `kind`; the `TEXT` column `id` holds their ids.
    pub fn new(kind: &'static str, name: &'static str, id: &'static str) -> Self {
        Self { kind, name, id, attributes: BTreeMap::new(), parents: Vec::new() }
    }

    /// `resource.name` is in this column.
    #[must_use]
    pub fn attribute(mut self, name: &'static str, column: Column) -> Self {
        self.attributes.insert(name, column);
        self
    }

    /// The row is in the entity whose id this column holds, and in whatever that one is in.
    #[must_use]
    pub fn parent(mut self, column: Column) -> Self {
        self.parents.push(column);
        self
    }

    /// Every column that holds an attribute or a parent.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &Column> {
        self.attributes.values().chain(&self.parents)
    }

    /// Holds the table to the schema in force, which an activation may have changed.
    pub(crate) fn check(&self, schema: &Schema) -> Result<(), RowFilterError> {
        let names = [self.name, self.id].into_iter().chain(self.columns().map(|column| column.name));
        for name in names {
            check_name(name)?;
        }
        for parent in &self.parents {
            self.check_parent(parent)?;
        }
        // Every attribute there is, then only those that must be: types and optionality are both as the schema says.
        for only_required in [false, true] {
            let sample = self.sample(only_required)?;
            Entities::empty().add_entities([sample], Some(schema)).map_err(|error| self.mismatch(&error))?;
        }
        Ok(())
    }

    fn check_parent(&self, parent: &Column) -> Result<(), RowFilterError> {
        let problem = match parent.holds {
            Holds::Entity(kind) if kind != self.kind => return Ok(()),
            Holds::Entity(_) => "holds a parent of the rows' own type: rows that are in rows can't be followed",
            _ => "holds a parent, so it must be Column::entity",
        };
        Err(RowFilterError::Table { kind: self.kind, problem: format!("the column `{}` {problem}", parent.name) })
    }

    fn sample(&self, only_required: bool) -> Result<Entity, RowFilterError> {
        let mut attributes = HashMap::new();
        for (name, column) in &self.attributes {
            if !(only_required && column.optional) {
                attributes.insert((*name).to_owned(), self.sample_value(column.holds)?);
            }
        }
        let mut parents = HashSet::new();
        for parent in &self.parents {
            if let Holds::Entity(kind) = parent.holds {
                parents.insert(self.sample_uid(kind)?);
            }
        }
        Entity::new(self.sample_uid(self.kind)?, attributes, parents).map_err(|error| self.mismatch(&error))
    }

    fn sample_value(&self, holds: Holds) -> Result<RestrictedExpression, RowFilterError> {
        Ok(match holds {
            Holds::Text => RestrictedExpression::new_string(String::new()),
            Holds::Number => RestrictedExpression::new_long(0),
            Holds::Flag => RestrictedExpression::new_bool(false),
            Holds::Moment => RestrictedExpression::new_datetime("1970-01-01"),
            Holds::Entity(kind) => RestrictedExpression::new_entity_uid(self.sample_uid(kind)?),
        })
    }

    fn sample_uid(&self, kind: &str) -> Result<EntityUid, RowFilterError> {
        let kind: EntityTypeName = kind.parse().map_err(|error| self.mismatch(&error))?;
        Ok(EntityUid::from_type_name_and_id(kind, EntityId::new("sample")))
    }

    fn mismatch(&self, error: &dyn std::error::Error) -> RowFilterError {
        RowFilterError::Table { kind: self.kind, problem: chain(error) }
    }
}

/// Letters, digits and `_`: nothing that could leave the quotes that the clause puts around it.
fn check_name(name: &'static str) -> Result<(), RowFilterError> {
    let letter = |character: char| character.is_ascii_alphabetic() || character == '_';
    let valid = name.len() <= LONGEST_NAME
        && name.starts_with(letter)
        && name.chars().all(|character| letter(character) || character.is_ascii_digit());
    if valid { Ok(()) } else { Err(RowFilterError::Name(name)) }
}
