//! Permits that give more than anybody meant to, and policies that can't be named.

use std::collections::BTreeSet;

use cedar_policy::pst;
use pst::{BinaryOp, Effect, Expr, PrincipalConstraint, ResourceConstraint, Var};

use super::{Finding, erring::walk};
use crate::{
    Words,
    actions::{ActionIndex, Actions},
    anatomy::Anatomy,
    condition::Condition,
};

/// The group of every action that reads classified data.
const DATA_READ: &str = "data:read";

/// What every policy is looked at beside: the schema's actions, and what the forbids see to for all permits.
pub(crate) struct Surroundings<'a> {
    actions: &'a Actions,
    /// The actions for which a forbid refuses whoever gives no declared purpose.
    purpose_asked: BTreeSet<ActionIndex>,
}

// === impl Surroundings ===

impl<'a> Surroundings<'a> {
    pub(crate) fn new(policies: &[Anatomy], actions: &'a Actions) -> Self {
        let asking = policies.iter().filter(|policy| asks_everybody_for_a_purpose(policy));
        Self { actions, purpose_asked: asking.flat_map(|policy| actions.covered(&policy.body.action)).collect() }
    }

    /// What is the matter with a policy as a whole.
    pub(crate) fn findings(&self, policy: &Anatomy) -> Vec<Finding> {
        [without_id(policy), self.without_purpose(policy), too_broad(policy)].into_iter().flatten().collect()
    }

    /// A permit to read data that asks for no purpose, where no forbid asks in its place.
    fn without_purpose(&self, policy: &Anatomy) -> Option<Finding> {
        let covered = self.actions.covered(&policy.body.action);
        let unasked = covered.difference(&self.purpose_asked).copied().collect();
        let action = self.actions.first_in_group(&unasked, DATA_READ)?;
        let asks = policy.conditions.iter().any(|condition| walk(&condition.expr, &purpose).is_some());
        if policy.effect == Effect::Forbid || asks {
            return None;
        }
        let problem = Words::new(
            format!("允许读取数据（{action}），却不问目的，也没有禁止策略来问"),
            format!("permits reading data ({action}) without asking what for, and no forbid asks in its place"),
        );
        let remedy = Words::new(
            "写明目的，例如 `context.purpose == \"...\"` 或 `principal.purposes.contains(context.purpose)`",
            "name the purpose, such as `context.purpose == \"...\"` or `principal.purposes.contains(context.purpose)`",
        );
        Some(Finding::warning("grant-without-purpose", policy.place.clone(), &policy.id, problem, remedy))
    }
}

/// A forbid whose every condition is met where the purpose is not one that the plugin declared, whoever asks for
/// whatever: `unless { principal.purposes.contains(context.purpose) }`. One that says more may let somebody through.
fn asks_everybody_for_a_purpose(policy: &Anatomy) -> bool {
    let unbound = policy.body.principal == PrincipalConstraint::Any && policy.body.resource == ResourceConstraint::Any;
    policy.effect == Effect::Forbid
        && unbound
        && !policy.conditions.is_empty()
        && policy.conditions.iter().all(is_met_without_declared_purpose)
}

fn is_met_without_declared_purpose(condition: &Condition) -> bool {
    let is_refusal = !condition.wanted && is_declared_purpose(&condition.expr);
    is_refusal || condition.alternatives.iter().any(is_met_without_declared_purpose)
}

/// `principal.purposes.contains(context.purpose)`
fn is_declared_purpose(expr: &Expr) -> bool {
    let Expr::BinaryOp { op: BinaryOp::Contains, left, right } = expr else { return false };
    is_attribute(left, &Var::Principal, "purposes") && is_attribute(right, &Var::Context, "purpose")
}

fn is_attribute(expr: &Expr, of: &Var, name: &str) -> bool {
    matches!(expr, Expr::GetAttr { expr, attr } if attr == name && matches!(&**expr, Expr::Var(var) if var == of))
}

fn without_id(policy: &Anatomy) -> Option<Finding> {
    if policy.annotation("id").is_some_and(|id| !id.trim().is_empty()) {
        return None;
    }
    let problem = Words::new(
        "没有 `@id`；审计日志只能记下它在文件中的序号，改动文件后就对不上了",
        "has no `@id`: the audit log can only say which one of the file it was, and that changes with the file",
    );
    let remedy = Words::new("加上 `@id(\"...\")`，说出它允许或禁止什么", "add `@id(\"...\")` that says what it is for");
    Some(Finding::warning("no-id", policy.place.clone(), &policy.id, problem, remedy))
}

fn purpose(expr: &Expr) -> Option<()> {
    is_attribute(expr, &Var::Context, "purpose").then_some(())
}

fn too_broad(policy: &Anatomy) -> Option<Finding> {
    let unbound = policy.conditions.is_empty() && policy.body.resource == ResourceConstraint::Any;
    if policy.effect == Effect::Forbid || !unbound {
        return None;
    }
    let problem = Words::new(
        "既无条件，也不限定资源：凡是范围内的人都可以对任何资源这样做",
        "has neither conditions nor a bound on the resource: whoever is in scope may do it to everything",
    );
    let remedy = Words::new(
        "用 `resource == ...`、`resource in ...` 或 `when { ... }` 限定",
        "bind it by `resource == ...`, `resource in ...` or `when { ... }`",
    );
    Some(Finding::warning("too-broad", policy.place.clone(), &policy.id, problem, remedy))
}
