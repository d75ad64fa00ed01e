//! The index against Cedar's own authorizer, over whatever policies, entities and requests chance makes: nobody may be
//! able to tell them apart by decision, reasons or errors.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod chance;

use std::{cell::Cell, collections::BTreeSet};

use cedar_policy::{Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, Response};
use chance::{Facts, World};
use proptest::test_runner::{Config, TestRunner};
use zhongtai_authz::{Index, Party};

/// Policy sets to try, with eight requests each.
const CASES: u32 = 2_000;

/// What can be told about a decision.
#[derive(Debug, PartialEq)]
struct Seen {
    allowed: bool,
    reasons: BTreeSet<String>,
    errors: BTreeSet<String>,
}

impl From<Response> for Seen {
    fn from(response: Response) -> Self {
        let errors: Vec<String> = response.diagnostics().errors().map(ToString::to_string).collect();
        let seen = Self {
            allowed: response.decision() == Decision::Allow,
            reasons: response.diagnostics().reason().map(ToString::to_string).collect(),
            errors: errors.iter().cloned().collect(),
        };
        assert_eq!(seen.errors.len(), errors.len(), "no error is named twice");
        seen
    }
}

fn stock(policies: &PolicySet, declared: &Entities, own: &[Entity], request: &Request) -> Seen {
    let entities = declared.clone().upsert_entities(own.iter().cloned(), None).unwrap();
    Authorizer::new().is_authorized(request, policies, &entities).into()
}

#[test]
fn the_index_decides_as_the_stock_authorizer_with_its_reasons_and_errors() {
    let [allowed, forbidden, erred] = [const { Cell::new(0) }; 3];
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&chance::world(), |World { policies, declared, requests }| {
        let policies = policies.set();
        let declared = Entities::from_entities(declared, None).unwrap();
        let index = Index::new(&policies, &declared).unwrap();
        for Facts { request, own } in requests {
            let expected = stock(&policies, &declared, &own, &request);
            let own: Vec<Entity> = own.into_iter().collect();
            let (resource, others): (Vec<_>, Vec<_>) =
                own.iter().cloned().partition(|entity| Some(&entity.uid()) == request.resource());
            let (all, others) = (Party::new(own, None).unwrap(), Party::new(others, None).unwrap());
            // A party's second question finds what the first one put together.
            for (party, resource) in [(&all, None), (&others, resource.last()), (&others, resource.last())] {
                let seen: Seen = index.answer(&request, party, resource.cloned(), None).unwrap().into();
                proptest::prop_assert_eq!(&seen, &expected, "{}\n{:?}", request, policies.to_cedar());
            }
            let seen = expected;
            let count = |cell: &Cell<u32>, holds: bool| cell.set(cell.get() + u32::from(holds));
            count(&allowed, seen.allowed);
            count(&forbidden, !seen.allowed && !seen.reasons.is_empty());
            count(&erred, !seen.errors.is_empty());
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    // Chance that never permits, forbids or errs would prove nothing.
    for (what, count) in [("allowed", allowed), ("forbidden", forbidden), ("erred", erred)] {
        assert!(count.get() > CASES / 4, "{} requests were {what}", count.get());
    }
}

fn uid(text: &str) -> EntityUid {
    text.parse().unwrap()
}

fn child(of: &str, name: &str) -> Entity {
    Entity::new_no_attrs(uid(name), [uid(of)].into())
}

fn asked(resource: &str) -> Request {
    Request::new(uid("Caller::\"a\""), uid("Action::\"read\""), uid(resource), Context::empty(), None).unwrap()
}

fn answer(index: &Index, own: Vec<Entity>) -> Result<Response, String> {
    index.answer(&asked("Field::\"a\""), &Party::new(own, None)?, None, None)
}

#[test]
fn what_followed_from_a_replaced_entity_does_not_hold_any_more() {
    let policies: PolicySet = "permit (principal, action, resource in Area::\"a\");".parse().unwrap();
    let field = child("Dataset::\"a\"", "Field::\"a\"");
    let declared = Entities::from_entities([field, child("Area::\"a\"", "Dataset::\"a\"")], None).unwrap();
    let index = Index::new(&policies, &declared).unwrap();
    for (own, allowed) in [("Area::\"a\"", true), ("Area::\"b\"", false)] {
        let own = [child(own, "Dataset::\"a\"")];
        let seen: Seen = answer(&index, own.to_vec()).unwrap().into();
        assert_eq!(seen, stock(&policies, &declared, &own, &asked("Field::\"a\"")));
        assert_eq!(seen.allowed, allowed);
    }
    // As above, where the condition asks and not the scope.
    let policies: PolicySet = "permit (principal, action, resource) when { resource in Area::\"a\" };".parse().unwrap();
    let index = Index::new(&policies, &declared).unwrap();
    let own = vec![child("Area::\"b\"", "Dataset::\"a\"")];
    assert_eq!(answer(&index, own).unwrap().decision(), Decision::Deny);
}

#[test]
fn an_own_entity_that_closes_a_circle_is_refused_also_where_nobody_asks_for_it() {
    let policies: PolicySet = "permit (principal, action, resource);".parse().unwrap();
    let declared = Entities::from_entities([child("Area::\"a\"", "Area::\"b\"")], None).unwrap();
    let own = vec![child("Area::\"b\"", "Area::\"a\"")];
    assert!(declared.clone().upsert_entities(own.clone(), None).is_err());
    let index = Index::new(&policies, &declared).unwrap();
    let problem = answer(&index, own).unwrap_err();
    assert!(problem.contains("cycle"), "{problem}");
}
