//! Everything a test run needs, made once: policies taken apart, cases turned into requests.

use std::collections::BTreeSet;

use cedar_policy::{Entities, Request};
use zhongtai_authz::{CaseWorld, Compiled, PolicyError, PolicyTexts, WrittenCase};
use zhongtai_kernel::Effect;

use crate::{
    actions::{ActionIndex, Actions},
    anatomy::{Anatomy, Instance},
    verdict::{Alone, Outcome, Verdict, Voice},
};

/// A policy set with its cases.
pub(crate) struct Bench<'a> {
    pub(crate) compiled: &'a Compiled,
    pub(crate) texts: &'a PolicyTexts,
    pub(crate) actions: Actions,
    pub(crate) policies: Vec<Anatomy>,
    pub(crate) cases: Vec<Tried>,
    /// Which policy and which of its instances, in the order of [`Tried::outcomes`].
    pub(crate) order: Vec<(usize, usize)>,
}

/// A case that was asked.
pub(crate) struct Tried {
    pub(crate) written: WrittenCase,
    /// `None` when the case can't be asked, and why.
    pub(crate) asked: Result<Asked, String>,
}

/// A case as a request, and what came of it.
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) entities: Entities,
    pub(crate) action: Option<ActionIndex>,
    pub(crate) verdict: Verdict,
    pub(crate) passed: bool,
    /// What every instance comes to by itself.
    pub(crate) outcomes: Vec<Outcome>,
}

// === impl Bench ===

impl<'a> Bench<'a> {
    /// Asks every case once.
    pub(crate) fn new(compiled: &'a Compiled, texts: &'a PolicyTexts) -> Result<Self, PolicyError> {
        let actions = Actions::new(compiled.schema());
        let policies = Anatomy::all(compiled)?;
        let order = policies
            .iter()
            .enumerate()
            .flat_map(|(policy, anatomy)| (0..anatomy.instances.len()).map(move |instance| (policy, instance)))
            .collect();
        let mut bench = Self { compiled, texts, actions, policies, cases: Vec::new(), order };
        let alone = bench.alone()?;
        let world = CaseWorld::new(compiled, texts)?;
        for written in WrittenCase::all(texts)? {
            let asked = bench.ask(&written, &world, &alone);
            bench.cases.push(Tried { written, asked });
        }
        Ok(bench)
    }

    /// The instance at a place of [`Self::order`], with the policy it comes of.
    pub(crate) fn instance(&self, (policy, instance): (usize, usize)) -> Option<(&Anatomy, &Instance)> {
        let anatomy = self.policies.get(policy)?;
        Some((anatomy, anatomy.instances.get(instance)?))
    }

    /// The verdict on a case when some instances come to something else than they do.
    pub(crate) fn verdict_with<'b>(&'b self, asked: &'b Asked, other: &'b [(usize, Outcome)]) -> Verdict {
        let changed = |index: usize| other.iter().find(|(at, _)| *at == index).map(|(_, outcome)| outcome);
        let voices = self.order.iter().zip(&asked.outcomes).enumerate().filter_map(|(index, (at, outcome))| {
            let (anatomy, instance) = self.instance(*at)?;
            let outcome = changed(index).unwrap_or(outcome);
            Some(Voice { id: &instance.id, effect: anatomy.effect, mask: instance.mask, outcome })
        });
        Verdict::together(voices)
    }

    /// Every instance as a set of its own, with the actions it covers.
    fn alone(&self) -> Result<Vec<(Alone, BTreeSet<ActionIndex>)>, PolicyError> {
        let instances = self.order.iter().filter_map(|at| self.instance(*at));
        instances
            .map(|(anatomy, instance)| {
                let alone = Alone::new(instance.body.clone()).map_err(|problem| PolicyError::Invalid {
                    path: anatomy.place.path.clone(),
                    line: Some(anatomy.place.line),
                    problem,
                })?;
                Ok((alone, self.actions.covered(&instance.body.action)))
            })
            .collect()
    }

    fn ask(
        &self,
        written: &WrittenCase,
        world: &CaseWorld,
        alone: &[(Alone, BTreeSet<ActionIndex>)],
    ) -> Result<Asked, String> {
        let (request, entities) = written.case.request_in(self.compiled, world)?;
        let verdict = Verdict::of(self.compiled, &request, &entities);
        let action = request.action().and_then(|action| self.actions.index(action));
        let covers = |covered: &BTreeSet<ActionIndex>| action.is_some_and(|action| covered.contains(&action));
        let outcome = |(alone, covered): &(Alone, BTreeSet<ActionIndex>)| match covers(covered) {
            true => alone.outcome(&request, &entities),
            false => Outcome::Unmatched,
        };
        let outcomes = alone.iter().map(outcome).collect();
        let passed = passes(written, &verdict);
        Ok(Asked { request, entities, action, verdict, passed, outcomes })
    }
}

/// A case passes when it is decided as its folder says, masked as it says, and no policy erred on the way: a denial
/// by an error shows nothing about the policies.
pub(crate) fn passes(case: &WrittenCase, verdict: &Verdict) -> bool {
    let masked = case.expected == Effect::Deny || case.case.mask == verdict.mask;
    verdict.effect == case.expected && masked && verdict.errors.is_empty()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use zhongtai_authz::PolicyFolder;

    use super::*;

    /// Mutants are judged by what each policy comes to by itself; that must be what the authorizer says of all.
    #[test]
    fn policies_asked_one_by_one_decide_as_the_authorizer_does() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../policies");
        let texts = PolicyTexts::read(&[PolicyFolder(folder)]).unwrap();
        let compiled = Compiled::new(&texts).unwrap();
        let bench = Bench::new(&compiled, &texts).unwrap();
        let asked = || bench.cases.iter().filter_map(|case| case.asked.as_ref().ok());
        assert!(asked().count() > 0);
        for asked in asked() {
            assert_eq!(bench.verdict_with(asked, &[]), asked.verdict);
        }
    }
}
