//! Policies that never apply, and conditions that ask nothing.

use cedar_policy::{ValidationMode, ValidationWarning, Validator, pst};
use pst::{BinaryOp, Expr, Literal};
use zhongtai_authz::Compiled;

use super::Finding;
use crate::{
    Words,
    anatomy::{Anatomy, Place, name},
    condition::Condition,
};

/// What Cedar's validator warns of: policies that can't apply, and texts that look like other texts.
pub(crate) fn warned(compiled: &Compiled) -> Vec<Finding> {
    let result = Validator::new(compiled.schema().clone()).validate(compiled.policies(), ValidationMode::Strict);
    result.validation_warnings().map(|warning| of_warning(compiled, warning)).collect()
}

fn of_warning(compiled: &Compiled, warning: &ValidationWarning) -> Finding {
    let id = name(warning.policy_id());
    let place = Place::of(compiled, warning.policy_id());
    match warning {
        ValidationWarning::ImpossiblePolicy(_) => Finding::warning(
            "never-applies",
            place,
            &id,
            Words::new("无论什么请求都不会满足它的条件", "no request can meet its conditions"),
            Words::new("改正条件，或删去这条策略", "correct the conditions, or remove the policy"),
        ),
        ValidationWarning::InvalidActionApplication(_) => Finding::warning(
            "never-applies",
            place,
            &id,
            Words::new(
                "模式中没有任何操作同时适用于它的主体和资源",
                "the schema has no action for its principal and resource together",
            ),
            Words::new("改正范围，或删去这条策略", "correct the scope, or remove the policy"),
        ),
        other => Finding::warning(
            "confusable-text",
            place,
            &id,
            Words::new(
                format!("有容易被看错的字符（{other}）"),
                format!("has characters that may be taken for others ({other})"),
            ),
            Words::new("改用不会混淆的字符", "write it with characters that can't be confused"),
        ),
    }
}

/// Conditions that are the same for every request, with the index of each.
pub(crate) fn constant(policy: &Anatomy) -> Vec<(Finding, usize)> {
    let constant = policy.conditions.iter().enumerate().filter(|(_, condition)| is_constant(&condition.expr));
    let finding = |condition: &Condition| {
        Finding::warning(
            "constant-condition",
            policy.place.clone(),
            &policy.id,
            Words::new(
                format!("`{}` 对所有请求都一样", condition.cedar),
                format!("`{}` is the same for every request", condition.cedar),
            ),
            Words::new("删去这个条件，或写出本来要问的", "remove the condition, or write what it was to ask"),
        )
    };
    constant.map(|(at, condition)| (finding(condition), at)).collect()
}

/// Two conditions that are never met together, with the index of the second.
pub(crate) fn contradicting(policy: &Anatomy) -> Option<(Finding, usize)> {
    let opposite = |later: &Condition, earlier: &&Condition| {
        earlier.wanted != later.wanted && earlier.expr == later.expr && !is_constant(&later.expr)
    };
    let (at, later) = policy
        .conditions
        .iter()
        .enumerate()
        .find(|(at, later)| policy.conditions.iter().take(*at).any(|earlier| opposite(later, &earlier)))?;
    let problem = Words::new(
        format!("`{}` 与前面的条件相反，两者不会同时满足", later.cedar),
        format!("`{}` is the opposite of an earlier condition: never are both met", later.cedar),
    );
    let remedy = Words::new("改正条件，或删去这条策略", "correct the conditions, or remove the policy");
    Some((Finding::warning("never-applies", policy.place.clone(), &policy.id, problem, remedy), at))
}

fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(Literal::Bool(_)) => true,
        Expr::BinaryOp { op: BinaryOp::Eq | BinaryOp::NotEq | BinaryOp::LessEq | BinaryOp::Less, left, right } => {
            left == right || matches!((&**left, &**right), (Expr::Literal(_), Expr::Literal(_)))
        }
        Expr::BinaryOp { op: BinaryOp::GreaterEq | BinaryOp::Greater | BinaryOp::In, left, right } => left == right,
        _ => false,
    }
}
