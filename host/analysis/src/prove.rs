//! "Whatever `from` allows, `to` allows": proved over a slice of both sets, or refuted by a request.
//!
//! # What is asked, and why a slice is enough
//!
//! The policies that can match a kind of request are of three sorts: those that only `from` has, those that only `to`
//! has, and those that both have alike. Say a request `r` refutes the claim: `from` allows it and `to` does not. Then
//! some permit `p` of `from` matches `r`, and no forbid of `from` does, so no forbid that both have matches either.
//!
//! - `p` is `from`'s own. Asked with **all own permits** of `from`.
//! - `p` is in both. Then a permit of `to` matches `r` as well, so what denies in `to` is a forbid that only `to` has.
//!   Without such a forbid there is nothing to ask. With one, the permits that both have are asked **in batches**, on
//!   both sides; before that, one question with "everything is permitted" in their place may settle all of them.
//!
//! A question holds fewer of the policies that both have than the sets do. Leaving a common forbid out lets more
//! requests through `from`; leaving a common permit out makes `to` deny more. Either way more requests refute, never
//! fewer: **when the slice is proved, the whole is**. When the slice is refuted, the whole sets are asked about that
//! very request; if they don't disagree, the common policies that decided are added to the slice, and it is asked
//! again. After [`ROUNDS`] rounds all are added.
//!
//! Cedar skips a policy that errs, the platform denies then. A common policy errs on both sides alike; that the ones
//! which only `to` has never err is proved besides ([`Claim::never_errs`]).

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{Policy, PolicyId, PolicySet, Response};
use cedar_policy_symcc::Env;

use crate::{
    Words,
    claim::{Claim, View},
    replay,
    rule::Rule,
    solver::{Session, Trouble},
};

/// How often a slice grows by what decided, before it grows by everything.
const ROUNDS: usize = 32;

/// How many common forbids are in the first slice: all, in a set that people wrote.
const FIRST_FORBIDS: usize = 64;

/// How many common permits are asked at once where a forbid is lifted.
const BATCH: usize = 64;

/// A request that refutes a claim, and the slices that it was found with.
pub(crate) struct Witness {
    pub(crate) env: Env,
    pub(crate) from: PolicySet,
    pub(crate) to: PolicySet,
}

/// Indices of common policies that a question holds.
#[derive(Default)]
struct Slice {
    /// Permits asked about, on both sides.
    asked: Vec<usize>,
    /// Permits that are only in `to`: they explain away what they allow anyhow.
    excused: BTreeSet<usize>,
    /// Forbids, on both sides.
    forbids: BTreeSet<usize>,
}

// === impl Claim ===

impl Claim<'_, '_> {
    /// Refuted by a request on which the whole sets disagree, or proved.
    pub(crate) async fn refute(&self, view: View, session: &mut Session<'_>) -> Result<Option<Witness>, Trouble> {
        let mut trouble = None;
        for batch in self.batches(view, session).await {
            match self.refute_slice(view, batch, session).await {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                // Another batch may still refute the claim.
                Err(problem) => trouble = Some(problem),
            }
        }
        trouble.map_or(Ok(None), Err)
    }

    /// What has to be asked: see the head of this file.
    async fn batches(&self, view: View, session: &mut Session<'_>) -> Vec<Slice> {
        let forbids = || self.common_where(|rule| !rule.is_permit()).take(FIRST_FORBIDS).collect();
        let mut batches = Vec::new();
        if self.from_own.iter().any(|rule| rule.is_permit() && view.counts(rule)) {
            batches.push(Slice { forbids: forbids(), ..Slice::default() });
        }
        if self.to_own.iter().any(|rule| !rule.is_permit()) && !self.lifts_nothing(session).await {
            let permits: Vec<usize> = self.common_where(|rule| rule.is_permit() && view.counts(rule)).collect();
            let asked = permits.chunks(BATCH).map(<[usize]>::to_vec);
            batches.extend(asked.map(|asked| Slice { asked, forbids: forbids(), ..Slice::default() }));
        }
        batches
    }

    fn common_where(&self, which: impl Fn(&Rule<'_>) -> bool) -> impl Iterator<Item = usize> {
        self.common.iter().enumerate().filter(move |(_, (rule, _))| which(rule)).map(|(at, _)| at)
    }

    /// True when the forbids of `from` deny all that those of `to` deny, whatever the permits say.
    async fn lifts_nothing(&self, session: &mut Session<'_>) -> bool {
        let slice = Slice { forbids: self.common_where(|rule| !rule.is_permit()).collect(), ..Slice::default() };
        let proved = async {
            let (mut from, mut to) = self.sets(View::Any, &slice, false)?;
            for set in [&mut from, &mut to] {
                add(set, &everything()?)?;
            }
            session.implies(&self.kind.env, self.schema, &from, &to).await
        };
        matches!(proved.await, Ok(None))
    }

    async fn refute_slice(
        &self,
        view: View,
        mut slice: Slice,
        session: &mut Session<'_>,
    ) -> Result<Option<Witness>, Trouble> {
        for round in 0.. {
            let (from, to) = self.sets(view, &slice, slice.asked.is_empty())?;
            let Some(env) = session.implies(&self.kind.env, self.schema, &from, &to).await? else { return Ok(None) };
            let answers = [self.from, self.to].map(|set| replay::answer(set, &env.request, &env.entities));
            if self.is_refuted(view, &answers) {
                return Ok(Some(Witness { env, from, to }));
            }
            if !self.grow(view, &mut slice, &answers) {
                return Err(disagreement(&answers));
            }
            if round == ROUNDS {
                slice.excused = self.common_where(|rule| rule.is_permit() && view.counts(rule)).collect();
                slice.forbids = self.common_where(|rule| !rule.is_permit()).collect();
            }
        }
        Ok(None)
    }

    /// The whole sets disagree.
    fn is_refuted(&self, view: View, [from, to]: &[Response; 2]) -> bool {
        allows(from, |id| self.counts_in_from(view, id)) && !allows(to, |id| self.counts_in_to(view, id))
    }

    /// Adds the common policies that decided otherwise than the slice did. False when there is none.
    fn grow(&self, view: View, slice: &mut Slice, [from, to]: &[Response; 2]) -> bool {
        let from_at: HashMap<&PolicyId, usize> =
            self.common.iter().enumerate().map(|(at, (rule, _))| (rule.id(), at)).collect();
        let to_at: HashMap<&PolicyId, usize> =
            self.common.iter().enumerate().map(|(at, (_, rule))| (rule.id(), at)).collect();
        let decided = from.diagnostics().reason().filter_map(|id| from_at.get(id));
        let decided = decided.chain(to.diagnostics().reason().filter_map(|id| to_at.get(id)));
        let mut grew = false;
        for at in decided {
            let Some((rule, _)) = self.common.get(*at) else { continue };
            grew |= match rule.is_permit() {
                true => view.counts(rule) && !slice.asked.contains(at) && slice.excused.insert(*at),
                false => slice.forbids.insert(*at),
            };
        }
        grew
    }

    /// Both sides of a question; `own` permits of `from` are in or not.
    fn sets(&self, view: View, slice: &Slice, own: bool) -> Result<(PolicySet, PolicySet), Trouble> {
        let (mut from, mut to) = (PolicySet::new(), PolicySet::new());
        for rule in self.from_own.iter().filter(|rule| !rule.is_permit() || own && view.counts(rule)) {
            add(&mut from, rule.fixed()?)?;
        }
        for rule in self.to_own.iter().filter(|rule| !rule.is_permit() || view.counts(rule)) {
            add(&mut to, rule.fixed()?)?;
        }
        for at in slice.asked.iter().chain(&slice.forbids) {
            if let Some((rule, _)) = self.common.get(*at) {
                add(&mut from, rule.fixed()?)?;
            }
        }
        let excused = slice.excused.iter().filter(|at| !slice.asked.contains(at));
        for at in slice.asked.iter().chain(&slice.forbids).chain(excused) {
            if let Some((_, rule)) = self.common.get(*at) {
                add(&mut to, rule.fixed()?)?;
            }
        }
        Ok((from, to))
    }

    fn counts_in_from(&self, view: View, id: &PolicyId) -> bool {
        let own = self.from_own.iter().copied();
        own.chain(self.common.iter().map(|(rule, _)| *rule)).any(|rule| rule.id() == id && view.counts(rule))
    }

    fn counts_in_to(&self, view: View, id: &PolicyId) -> bool {
        let own = self.to_own.iter().copied();
        own.chain(self.common.iter().map(|(_, rule)| *rule)).any(|rule| rule.id() == id && view.counts(rule))
    }
}

/// By the platform's rule, and with permits that count.
fn allows(response: &Response, counts: impl Fn(&PolicyId) -> bool) -> bool {
    response.decision() == cedar_policy::Decision::Allow
        && response.diagnostics().errors().next().is_none()
        && response.diagnostics().reason().any(counts)
}

fn disagreement(answers: &[Response; 2]) -> Trouble {
    let mut errors = answers.iter().flat_map(|answer| answer.diagnostics().errors());
    match errors.next() {
        Some(error) => Trouble::Unknown(Words::new(
            format!("求解器找到的请求会使策略出错，因此被拒绝：{error}"),
            format!("the solver found only a request on which a policy errs, and which is denied for that: {error}"),
        )),
        None => Trouble::Unknown(Words::new(
            "求解器找到了请求，但重放时两套策略的决定相同",
            "the solver found a request, but both sets decide alike when they are asked",
        )),
    }
}

fn everything() -> Result<Policy, Trouble> {
    let id = PolicyId::new("(everything)");
    Policy::parse(Some(id), "permit (principal, action, resource);").map_err(|error| unsliced(&error))
}

fn add(set: &mut PolicySet, policy: &Policy) -> Result<(), Trouble> {
    set.add(policy.clone()).map_err(|error| unsliced(&error))
}

fn unsliced(error: &dyn std::error::Error) -> Trouble {
    Trouble::Unknown(Words::new(format!("无法组成切片：{error}"), format!("the slice can't be made: {error}")))
}
