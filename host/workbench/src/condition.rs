//! A policy's conditions, one by one. All of them must be met for the policy to apply.

use std::sync::Arc;

use cedar_policy::{Entities, EvalResult, Expression, Request, eval_expression, pst};
use pst::{BinaryOp, Clause, Expr, UnaryOp};
use serde::Serialize;

/// One condition: a top-level part of `when` or `unless`.
#[derive(Clone)]
pub(crate) struct Condition {
    /// As written, without the negation.
    pub(crate) expr: Arc<Expr>,
    /// False where the expression must be false: it stands in an `unless`, or behind a `!`.
    pub(crate) wanted: bool,
    /// As Cedar writes it, with the negation.
    pub(crate) cedar: String,
    /// Where one of several is enough: each of them.
    pub(crate) alternatives: Vec<Condition>,
    expression: Expression,
}

/// What a condition comes to for one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Truth {
    /// It is met.
    True,
    /// It is not met.
    False,
    /// It can't be told: an earlier condition is not met, and this one only makes sense when that one is.
    Unreached,
    /// Cedar can't evaluate it, so the whole policy is skipped.
    Error(String),
}

// === impl Condition ===

impl Condition {
    /// Every condition of a policy, in Cedar's order.
    pub(crate) fn all(clauses: &[Clause]) -> Result<Vec<Self>, String> {
        let mut conditions = Vec::new();
        for clause in clauses {
            let (expr, wanted) = match clause {
                Clause::When(expr) => (expr, true),
                Clause::Unless(expr) => (expr, false),
            };
            for (expr, wanted) in split(expr, wanted, BinaryOp::And) {
                conditions.push(Self::new(expr, wanted)?);
            }
        }
        Ok(conditions)
    }

    fn new(expr: Arc<Expr>, wanted: bool) -> Result<Self, String> {
        let mut alternatives = Vec::new();
        let parts = split(&expr, wanted, BinaryOp::Or);
        if parts.len() > 1 {
            for (part, wanted) in parts {
                alternatives.push(Self::new(part, wanted)?);
            }
        }
        let text = expr.to_string();
        let expression = text.parse().map_err(|error| format!("{text}: {error}"))?;
        let cedar = match (wanted, &*expr) {
            (true, _) => text,
            (false, Expr::BinaryOp { op: BinaryOp::Contains | BinaryOp::ContainsAll | BinaryOp::ContainsAny, .. }) => {
                format!("!{text}")
            }
            (false, _) => format!("!({text})"),
        };
        Ok(Self { expr, wanted, cedar, alternatives, expression })
    }

    /// The condition as a clause of its own.
    pub(crate) fn clause(&self) -> Clause {
        clause(self.expr.clone(), self.wanted)
    }

    /// Whether it is met, looked at by itself.
    pub(crate) fn holds(&self, request: &Request, entities: &Entities) -> Result<bool, String> {
        holds(&self.expression, request, entities).map(|truth| truth == self.wanted)
    }

    /// What each condition comes to, in order.
    pub(crate) fn truths(conditions: &[Self], request: &Request, entities: &Entities) -> Vec<Truth> {
        let mut reached = true;
        let truth = |condition: &Self| {
            let truth = match condition.holds(request, entities) {
                Ok(true) => Truth::True,
                Ok(false) => Truth::False,
                Err(_) if !reached => Truth::Unreached,
                Err(problem) => Truth::Error(problem),
            };
            reached &= truth == Truth::True;
            truth
        };
        conditions.iter().map(truth).collect()
    }

    /// How Cedar prints the expression, under which its place in the text is found.
    pub(crate) fn canonical(&self) -> String {
        self.expression.to_string()
    }
}

/// A clause that asks for `expr` to be `wanted`.
pub(crate) fn clause(expr: Arc<Expr>, wanted: bool) -> Clause {
    if wanted { Clause::When(expr) } else { Clause::Unless(expr) }
}

/// Evaluates an expression that must come to a Boolean.
pub(crate) fn holds(expression: &Expression, request: &Request, entities: &Entities) -> Result<bool, String> {
    match eval_expression(request, entities, expression) {
        Ok(EvalResult::Bool(truth)) => Ok(truth),
        Ok(other) => Err(format!("`{other}` is neither true nor false")),
        Err(error) => Err(error.to_string()),
    }
}

/// The parts that `by` joins, seen through negations: `!(a || b)` is `!a && !b`.
fn split(expr: &Arc<Expr>, wanted: bool, by: BinaryOp) -> Vec<(Arc<Expr>, bool)> {
    let joined_by = match (by, wanted) {
        (BinaryOp::And, true) | (BinaryOp::Or, false) => BinaryOp::And,
        _ => BinaryOp::Or,
    };
    match &**expr {
        Expr::UnaryOp { op: UnaryOp::Not, expr } => split(expr, !wanted, by),
        Expr::BinaryOp { op, left, right } if *op == joined_by => {
            let mut parts = split(left, wanted, by);
            parts.extend(split(right, wanted, by));
            parts
        }
        _ => vec![(expr.clone(), wanted)],
    }
}
