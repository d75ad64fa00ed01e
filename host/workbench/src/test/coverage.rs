//! Which policies and conditions the cases reach.

use serde::Serialize;

use super::bench::{Asked, Bench};
use crate::{
    anatomy::{Anatomy, Place},
    condition::Condition,
};

/// How far the cases reach into one policy or template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyCoverage {
    /// Its id.
    pub policy: String,
    /// Where it is written.
    pub place: Place,
    /// Cases that its scope matches.
    pub matched: usize,
    /// Cases that it decided, alone or with others.
    pub decided: usize,
    /// Its conditions, each followed by its alternatives.
    pub conditions: Vec<ConditionCoverage>,
}

/// How often a condition was seen met and not met, in cases that the policy's scope matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConditionCoverage {
    /// As Cedar writes it.
    pub cedar: String,
    /// Where it is written.
    pub place: Place,
    /// It is one of several that are enough.
    pub alternative: bool,
    /// Cases in which it was met.
    pub met: usize,
    /// Cases in which it was not.
    pub unmet: usize,
}

// === impl PolicyCoverage ===

impl PolicyCoverage {
    /// How far the cases reach into every policy.
    pub(crate) fn all(bench: &Bench<'_>) -> Vec<Self> {
        bench.policies.iter().map(|policy| Self::of(bench, policy)).collect()
    }

    fn of(bench: &Bench<'_>, policy: &Anatomy) -> Self {
        let asked = || bench.cases.iter().filter_map(|case| case.asked.as_ref().ok());
        let matched: Vec<_> = asked().filter(|asked| matches(policy, asked)).collect();
        let decided = asked().filter(|asked| {
            policy.instances.iter().any(|instance| {
                asked.verdict.reasons.iter().any(|id| id.as_str() == AsRef::<str>::as_ref(&instance.id))
            })
        });
        let parts = policy.conditions.iter().flat_map(|condition| {
            let alternatives = condition.alternatives.iter().map(|alternative| (alternative, true));
            std::iter::once((condition, false)).chain(alternatives)
        });
        Self {
            policy: policy.id.clone(),
            place: policy.place.clone(),
            matched: matched.len(),
            decided: decided.count(),
            conditions: parts
                .map(|(condition, alternative)| {
                    let place = policy.place_of(condition, bench.compiled, bench.texts);
                    ConditionCoverage::of(condition, alternative, place, &matched)
                })
                .collect(),
        }
    }
}

// === impl ConditionCoverage ===

impl ConditionCoverage {
    fn of(condition: &Condition, alternative: bool, place: Place, matched: &[&Asked]) -> Self {
        let truths: Vec<_> =
            matched.iter().filter_map(|asked| condition.holds(&asked.request, &asked.entities).ok()).collect();
        let met = truths.iter().filter(|truth| **truth).count();
        Self { cedar: condition.cedar.clone(), place, alternative, met, unmet: truths.len() - met }
    }
}

fn matches(policy: &Anatomy, asked: &Asked) -> bool {
    policy.instances.iter().any(|instance| instance.scope.matches(&asked.request, &asked.entities))
}
