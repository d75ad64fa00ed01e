//! Public credit, as a plugin uses it: verdicts with their age, the own records, and broken promises.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

use zhongtai::{
    credit::{self, BrokenPromise, OwnRecord, PetitionState, Promiser, ResidentId, State},
    prelude::*,
    testing::*,
};

const PURPOSE: Purpose<'static> = Purpose("road-repair");

#[get("/gate/{code}")]
fn gate(Path(code): Path<CreditCode>) -> Result<String> {
    let verdict = credit::check(&code, PURPOSE)?;
    let age = if verdict.is_stale() { format!("as of {}", verdict.as_of()) } else { "fresh".to_owned() };
    Ok(format!("{} by {} {age}", verdict.measure().unwrap_or("-"), verdict.rule()))
}

#[derive(Deserialize)]
struct Someone {
    id: ResidentId,
}

#[post("/person")]
fn person(Json(someone): Json<Someone>) -> Result<Json<Verdict>> {
    Ok(Json(credit::check_person(&someone.id, PURPOSE)?))
}

#[get("/mine")]
fn mine() -> Result<Json<(Vec<OwnRecord>, Vec<credit::Petition>)>> {
    Ok(Json((credit::mine(PURPOSE)?, credit::petitions(PURPOSE)?)))
}

#[post("/mine/{id}/objection")]
fn object(Path(id): Path<String>, Json(text): Json<String>) -> Result<Json<credit::Petition>> {
    Ok(Json(credit::object(&id, &text, "once")?))
}

#[post("/mine/{id}/repair")]
fn repair(Path(id): Path<String>) -> Result<Json<credit::Petition>> {
    Ok(Json(credit::apply_for_repair(&id, "made good", "once")?))
}

#[post("/cases/{case}/broken")]
fn broken(Path(case): Path<String>, subject: Subject) -> Result<String> {
    Ok(credit::report(&BrokenPromise::new(&subject, &case, "not restored"), &case)?)
}

zhongtai::plugin!(gate, person, mine, object, repair, broken);

fn record(id: &str, state: State) -> OwnRecord {
    OwnRecord {
        id: id.into(),
        category: "penalty".into(),
        gravity: "general".into(),
        source: "住建局".into(),
        since: "2026-01-01".into(),
        until: None,
        state,
        held: false,
        detail: "未恢复路面".into(),
    }
}

#[test]
fn a_verdict_says_what_is_asked_for_by_which_rule_and_how_old_it_is() {
    let stale = "2025-12-31T00:00:00Z".parse().unwrap();
    let verdict = Verdict::flagged("住建局").by_rule("3/person-looks", Some("manual-review")).as_said(stale, true);
    let host = MockHost::new().credit("91350100M000100Y43", verdict);
    let told = host.get("/gate/91350100M000100Y43").text().to_owned();
    assert_eq!(told, "manual-review by 3/person-looks as of 2025-12-31T08:00:00+08:00");
    assert!(host.get("/gate/11320000MB151840XJ").text().ends_with(" fresh"));
}

#[test]
fn a_person_is_checked_by_an_id_that_no_problem_repeats() {
    let id: ResidentId = "11010519491231002X".parse().unwrap();
    let host = MockHost::new().credit_of_person(&id, Verdict::barred("法院").masked(true));
    let reply = host.post("/person", json!({ "id": "11010519491231002x" }));
    assert_eq!((&reply.json()["standing"], &reply.json()["masked"]), (&json!("barred"), &json!(true)));
    let wrong = host.post("/person", json!({ "id": "110105194912310021" }));
    assert_eq!(wrong.status(), 400);
    assert!(!wrong.text().contains("110105194912310021"), "{}", wrong.text());
    let denied = host.deny("credit:check-person").post("/person", json!({ "id": "11010519491231002X" }));
    assert_eq!((denied.status(), &denied.json()["code"]), (403, &json!("access-denied")));
}

#[test]
fn whoever_is_signed_in_objects_to_own_records_as_long_as_they_stand() {
    let host = MockHost::new();
    assert_eq!(host.get("/mine").status(), 401);
    let host = host.subject("wang").own_credit_record(record("a", State::Published));
    let host = host.own_credit_record(record("b", State::Withdrawn));
    let filed = host.post("/mine/a/objection", json!("it was restored"));
    assert_eq!((&filed.json()["state"], &filed.json()["holds"]), (&json!("open"), &json!(true)));
    let again = host.post("/mine/a/objection", json!("it was restored"));
    assert_eq!(again.json()["id"], filed.json()["id"], "once");
    let mine = host.get("/mine").json();
    assert_eq!((&mine[0][0]["held"], mine[1].as_array().unwrap().len()), (&json!(true), 1));
    assert_eq!(host.post("/mine/a/repair", json!(null)).status(), 200, "another kind");
    let codes = [("b", "not-allowed-while", 409), ("c", "not-found", 404)];
    for (id, code, status) in codes {
        let reply = host.post(&format!("/mine/{id}/objection"), json!("no"));
        assert_eq!((reply.status(), &reply.json()["code"]), (status, &json!(code)), "{id}");
    }
    assert_eq!(host.post("/mine/a/objection", json!(" ")).status(), 422);
    assert_eq!(host.deny("credit:object").post("/mine/a/objection", json!("no")).status(), 403);
    assert_eq!(PetitionState::Open, PetitionState::Open);
}

#[test]
fn a_broken_promise_is_reported_once_for_a_case() {
    let host = MockHost::new().subject("company");
    let id = host.post("/cases/WJ-1/broken", json!(null)).text().to_owned();
    assert_eq!(host.post("/cases/WJ-1/broken", json!(null)).text(), id);
    assert_ne!(host.post("/cases/WJ-2/broken", json!(null)).text(), id);
    let reported = host.reported_promises();
    assert_eq!((reported.len(), reported[0].case.as_str()), (2, "WJ-1"));
    assert_eq!(reported[0].who, Promiser::Subject("company".into()));
    assert_eq!(host.deny("credit:report").post("/cases/WJ-3/broken", json!(null)).status(), 403);
}
