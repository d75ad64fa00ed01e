//! From Cedar's expressions to what they are on a row.

use std::{collections::BTreeSet, sync::Arc};

use cedar_policy::pst::{BinaryOp, Expr, Literal, PatternElem, UnaryOp, Var};

use crate::{
    Bind, Construct, Dialect, Table,
    condition::{Comparison, Condition, Place, Term},
    meaning::{Meaning, Reference, Scalar, Stop, Truth, text},
    world::{Uid, World},
};

/// How deep expressions may be within one another; chains of `&&` and of `||` count once.
const MAX_DEPTH: usize = 64;

/// The longest pattern of a `like`, characters. SQLite takes 50,000 bytes.
const MAX_PATTERN: usize = 4_096;

/// Translates the policies of one filter.
pub(crate) struct Translator<'a> {
    pub(crate) world: &'a World,
    pub(crate) table: &'a Table,
    pub(crate) dialect: Dialect,
    /// What had no SQL, in the policy being translated.
    pub(crate) untranslated: BTreeSet<Construct>,
    depth: usize,
}

// === impl Translator ===

impl<'a> Translator<'a> {
    pub(crate) fn new(world: &'a World, table: &'a Table, dialect: Dialect) -> Self {
        Self { world, table, dialect, untranslated: BTreeSet::new(), depth: 0 }
    }

    /// A condition of a policy. What stops its translation is bad on every row that gets there.
    pub(crate) fn truth(&mut self, expression: &Expr) -> Truth {
        let truth = self.meaning(expression).and_then(Meaning::flag);
        truth.unwrap_or_else(|stop| {
            self.note(stop);
            Truth::bad()
        })
    }

    fn note(&mut self, stop: Stop) {
        if let Stop::Untranslated(construct) = stop {
            self.untranslated.insert(construct);
        }
    }

    pub(crate) fn meaning(&mut self, expression: &Expr) -> Result<Meaning, Stop> {
        if self.depth == MAX_DEPTH {
            return Err(Stop::Untranslated(Construct::TooLarge));
        }
        self.depth += 1;
        let meaning = self.at_depth(expression);
        self.depth -= 1;
        meaning
    }

    fn at_depth(&mut self, expression: &Expr) -> Result<Meaning, Stop> {
        match expression {
            Expr::Literal(literal) => constant(literal),
            Expr::Var(Var::Resource) => Ok(Meaning::Entity(self.row())),
            Expr::ResidualError => Err(Stop::Errs),
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::BinaryOp { op: BinaryOp::And, .. } => {
                let operands = self.chain(expression, BinaryOp::And);
                Ok(Meaning::Flag(Truth::all(operands)))
            }
            Expr::BinaryOp { op: BinaryOp::Or, .. } => {
                let operands = self.chain(expression, BinaryOp::Or);
                Ok(Meaning::Flag(Truth::any(operands)))
            }
            Expr::BinaryOp { op, left, right } => self.binary(*op, left, right),
            Expr::GetAttr { expr, attr } => {
                let base = self.meaning(expr)?;
                self.attribute(base, attr)
            }
            Expr::HasAttr { expr, attrs } => {
                let base = self.meaning(expr)?;
                let path: Vec<&str> = attrs.iter().map(AsRef::as_ref).collect();
                Ok(Meaning::Flag(self.has(base, &path)?))
            }
            Expr::Like { expr, pattern } => self.like(expr, pattern),
            Expr::Is { expr, entity_type, in_expr } => {
                let reference = self.reference(expr)?;
                let is_kind = reference.kind(self.table.kind) == entity_type.to_string();
                let is = Truth::unless_bad(reference.bad(), Condition::constant(is_kind));
                let Some(container) = in_expr else { return Ok(Meaning::Flag(is)) };
                let within = self.settled(|this| this.is_in(reference, container));
                Ok(Meaning::Flag(Truth::all(vec![is, within])))
            }
            Expr::IfThenElse { cond, then_expr, else_expr } => self.choice(cond, then_expr, else_expr),
            Expr::Set(elements) => {
                elements.iter().map(|one| self.meaning(one)).collect::<Result<_, _>>().map(Meaning::Set)
            }
            Expr::Record(_) => Err(Stop::untranslated("a record")),
            Expr::Var(_) | Expr::Slot(_) | Expr::Unknown { .. } => Err(Stop::untranslated("an unknown")),
            _ => Err(Stop::untranslated("an expression that this version does not know")),
        }
    }

    fn row(&self) -> Reference {
        Reference::Row(Term::column(self.id_place()))
    }

    fn id_place(&self) -> Place {
        Place { name: self.table.id, is_text: true }
    }

    fn settled(&mut self, translate: impl FnOnce(&mut Self) -> Result<Truth, Stop>) -> Truth {
        translate(self).unwrap_or_else(|stop| {
            self.note(stop);
            Truth::bad()
        })
    }

    /// The operands of `a && b && c`, which Cedar nests as deep as the chain is long.
    fn chain(&mut self, expression: &Expr, chained: BinaryOp) -> Vec<Truth> {
        let mut operands = Vec::new();
        let mut waiting = vec![expression];
        while let Some(next) = waiting.pop() {
            match next {
                Expr::BinaryOp { op, left, right } if *op == chained => waiting.extend([&**right, &**left]),
                operand => operands.push(self.truth(operand)),
            }
        }
        operands
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr) -> Result<Meaning, Stop> {
        match op {
            UnaryOp::Not => Ok(Meaning::Flag(self.meaning(operand)?.flag()?.negated())),
            UnaryOp::Neg => Ok(Meaning::Number(self.meaning(operand)?.number()?.negated())),
            UnaryOp::IsEmpty => {
                let elements = self.meaning(operand)?.elements()?;
                let is_empty = Condition::constant(elements.is_empty());
                Ok(Meaning::Flag(Truth::unless_bad(Meaning::Set(elements).bad(), is_empty)))
            }
            _ => Err(Stop::Untranslated(Construct::Function)),
        }
    }

    fn binary(&mut self, op: BinaryOp, left: &Arc<Expr>, right: &Arc<Expr>) -> Result<Meaning, Stop> {
        let row = self.table.kind;
        let comparison = match op {
            BinaryOp::Less | BinaryOp::Greater => Comparison::Less,
            _ => Comparison::LessEqual,
        };
        let truth = match op {
            BinaryOp::Eq => self.meaning(left)?.equals(self.meaning(right)?, row)?,
            BinaryOp::NotEq => self.meaning(left)?.equals(self.meaning(right)?, row)?.negated(),
            BinaryOp::Less | BinaryOp::LessEq => self.meaning(left)?.compare(comparison, self.meaning(right)?)?,
            BinaryOp::Greater | BinaryOp::GreaterEq => self.meaning(right)?.compare(comparison, self.meaning(left)?)?,
            BinaryOp::In => {
                let reference = self.reference(left)?;
                self.is_in(reference, right)?
            }
            BinaryOp::Contains => self.holds(left, right)?,
            BinaryOp::ContainsAll | BinaryOp::ContainsAny => self.overlap(op, left, right)?,
            BinaryOp::Add => return self.sum(left, right, Scalar::plus),
            BinaryOp::Sub => return self.sum(left, right, Scalar::minus),
            BinaryOp::Mul => return self.sum(left, right, Scalar::times),
            BinaryOp::Offset => return moment(left, right),
            BinaryOp::HasTag | BinaryOp::GetTag => return Err(Stop::Untranslated(Construct::Tag)),
            _ => return Err(Stop::Untranslated(Construct::Function)),
        };
        Ok(Meaning::Flag(truth))
    }

    fn sum(&mut self, left: &Expr, right: &Expr, sum: fn(Scalar, Scalar) -> Scalar) -> Result<Meaning, Stop> {
        let (left, right) = (self.meaning(left)?.number()?, self.meaning(right)?.number()?);
        Ok(Meaning::Number(sum(left, right)))
    }

    fn choice(&mut self, condition: &Expr, then: &Expr, otherwise: &Expr) -> Result<Meaning, Stop> {
        let condition = self.meaning(condition)?.flag()?;
        let row = self.table.kind;
        match (self.meaning(then), self.meaning(otherwise)) {
            (Ok(then), Ok(otherwise)) => then.choose(otherwise, &condition, row),
            // One branch that can't be taken leaves the rows that take the other.
            (Ok(then), Err(stop)) => {
                self.note(stop);
                then.only_if(&condition.surely(), row)
            }
            (Err(stop), Ok(otherwise)) => {
                self.note(stop);
                otherwise.only_if(&condition.no(), row)
            }
            (Err(stop), Err(_)) => Err(stop),
        }
    }

    /// `set.contains(value)`
    fn holds(&mut self, set: &Expr, value: &Expr) -> Result<Truth, Stop> {
        let (elements, value) = (self.meaning(set)?.elements()?, self.meaning(value)?);
        let bad = Condition::any([Meaning::Set(elements.clone()).bad(), value.bad()]);
        Ok(Truth::unless_bad(bad, self.is_one_of(&value, &elements)?))
    }

    /// `left.containsAll(right)` and `left.containsAny(right)`
    fn overlap(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Result<Truth, Stop> {
        let (left, right) = (self.meaning(left)?.elements()?, self.meaning(right)?.elements()?);
        let found: Vec<Condition> = right.iter().map(|one| self.is_one_of(one, &left)).collect::<Result<_, _>>()?;
        let bad = Condition::any([Meaning::Set(left).bad(), Meaning::Set(right).bad()]);
        let found = if op == BinaryOp::ContainsAll { Condition::all(found) } else { Condition::any(found) };
        Ok(Truth::unless_bad(bad, found))
    }

    /// Where neither is bad.
    fn is_one_of(&self, value: &Meaning, elements: &[Meaning]) -> Result<Condition, Stop> {
        let equal = |one: &Meaning| Ok(value.clone().equals(one.clone(), self.table.kind)?.yes);
        Ok(Condition::any(elements.iter().map(equal).collect::<Result<Vec<_>, Stop>>()?))
    }

    /// Pattern parts are the texts between wildcards.
    fn like(&mut self, operand: &Expr, pattern: &[PatternElem]) -> Result<Meaning, Stop> {
        let Meaning::Text(scalar) = self.meaning(operand)? else {
            return Err(Stop::untranslated("`like` on what is not a String"));
        };
        let mut parts = vec![String::new()];
        for element in pattern {
            match (element, parts.last_mut()) {
                (PatternElem::Char(character), Some(part)) => part.push(*character),
                _ => parts.push(String::new()),
            }
        }
        if pattern.len() > MAX_PATTERN || parts.iter().any(|part| part.contains('\0')) {
            return Err(Stop::untranslated("a `like` whose pattern is longer than 4,096 or holds U+0000"));
        }
        let nul = match self.dialect {
            Dialect::Sqlite => Condition::holds_nul(scalar.term.clone()),
            Dialect::Postgres => Condition::constant(false),
        };
        let bad = Condition::any([scalar.bad, nul]);
        Ok(Meaning::Flag(Truth::unless_bad(bad, Condition::like(scalar.term, parts))))
    }

    pub(crate) fn reference(&mut self, expression: &Expr) -> Result<Reference, Stop> {
        match self.meaning(expression)? {
            Meaning::Entity(reference) => Ok(reference),
            _ => Err(Stop::untranslated("a value that is not an entity where one is needed")),
        }
    }
}

fn constant(literal: &Literal) -> Result<Meaning, Stop> {
    Ok(match literal {
        Literal::Bool(value) => Meaning::Flag(Truth::constant(*value)),
        Literal::Long(value) => Meaning::Number(Scalar::constant(Bind::Number(*value))),
        Literal::String(value) => Meaning::Text(Scalar::constant(text(value)?)),
        Literal::EntityUID(uid) => Meaning::Entity(Reference::Known(Uid::from(uid))),
        _ => return Err(Stop::untranslated("a literal that this version does not know")),
    })
}

/// A datetime as Cedar writes one that it computed: `datetime("1970-01-01").offset(duration("5ms"))`.
fn moment(epoch: &Expr, offset: &Expr) -> Result<Meaning, Stop> {
    let other = || Stop::Untranslated(Construct::Function);
    let (Some("1970-01-01"), Some(offset)) = (argument(epoch, UnaryOp::Datetime), argument(offset, UnaryOp::Duration))
    else {
        return Err(other());
    };
    let milliseconds = offset.strip_suffix("ms").and_then(|number| number.parse().ok()).ok_or_else(other)?;
    Ok(Meaning::Moment(Scalar::constant(Bind::Number(milliseconds))))
}

fn argument(call: &Expr, function: UnaryOp) -> Option<&str> {
    match call {
        Expr::UnaryOp { op, expr } if *op == function => match &**expr {
            Expr::Literal(Literal::String(text)) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
