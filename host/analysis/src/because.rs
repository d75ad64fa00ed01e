//! What changed, as people wrote it: conditions are compared one by one, and shown in the words of the policy's text.

use std::collections::BTreeSet;

use cedar_policy::EntityUid;
use cedar_policy_core::ast::{Expr, ExprKind, Policy as CorePolicy, UnaryOp};
use serde_json::Value;
use zhongtai_authz::Compiled;

use crate::{
    DeclaredChange, PolicyChange, PolicyEdit, Shown,
    replay::Set,
    rule::{Diff, Rule},
};

/// Every policy that changes, by id.
pub(crate) fn changes(old: &Set<'_>, new: &Set<'_>, diff: &Diff<'_>) -> Vec<PolicyChange> {
    let before: Vec<&Rule<'_>> = diff.old_only.iter().filter_map(|at| diff.old.get(*at)).collect();
    let after: Vec<&Rule<'_>> = diff.new_only.iter().filter_map(|at| diff.new.get(*at)).collect();
    let mut changes = Vec::new();
    for rule in &after {
        let was = before.iter().find(|was| was.id() == rule.id() && was.is_permit() == rule.is_permit());
        let what = match was {
            Some(was) => edit(was, rule),
            None => PolicyEdit::Added { forbid: !rule.is_permit() },
        };
        changes.push(change(&new.compiled, rule, what));
    }
    for rule in &before {
        if !after.iter().any(|now| now.id() == rule.id() && now.is_permit() == rule.is_permit()) {
            changes.push(change(&old.compiled, rule, PolicyEdit::Removed { forbid: !rule.is_permit() }));
        }
    }
    changes.sort_by(|a, b| a.policy.cmp(&b.policy));
    changes
}

/// The changes that made a difference: of the policies that decided, or of any that can, where those did not change.
pub(crate) fn decisive(
    changes: &[PolicyChange],
    able: &BTreeSet<String>,
    old: &Shown,
    new: &Shown,
) -> Vec<PolicyChange> {
    let decided = |change: &&PolicyChange| old.reasons.contains(&change.policy) || new.reasons.contains(&change.policy);
    let found: Vec<PolicyChange> = changes.iter().filter(decided).cloned().collect();
    match found.is_empty() {
        false => found,
        true => changes.iter().filter(|change| able.contains(&change.policy)).cloned().collect(),
    }
}

/// Entities that `entities.json` files declare otherwise.
pub(crate) fn declared(old: &Compiled, new: &Compiled) -> Vec<DeclaredChange> {
    let uids = old.entities().iter().chain(new.entities().iter()).map(|entity| entity.uid());
    let uids: BTreeSet<_> = uids.filter(|uid| uid.type_name().basename() != "Action").collect();
    let changes = uids.into_iter().map(|uid| DeclaredChange {
        today: declaration(old, &uid),
        draft: declaration(new, &uid),
        entity: uid.to_string(),
    });
    changes.filter(|change| change.today != change.draft).collect()
}

fn declaration(compiled: &Compiled, uid: &EntityUid) -> Option<Value> {
    compiled.entities().get(uid)?.to_json_value().ok().map(sorted_parents)
}

/// Cedar writes parents in no order.
fn sorted_parents(mut entity: Value) -> Value {
    if let Some(Value::Array(parents)) = entity.get_mut("parents") {
        parents.sort_by_key(ToString::to_string);
    }
    entity
}

fn change(compiled: &Compiled, rule: &Rule<'_>, what: PolicyEdit) -> PolicyChange {
    let source = compiled.source(rule.id()).map(|source| format!("{}:{}", source.path, source.line));
    PolicyChange { policy: rule.id().to_string(), source, what }
}

fn edit(was: &Rule<'_>, now: &Rule<'_>) -> PolicyEdit {
    let (before, after) = (conditions(was), conditions(now));
    let missing = |of: &[&Expr], from: &[&Expr]| -> Vec<String> {
        of.iter().filter(|one| !from.contains(one)).map(|one| text(one)).collect()
    };
    let (old_scope, new_scope) = (scope(was), scope(now));
    PolicyEdit::Edited {
        forbid: !now.is_permit(),
        dropped: missing(&before, &after),
        added: missing(&after, &before),
        scope: (old_scope != new_scope).then_some((old_scope, new_scope)),
        mask: (was.mask != now.mask).then_some((was.mask, now.mask)),
    }
}

fn scope(rule: &Rule<'_>) -> String {
    let policy: &CorePolicy = rule.policy.as_ref();
    let parts = (policy.principal_constraint(), policy.action_constraint(), policy.resource_constraint());
    format!("{}, {}, {}", parts.0, parts.1, parts.2)
}

/// What a policy asks, one by one: the parts of `&&`, of every `when` and `unless`.
fn conditions<'r>(rule: &'r Rule<'_>) -> Vec<&'r Expr> {
    let policy: &CorePolicy = rule.policy.as_ref();
    let mut open: Vec<&Expr> = policy.non_scope_constraints().into_iter().collect();
    let mut found = Vec::new();
    while let Some(expression) = open.pop() {
        match expression.expr_kind() {
            ExprKind::And { left, right } => open.extend([&**right, &**left]),
            _ => found.push(expression),
        }
    }
    found
}

/// As it was written; an `unless` says so.
fn text(condition: &Expr) -> String {
    let written = |expression: &Expr| {
        let snippet = expression.source_loc().and_then(|place| place.snippet()).map(str::to_owned);
        let text = snippet.unwrap_or_else(|| expression.to_string());
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    match condition.expr_kind() {
        // Cedar reads `a >= b` as `!(a < b)`, of the same text; so is `!=`.
        ExprKind::UnaryApp { op: UnaryOp::Not, arg }
            if !written(condition).starts_with('!') && written(arg) != written(condition) =>
        {
            format!("unless {}", written(arg))
        }
        _ => written(condition),
    }
}
