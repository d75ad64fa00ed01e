//! Every written case of the platform and of the shipped plugins ends as its folder says, and no policy is without one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that gets something else should stop")]

use std::{collections::BTreeSet, path::PathBuf};

use cedar_policy::{Authorizer, Decision, Effect as PolicyEffect, Entities, PolicyId, PolicySet, Request, Response};
use zhongtai_authz::{CaseWorld, Compiled, PolicyFolder, PolicyTexts, WrittenCase};
use zhongtai_kernel::{Effect, Mask};

const PLATFORM: [&str; 1] = ["policies"];
const WITH_PLUGINS: [&str; 3] = ["policies", "plugins/excavation/policies", "plugins/grid-report/policies"];

/// A policy set with its cases, ready to be asked.
struct Written {
    compiled: Compiled,
    cases: Vec<(WrittenCase, Request, Entities)>,
}

// === impl Written ===

impl Written {
    fn read(folders: &[&str]) -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folders: Vec<_> = folders.iter().map(|folder| PolicyFolder(root.join(folder))).collect();
        let texts = PolicyTexts::read(&folders).unwrap();
        let compiled = Compiled::new(&texts).unwrap();
        let world = CaseWorld::new(&compiled, &texts).unwrap();
        let ask = |written: WrittenCase| {
            let asked = written.case.request_in(&compiled, &world);
            let (request, entities) = asked.unwrap_or_else(|problem| panic!("{}: {problem}", written.path));
            (written, request, entities)
        };
        let cases = WrittenCase::all(&texts).unwrap().into_iter().map(ask).collect();
        Self { compiled, cases }
    }

    fn answer(&self, (_, request, entities): &(WrittenCase, Request, Entities)) -> Response {
        Authorizer::new().is_authorized(request, self.compiled.policies(), entities)
    }

    /// A permit without a mask shows all; permits that mask differently show nothing.
    fn mask(&self, permits: &Response) -> Option<Mask> {
        let masks: Option<BTreeSet<Mask>> = permits.diagnostics().reason().map(|id| self.compiled.mask(id)).collect();
        masks.map(|masks| if masks.len() == 1 { masks.into_iter().next().unwrap() } else { Mask::All })
    }

    fn assert_each_ends_as_written(&self) {
        for case in &self.cases {
            let (written, answer) = (&case.0, self.answer(case));
            let effect = if answer.decision() == Decision::Allow { Effect::Allow } else { Effect::Deny };
            let mask = if effect == Effect::Allow { self.mask(&answer) } else { None };
            assert_eq!((effect, mask), (written.expected, written.case.mask), "{}: {answer:?}", written.path);
            assert_eq!(answer.diagnostics().errors().count(), 0, "{}: {answer:?}", written.path);
        }
    }
}

#[test]
fn every_case_of_the_platform_ends_as_its_folder_says() {
    let platform = Written::read(&PLATFORM);
    assert!(platform.cases.len() >= 400, "{} cases were found", platform.cases.len());
    platform.assert_each_ends_as_written();
}

#[test]
fn every_case_ends_so_beside_the_plugins_policies_too_and_so_do_the_plugins_own() {
    let all = Written::read(&WITH_PLUGINS);
    let own = |plugin: &str| all.cases.iter().filter(|(case, ..)| case.path.starts_with(plugin)).count();
    assert!(own("excavation/tests/") >= 10 && own("grid-report/tests/") >= 9, "the plugins' cases were found");
    all.assert_each_ends_as_written();
}

#[test]
fn every_policy_decides_a_case() {
    let all = Written::read(&WITH_PLUGINS);
    let answers: Vec<Response> = all.cases.iter().map(|case| all.answer(case)).collect();
    let decided: BTreeSet<&PolicyId> = answers.iter().flat_map(|answer| answer.diagnostics().reason()).collect();
    let idle: Vec<_> =
        all.compiled.policies().policies().map(|policy| policy.id()).filter(|id| !decided.contains(id)).collect();
    assert!(idle.is_empty(), "no case is about {idle:?}");
    let linked =
        |template: &PolicyId| all.compiled.policies().policies().any(|policy| policy.template_id() == Some(template));
    let unlinked: Vec<_> = all.compiled.policies().templates().map(|it| it.id()).filter(|id| !linked(id)).collect();
    assert!(unlinked.is_empty(), "no grant links {unlinked:?}");
}

#[test]
fn every_forbid_denies_a_case_that_would_be_allowed_without_it() {
    let all = Written::read(&WITH_PLUGINS);
    for forbid in all.compiled.policies().policies().filter(|policy| policy.effect() == PolicyEffect::Forbid) {
        let mut others: PolicySet = all.compiled.policies().clone();
        others.remove_static(forbid.id().clone()).unwrap();
        let let_through = all.cases.iter().any(|case| {
            let answer = Authorizer::new().is_authorized(&case.1, &others, &case.2);
            case.0.expected == Effect::Deny && answer.decision() == Decision::Allow
        });
        assert!(let_through, "nothing changes without {}", forbid.id());
    }
}
