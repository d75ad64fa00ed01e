//! What an expression is on a row, and on which rows it is nothing because it errs.
//!
//! Cedar's booleans are three-valued: true, false, error. Each is two conditions here, "is true" and "is bad", and
//! neither is ever `NULL`. What can't be translated is bad as well: it is not known what it would be. Both deny the
//! row, so they need not be told apart, and Cedar's rules for errors hold for what is unknown too: `false && bad` is
//! false.

use crate::{
    Bind, Construct,
    condition::{Comparison, Condition, Place, Term},
    table::{Column, Holds},
    world::Uid,
};

/// Why an expression has no meaning on any row.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Cedar errs on every row.
    Errs,
    /// There is no SQL for it.
    Untranslated(Construct),
}

/// A boolean on a row. Where it is bad, `yes` means nothing.
#[derive(Debug, Clone)]
pub(crate) struct Truth {
    pub(crate) yes: Condition,
    pub(crate) bad: Condition,
}

/// A single value on a row: `term`, where `bad` is false.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    pub(crate) term: Term,
    pub(crate) bad: Condition,
}

#[derive(Debug, Clone)]
pub(crate) enum Meaning {
    Flag(Truth),
    Number(Scalar),
    Text(Scalar),
    Moment(Scalar),
    Entity(Reference),
    /// A set that is written down; `bad` is in its elements.
    Set(Vec<Meaning>),
}

/// An entity on a row.
#[derive(Debug, Clone)]
pub(crate) enum Reference {
    /// The row itself.
    Row(Term),
    /// The same one for every row.
    Known(Uid),
    /// One of this type.
    Other(String, Scalar),
}

// === impl Truth ===

impl Truth {
    pub(crate) fn constant(value: bool) -> Self {
        Self { yes: Condition::constant(value), bad: Condition::constant(false) }
    }

    pub(crate) fn bad() -> Self {
        Self { yes: Condition::constant(false), bad: Condition::constant(true) }
    }

    /// True where `condition` is, and bad where what it is about is bad.
    pub(crate) fn unless_bad(bad: Condition, condition: Condition) -> Self {
        Self { yes: Condition::all([bad.negated(), condition]), bad }
    }

    pub(crate) fn surely(&self) -> Condition {
        Condition::all([self.yes.clone(), self.bad.negated()])
    }

    pub(crate) fn no(&self) -> Condition {
        Condition::all([self.yes.negated(), self.bad.negated()])
    }

    pub(crate) fn negated(&self) -> Self {
        Self { yes: self.no(), bad: self.bad.clone() }
    }

    /// From left to right, and no further than the first that is false: what comes after it can't err.
    pub(crate) fn all(operands: Vec<Self>) -> Self {
        let reached = |rest, one: &Self| Condition::any([one.bad.clone(), Condition::all([one.yes.clone(), rest])]);
        let bad = operands.iter().rev().fold(Condition::constant(false), reached);
        Self { yes: Condition::all(operands.into_iter().map(|one| one.yes)), bad }
    }

    /// From left to right, and no further than the first that is true.
    pub(crate) fn any(operands: Vec<Self>) -> Self {
        let reached = |rest, one: &Self| Condition::any([one.bad.clone(), Condition::all([one.no(), rest])]);
        let bad = operands.iter().rev().fold(Condition::constant(false), reached);
        Self { yes: Condition::any(operands.into_iter().map(|one| one.yes)), bad }
    }

    pub(crate) fn choose(&self, then: Self, otherwise: Self) -> Self {
        let bad = self.choose_bad(then.bad, otherwise.bad);
        let yes =
            Condition::any([Condition::all([self.yes.clone(), then.yes]), Condition::all([self.no(), otherwise.yes])]);
        Self { yes, bad }
    }

    fn choose_bad(&self, then: Condition, otherwise: Condition) -> Condition {
        Condition::any([
            self.bad.clone(),
            Condition::all([self.yes.clone(), then]),
            Condition::all([self.no(), otherwise]),
        ])
    }

    fn choose_scalar(&self, then: Scalar, otherwise: Scalar) -> Scalar {
        let bad = self.choose_bad(then.bad, otherwise.bad);
        Scalar { term: Term::choice(self.yes.clone(), Some(then.term), otherwise.term), bad }
    }
}

// === impl Scalar ===

impl Scalar {
    pub(crate) fn constant(bind: Bind) -> Self {
        Self { term: Term::bind(bind), bad: Condition::constant(false) }
    }

    fn compare(self, comparison: Comparison, right: Self) -> Truth {
        let bad = Condition::any([self.bad, right.bad]);
        Truth::unless_bad(bad, Condition::compare(comparison, self.term, right.term))
    }
}

// === impl Reference ===

impl Reference {
    pub(crate) fn bad(&self) -> Condition {
        match self {
            Self::Row(_) | Self::Known(_) => Condition::constant(false),
            Self::Other(_, scalar) => scalar.bad.clone(),
        }
    }

    /// Its type and its id.
    pub(crate) fn scalar(&self, row_kind: &str) -> Result<(String, Scalar), Stop> {
        Ok(match self {
            Self::Row(id) => (row_kind.to_owned(), Scalar { term: id.clone(), bad: Condition::constant(false) }),
            Self::Known(uid) => (uid.kind.clone(), Scalar::constant(text(&uid.id)?)),
            Self::Other(kind, scalar) => (kind.clone(), scalar.clone()),
        })
    }

    pub(crate) fn kind<'a>(&'a self, row_kind: &'a str) -> &'a str {
        match self {
            Self::Row(_) => row_kind,
            Self::Known(uid) => &uid.kind,
            Self::Other(kind, _) => kind,
        }
    }
}

// === impl Meaning ===

impl Meaning {
    /// What a column holds; bad where an optional one holds nothing.
    pub(crate) fn of(column: &Column) -> Self {
        let place = column.place();
        let bad = column.presence().negated();
        let scalar = Scalar { term: Term::column(place), bad };
        match column.holds {
            Holds::Text => Self::Text(scalar),
            Holds::Number => Self::Number(scalar),
            Holds::Moment => Self::Moment(scalar),
            Holds::Entity(kind) => Self::Entity(Reference::Other(kind.to_owned(), scalar)),
            Holds::Flag => {
                let is_one = Condition::compare(Comparison::Equal, scalar.term, Term::number(1));
                Self::Flag(Truth::unless_bad(scalar.bad, is_one))
            }
        }
    }

    pub(crate) fn bad(&self) -> Condition {
        match self {
            Self::Flag(truth) => truth.bad.clone(),
            Self::Number(scalar) | Self::Text(scalar) | Self::Moment(scalar) => scalar.bad.clone(),
            Self::Entity(reference) => reference.bad(),
            Self::Set(elements) => Condition::any(elements.iter().map(Self::bad)),
        }
    }

    pub(crate) fn flag(self) -> Result<Truth, Stop> {
        match self {
            Self::Flag(truth) => Ok(truth),
            _ => Err(Stop::untranslated("a value that is not a Bool where one is needed")),
        }
    }

    pub(crate) fn number(self) -> Result<Scalar, Stop> {
        match self {
            Self::Number(scalar) => Ok(scalar),
            _ => Err(Stop::untranslated("arithmetic on what is not a Long")),
        }
    }

    pub(crate) fn elements(self) -> Result<Vec<Self>, Stop> {
        match self {
            Self::Set(elements) => Ok(elements),
            _ => Err(Stop::untranslated("a set that is not written down")),
        }
    }

    /// Cedar's `==`: values of different types are not equal, and that is no error.
    pub(crate) fn equals(self, other: Self, row_kind: &str) -> Result<Truth, Stop> {
        let bad = Condition::any([self.bad(), other.bad()]);
        Ok(match (self, other) {
            (Self::Flag(a), Self::Flag(b)) => {
                let both = Condition::all([a.yes.clone(), b.yes.clone()]);
                let neither = Condition::all([a.yes.negated(), b.yes.negated()]);
                Truth::unless_bad(bad, Condition::any([both, neither]))
            }
            (Self::Number(a), Self::Number(b))
            | (Self::Text(a), Self::Text(b))
            | (Self::Moment(a), Self::Moment(b)) => a.compare(Comparison::Equal, b),
            (Self::Entity(a), Self::Entity(b)) => {
                let ((a_kind, a), (b_kind, b)) = (a.scalar(row_kind)?, b.scalar(row_kind)?);
                let equal = Condition::compare(Comparison::Equal, a.term, b.term);
                Truth::unless_bad(bad, if a_kind == b_kind { equal } else { Condition::constant(false) })
            }
            (Self::Set(_), Self::Set(_)) => return Err(Stop::untranslated("sets compared with ==")),
            _ => Truth::unless_bad(bad, Condition::constant(false)),
        })
    }

    /// Cedar's `<` and `<=`, of two numbers or two moments.
    pub(crate) fn compare(self, comparison: Comparison, other: Self) -> Result<Truth, Stop> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) | (Self::Moment(a), Self::Moment(b)) => Ok(a.compare(comparison, b)),
            _ => Err(Stop::untranslated("an order of what is neither Long nor datetime")),
        }
    }

    /// `if condition then self else other`
    pub(crate) fn choose(self, other: Self, condition: &Truth, row_kind: &str) -> Result<Self, Stop> {
        Ok(match (self, other) {
            (Self::Flag(a), Self::Flag(b)) => Self::Flag(condition.choose(a, b)),
            (Self::Number(a), Self::Number(b)) => Self::Number(condition.choose_scalar(a, b)),
            (Self::Text(a), Self::Text(b)) => Self::Text(condition.choose_scalar(a, b)),
            (Self::Moment(a), Self::Moment(b)) => Self::Moment(condition.choose_scalar(a, b)),
            (Self::Entity(a), Self::Entity(b)) if a.kind(row_kind) == b.kind(row_kind) => {
                let ((kind, a), (_, b)) = (a.scalar(row_kind)?, b.scalar(row_kind)?);
                Self::Entity(Reference::Other(kind, condition.choose_scalar(a, b)))
            }
            _ => return Err(Stop::untranslated("`if` between sets or between entities of two types")),
        })
    }

    /// The same where `condition` is true, and bad elsewhere.
    pub(crate) fn only_if(self, condition: &Condition, row_kind: &str) -> Result<Self, Stop> {
        let limit = |scalar: Scalar| Scalar { bad: Condition::any([condition.negated(), scalar.bad]), ..scalar };
        Ok(match self {
            Self::Flag(truth) => {
                let bad = Condition::any([condition.negated(), truth.bad]);
                Self::Flag(Truth::unless_bad(bad, truth.yes))
            }
            Self::Number(scalar) => Self::Number(limit(scalar)),
            Self::Text(scalar) => Self::Text(limit(scalar)),
            Self::Moment(scalar) => Self::Moment(limit(scalar)),
            Self::Entity(reference) => {
                let (kind, scalar) = reference.scalar(row_kind)?;
                Self::Entity(Reference::Other(kind, limit(scalar)))
            }
            Self::Set(_) => return Err(Stop::untranslated("`if` between sets")),
        })
    }
}

// === impl Stop ===

impl Stop {
    pub(crate) fn untranslated(what: &'static str) -> Self {
        Self::Untranslated(Construct::Expression(what))
    }
}

// === impl Column ===

impl Column {
    pub(crate) fn place(&self) -> Place {
        Place { name: self.name, is_text: matches!(self.holds, Holds::Text | Holds::Entity(_)) }
    }

    /// Whether the attribute is there. A column that is not optional is asked for once, at the head of the clause.
    pub(crate) fn presence(&self) -> Condition {
        if self.optional { Condition::present(self.place()) } else { Condition::constant(true) }
    }
}

/// A text to compare with. PostgreSQL refuses U+0000 in one, and the whole statement with it.
pub(crate) fn text(value: &str) -> Result<Bind, Stop> {
    if value.contains('\0') {
        return Err(Stop::untranslated("a text that holds U+0000"));
    }
    Ok(Bind::Text(value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, clause::Clause};

    fn sql(condition: &Condition) -> String {
        Clause::new(condition, "t", Dialect::Postgres).text(1)
    }

    // Strict validation lets a policy read an optional attribute only behind `has`; this does not rely on it.
    #[test]
    fn a_value_of_an_optional_column_is_bad_where_it_is_null() {
        let less = |column: Column| {
            let limit = Meaning::Number(Scalar::constant(Bind::Number(3)));
            Meaning::of(&column).compare(Comparison::Less, limit).ok().unwrap()
        };
        let optional = less(Column::number("x").optional());
        assert_eq!(sql(&optional.bad), r#""t"."x" IS NULL"#);
        assert_eq!(sql(&optional.yes), r#"("t"."x" IS NOT NULL AND "t"."x" < $1)"#);
        assert_eq!(sql(&optional.no()), r#"(NOT (("t"."x" IS NOT NULL AND "t"."x" < $1)) AND "t"."x" IS NOT NULL)"#);
        let required = less(Column::number("x"));
        assert_eq!(sql(&required.yes), r#""t"."x" < $1"#);
    }

    #[test]
    fn what_is_tested_is_not_tested_again() {
        let has = Truth { yes: Column::number("x").optional().presence(), bad: Condition::constant(false) };
        let limit = Meaning::Number(Scalar::constant(Bind::Number(3)));
        let less = Meaning::of(&Column::number("x").optional()).compare(Comparison::Less, limit).ok().unwrap();
        let both = Truth::all(vec![has, less]);
        assert_eq!(sql(&both.yes), r#"("t"."x" IS NOT NULL AND "t"."x" < $1)"#);
        assert!(both.bad.is(false));
    }
}
