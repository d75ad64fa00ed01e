//! Applying, from both sides of the counter.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that gets something else should stop")]

mod office;

use office::{COMPANY, application, decision, enterprise, manifest_host, window};
use zhongtai::testing::*;

#[test]
fn an_enterprise_applies_and_both_sides_are_told() {
    let host = manifest_host().subject(enterprise());
    let reply = host.post("/applications", application());
    assert_eq!(reply.status(), 201, "{}", reply.text());

    let receipt = reply.json();
    let number = receipt["number"].as_str().unwrap();
    assert!(number.starts_with("WJ-20260105-") && number.len() == 16, "{number}");
    assert_eq!(reply.header("location"), Some(format!("applications/{number}").as_str()));
    assert_eq!(receipt["fee_fen"], 24_000);
    assert_eq!((&receipt["state"], &receipt["review"]), (&json!("received"), &json!("normal")));

    let told: Vec<_> = host.sent_messages().into_iter().map(|message| (message.to, message.template)).collect();
    assert_eq!(
        told,
        [
            (Recipient::Subject("north-river".into()), "application-received".into()),
            (Recipient::Desk("duty".into()), "application-to-review".into()),
        ]
    );
}

#[test]
fn a_barred_company_is_refused_with_its_basis_and_nothing_is_kept() {
    let host = manifest_host().subject(enterprise()).credit(COMPANY, Verdict::barred("住建局"));
    let reply = host.post("/applications", application());
    assert_eq!((reply.status(), &reply.json()["code"]), (409, &json!("company-barred")));
    assert_eq!(reply.json()["basis"], json!(["black-list of 住建局 since 2026-01-01"]));
    assert!(host.keys("").is_empty() && host.sent_messages().is_empty());
}

#[test]
fn a_flagged_company_is_looked_at_by_a_person_who_sees_why() {
    let host = manifest_host().subject(enterprise()).credit(COMPANY, Verdict::flagged("环保局"));
    let receipt = host.post("/applications", application()).json();
    assert_eq!(receipt["review"], "manual");
    let path = format!("/applications/{}", receipt["number"].as_str().unwrap());
    assert_eq!(host.get(&path).json()["credit_basis"], Value::Null);
    let host = host.subject(window());
    assert_eq!(host.get(&path).json()["credit_basis"], "penalty of 环保局 since 2026-01-01");
}

#[test]
fn no_verdict_no_application() {
    let host = manifest_host().subject(enterprise()).deny("credit:check");
    let reply = host.post("/applications", application());
    assert_eq!((reply.status(), &reply.json()["code"]), (403, &json!("access-denied")));
    assert!(host.keys("").is_empty());
}

#[test]
fn the_fee_follows_the_operators_price() {
    let host = manifest_host().subject(enterprise()).config("fee_fen_per_m2", "1999");
    assert_eq!(host.post("/applications", application()).json()["fee_fen"], 23_988);
    let host = host.config("fee_fen_per_m2", "20 yuan");
    assert_eq!(host.post("/applications", application()).json()["code"], "invalid-setting");
}

#[test]
fn who_is_not_signed_in_is_asked_to() {
    assert_eq!(manifest_host().post("/applications", application()).status(), 401);
    assert_eq!(manifest_host().get("/applications").status(), 401);
}

#[test]
fn an_enterprise_applies_for_itself_only_and_an_officer_not_at_all() {
    let host = manifest_host().subject(Person::legal("other").field("credit-code", "11320000MB151840XJ"));
    let reply = host.post("/applications", application());
    assert_eq!((reply.status(), &reply.json()["code"]), (403, &json!("not-own-company")));

    let host = manifest_host().subject(enterprise()).deny("subject:fields/credit-code");
    assert_eq!(host.post("/applications", application()).json()["code"], "not-own-company");

    let host = manifest_host().subject(window());
    assert_eq!(host.post("/applications", application()).json()["code"], "officer");
}

#[test]
fn an_agent_applies_and_a_refused_phone_is_simply_not_known() {
    let host = manifest_host().subject(office::agent()).deny("subject:fields/phone");
    let number = host.post("/applications", application()).json()["number"].as_str().unwrap().to_owned();
    let shown = host.get(&format!("/applications/{number}")).json();
    assert_eq!(shown["capacity"], "agent");
    assert_eq!(shown["contact"], json!({ "name": "王小明" }));
}

#[test]
fn an_impossible_form_is_refused_and_says_why() {
    let host = manifest_host().subject(enterprise());
    for (field, value, status, words) in [
        ("from", json!("2026-01-04"), 422, "2026-01-04 is in the past"),
        ("to", json!("2026-01-05"), 422, "2026-01-05 is before 2026-01-06"),
        ("to", json!("2026-04-06"), 422, "91 days are more than 90"),
        ("area_m2", json!(0), 422, "0 m² is not between 1 and 10000"),
        ("area_m2", json!(10_001), 422, "10001 m² is not between"),
        ("area_m2", json!(1.5), 400, "expected u32"),
        ("from", json!("2026-02-30"), 400, "is not a day"),
        ("place", json!("  "), 400, "a text is expected"),
        ("reason", json!("供水\n抢修"), 400, "one line"),
        ("company", json!("91350100M000100Y44"), 400, "check character is wrong"),
        ("fee_fen", json!(1), 400, "unknown field"),
    ] {
        let mut form = application();
        form[field] = value;
        let reply = host.post("/applications", form);
        assert_eq!(reply.status(), status, "{field}: {}", reply.text());
        assert!(reply.json()["detail"].as_str().unwrap().contains(words), "{field}: {}", reply.text());
    }
    assert!(host.keys("").is_empty());
}

#[test]
fn the_same_key_files_once_and_gets_the_same_receipt() {
    let host = manifest_host().subject(enterprise());
    let post = |host: &excavation::MockHost, form: Value| {
        host.request("POST", "/applications").header("Idempotency-Key", "a-1").json(&form).send()
    };
    let first = post(&host, application());
    let host = host.subject(window());
    let path = format!("/applications/{}/decisions", first.json()["number"].as_str().unwrap());
    assert_eq!(host.post(&path, decision("reject")).status(), 201);

    let host = host.subject(enterprise());
    let again = post(&host, application());
    assert_eq!((again.status(), again.body()), (201, first.body()));
    assert_eq!(host.keys("application/").len(), 1);
    assert_eq!(host.sent_messages().len(), 3, "two for the application, one for the decision");

    let mut other = application();
    other["area_m2"] = json!(13);
    assert_eq!(post(&host, other).json()["code"], "idempotency-key-reused");

    // Keys of two subjects have nothing to do with each other.
    let host = host.subject(office::agent());
    assert_eq!(post(&host, application()).status(), 201);
    assert_eq!(host.keys("application/").len(), 2);
}

#[test]
fn a_key_that_is_none_is_refused() {
    let host = manifest_host().subject(enterprise());
    for key in ["", "a/b", &"a".repeat(65)] {
        let reply = host.request("POST", "/applications").header("idempotency-key", key).json(&application()).send();
        assert_eq!(reply.json()["code"], "invalid-idempotency-key");
    }
}

#[test]
fn a_number_that_is_taken_is_drawn_again() {
    let taken = {
        let host = manifest_host().subject(enterprise());
        host.post("/applications", application()).json()["number"].as_str().unwrap().to_owned()
    };
    // The mock draws the same numbers in every run.
    let host = manifest_host().stored(&format!("application/{taken}"), &json!({})).subject(enterprise());
    let reply = host.post("/applications", application());
    assert_eq!(reply.status(), 201);
    assert_ne!(reply.json()["number"], taken);
}

#[test]
fn an_application_stands_even_when_nobody_can_be_told() {
    let host = manifest_host().subject(enterprise()).deny("notify:send");
    assert_eq!(host.post("/applications", application()).status(), 201);
    let warnings: Vec<_> = host.logs().into_iter().filter(|event| event.level == Level::Warn).collect();
    assert_eq!(warnings.len(), 2);
    assert_eq!(warnings[0].message, "a message was not sent");
}

#[test]
fn neither_name_nor_phone_is_logged_or_sent() {
    let host = manifest_host().subject(office::agent());
    assert_eq!(host.post("/applications", application()).status(), 201);
    let left = format!("{:?}{:?}", host.logs(), host.sent_messages());
    assert!(!left.contains("13800000000") && !left.contains("王小明"), "{left}");
}
