//! Reading and deciding: who may, and what can no longer be changed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that gets something else should stop")]

mod office;

use office::{application, decision, enterprise, manifest_host, window};
use zhongtai::testing::*;

fn filed(host: &excavation::MockHost) -> String {
    let reply = host.post("/applications", application());
    reply.json()["number"].as_str().unwrap().to_owned()
}

#[test]
fn an_officer_at_the_window_approves_and_the_applicant_is_told() {
    let host = manifest_host().subject(enterprise());
    let number = filed(&host);
    let host = host.subject(window()).at("2026-01-06T01:00:00Z");
    let reply = host.post(&format!("/applications/{number}/decisions"), decision("approve"));
    assert_eq!(reply.status(), 201, "{}", reply.text());
    assert_eq!(reply.json()["state"], "approved");
    assert_eq!(reply.json()["decision"], json!({ "at": "2026-01-06T09:00:00+08:00", "reason": "材料齐全" }));

    let told = host.sent_messages().pop().unwrap();
    assert_eq!((told.to, told.template.as_str()), (Recipient::Subject("north-river".into()), "application-decided"));
    assert!(told.variables.contains(&("outcome".into(), "approved".into())));

    let host = host.subject(enterprise());
    let shown = host.get(&format!("/applications/{number}"));
    assert_eq!((&shown.json()["state"], &shown.json()["decision"]["reason"]), (&json!("approved"), &json!("材料齐全")));
    assert!(!shown.text().contains("li-si"), "an applicant does not see which officer decided");
}

#[test]
fn a_decision_is_taken_once() {
    let host = manifest_host().subject(enterprise());
    let path = format!("/applications/{}/decisions", filed(&host));
    let host = host.subject(window());
    assert_eq!(host.post(&path, decision("reject")).status(), 201);
    for outcome in ["approve", "reject"] {
        let reply = host.post(&path, decision(outcome));
        assert_eq!((reply.status(), &reply.json()["code"]), (409, &json!("already-decided")));
        assert_eq!(reply.json()["detail"], "it is rejected already");
    }
    assert_eq!(host.sent_messages().len(), 3, "nobody is told of a decision that was not taken");
}

#[test]
fn only_an_officer_at_the_window_decides() {
    let host = manifest_host().subject(enterprise());
    let path = format!("/applications/{}/decisions", filed(&host));
    assert_eq!(host.post(&path, decision("approve")).status(), 403);
    let host = host.subject(Person::officer("zhao", &["engineer"]));
    assert_eq!(host.post(&path, decision("approve")).status(), 403);
    let host = host.anonymous();
    assert_eq!(host.post(&path, decision("approve")).status(), 401);
}

#[test]
fn a_decision_needs_a_known_outcome_a_reason_and_an_application() {
    let host = manifest_host().subject(enterprise());
    let path = format!("/applications/{}/decisions", filed(&host));
    let host = host.subject(window());
    assert_eq!(host.post(&path, decision("postpone")).json()["field"], "outcome");
    assert_eq!(host.post(&path, json!({ "outcome": "approve", "reason": " " })).json()["field"], "reason");
    assert_eq!(host.post("/applications/WJ-20260105-0000/decisions", decision("approve")).status(), 404);
}

#[test]
fn somebody_elses_application_is_as_unknown_as_none() {
    let host = manifest_host().subject(enterprise());
    let path = format!("/applications/{}", filed(&host));
    let host = host.subject("curious");
    let (theirs, none) = (host.get(&path), host.get("/applications/WJ-20260105-0000"));
    assert_eq!((theirs.status(), theirs.body()), (404, none.body()));
    assert_eq!(host.get("/applications").json(), json!({ "applications": [] }));
    let host = host.subject(window());
    assert_eq!(host.get(&path).status(), 200);
}

#[test]
fn what_is_no_number_never_reaches_the_store() {
    let host = manifest_host().subject(window());
    for number in ["1", "WJ-20260105-7k3m", "XX-20260105-7K3M", "WJ-20260105%2F7K3"] {
        let reply = host.get(&format!("/applications/{number}"));
        assert_eq!((reply.status(), &reply.json()["code"]), (400, &json!("invalid-path")), "{number}");
    }
}

#[test]
fn lists_are_leafed_through_and_only_the_window_sees_all() {
    let host = manifest_host().subject("wang");
    let mut numbers: Vec<_> = (0..23).map(|_| filed(&host)).collect();
    numbers.sort();
    let host = host.subject("zhang");
    filed(&host);

    let host = host.subject("wang");
    let first = host.get("/applications").json();
    assert_eq!(first["applications"].as_array().unwrap().len(), 20);
    assert_eq!(first["next"], numbers[19].as_str());
    let second = host.get(&format!("/applications?after={}", numbers[19])).json();
    assert_eq!(second["applications"].as_array().unwrap().len(), 3);
    assert_eq!(second["next"], Value::Null);
    assert_eq!(second["applications"][2]["number"], numbers[22].as_str());

    let host = host.subject(window());
    let first = host.get("/applications").json();
    let rest = host.get(&format!("/applications?after={}", first["next"].as_str().unwrap())).json();
    assert_eq!(rest["applications"].as_array().unwrap().len(), 4);
}
