//! Permits that give more than anybody meant to, and policies that can't be named.

use cedar_policy::pst;
use pst::{Effect, Expr, ResourceConstraint, Var};

use super::{Finding, erring::walk};
use crate::{Words, actions::Actions, anatomy::Anatomy};

/// The group of every action that reads classified data.
const DATA_READ: &str = "data:read";

/// What is the matter with a policy as a whole.
pub(crate) fn findings(policy: &Anatomy, actions: &Actions) -> Vec<Finding> {
    [without_id(policy), without_purpose(policy, actions), too_broad(policy)].into_iter().flatten().collect()
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

/// The guardrail asks for a declared purpose anyway; a permit that says so can be read by itself.
fn without_purpose(policy: &Anatomy, actions: &Actions) -> Option<Finding> {
    let covered = actions.covered(&policy.body.action);
    let action = actions.first_in_group(&covered, DATA_READ)?;
    let asks = policy.conditions.iter().any(|condition| walk(&condition.expr, &purpose).is_some());
    if policy.effect == Effect::Forbid || asks {
        return None;
    }
    let problem = Words::new(
        format!("允许读取数据（{action}），却不问目的；任何已声明的目的都行"),
        format!("permits reading data ({action}) without asking what for: any declared purpose will do"),
    );
    let remedy = Words::new(
        "写明目的，例如 `context.purpose == \"...\"` 或 `principal.purposes.contains(context.purpose)`",
        "name the purpose, such as `context.purpose == \"...\"` or `principal.purposes.contains(context.purpose)`",
    );
    Some(Finding::warning("grant-without-purpose", policy.place.clone(), &policy.id, problem, remedy))
}

fn purpose(expr: &Expr) -> Option<()> {
    match expr {
        Expr::GetAttr { expr, attr } if attr == "purpose" => matches!(**expr, Expr::Var(Var::Context)).then_some(()),
        _ => None,
    }
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
