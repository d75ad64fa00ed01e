//! From a solver's model to a counterexample that a person can read and a policy folder can keep.

use std::collections::BTreeSet;

use cedar_policy::PolicySet;
use zhongtai_authz::Case;
use zhongtai_kernel::Effect;

use crate::{
    Counterexample, Plan, PolicyChange, PolicyEdit, RequestKind, Words, because,
    claim::{Claim, View},
    prove::Witness,
    replay::{self, Replayed, Set},
    shrink::shrink,
    solver::Trouble,
    words,
};

/// Which of the two claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// What the draft allows, the old set allows.
    Grants,
    /// What the old set allows, the draft allows.
    Denies,
}

/// What is searched for: a request on which the two sets disagree in this direction and view.
pub(crate) struct Search<'s> {
    pub(crate) old: &'s Set<'s>,
    pub(crate) new: &'s Set<'s>,
    pub(crate) direction: Direction,
    pub(crate) view: View,
    pub(crate) plan: &'s Plan,
}

/// Policies of both sets that are asked about one case after the other.
#[derive(Clone, Copy)]
struct Parts<'p> {
    old: &'p PolicySet,
    new: &'p PolicySet,
}

// === impl Search ===

impl Search<'_> {
    /// The witness as a small case that both whole sets were asked about. A witness that can't be replayed so is no
    /// counterexample.
    pub(crate) fn counterexample(
        &self,
        name: &RequestKind,
        claim: &Claim<'_, '_>,
        witness: Witness,
        paths: &mut BTreeSet<String>,
    ) -> Result<Counterexample, Trouble> {
        let case = replay::case(&witness.env).map_err(unreadable)?;
        let case = self.small(case, &witness)?;
        let replayed = replay::both(self.old, self.new, &case).map_err(unreadable)?;
        let able = claim.from_own.iter().chain(&claim.to_own).map(|rule| rule.id().to_string()).collect();
        let because = because::decisive(&self.plan.changed, &able, &replayed.old, &replayed.new);
        let mut found = Counterexample {
            path: path(name, &because, replayed.old.effect, paths),
            expected: replayed.old.effect,
            case: Case { title: title(name, &because, &replayed), mask: replayed.old.mask, ..case },
            today: replayed.old.clone(),
            draft: replayed.new.clone(),
            because,
            words: Vec::new(),
        };
        found.words = words::lines(&found, &replayed);
        Ok(found)
    }

    /// Made small by asking the slices, which are quick to ask, if the whole sets then agree with them; or else by
    /// asking the whole sets.
    fn small(&self, case: Case, witness: &Witness) -> Result<Case, Trouble> {
        let replayed =
            self.replay(&case).ok_or_else(|| unreadable("as a test case it does not make the sets disagree"))?;
        let slices = match self.direction {
            Direction::Grants => Parts { old: &witness.to, new: &witness.from },
            Direction::Denies => Parts { old: &witness.from, new: &witness.to },
        };
        let whole = Parts { old: self.old.compiled.policies(), new: self.new.compiled.policies() };
        // Where entities are missing policies err, and an error denies: a case must not get small in that way.
        let counts = |found: Option<Replayed>| found.is_some_and(|found| found.is_clean() || !replayed.is_clean());
        for parts in [slices, whole] {
            if counts(self.try_parts(parts, &case)) {
                let small = shrink(case.clone(), &mut |case| counts(self.try_parts(parts, case)));
                if counts(self.replay(&small)) {
                    return Ok(small);
                }
            }
        }
        Ok(case)
    }

    /// The answers of the whole sets, when they disagree as the claim says they never do.
    fn replay(&self, case: &Case) -> Option<Replayed> {
        replay::both(self.old, self.new, case).ok().filter(|replayed| self.is_disagreement(replayed))
    }

    fn try_parts(&self, parts: Parts<'_>, case: &Case) -> Option<Replayed> {
        let replayed = replay::parts((self.old, parts.old), (self.new, parts.new), case);
        replayed.ok().filter(|replayed| self.is_disagreement(replayed))
    }

    fn is_disagreement(&self, replayed: &Replayed) -> bool {
        let (from, to) = match self.direction {
            Direction::Grants => (&replayed.new, &replayed.old),
            Direction::Denies => (&replayed.old, &replayed.new),
        };
        match self.view {
            View::Any => from.is_allow() && !to.is_allow(),
            View::Plain | View::Under(_) => from.reveals_beyond(to),
        }
    }
}

fn unreadable(problem: impl std::fmt::Display) -> Trouble {
    Trouble::Unknown(Words::new(
        format!("求解器找到了请求，但无法重放：{problem}"),
        format!("the solver found a request, but it can't be replayed: {problem}"),
    ))
}

/// A sentence about what the case expects: today's decision.
fn title(name: &RequestKind, because: &[PolicyChange], replayed: &Replayed) -> String {
    let stays = match (replayed.old.effect, replayed.old.mask) {
        (Effect::Deny, _) => "stays denied".to_owned(),
        (Effect::Allow, Some(mask)) => format!("stays allowed, masked as {mask}"),
        (Effect::Allow, None) => "stays allowed".to_owned(),
    };
    let detail = because.first().map(|change| match &change.what {
        PolicyEdit::Edited { dropped, .. } if !dropped.is_empty() => {
            format!(" (by {}: {})", change.policy, dropped.join(", "))
        }
        _ => format!(" (see {})", change.policy),
    });
    format!("{} {stays}{}", name.action, detail.unwrap_or_default())
}

/// Beside the policy that changed, under a name that is free.
fn path(name: &RequestKind, because: &[PolicyChange], expected: Effect, paths: &mut BTreeSet<String>) -> String {
    let first = because.first();
    let domain =
        first.and_then(|change| change.source.as_ref()?.rsplit_once('/').map(|(folder, _)| format!("{folder}/")));
    let folder = match expected {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    };
    let policy = first.map(|change| format!("-{}", slug(&change.policy))).unwrap_or_default();
    let base = format!("{}tests/{folder}/{}{policy}", domain.unwrap_or_default(), slug(&name.action));
    let names = (1..).map(|number| if number == 1 { format!("{base}.json") } else { format!("{base}-{number}.json") });
    let path = names.into_iter().find(|path| !paths.contains(path)).unwrap_or(base);
    paths.insert(path.clone());
    path
}

/// Letters, digits and hyphens.
fn slug(text: &str) -> String {
    let plain = text.chars().map(|one| if one.is_alphanumeric() { one.to_ascii_lowercase() } else { '-' });
    plain.collect::<String>().split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}
