//! Certificates at the platform's own API: who may, what is refused and how it is said, and what is on record.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use serde_json::{Value, json};
use support::{
    counter::{self, BANK, Counter, KIND, WANG, with},
    eventually,
};

/// What an officer sends to issue a permit of Wang's.
fn new(key: &str) -> Value {
    json!({
        "type": KIND, "holder": format!("resident-id:{WANG}"), "fields": counter::fields(), "case": "WJ-1",
        "idempotency_key": key
    })
}

fn shown(fields: Value, verifier: &str) -> Value {
    json!({ "fields": fields, "purpose": "loan", "verifier": verifier, "minutes": 10 })
}

async fn issued(counter: &Counter) -> Value {
    let reply = counter.api("li", "", &new("key-1")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// A token that Wang made for a verifier.
async fn token(counter: &Counter, permit: &Value, verifier: &str) -> Value {
    let path = format!("/{}/present", permit["id"].as_str().unwrap());
    let reply = counter.api("wang", &path, &shown(json!(["place"]), verifier)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    json!({ "token": reply.json()["token"], "purpose": "loan" })
}

#[tokio::test]
async fn an_officer_issues_the_holder_shows_and_the_verifier_sees_once() {
    let counter = Counter::open();
    let permit = issued(&counter).await;
    assert_eq!((&permit["standing"], &permit["type"]), (&"valid".into(), &KIND.into()));
    assert_eq!(issued(&counter).await["id"], permit["id"], "the same key, the same certificate");

    let mine = counter.api("wang", "?purpose=loan", &Value::Null).await.json();
    assert_eq!((mine.as_array().unwrap().len(), &mine[0]["id"]), (1, &permit["id"]));
    assert_eq!(counter.api("zhang", "?purpose=loan", &Value::Null).await.json(), json!([]));
    let search = json!({ "holder": format!("resident-id:{WANG}"), "purpose": "road-repair", "case": "WJ-1" });
    assert_eq!(counter.api("li", "/search", &search).await.json()[0]["id"], permit["id"]);
    assert_eq!(counter.api("zhang", "/search", &search).await.json(), json!([]), "a citizen finds nobody else's");
    let asked = json!({ "number": permit["number"], "purpose": "loan" });
    assert_eq!(counter.api("zhang", "/verify", &asked).await.json()["standing"], "valid");

    let token = token(&counter, &permit, BANK).await;
    let seen = counter.api("bank", "/redeem", &token).await.json();
    assert_eq!((&seen["id"], &seen["standing"]), (&permit["id"], &"valid".into()));
    let fields = json!([{ "name": "place", "title": "挖掘地点", "value": "清城区桥北路1号" }]);
    assert_eq!(seen["fields"], fields, "and no more");

    let revoke = json!({ "reason": "虚假承诺", "case": "WJ-2", "idempotency_key": "r" });
    let path = format!("/{}/revoke", permit["id"].as_str().unwrap());
    counter.api("li", &path, &revoke).await.problem(403, "access-denied");
    assert_eq!(counter.api("chief", &path, &revoke).await.json()["standing"], "revoked");
    assert_eq!(counter.api("zhang", "/verify", &asked).await.json()["standing"], "revoked");
}

#[tokio::test]
async fn nobody_asks_without_a_token_for_the_public_listener() {
    let counter = Counter::open();
    let permit = issued(&counter).await;
    counter.keep("admin-only", &counter.place.token("operator", &["--scope", "admin"]));
    counter.keep("forged", "zt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let id = permit["id"].as_str().unwrap();
    let search = json!({ "holder": format!("resident-id:{WANG}"), "purpose": "loan", "case": "WJ-1" });
    for (path, body) in [
        ("?purpose=loan", Value::Null),
        ("", new("key-2")),
        ("/search", search),
        ("/verify", json!({ "number": permit["number"], "purpose": "loan" })),
        ("/redeem", json!({ "token": format!("ztc_{}", "A".repeat(43)), "purpose": "loan" })),
        (&format!("/{id}/present"), shown(json!([]), BANK)),
        (&format!("/{id}/revoke"), json!({ "reason": "x", "idempotency_key": "r" })),
    ] {
        counter.api("", path, &body).await.problem(401, "unauthenticated");
        counter.api("forged", path, &body).await.problem(401, "unauthenticated");
        counter.api("admin-only", path, &body).await.problem(403, "missing-scope");
    }
}

#[tokio::test]
async fn a_presentation_is_refused_to_everybody_else_for_anything_else_twice_late_and_forged() {
    let counter = Counter::open();
    let permit = issued(&counter).await;
    let present = format!("/{}/present", permit["id"].as_str().unwrap());
    counter.api("zhang", &present, &shown(json!([]), BANK)).await.problem(403, "access-denied");
    for (change, code) in [
        (json!({ "minutes": 0 }), "invalid-value"),
        (json!({ "verifier": "anybody" }), "invalid-value"),
        (json!({ "fields": ["shoe-size"] }), "invalid-value"),
        (json!({ "fields": "place" }), "invalid-json"),
    ] {
        counter.api("wang", &present, &with(shown(json!([]), BANK), change)).await.problem(400, code);
    }

    let token = token(&counter, &permit, BANK).await;
    for (who, purpose) in [("zhang", "loan"), ("li", "loan"), ("wang", "loan"), ("bank", "road-repair")] {
        let other = with(token.clone(), json!({ "purpose": purpose }));
        counter.api(who, "/redeem", &other).await.problem(403, "access-denied");
    }
    for (forged, status, code) in [
        (format!("ztc_{}", "A".repeat(43)), 404, "token-unknown"),
        ("ztc_x".to_owned(), 400, "invalid-value"),
        (String::new(), 400, "invalid-value"),
    ] {
        let forged = json!({ "token": forged, "purpose": "loan" });
        counter.api("bank", "/redeem", &forged).await.problem(status, code);
    }
    assert_eq!(counter.api("bank", "/redeem", &token).await.status, 200, "nobody has used it yet");
    counter.api("bank", "/redeem", &token).await.problem(409, "token-used");

    let late = self::token(&counter, &permit, BANK).await;
    counter.expire_presentations().await;
    counter.api("bank", "/redeem", &late).await.problem(409, "token-expired");
    let none = self::token(&counter, &permit, BANK).await;
    let revoke = json!({ "reason": "虚假承诺", "idempotency_key": "r" });
    let path = format!("/{}/revoke", permit["id"].as_str().unwrap());
    assert_eq!(counter.api("chief", &path, &revoke).await.status, 200);
    counter.api("bank", "/redeem", &none).await.problem(409, "token-not-valid");
    counter.api("wang", &present, &shown(json!([]), BANK)).await.problem(403, "access-denied");
}

#[tokio::test]
async fn what_can_not_be_issued_is_said_by_its_code_and_fields_in_both_languages() {
    let counter = Counter::open();
    issued(&counter).await;
    let other = with(counter::fields(), json!({ "place": "别处" }));
    for (change, status, code) in [
        (json!({ "type": "dog-licence", "idempotency_key": "2" }), 404, "unknown-type"),
        (json!({ "fields": other }), 409, "key-reused"),
        (json!({ "holder": format!("resident-id:{}", &WANG[..17]) }), 400, "invalid-holder"),
        (json!({ "holder": "somebody" }), 400, "invalid-holder"),
        (json!({ "case": "张三的办件" }), 400, "invalid-value"),
        (json!({ "idempotency_key": "" }), 400, "invalid-value"),
        (json!({ "valid_until": "1999-01-01", "idempotency_key": "2" }), 400, "invalid-value"),
        (json!({ "colour": "red" }), 400, "invalid-json"),
    ] {
        let reply = counter.api("li", "", &with(new("key-1"), change)).await;
        reply.problem(status, code);
        assert!(!reply.body.contains(&WANG[..17]), "{reply:?}");
    }
    let wrong = json!({ "applicant": "x", "area_m2": "四千三百二十一", "purpose": "x", "place": "" });
    let reply = counter.api("li", "", &with(new("key-2"), json!({ "fields": wrong }))).await;
    let problem = reply.problem(400, "invalid-fields");
    let fields = json!([
        { "field": "area_m2", "title": "面积（平方米）", "zh": "应为数字", "en": "it must be a number" },
        { "field": "place", "title": "挖掘地点", "zh": "至少 1 个字符", "en": "characters, at least 1" },
    ]);
    let mut told = problem["fields"].as_array().unwrap().clone();
    told.sort_by_key(|one| one["field"].to_string());
    assert_eq!(Value::from(told), fields);
    assert!(!reply.body.contains("四千"), "no value is repeated: {reply:?}");
    counter.api("wang", "?purposes=loan", &Value::Null).await.problem(400, "invalid-query");
    counter
        .api("chief", "/x/revoke", &json!({ "reason": "x", "idempotency_key": "r" }))
        .await
        .problem(400, "invalid-value");
    let never = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U";
    counter.api("wang", "/verify", &json!({ "number": never, "purpose": "loan" })).await.problem(404, "not-found");
    counter.api("wang", "/verify", &json!({ "number": "1.2", "purpose": "loan" })).await.problem(400, "invalid-number");
}

#[tokio::test]
async fn every_question_of_the_desk_is_on_record_with_who_asked_and_what_for_and_nothing_personal_is() {
    let counter = Counter::open();
    let permit = issued(&counter).await;
    let present = format!("/{}/present", permit["id"].as_str().unwrap());
    let refused = counter.api("zhang", &present, &shown(json!([]), BANK)).await.problem(403, "access-denied");
    let detail = refused["detail"].as_str().unwrap();
    let reference =
        detail.split(['(', ')', ' ']).find(|word| word.ends_with("/0")).unwrap_or_else(|| panic!("{detail}"));
    let record = counter.place.audit(reference).await;
    let asked = [&record["action"], &record["purpose"], &record["effect"]];
    assert_eq!(asked, ["certificate:present", "loan", "deny"], "{record}");

    let token = token(&counter, &permit, BANK).await;
    assert_eq!(counter.api("bank", "/redeem", &token).await.status, 200);
    let log = counter.place.host.log();
    let audit = std::fs::read_to_string(counter.place.host.audit()).unwrap();
    let secrets = [WANG, "王小明", "13812345678", "桥北路", "虚假", token["token"].as_str().unwrap()];
    for secret in secrets {
        assert!(!log.contains(secret) && !audit.contains(secret), "{secret}");
    }
    let redeemed = audit.lines().find(|line| line.contains("certificate:redeem")).unwrap();
    assert!(redeemed.contains("\"loan\"") && redeemed.contains("000000-platform"), "{redeemed}");
}

/// The desk asks the way that guests ask: what it asked is seen by a draft in shadow.
#[tokio::test]
async fn a_draft_in_shadow_sees_what_is_asked_at_the_desk() {
    let counter = Counter::open();
    let place = &counter.place;
    let permit = issued(&counter).await;
    let folder = place.dir.path().join("draft");
    place.zt_as("security", &["policy", "pull", folder.to_str().unwrap()]);
    let closed = "@id(\"closed\")\nforbid (principal, action == Action::\"certificate:verify\", resource);\n";
    std::fs::write(folder.join("certificate/closed.cedar"), closed).unwrap();
    // The cases of the policies in force would fail.
    std::fs::remove_dir_all(folder.join("certificate/tests")).unwrap();
    place.zt_as("security", &["policy", "propose", folder.to_str().unwrap(), "--reason", "a test"]);
    place.zt_as("security", &["policy", "shadow", "2"]);
    let asked = json!({ "number": permit["number"], "purpose": "loan" });
    eventually("the shadow to begin, and to differ", async || {
        assert_eq!(counter.api("zhang", "/verify", &asked).await.status, 200, "a draft decides nothing");
        let report = place.zt_as("auditor", &["--json", "policy", "shadow"]);
        report.contains("certificate:verify").then_some(())
    })
    .await;
}
