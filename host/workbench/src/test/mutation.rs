//! The mutation score: how many small changes the cases notice.

use cedar_policy::Validator;
use serde::Serialize;

use super::{
    bench::{Asked, Bench, passes},
    mutant::{Change, Mutant},
};
use crate::{
    Words,
    anatomy::{Anatomy, Place},
    condition::Condition,
    verdict::{Alone, Outcome},
};

/// How many small changes to the policies the cases notice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Mutation {
    /// Changes that were tried.
    pub tried: usize,
    /// Changes after which a case failed.
    pub killed: usize,
    /// Changes that Cedar's validator refuses, such as a dropped `has`: nobody could make them.
    pub refused: usize,
    /// Changes that no case noticed.
    pub survivors: Vec<Survivor>,
}

/// A change that no case noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Survivor {
    /// The policy's id.
    pub policy: String,
    /// Where what was changed is written.
    pub place: Place,
    /// What was changed.
    pub change: Words,
    /// What a case would have to show.
    pub missing: Words,
}

/// The instances of a mutant, by their place in the bench's order.
type Changed = Vec<(usize, Option<Alone>)>;

// === impl Mutation ===

impl Mutation {
    /// Tries every small change of every policy that is in force.
    pub(crate) fn run(bench: &Bench<'_>) -> Self {
        let validator = Validator::new(bench.compiled.schema().clone());
        let mut score = Self::default();
        for (at, policy) in bench.policies.iter().enumerate().filter(|(_, policy)| !policy.instances.is_empty()) {
            for mutant in Mutant::all(policy) {
                let Ok(changed) = changed(bench, at, &mutant, &validator) else {
                    score.refused += 1;
                    continue;
                };
                score.tried += 1;
                if is_noticed(bench, at, &mutant, &changed) {
                    score.killed += 1;
                } else {
                    score.survivors.push(survivor(bench, policy, &mutant.change));
                }
            }
        }
        score
    }

    /// Noticed changes in whole percent, rounded down; 100 where there was nothing to change.
    pub fn percent(&self) -> usize {
        (self.killed * 100).checked_div(self.tried).unwrap_or(100)
    }
}

fn changed(bench: &Bench<'_>, policy: usize, mutant: &Mutant, validator: &Validator) -> Result<Changed, String> {
    let of_policy = bench.order.iter().enumerate().filter(|(_, (owner, _))| *owner == policy);
    let instances = of_policy.filter_map(|(index, at)| Some((index, bench.instance(*at)?.1)));
    instances.map(|(index, instance)| Ok((index, mutant.instance(instance, validator)?))).collect()
}

/// Whether a case that passes would fail.
fn is_noticed(bench: &Bench<'_>, policy: usize, mutant: &Mutant, changed: &Changed) -> bool {
    let covered = bench.policies.get(policy).map(|policy| bench.actions.covered(&policy.body.action));
    let touched = |asked: &Asked| {
        mutant.covers_more()
            || asked.action.zip(covered.as_ref()).is_some_and(|(action, covered)| covered.contains(&action))
    };
    bench.cases.iter().any(|case| match &case.asked {
        Ok(asked) if asked.passed && touched(asked) => {
            let other = outcomes(asked, changed);
            !other.is_empty() && !passes(&case.written, &bench.verdict_with(asked, &other))
        }
        _ => false,
    })
}

/// What comes out differently.
fn outcomes(asked: &Asked, changed: &Changed) -> Vec<(usize, Outcome)> {
    let new = changed.iter().map(|(index, alone)| {
        let outcome = alone.as_ref().map_or(Outcome::Unmatched, |alone| alone.outcome(&asked.request, &asked.entities));
        (*index, outcome)
    });
    new.filter(|(index, outcome)| asked.outcomes.get(*index) != Some(outcome)).collect()
}

fn survivor(bench: &Bench<'_>, policy: &Anatomy, change: &Change) -> Survivor {
    let condition = change.condition().and_then(|at| policy.conditions.get(at));
    let place = condition
        .map_or_else(|| policy.place.clone(), |condition| policy.place_of(condition, bench.compiled, bench.texts));
    let (change, missing) = explained(policy, change, condition);
    Survivor { policy: policy.id.clone(), place, change, missing }
}

/// What was changed, and the case that would notice it.
fn explained(policy: &Anatomy, change: &Change, condition: Option<&Condition>) -> (Words, Words) {
    let permit = policy.effect == cedar_policy::pst::Effect::Permit;
    let cedar = condition.map(|condition| condition.cedar.as_str()).unwrap_or_default();
    match change {
        Change::Removed if permit => (
            Words::new("删去整条许可", "the permit removed"),
            Words::new("缺少一个只靠它才被允许的 allow 用例", "an allow case that only this permit allows"),
        ),
        Change::Removed => (
            Words::new("删去整条禁止", "the forbid removed"),
            Words::new(
                "缺少一个有许可、只因它才被拒绝的 deny 用例",
                "a deny case that some permit would allow and only this forbid stops",
            ),
        ),
        Change::Dropped { .. } => (
            Words::new(format!("不再要求 `{cedar}`"), format!("`{cedar}` no longer asked")),
            missing_where_only_this_fails(permit),
        ),
        Change::Narrowed { alternative, .. } => {
            let part = condition.and_then(|condition| condition.alternatives.get(*alternative));
            let part = part.map(|part| part.cedar.as_str()).unwrap_or_default();
            (
                Words::new(format!("`{part}` 不再足够"), format!("`{part}` no longer enough")),
                missing_where_only_this_holds(permit),
            )
        }
        Change::Flipped { from, to, comparison, .. } => (
            Words::new(
                format!("`{comparison}` 中 `{from}` 改为 `{to}`"),
                format!("`{from}` became `{to}` in `{comparison}`"),
            ),
            match *from {
                "==" | "!=" => {
                    Words::new("缺少一个由这个比较决定结果的用例", "a case whose outcome rests on this comparison")
                }
                _ => Words::new("缺少恰好在边界上的用例", "a case exactly at the boundary of this comparison"),
            },
        ),
        Change::Widened { part } => (
            Words::new(
                format!("范围不再限定 {}", part.as_str()),
                format!("`{}` no longer bound by the scope", part.as_str()),
            ),
            Words::new(
                format!("缺少一个只有 {} 不同的 deny 用例", part.as_str()),
                format!("a deny case that differs in the {} only", part.as_str()),
            ),
        ),
    }
}

fn missing_where_only_this_fails(permit: bool) -> Words {
    match permit {
        true => Words::new(
            "缺少一个其余条件都满足、只有它不满足的 deny 用例",
            "a deny case in which every other condition is met and only this one is not",
        ),
        false => Words::new(
            "缺少一个其余条件都满足、只有它不满足而被允许的 allow 用例",
            "an allow case in which every other condition of the forbid is met and only this one is not",
        ),
    }
}

fn missing_where_only_this_holds(permit: bool) -> Words {
    match permit {
        true => Words::new(
            "缺少一个几个选项中只有它满足的 allow 用例",
            "an allow case in which of the alternatives only this one is met",
        ),
        false => Words::new(
            "缺少一个几个选项中只有它满足的 deny 用例",
            "a deny case in which of the alternatives only this one is met",
        ),
    }
}
