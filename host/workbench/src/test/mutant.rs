//! Small changes to policies. A change that no case notices shows that a case is missing.

use std::sync::Arc;

use cedar_policy::{ValidationMode, Validator, pst};
use pst::{ActionConstraint, BinaryOp, Clause, Effect, Expr, PrincipalConstraint, ResourceConstraint};

use crate::{
    anatomy::{Anatomy, Instance},
    condition::{Condition, clause},
    scope::Part,
    verdict::Alone,
};

/// What is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// The policy, or a template with all its grants, is gone.
    Removed,
    /// A condition is no longer asked.
    Dropped { condition: usize },
    /// One of the alternatives is no longer enough.
    Narrowed { condition: usize, alternative: usize },
    /// A comparison became its neighbour, such as `<=` to `<`.
    Flipped { condition: usize, from: &'static str, to: &'static str, comparison: String },
    /// A part of a permit's scope is no longer asked.
    Widened { part: Part },
}

/// A changed policy.
pub(crate) struct Mutant {
    pub(crate) change: Change,
    edit: Edit,
}

enum Edit {
    Remove,
    Conditions(Vec<Clause>),
    Widen(Part),
}

/// Comparisons with the neighbour each is mistaken for.
const NEIGHBOURS: [(BinaryOp, BinaryOp, &str, &str); 10] = [
    (BinaryOp::LessEq, BinaryOp::Less, "<=", "<"),
    (BinaryOp::Less, BinaryOp::LessEq, "<", "<="),
    (BinaryOp::GreaterEq, BinaryOp::Greater, ">=", ">"),
    (BinaryOp::Greater, BinaryOp::GreaterEq, ">", ">="),
    (BinaryOp::Eq, BinaryOp::NotEq, "==", "!="),
    (BinaryOp::NotEq, BinaryOp::Eq, "!=", "=="),
    (BinaryOp::DecimalLessEq, BinaryOp::DecimalLessThan, "lessThanOrEqual", "lessThan"),
    (BinaryOp::DecimalLessThan, BinaryOp::DecimalLessEq, "lessThan", "lessThanOrEqual"),
    (BinaryOp::DecimalGreaterEq, BinaryOp::DecimalGreater, "greaterThanOrEqual", "greaterThan"),
    (BinaryOp::DecimalGreater, BinaryOp::DecimalGreaterEq, "greaterThan", "greaterThanOrEqual"),
];

// === impl Change ===

impl Change {
    /// The condition that is changed.
    pub(crate) fn condition(&self) -> Option<usize> {
        match self {
            Self::Dropped { condition } | Self::Narrowed { condition, .. } | Self::Flipped { condition, .. } => {
                Some(*condition)
            }
            Self::Removed | Self::Widened { .. } => None,
        }
    }
}

// === impl Mutant ===

impl Mutant {
    /// Every small change of a policy.
    pub(crate) fn all(policy: &Anatomy) -> Vec<Self> {
        let mut mutants = vec![Self { change: Change::Removed, edit: Edit::Remove }];
        for (at, condition) in policy.conditions.iter().enumerate() {
            let replace = |by: Option<Clause>| Edit::Conditions(replaced(&policy.conditions, at, by));
            mutants.push(Self { change: Change::Dropped { condition: at }, edit: replace(None) });
            for alternative in 0..condition.alternatives.len() {
                let change = Change::Narrowed { condition: at, alternative };
                mutants.push(Self { change, edit: replace(without(condition, alternative)) });
            }
            for (expr, from, to, comparison) in flips(&condition.expr) {
                let change = Change::Flipped { condition: at, from, to, comparison };
                mutants.push(Self { change, edit: replace(Some(clause(expr, condition.wanted))) });
            }
        }
        mutants.extend(widened(policy));
        mutants
    }

    /// The changed policy in place of one instance: `None` when there is none any more, an error when what comes of
    /// the change is no valid policy.
    pub(crate) fn instance(&self, instance: &Instance, validator: &Validator) -> Result<Option<Alone>, String> {
        let body = instance.body.clone();
        let body = match &self.edit {
            Edit::Remove => return Ok(None),
            Edit::Conditions(clauses) => body.try_with_clauses(clauses.clone()).map_err(|error| error.to_string())?,
            Edit::Widen(part) => widen(body, *part),
        };
        let alone = Alone::new(body)?;
        let result = validator.validate(alone.set(), ValidationMode::Strict);
        match result.validation_errors().next() {
            Some(error) => Err(error.to_string()),
            None => Ok(Some(alone)),
        }
    }

    /// True where the changed policy may cover more actions than the written one.
    pub(crate) fn covers_more(&self) -> bool {
        matches!(self.edit, Edit::Widen(Part::Action))
    }
}

/// A permit with one part of the scope less. Forbids are not widened: who would be refused then shows in allow cases.
fn widened(policy: &Anatomy) -> impl Iterator<Item = Mutant> {
    let body = &policy.body;
    let bound = [
        (Part::Principal, body.principal != PrincipalConstraint::Any),
        (Part::Action, body.action != ActionConstraint::Any),
        (Part::Resource, body.resource != ResourceConstraint::Any),
    ];
    let permit = policy.effect == Effect::Permit;
    let parts = bound.into_iter().filter_map(move |(part, bound)| (permit && bound).then_some(part));
    parts.map(|part| Mutant { change: Change::Widened { part }, edit: Edit::Widen(part) })
}

fn widen(mut body: pst::Template, part: Part) -> pst::Template {
    match part {
        Part::Principal => body.principal = PrincipalConstraint::Any,
        Part::Action => body.action = ActionConstraint::Any,
        Part::Resource => body.resource = ResourceConstraint::Any,
    }
    body
}

/// The conditions as clauses, with another one, or none, in the place of `at`.
fn replaced(conditions: &[Condition], at: usize, by: Option<Clause>) -> Vec<Clause> {
    let mut by = by;
    let clauses = conditions.iter().enumerate();
    clauses.filter_map(|(index, condition)| if index == at { by.take() } else { Some(condition.clause()) }).collect()
}

/// A condition with one alternative less, as `when`.
fn without(condition: &Condition, alternative: usize) -> Option<Clause> {
    let rest = condition.alternatives.iter().enumerate().filter(|(index, _)| *index != alternative);
    let exprs = rest.map(|(_, alternative)| match alternative.wanted {
        true => alternative.expr.clone(),
        false => Arc::new(Expr::UnaryOp { op: pst::UnaryOp::Not, expr: alternative.expr.clone() }),
    });
    let joined = exprs.reduce(|left, right| Arc::new(Expr::BinaryOp { op: BinaryOp::Or, left, right }))?;
    Some(Clause::When(joined))
}

/// The expression with one comparison flipped, for each comparison in it; what was flipped to what, and which.
fn flips(expr: &Arc<Expr>) -> Vec<(Arc<Expr>, &'static str, &'static str, String)> {
    let mut found = Vec::new();
    match &**expr {
        Expr::BinaryOp { op, left, right } => {
            if let Some((_, to, from_text, to_text)) = NEIGHBOURS.iter().find(|(from, ..)| from == op) {
                let flipped = Expr::BinaryOp { op: *to, left: left.clone(), right: right.clone() };
                found.push((Arc::new(flipped), *from_text, *to_text, expr.to_string()));
            }
            for (left, from, to, text) in flips(left) {
                found.push((Arc::new(Expr::BinaryOp { op: *op, left, right: right.clone() }), from, to, text));
            }
            for (right, from, to, text) in flips(right) {
                found.push((Arc::new(Expr::BinaryOp { op: *op, left: left.clone(), right }), from, to, text));
            }
        }
        Expr::UnaryOp { op, expr } => {
            for (expr, from, to, text) in flips(expr) {
                found.push((Arc::new(Expr::UnaryOp { op: *op, expr }), from, to, text));
            }
        }
        Expr::IfThenElse { cond, then_expr, else_expr } => {
            for (cond, from, to, text) in flips(cond) {
                let (then_expr, else_expr) = (then_expr.clone(), else_expr.clone());
                found.push((Arc::new(Expr::IfThenElse { cond, then_expr, else_expr }), from, to, text));
            }
        }
        _ => {}
    }
    found
}
