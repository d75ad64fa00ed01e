//! Makes a counterexample small and readable: what it does not need is dropped, and what it needs gets plain values,
//! as long as both sets still disagree about it.
//!
//! A case is worked on as JSON. Every step is tried on a copy; a copy that is no valid request, or on which the sets
//! agree, is thrown away. So nothing here can make a counterexample wrong, only fail to make it small.

use serde_json::Value;
use zhongtai_authz::Case;

use crate::places::{collect_uids, leaves, parse, put, removable, remove, rename, replace};

/// The most copies that are tried: each is asked of both sets.
const TRIES: usize = 600;

/// Values that say something to people, by the name of the attribute or fact.
const PLAIN: &[(&str, &[&str])] = &[
    ("access", &["public"]),
    ("area", &["441802"]),
    ("basis", &["statutory-duty"]),
    ("channel", &["web"]),
    ("kind", &["natural-person", "officer", "legal-person"]),
    ("purpose", &["some-purpose"]),
    ("purposes", &["some-purpose"]),
    ("roles", &["some-role"]),
];

/// Ids that say something to people, by entity type.
const IDS: &[(&str, &str)] = &[
    ("Caller", "someone"),
    ("Department", "441802-minzheng"),
    ("Plugin", "441802-minzheng/allowance"),
    ("Scenario", "441802-minzheng/allowance"),
];

/// Small numbers first: levels are 1 to 4.
const NUMBERS: &[i64] = &[1, 0, 2, 3, 4];

/// A case that still holds, and how often more may be tried.
struct Shrinker<'h> {
    case: Value,
    holds: &'h mut dyn FnMut(&Case) -> bool,
    left: usize,
}

/// The smallest case that was found for which `holds` is true. It must be true for `case`.
pub(crate) fn shrink(case: Case, holds: &mut dyn FnMut(&Case) -> bool) -> Case {
    let Ok(value) = serde_json::to_value(&case) else { return case };
    let mut shrinker = Shrinker { case: value, holds, left: TRIES };
    // What is dropped late may make what was needed early needless.
    while shrinker.drop_parts() {}
    shrinker.plain_values();
    shrinker.plain_ids();
    while shrinker.drop_parts() {}
    serde_json::from_value(shrinker.case).unwrap_or(case)
}

// === impl Shrinker ===

impl Shrinker<'_> {
    /// Takes `candidate` when it holds.
    fn take(&mut self, candidate: Value) -> bool {
        if self.left == 0 || candidate == self.case {
            return false;
        }
        self.left -= 1;
        let Ok(case) = serde_json::from_value::<Case>(candidate.clone()) else { return false };
        let holds = (self.holds)(&case);
        if holds {
            self.case = candidate;
        }
        holds
    }

    /// Drops entities, then attributes and facts, then what is in those. True when something went.
    fn drop_parts(&mut self) -> bool {
        let mut dropped = false;
        for depth in 2.. {
            let places = self.places(depth);
            if places.is_empty() {
                break;
            }
            // From the back, so that an index stays right when what is behind it goes.
            for place in places.iter().rev() {
                let mut candidate = self.case.clone();
                dropped |= remove(&mut candidate, place) && self.take(candidate);
            }
        }
        dropped
    }

    /// Pointers of so many names to what may go.
    fn places(&self, depth: usize) -> Vec<String> {
        let mut places = Vec::new();
        for part in ["context", "entities"] {
            if let Some(value) = self.case.get(part) {
                removable(value, &format!("/{part}"), depth - 1, &mut places);
            }
        }
        places
    }

    fn plain_values(&mut self) {
        let mut places = Vec::new();
        for part in ["context", "entities"] {
            if let Some(value) = self.case.get(part) {
                leaves(value, &format!("/{part}"), &mut places);
            }
        }
        for place in places {
            match self.case.pointer(&place).cloned() {
                Some(Value::String(text)) => self.plain_text(&place, &text),
                Some(Value::Number(number)) => self.plain_number(&place, number.as_i64()),
                _ => {}
            }
        }
    }

    /// Alone, or together with all that equal it: a purpose must stay among the declared purposes.
    fn plain_text(&mut self, place: &str, text: &str) {
        let plain = plain(name_of(place));
        if plain.contains(&text) {
            return;
        }
        for value in plain {
            let mut alone = self.case.clone();
            put(&mut alone, place, Value::from(*value));
            let mut together = self.case.clone();
            for part in ["context", "entities"] {
                let Some(value_of_part) = together.get_mut(part) else { continue };
                replace(value_of_part, text, value);
            }
            if self.take(alone) || self.take(together) {
                return;
            }
        }
    }

    fn plain_number(&mut self, place: &str, number: Option<i64>) {
        for value in NUMBERS {
            if number == Some(*value) {
                return;
            }
            let mut candidate = self.case.clone();
            put(&mut candidate, place, Value::from(*value));
            if self.take(candidate) {
                return;
            }
        }
    }

    /// Renames entities everywhere at once.
    fn plain_ids(&mut self) {
        let mut uids = Vec::new();
        collect_uids(&self.case, &mut uids);
        uids.extend(["principal", "resource"].iter().filter_map(|part| parse(self.case.get(*part)?.as_str()?)));
        uids.sort();
        uids.dedup();
        for (kind, id) in uids {
            let simple = simple_id(&kind);
            for attempt in 1..=3 {
                let new = if attempt == 1 { simple.clone() } else { format!("{simple}-{attempt}") };
                if new == id {
                    break;
                }
                let mut candidate = self.case.clone();
                rename(&mut candidate, &kind, &id, &new);
                if self.take(candidate) {
                    break;
                }
            }
        }
    }
}

/// The attribute that a place is in; for an element, that of its set.
fn name_of(place: &str) -> &str {
    place.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap_or_default()
}

fn plain(name: &str) -> &'static [&'static str] {
    PLAIN.iter().find(|(known, _)| *known == name).map_or(&["x"], |(_, values)| values)
}

fn simple_id(kind: &str) -> String {
    let base = kind.rsplit("::").next().unwrap_or(kind);
    match IDS.iter().find(|(known, _)| *known == base) {
        Some((_, id)) => (*id).to_owned(),
        None => format!("some-{}", base.to_lowercase()),
    }
}
