//! Small policy sets, and the solver that a test can't do without.
#![allow(dead_code, reason = "each test binary uses a part")]

use cedar_policy::{Authorizer, Decision};
use zhongtai_analysis::{Counterexample, Outcome, Report, RequestOutcome, Solver, analyse};
use zhongtai_authz::{Compiled, PolicyTexts, WrittenCase};
use zhongtai_kernel::Effect;

/// Callers read fields of datasets.
pub const SCHEMA: &str = r#"
entity Role;
entity Department = { area: String };
entity Caller in [Department, Role] = {
  area: String,
  clearance: Long,
  officer: Bool,
  budget: Long,
};
entity Dataset = { owner: Department };
entity Field in [Dataset] = { level: Long, price: Long };
type Facts = { purpose?: String, channel: String, now: datetime };
action "data:read";
action "credit:check", "credit:read-detail" in [Action::"data:read"] appliesTo {
  principal: [Caller], resource: [Field], context: Facts,
};
action "credit:publish" appliesTo { principal: [Caller], resource: [Dataset], context: Facts };
"#;

/// What the tests change.
pub const POLICIES: &str = r#"
@id("check")
permit (principal, action == Action::"credit:check", resource);

@id("detail")
permit (principal, action == Action::"credit:read-detail", resource)
when { principal.officer && resource.level <= principal.clearance };

@id("level-4")
forbid (principal, action in Action::"data:read", resource)
when { resource.level >= 4 }
unless { principal.officer };
"#;

pub fn solver() -> Solver {
    Solver::find().expect("this test needs the SMT solver: apt-get install cvc5, or set CVC5")
}

pub fn texts(files: &[(&str, &str)]) -> PolicyTexts {
    PolicyTexts::new(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))).unwrap()
}

/// The schema above with these policies.
pub fn with(policies: &str) -> PolicyTexts {
    texts(&[("credit/credit.cedarschema", SCHEMA), ("credit/credit.cedar", policies)])
}

pub async fn change(old: &PolicyTexts, new: &PolicyTexts) -> Report {
    let report = analyse(old, new, &solver()).await.unwrap();
    report.counterexamples().for_each(|found| confirm(found, old, new));
    report
}

/// From the policies above to edited ones.
pub async fn edit(from: &str, to: &str) -> Report {
    assert!(POLICIES.contains(from), "{from} is not in the policies");
    change(&with(POLICIES), &with(&POLICIES.replace(from, to))).await
}

pub fn of<'r>(report: &'r Report, action: &str) -> &'r RequestOutcome {
    report.requests.iter().find(|request| request.kind.action == action).unwrap()
}

pub fn found(outcome: &Outcome) -> &Counterexample {
    match outcome {
        Outcome::Counterexample(found) => found,
        other => panic!("no counterexample but {other:?}"),
    }
}

/// Asks Cedar itself, past everything that the analysis does, and puts the case in the old folder.
pub fn confirm(found: &Counterexample, old: &PolicyTexts, new: &PolicyTexts) {
    for (texts, shown) in [(old, &found.today), (new, &found.draft)] {
        let compiled = Compiled::new(texts).unwrap();
        let (request, entities) = found.case.request(&compiled, texts).unwrap();
        let response = Authorizer::new().is_authorized(&request, compiled.policies(), &entities);
        let allowed = response.decision() == Decision::Allow && response.diagnostics().errors().count() == 0;
        assert_eq!(allowed, shown.is_allow(), "{found:#?}");
    }
    assert!((found.today.effect, found.today.mask) != (found.draft.effect, found.draft.mask), "{found:#?}");
    assert!(old.get(&found.path).is_none() && new.get(&found.path).is_none());
    let case = serde_json::to_string(&found.case).unwrap();
    let kept = old.with([(found.path.clone(), Some(case))]).unwrap();
    let written = WrittenCase::all(&kept).unwrap().into_iter().find(|written| written.path == found.path).unwrap();
    assert_eq!(written.expected, found.expected);
    assert_eq!(written.case, found.case);
    assert_eq!(found.expected == Effect::Allow, found.today.is_allow());
}
