use cedar_policy::{Entities, Request, pst};
use serde::Serialize;

use crate::{
    Words,
    anatomy::{Anatomy, Instance, Place},
    condition::{Condition, Truth},
    scope::Constraint,
    sentence,
    verdict::Verdict,
};

/// One policy, looked at for one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyView {
    /// Its id.
    pub policy: String,
    /// Where it is written; a grant, in its `grants.json`.
    pub place: Place,
    /// It permits; else it forbids.
    pub permits: bool,
    /// Every condition is met.
    pub applies: bool,
    /// The decision rests on it.
    pub decided: bool,
    /// What its author says of it: `@reason_zh`, `@reason_en`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Words>,
    /// Its conditions, in order.
    pub conditions: Vec<ConditionView>,
}

/// One condition, looked at for one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConditionView {
    /// What it comes to.
    pub truth: Truth,
    /// As Cedar writes it.
    pub cedar: String,
    /// In plain words; the same as [`Self::cedar`] where there are none.
    pub words: Words,
    /// Where one of several is enough: each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<ConditionView>,
}

/// The permit with the least missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Nearest {
    /// The permit, though its scope may not match.
    #[serde(flatten)]
    pub view: PolicyView,
    /// What is missing: parts of the scope, then conditions.
    pub missing: Vec<ConditionView>,
}

// === impl PolicyView ===

impl PolicyView {
    /// A view of each instance whose scope matches.
    pub(crate) fn all(policy: &Anatomy, verdict: &Verdict, request: &Request, entities: &Entities) -> Vec<Self> {
        let matching = policy.instances.iter().filter(|instance| instance.scope.matches(request, entities));
        matching
            .map(|instance| {
                let view = Self::of(policy, instance, request, entities);
                Self { decided: verdict.reasons.contains(&view.policy), ..view }
            })
            .collect()
    }

    fn of(policy: &Anatomy, instance: &Instance, request: &Request, entities: &Entities) -> Self {
        let conditions = ConditionView::all(&policy.conditions, request, entities);
        let words = [policy.annotation("reason_zh"), policy.annotation("reason_en")];
        let reason = match words {
            [None, None] => None,
            [Some(only), None] | [None, Some(only)] => Some(Words::same(only)),
            [Some(zh), Some(en)] => Some(Words::new(zh, en)),
        };
        Self {
            policy: instance.id.clone(),
            place: instance.place.clone(),
            permits: policy.effect == pst::Effect::Permit,
            applies: conditions.iter().all(|condition| condition.truth == Truth::True),
            decided: false,
            reason,
            conditions,
        }
    }
}

// === impl ConditionView ===

impl ConditionView {
    fn all(conditions: &[Condition], request: &Request, entities: &Entities) -> Vec<Self> {
        let truths = Condition::truths(conditions, request, entities);
        conditions.iter().zip(truths).map(|(condition, truth)| Self::of(condition, truth, request, entities)).collect()
    }

    fn of(condition: &Condition, truth: Truth, request: &Request, entities: &Entities) -> Self {
        // An alternative that can't be told stands behind the `has` that it needs, which is false.
        let alternative = |alternative: &Condition| {
            let truth = match alternative.holds(request, entities) {
                Ok(true) => Truth::True,
                Ok(false) => Truth::False,
                Err(_) => Truth::Unreached,
            };
            Self::of(alternative, truth, request, entities)
        };
        Self {
            truth,
            cedar: condition.cedar.clone(),
            words: sentence::of(condition),
            alternatives: condition.alternatives.iter().map(alternative).collect(),
        }
    }

    fn of_constraint(constraint: &Constraint) -> Self {
        Self {
            truth: Truth::False,
            cedar: constraint.cedar.clone(),
            words: constraint.words.clone(),
            alternatives: Vec::new(),
        }
    }
}

// === impl Nearest ===

impl Nearest {
    /// What a permit in force misses.
    pub(crate) fn new(policy: &Anatomy, request: &Request, entities: &Entities) -> Option<Self> {
        let instance = policy.instances.first()?;
        let outside = outside(instance, request, entities);
        let view = PolicyView::of(policy, instance, request, entities);
        let view = PolicyView { applies: view.applies && outside.is_empty(), ..view };
        let missing = missing(outside, &view);
        Some(Self { view, missing })
    }
}

/// The parts of the scope that the request is outside of.
fn outside(instance: &Instance, request: &Request, entities: &Entities) -> Vec<ConditionView> {
    let constraints = instance.scope.constraints.iter().filter(|constraint| !constraint.holds(request, entities));
    constraints.map(ConditionView::of_constraint).collect()
}

fn missing(outside: Vec<ConditionView>, view: &PolicyView) -> Vec<ConditionView> {
    let unmet = view.conditions.iter().filter(|condition| condition.truth != Truth::True).cloned();
    outside.into_iter().chain(unmet).collect()
}
