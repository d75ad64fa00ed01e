use std::{borrow::Cow, fmt};

use cedar_policy::Effect;
use zhongtai_authz::{Asked, Compiled};
use zhongtai_kernel::{Attribute, CallerFacts, Question, Timestamp};

use crate::{
    Bind, RowFilterError, Table,
    clause::Clause,
    condition::{Condition, Place, Term},
    error::{MAX_BINDS, MAX_BYTES},
    meaning::Truth,
    residual::Residual,
    table::Holds,
    translate::Translator,
    world::World,
};

/// Stack for partial evaluation and translation, bytes: a guest's fiber has less than Cedar wants.
const STACK: usize = 4 << 20;

/// A policy whose clause would have more parts than this, or be deeper, is not translated. SQLite takes expressions
/// that are 1,000 deep.
const MAX_SIZE: usize = 20_000;
const MAX_DEPTH: usize = 300;

/// Which database the clause is for. Only text comparison differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// What is asked of policy about every row.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The Cedar action, such as `case:list`.
    pub action: &'a str,
    /// Why, where the action needs a purpose (目的).
    pub purpose: Option<&'a str>,
    /// On what legal ground (依据).
    pub basis: Option<&'a str>,
    /// With whose consent (授权书): the consent's id.
    pub consent: Option<&'a str>,
    /// For which case (办件): its id.
    pub case: Option<&'a str>,
}

/// Which rows of a table a caller may see, as SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFilter {
    clause: Clause,
    untranslated: Vec<Untranslated>,
}

/// Part of a policy that has no SQL. Rows for which Cedar would get there are not selected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Untranslated {
    /// The policy's id.
    pub policy: String,
    /// What it is that has none.
    pub construct: Construct,
}

/// What has no SQL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Construct {
    /// An attribute of the row for which the table names no column.
    Attribute(String),
    /// Something about a row other than the one being asked for.
    OtherRow,
    /// A tag.
    Tag,
    /// A function of `decimal`, `ipaddr`, `datetime` or `duration`.
    Function,
    /// Another kind of expression.
    Expression(&'static str),
    /// More than a statement takes.
    TooLarge,
    /// A permit with `@mask`: its rows may not be shown as they are, and a clause can't hide parts of them.
    Mask,
}

// === impl Rows ===

impl<'a> Rows<'a> {
    /// May the caller do `action` on each row?
    pub fn new(action: &'a str) -> Self {
        Self { action, purpose: None, basis: None, consent: None, case: None }
    }

    /// The same for a purpose.
    #[must_use]
    pub fn for_purpose(self, purpose: &'a str) -> Self {
        Self { purpose: Some(purpose), ..self }
    }

    /// About a row of this type that has some attribute: that makes it one which is described, not looked up.
    fn question(&self, kind: &str) -> Question {
        let own = |fact: Option<&str>| fact.map(str::to_owned);
        Question {
            action: self.action.to_owned(),
            kind: kind.to_owned(),
            id: String::new(),
            attributes: vec![("row".to_owned(), Attribute::Text(Cow::Borrowed("")))],
            purpose: own(self.purpose),
            basis: own(self.basis),
            consent: own(self.consent),
            case: own(self.case),
        }
    }
}

// === impl RowFilter ===

impl RowFilter {
    /// The rows of `table` for which the policies in `compiled` allow what `rows` asks: exactly those that a decision
    /// for each row would allow without a mask, and fewer where [`Self::untranslated`] lists something. Policy sees
    /// `now` to the minute, so a filter holds that long.
    pub fn new(
        compiled: &Compiled,
        caller: &CallerFacts,
        rows: &Rows<'_>,
        now: Timestamp,
        table: &Table,
        dialect: Dialect,
    ) -> Result<Self, RowFilterError> {
        stacker::grow(STACK, || {
            table.check(compiled.schema())?;
            let mut asked =
                Asked::new(compiled, caller, &rows.question(table.kind), now).map_err(RowFilterError::Question)?;
            // What stands for every row is none of them.
            asked.resource = None;
            let entities = asked.entities(compiled).map_err(RowFilterError::Question)?;
            let world = World::new(entities, table)?;
            let residuals = Residual::all(compiled, &asked.request, world.entities())?;
            Self::compose(&residuals, &world, table, dialect)
        })
    }

    /// A permit holds, no forbid does, and nothing errs.
    fn compose(residuals: &[Residual], world: &World, table: &Table, dialect: Dialect) -> Result<Self, RowFilterError> {
        let (mut permits, mut denials, mut untranslated) = (Vec::new(), Vec::new(), Vec::new());
        for residual in residuals {
            let (truth, constructs) = translated(residual, world, table, dialect);
            match residual.effect {
                Effect::Permit => permits.push(truth.yes),
                Effect::Forbid => denials.push(truth.yes),
            }
            denials.push(truth.bad);
            let note = |construct| Untranslated { policy: residual.id.clone(), construct };
            untranslated.extend(constructs.into_iter().map(note));
        }
        let allowed = Condition::all([Condition::any(permits), Condition::any(denials).negated()]);
        let selected = if allowed.is(false) { allowed } else { Condition::all([whole(table), allowed]) };
        let clause = Clause::new(&selected, table.name, dialect);
        let (bytes, binds) = (clause.bytes(), clause.binds.len());
        if bytes > MAX_BYTES || binds > MAX_BINDS {
            return Err(RowFilterError::TooLarge { bytes, binds });
        }
        Ok(Self { clause, untranslated })
    }

    /// The clause, in parentheses where it needs them: what stands after `WHERE` or `AND`. Its parameters are
    /// `$first`, `$first + 1`, ... in the order of [`Self::binds`]. It names columns with the table, so the statement
    /// must not give the table another name.
    pub fn clause(&self, first: usize) -> String {
        self.clause.text(first)
    }

    /// The values to bind.
    pub fn binds(&self) -> &[Bind] {
        &self.clause.binds
    }

    /// What failed closed, by policy: why rows may be missing.
    pub fn untranslated(&self) -> &[Untranslated] {
        &self.untranslated
    }
}

/// A row that is as the table says. Cedar would refuse another one.
fn whole(table: &Table) -> Condition {
    let id = Place { name: table.id, is_text: true };
    let mut conditions = vec![Condition::present(id)];
    for column in table.columns() {
        let place = column.place();
        let is_bit = match column.holds {
            Holds::Flag => Condition::among(Term::column(place), vec![Bind::Number(0), Bind::Number(1)]),
            _ => Condition::constant(true),
        };
        conditions.push(match column.optional {
            true if is_bit.is(true) => is_bit,
            true => Condition::any([Condition::present(place).negated(), is_bit]),
            false => Condition::all([Condition::present(place), is_bit]),
        });
    }
    Condition::all(conditions)
}

/// What a policy is on a row, and what of it has no SQL.
fn translated(residual: &Residual, world: &World, table: &Table, dialect: Dialect) -> (Truth, Vec<Construct>) {
    let Some(conditions) = &residual.conditions else {
        return (Truth::bad(), vec![Construct::Expression("an expression that Cedar can't write down")]);
    };
    let mut translator = Translator::new(world, table, dialect);
    let operands = conditions.iter().map(|condition| {
        let truth = translator.truth(&condition.expression);
        if condition.is_unless { truth.negated() } else { truth }
    });
    let mut truth = Truth::all(operands.collect());
    let mut constructs: Vec<Construct> = translator.untranslated.into_iter().collect();
    let parts = [&truth.yes, &truth.bad];
    if parts.iter().any(|part| part.size() > MAX_SIZE || part.depth() > MAX_DEPTH) {
        return (Truth::bad(), vec![Construct::TooLarge]);
    }
    if residual.masks && !truth.yes.is(false) {
        truth.yes = Condition::constant(false);
        constructs.push(Construct::Mask);
    }
    (truth, constructs)
}

// === impl Construct ===

impl fmt::Display for Construct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(name) => write!(f, "`resource.{name}`, for which the table has no column"),
            Self::OtherRow => f.write_str("another row of the same table"),
            Self::Tag => f.write_str("a tag"),
            Self::Function => f.write_str("a function of decimal, ipaddr, datetime or duration"),
            Self::Expression(what) => f.write_str(what),
            Self::TooLarge => f.write_str("more than a statement takes"),
            Self::Mask => f.write_str("`@mask`: the rows it permits may not be shown as they are"),
        }
    }
}

impl fmt::Display for Untranslated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.policy, self.construct)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_untranslated_is_named_with_its_policy() {
        let construct = Construct::Attribute("tags".to_owned());
        let note = Untranslated { policy: "p".to_owned(), construct };
        assert_eq!(note.to_string(), "p: `resource.tags`, for which the table has no column");
    }
}
