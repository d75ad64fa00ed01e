//! Forbids that may err. Cedar skips a policy that errs; the platform then denies, so that nothing is let through, but
//! nobody is told what was wrong with the request.

use cedar_policy::{Entities, RequestEnv, pst};
use pst::{BinaryOp, Expr, UnaryOp, Var};

use super::{
    Finding,
    types::{Type, Types},
};
use crate::{Words, anatomy::Anatomy, condition::Condition, scope::readable};

/// Attributes of the caller whose entities the host adds to every request.
const ALWAYS_THERE: [&str; 2] = ["plugin", "department"];

/// What in an expression may err.
#[derive(Clone)]
struct Risk {
    problem: Words,
    remedy: Words,
}

/// Where to look things up.
struct Eyes<'a> {
    types: &'a Types,
    entities: &'a Entities,
    envs: &'a [RequestEnv],
    conditions: &'a [Condition],
}

/// A warning for each condition of a forbid that may err, about the first thing in it.
pub(crate) fn findings(
    policy: &Anatomy,
    envs: &[RequestEnv],
    types: &Types,
    entities: &Entities,
) -> Vec<(Finding, usize)> {
    if policy.effect != pst::Effect::Forbid {
        return Vec::new();
    }
    let eyes = Eyes { types, entities, envs, conditions: &policy.conditions };
    let risks = policy.conditions.iter().enumerate().filter_map(|(at, condition)| {
        let risk = walk(&condition.expr, &|expr| eyes.risk(expr))?;
        let place = policy.place.clone();
        Some((Finding::warning("forbid-may-err", place, &policy.id, risk.problem, risk.remedy), at))
    });
    risks.collect()
}

// === impl Eyes ===

impl Eyes<'_> {
    fn risk(&self, expr: &Expr) -> Option<Risk> {
        match expr {
            Expr::BinaryOp { op: BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul, .. }
            | Expr::UnaryOp { op: UnaryOp::Neg, .. } => Some(overflow(expr)),
            Expr::BinaryOp { op: BinaryOp::Offset | BinaryOp::DurationSince, .. }
            | Expr::UnaryOp { op: UnaryOp::ToDate, .. } => Some(overflow(expr)),
            Expr::GetAttr { expr: of, attr } if self.may_be_missing(of) && !self.is_guarded(of, attr) => {
                Some(missing(of, expr))
            }
            Expr::BinaryOp { op: BinaryOp::GetTag, left, .. } if self.may_be_missing(left) => Some(missing(left, expr)),
            _ => None,
        }
    }

    /// True for an entity that need not be there. Caller and resource are: the host makes the one, and refuses a
    /// question about a resource that is neither described nor declared.
    fn may_be_missing(&self, expr: &Expr) -> bool {
        let known = match expr {
            Expr::Var(_) => true,
            Expr::GetAttr { expr, attr } => {
                matches!(**expr, Expr::Var(Var::Principal)) && ALWAYS_THERE.contains(&attr.as_str())
            }
            Expr::Literal(pst::Literal::EntityUID(uid)) => {
                readable(uid).parse().is_ok_and(|uid| self.entities.get(&uid).is_some())
            }
            _ => false,
        };
        !known && self.envs.iter().any(|env| matches!(self.types.of(expr, env), Type::Entity(_)))
    }

    /// `x has a` somewhere among the conditions. On a missing entity it is false, not an error.
    fn is_guarded(&self, of: &Expr, attr: &str) -> bool {
        let guard = |expr: &Expr| match expr {
            Expr::HasAttr { expr, attrs } => (**expr == *of && attrs.head == attr).then_some(()),
            _ => None,
        };
        self.conditions.iter().any(|condition| walk(&condition.expr, &guard).is_some())
    }
}

fn overflow(expr: &Expr) -> Risk {
    Risk {
        problem: Words::new(
            format!("`{expr}` 可能溢出；出错的禁止不会生效，平台只能整个拒绝"),
            format!("`{expr}` may overflow; a forbid that errs does not apply, and the platform can only deny"),
        ),
        remedy: Words::new(
            "改成不做运算的比较，或把结果作为属性由平台给出",
            "compare without arithmetic, or have the result given as an attribute",
        ),
    }
}

fn missing(of: &Expr, expr: &Expr) -> Risk {
    Risk {
        problem: Words::new(
            format!("`{expr}` 要查 `{of}` 这个实体，而它不一定存在；出错的禁止不会生效，平台只能整个拒绝"),
            format!(
                "`{expr}` looks `{of}` up, and that entity need not exist; a forbid that errs does not apply, and the \
                 platform can only deny"
            ),
        ),
        remedy: Words::new(
            "先用 `has` 判断，或把这个属性直接放在 principal、resource 上",
            "ask with `has` first, or put the attribute on principal or resource itself",
        ),
    }
}

/// The first thing in an expression, from the outside in, of which `look` says something.
pub(crate) fn walk<T: Clone>(expr: &Expr, look: &dyn Fn(&Expr) -> Option<T>) -> Option<T> {
    expr.reduce(&|part| look(part).map(Some), &|first: Option<T>, next| first.or(next), None)
}
