//! One change, every kind of request: what the draft grants beyond the old set, and what it takes away.

use std::collections::{BTreeMap, BTreeSet};

use zhongtai_authz::PolicyTexts;

use crate::{
    AnalysisError, Counterexample, Outcome, Plan, Presence, Report, RequestKind, RequestOutcome, Side, Solver, Words,
    because,
    claim::Claim,
    deep,
    found::{Direction, Search},
    kinds::{self, Kind},
    replay::Set,
    rule::Diff,
    solver::{Session, Trouble},
};

/// What is told while an analysis goes on.
pub(crate) enum Progress {
    /// First of all.
    Plan(Plan),
    /// A request type is finished.
    Request(RequestOutcome),
}

/// Analyses the change from `old` to `new` in this process, on a thread with a stack of 1 GiB. Dropping the future ends
/// it after the question that is being asked.
///
/// Nothing limits how long this takes and how much memory: a host uses [`crate::supervise`].
pub async fn analyse(old: &PolicyTexts, new: &PolicyTexts, solver: &Solver) -> Result<Report, AnalysisError> {
    let (old, new, solver) = (old.clone(), new.clone(), solver.clone());
    deep::run(move || async move {
        let (mut plan, mut requests) = (None, Vec::new());
        let mut tell = |progress| match progress {
            Progress::Plan(told) => plan = Some(told),
            Progress::Request(outcome) => requests.push(outcome),
        };
        step_by_step(&old, &new, &solver, &mut tell).await?;
        let plan = plan.ok_or_else(|| AnalysisError::worker("it told no plan"))?;
        Ok(Report::new(plan, requests, None))
    })
    .await
}

/// Tells the plan, and then each request type as soon as it is finished. Needs a deep stack.
#[tracing::instrument(skip_all, fields(old = %old.hash(), new = %new.hash()))]
pub(crate) async fn step_by_step(
    old: &PolicyTexts,
    new: &PolicyTexts,
    solver: &Solver,
    tell: &mut dyn FnMut(Progress),
) -> Result<(), AnalysisError> {
    let (old, new) = (Set::new(Side::Old, old)?, Set::new(Side::New, new)?);
    let diff = Diff::new(&old.compiled, &new.compiled);
    let old_kinds = kinds::all(old.compiled.schema()).map_err(|problem| Side::Old.invalid(problem))?;
    let new_kinds = kinds::all(new.compiled.schema()).map_err(|problem| Side::New.invalid(problem))?;
    let names: BTreeSet<RequestKind> = old_kinds.keys().chain(new_kinds.keys()).cloned().collect();
    let plan = Plan {
        policies: diff.new.len(),
        changed: because::changes(&old, &new, &diff),
        declared: because::declared(&old.compiled, &new.compiled),
        kinds: names.iter().cloned().collect(),
    };
    tell(Progress::Plan(plan.clone()));
    let paths = old.texts.files().chain(new.texts.files()).map(|(path, _)| path.to_owned()).collect();
    let session = Session::new(solver);
    let mut comparison = Comparison { old: &old, new: &new, diff: &diff, plan: &plan, session, paths };
    for name in names {
        tell(Progress::Request(comparison.request(name, &old_kinds, &new_kinds).await));
    }
    Ok(())
}

/// Both sets and the solver.
struct Comparison<'c> {
    old: &'c Set<'c>,
    new: &'c Set<'c>,
    diff: &'c Diff<'c>,
    plan: &'c Plan,
    session: Session<'c>,
    /// Of the cases so far: no two may have the same.
    paths: BTreeSet<String>,
}

// === impl Comparison ===

impl<'c> Comparison<'c> {
    async fn request(
        &mut self,
        name: RequestKind,
        old: &BTreeMap<RequestKind, Kind>,
        new: &BTreeMap<RequestKind, Kind>,
    ) -> RequestOutcome {
        let (presence, grants, denies) = match (old.get(&name), new.get(&name)) {
            (Some(before), Some(after)) => return self.both(name, before, after).await,
            (None, _) => (Presence::Added, incomparable("草案新增", "only the draft has"), Outcome::Proved),
            (Some(_), None) => (Presence::Removed, Outcome::Proved, incomparable("草案移除", "only the old set has")),
        };
        RequestOutcome { kind: name, presence, grants, denies }
    }

    async fn both(&mut self, name: RequestKind, before: &Kind, after: &Kind) -> RequestOutcome {
        let (grants, denies) = if before.groups == after.groups {
            let grants = self.direction(Direction::Grants, &name, after).await;
            (grants, self.direction(Direction::Denies, &name, after).await)
        } else {
            // `action in` then means another thing on each side, and one schema can't say both.
            let reason = || unsupported("操作所属的操作组有变化", "the groups that the action is in change");
            (reason(), reason())
        };
        RequestOutcome { kind: name, presence: Presence::Both, grants, denies }
    }

    async fn direction(&mut self, direction: Direction, name: &RequestKind, kind: &Kind) -> Outcome {
        let is_same_shape = kinds::same_shape(self.old.compiled.schema(), self.new.compiled.schema(), kind);
        let outcome = match self.decide(direction, name, kind).await {
            Ok(Some(found)) => Outcome::Counterexample(Box::new(found)),
            Ok(None) => Outcome::Proved,
            Err(trouble) => trouble.into(),
        };
        if outcome.is_proved() && !is_same_shape {
            return Outcome::Unknown {
                reason: Words::new(
                    "就草案的模式而言已证明，但两份模式对这类请求的规定不同，只有一方接受的请求无从比较",
                    "proved for what the draft's schema admits, but the two schemas differ about this kind of request, \
                     and what only one of them admits was not compared",
                ),
            };
        }
        outcome
    }

    /// A counterexample, or the proof that there is none.
    async fn decide(
        &mut self,
        direction: Direction,
        name: &RequestKind,
        kind: &Kind,
    ) -> Result<Option<Counterexample>, Trouble> {
        let claim = self.claim(direction, kind);
        if claim.from_own.is_empty() && claim.to_own.is_empty() {
            return Ok(None);
        }
        let mut trouble = None;
        for view in claim.views() {
            match claim.refute(view, &mut self.session).await {
                Ok(None) => {}
                Ok(Some(witness)) => {
                    let search = Search { old: self.old, new: self.new, direction, view, plan: self.plan };
                    return search.counterexample(name, &claim, witness, &mut self.paths).map(Some);
                }
                // Another view may still refute the claim.
                Err(problem) => trouble = trouble.or(Some(problem)),
            }
        }
        match trouble {
            Some(trouble) => Err(trouble),
            None => {
                claim.stays_hidden()?;
                claim.never_errs(&mut self.session).await.map(|()| None)
            }
        }
    }

    fn claim<'k>(&self, direction: Direction, kind: &'k Kind) -> Claim<'k, 'c>
    where
        'c: 'k,
    {
        let (old, new, diff) = (self.old, self.new, self.diff);
        let old_own = diff.old_for(&diff.old_only, kind);
        let new_own = diff.new_for(&diff.new_only, kind);
        let common = diff.same_for(kind);
        let schema = new.compiled.schema();
        let (old, new) = (old.compiled.policies(), new.compiled.policies());
        match direction {
            Direction::Grants => {
                let common = common.into_iter().map(|(old, new)| (new, old)).collect();
                Claim { kind, schema, from: new, from_own: new_own, to: old, to_own: old_own, common }
            }
            Direction::Denies => Claim { kind, schema, from: old, from_own: old_own, to: new, to_own: new_own, common },
        }
    }
}

fn incomparable(zh: &str, en: &str) -> Outcome {
    unsupported(
        &format!("{zh}了这类请求，没有可比较的对象"),
        &format!("{en} this kind of request, so there is nothing to compare it with"),
    )
}

fn unsupported(zh: &str, en: &str) -> Outcome {
    Outcome::Unsupported { reason: Words::new(zh, en) }
}
