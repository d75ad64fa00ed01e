//! Conditions as text: they follow attributes, tags, parents and literals, and many of them err.

use proptest::prelude::*;

use super::{action, kind, thing};

/// A condition, which may also be of the wrong type.
pub(super) fn condition() -> impl Strategy<Value = String> {
    let question = prop_oneof![
        3 => (entity(), entity()).prop_map(|(a, b)| format!("{a} in {b}")),
        2 => (entity(), thing(), thing()).prop_map(|(a, b, c)| format!("{a} in [{b}, {c}]")),
        2 => (entity(), entity()).prop_map(|(a, b)| format!("{a} in {b}.set")),
        1 => (entity(), entity()).prop_map(|(a, b)| format!("{a}.set.contains({b})")),
        2 => (entity(), entity()).prop_map(|(a, b)| format!("{a} == {b}")),
        2 => (entity(), name()).prop_map(|(a, name)| format!("{a} has {name}")),
        1 => entity().prop_map(|a| format!("{a}.hasTag(\"t\")")),
        2 => entity().prop_map(|a| format!("{a}.n > 0")),
        1 => entity().prop_map(|a| format!("{a}.n + 9223372036854775807 > 0")),
        1 => (entity(), kind()).prop_map(|(a, kind)| format!("{a} is {kind}")),
        1 => Just("context.n == 1".to_owned()),
        1 => entity(),
        2 => Just("true".to_owned()),
    ];
    question.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) && ({b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a}) || ({b})")),
        ]
    })
}

fn entity() -> impl Strategy<Value = String> {
    let beginning = prop_oneof![
        3 => Just("principal".to_owned()),
        3 => Just("resource".to_owned()),
        1 => action().prop_map(str::to_owned),
        1 => Just("action".to_owned()),
        1 => Just("context.who".to_owned()),
        3 => thing().prop_map(str::to_owned),
    ];
    let step = prop_oneof![3 => Just(".who"), 1 => Just(".rec.who"), 1 => Just(".getTag(\"t\")")];
    (beginning, prop::collection::vec(step, 0..3)).prop_map(|(beginning, steps)| beginning + &steps.concat())
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["n", "who", "set", "rec", "rec.who"][..])
}
