//! Certificates as a guest has them: every function of the interface in the sandbox of a real host, and every error.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use serde_json::{Value, json};
use support::counter::{self, BANK, Counter, WANG, error, issue, with};

/// Why an officer reads.
fn reading() -> Value {
    json!({ "purpose": "road-repair", "basis": "statutory-duty", "case": "WJ-1" })
}

/// What was shown, by name.
fn shown(told: &Value) -> Vec<(&str, &str)> {
    let fields = told["ok"]["fields"].as_array().unwrap_or_else(|| panic!("{told}"));
    fields.iter().map(|field| (field["name"].as_str().unwrap(), field["value"].as_str().unwrap())).collect()
}

fn ids(told: &Value) -> Vec<&str> {
    told["ok"].as_array().unwrap_or_else(|| panic!("{told}")).iter().map(|one| one["id"].as_str().unwrap()).collect()
}

fn path(certificate: &Value, verb: &str) -> String {
    format!("/{}/{verb}", certificate["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_certificate_is_issued_found_read_and_verified_by_a_guest() {
    let counter = Counter::open();
    let permit = counter.permit("permit-1").await;
    assert_eq!((&permit["type"], &permit["title"]), (&"excavation-permit".into(), &"占道挖掘许可证".into()));
    assert_eq!((&permit["standing"], &permit["papers"]), (&"valid".into(), &json!([])));
    let number = permit["number"].as_str().unwrap();
    assert!(number.starts_with("1.2.156.3005.2.11100000000013338W002.11441802MB2D01234Y."), "{number}");
    assert_eq!(counter.permit("permit-1").await["id"], permit["id"], "the same key, the same certificate");
    let id = permit["id"].as_str().unwrap();

    assert_eq!(ids(&counter.guest("wang", "/mine/road-repair", &Value::Null).await), [id]);
    assert_eq!(ids(&counter.guest("zhang", "/mine/road-repair", &Value::Null).await), <[&str; 0]>::default());
    let search = json!({ "holder": { "resident-id": WANG }, "why": reading() });
    assert_eq!(ids(&counter.guest("li", "/held-by", &search).await), [id]);
    assert_eq!(ids(&counter.guest("", "/held-by", &search).await), <[&str; 0]>::default(), "nobody sees none");

    let own = json!({ "why": { "purpose": "road-repair", "basis": "statutory-duty" } });
    let told = counter.guest("wang", &path(&permit, "read"), &own).await;
    assert!(shown(&told).contains(&("contact_phone", "13812345678")), "{told}");
    assert!(shown(&told).contains(&("area_m2", "12.5")) && shown(&told).len() == 7, "{told}");
    let some = json!({ "names": ["place", "shoe-size"], "why": reading() });
    let told = counter.guest("li", &path(&permit, "read"), &some).await;
    assert_eq!(shown(&told), [("place", "清城区桥北路1号")]);

    let asked = json!({ "number": number, "purpose": "loan" });
    let told = counter.guest("", "/verify", &asked).await;
    assert_eq!((&told["ok"]["id"], &told["ok"]["standing"]), (&permit["id"], &"valid".into()));
    assert!(!told.to_string().contains("清远市"), "a verification tells nothing of what it says: {told}");

    let told = counter.guest("wang", &path(&permit, "history"), &own["why"]).await;
    let what: Vec<_> = told["ok"].as_array().unwrap().iter().map(|entry| entry["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["issued"]);
    assert_eq!(told["ok"][0]["by"], counter.plugin.scenario);
}

#[tokio::test]
async fn a_holder_is_the_asker_a_handle_a_code_or_a_resident_id() {
    let counter = Counter::open();
    let handle = counter.guest("wang", "/handle", &Value::Null).await;
    let by = async |who: &str, holder: Value, once: &str| {
        counter.guest(who, "/issue", &with(issue(once), json!({ "holder": holder }))).await
    };
    let own = by("li", json!("asker"), "1").await;
    assert_eq!(ids(&counter.guest("li", "/mine/loan", &Value::Null).await), [own["ok"]["id"].as_str().unwrap()]);
    let wangs = by("li", json!({ "subject": handle }), "2").await;
    assert_eq!(ids(&counter.guest("wang", "/mine/loan", &Value::Null).await), [wangs["ok"]["id"].as_str().unwrap()]);
    let banks = by("li", json!({ "credit-code": BANK }), "3").await;
    assert_eq!(ids(&counter.guest("bank", "/mine/loan", &Value::Null).await), [banks["ok"]["id"].as_str().unwrap()]);

    for (holder, expected) in [
        (json!({ "subject": "made-up" }), "Invalid(\"holder: expected a handle of this department\")"),
        (json!({ "credit-code": "91512081MA62K0260X" }), "Invalid(\"holder: expected"),
        (json!({ "resident-id": "110105194912310021" }), "Invalid(\"holder: expected"),
    ] {
        let told = by("li", holder, "4").await;
        assert!(error(&told).starts_with(expected), "{told}");
        assert!(!told.to_string().contains("1101051949") && !told.to_string().contains("91512081"), "{told}");
    }
    assert_eq!(error(&by("", json!("asker"), "5").await), "Invalid(\"nobody signed in\")");
    assert_eq!(error(&counter.guest("", "/mine/loan", &Value::Null).await), "Invalid(\"nobody signed in\")");
}

#[tokio::test]
async fn a_new_issue_takes_the_place_and_what_is_revoked_has_none() {
    let counter = Counter::open();
    let first = counter.permit("permit-1").await;
    let again = |once: &str| {
        json!({
            "fields": counter::fields().to_string(), "reason": "地点有误", "why": { "case": "WJ-2" }, "once": once,
        })
    };
    let second = counter.guest("li", &path(&first, "reissue"), &again("again-1")).await;
    let second = &second["ok"];
    assert_eq!(second["standing"], "valid", "{second}");
    let serial = |one: &Value| one["number"].as_str().unwrap().split('.').nth(7).unwrap().to_owned();
    assert_eq!(serial(second), serial(&first), "the same serial");
    assert_ne!(second["number"], first["number"]);
    let twice = counter.guest("li", &path(&first, "reissue"), &again("again-2")).await;
    assert_eq!(error(&twice), "NotAllowedWhile(Superseded)");
    let silent = with(again("again-3"), json!({ "reason": "" }));
    let told = counter.guest("li", &path(second, "reissue"), &silent).await;
    assert_eq!(error(&told), "Invalid(\"reason: expected 1 to 500 characters in one line\")");

    let revoke = |once: &str| json!({ "reason": "虚假承诺", "why": { "case": "WJ-3" }, "once": once });
    let told = counter.guest("li", &path(second, "revoke"), &revoke("1")).await;
    assert!(error(&told).starts_with("Denied("), "who issues does not revoke: {told}");
    let told = counter.guest("chief", &path(second, "revoke"), &revoke("2")).await;
    assert_eq!(told["ok"]["standing"], "revoked", "{told}");
    let told = counter.guest("chief", &path(second, "revoke"), &revoke("3")).await;
    assert_eq!(error(&told), "NotAllowedWhile(Revoked)");
    let told = counter.guest("li", &path(second, "reissue"), &again("again-4")).await;
    assert_eq!(error(&told), "NotAllowedWhile(Revoked)");
    let told = counter.guest("li", &path(second, "history"), &reading()).await;
    let reasons: Vec<_> = told["ok"].as_array().unwrap().iter().map(|entry| entry["reason"].clone()).collect();
    assert_eq!(reasons, [json!("地点有误"), json!("虚假承诺")], "{told}");
}

#[tokio::test]
async fn every_mistake_of_a_guest_has_its_error_and_repeats_no_value() {
    let counter = Counter::open();
    let permit = counter.permit("permit-1").await;
    let wrong = json!({ "applicant": "x", "place": "x", "area_m2": -4_321, "purpose": "x", "colour": "red" });
    let nowhere = "/01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let unknown = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U";
    let number = permit["number"].as_str().unwrap();
    let swapped = format!("{}{}", &number[..number.len() - 1], if number.ends_with('A') { 'B' } else { 'A' });
    let request = |changes: Value| with(issue("2"), changes);
    let read = |why: Value| json!({ "why": why });
    let present =
        |changes: Value| with(json!({ "fields": [], "purpose": "loan", "verifier": BANK, "minutes": 10 }), changes);
    let (read_it, present_it) = (path(&permit, "read"), path(&permit, "present"));
    let forged = format!("ztc_{}", "A".repeat(43));
    let table: &[(&str, &str, Value, &str)] = &[
        ("wang", "/issue", issue("2"), "Denied("),
        ("li", "/issue", request(json!({ "why": {} })), "Denied("),
        ("li", "/issue", request(json!({ "kind": "dog-licence" })), "UnknownType(\"dog-licence\")"),
        ("li", "/issue", request(json!({ "fields": "[]" })), "Invalid(\"fields: expected a JSON object\")"),
        ("li", "/issue", request(json!({ "valid_from": "soon" })), "Invalid(\"valid-from: expected a day"),
        ("li", "/issue", request(json!({ "valid_until": "1999-01-01" })), "Invalid(\"valid-until: expected"),
        ("li", "/issue", request(json!({ "once": "" })), "Invalid(\"idempotency key: expected"),
        ("li", "/issue", request(json!({ "why": { "case": "张三" } })), "Invalid(\"case: expected"),
        ("li", "/issue", request(json!({ "once": "permit-1", "valid_until": "2999-01-01" })), "KeyReused"),
        ("li", "/issue", request(json!({ "once": "permit-1", "valid_from": "2001-01-01" })), "KeyReused"),
        ("zhang", &read_it, read(reading()), "Denied("),
        ("", &read_it, read(reading()), "Denied("),
        ("chen", &read_it, read(reading()), "Denied("),
        ("li", &read_it, read(json!({ "purpose": "road-repair" })), "Denied("),
        ("li", &read_it, read(json!({ "purpose": "marketing" })), "UndeclaredPurpose(\"marketing\")"),
        ("li", &format!("{nowhere}/read"), read(reading()), "NotFound"),
        ("li", "/x/read", read(reading()), "Invalid(\"certificate id: expected"),
        ("li", &format!("{nowhere}/history"), reading(), "NotFound"),
        ("wang", "/mine/marketing", Value::Null, "UndeclaredPurpose(\"marketing\")"),
        ("", "/verify", json!({ "number": unknown, "purpose": "loan" }), "NotFound"),
        ("", "/verify", json!({ "number": swapped, "purpose": "loan" }), "Invalid("),
        ("", "/verify", json!({ "number": number, "purpose": "marketing" }), "UndeclaredPurpose("),
        ("zhang", &present_it, present(json!({})), "Denied("),
        ("wang", &present_it, present(json!({ "minutes": 0 })), "Invalid(\"minutes: expected 1 to 1440\")"),
        ("wang", &present_it, present(json!({ "minutes": 1_441 })), "Invalid(\"minutes"),
        ("wang", &present_it, present(json!({ "verifier": "anybody" })), "Invalid(\"verifier: expected"),
        ("wang", &present_it, present(json!({ "purpose": "A Loan" })), "Invalid(\"purpose: expected"),
        ("wang", &present_it, present(json!({ "fields": ["shoe-size"] })), "Invalid(\"fields: expected"),
        ("", "/redeem", json!({ "token": forged, "purpose": "loan" }), "Token(Unknown)"),
        ("", "/redeem", json!({ "token": "ztc_x", "purpose": "loan" }), "Invalid(\"presentation token: expected"),
    ];
    for (who, path, body, expected) in table {
        let told = counter.guest(who, path, body).await;
        assert!(error(&told).starts_with(expected), "{who} {path} {body}: {told}, not {expected}");
    }
    let told = counter.guest("li", "/issue", &request(json!({ "fields": wrong.to_string() }))).await;
    for expected in ["InvalidFields", "area_m2", "面积（平方米）", "必须大于 0", "it must be more than 0", "colour"]
    {
        assert!(error(&told).contains(expected), "{told}");
    }
    assert!(!told.to_string().contains("4321") && !told.to_string().contains("red"), "{told}");
    let url = counter.place.public(&counter.plugin.path(&path(&permit, "need")));
    let refused = counter.place.http.post(url).json(&read(reading()));
    support::Reply::of(refused).await.problem(403, "access-denied");
}

#[tokio::test]
async fn what_has_not_begun_or_is_over_stands_so_and_is_not_presented() {
    let counter = Counter::open();
    for (once, days, standing) in [
        ("early", json!({ "valid_from": "2999-01-01", "valid_until": null }), "not-yet-valid"),
        ("late", json!({ "valid_from": "2001-01-01", "valid_until": "2001-02-01" }), "expired"),
    ] {
        let told = counter.guest("li", "/issue", &with(issue(once), days)).await;
        assert_eq!(told["ok"]["standing"], standing, "{told}");
        let shown = json!({ "purpose": "loan", "verifier": BANK, "minutes": 10 });
        let told = counter.guest("wang", &path(&told["ok"], "present"), &shown).await;
        assert!(error(&told).starts_with("Denied("), "{told}");
    }
}

#[tokio::test]
async fn what_a_holder_shows_is_seen_once_by_the_department_it_is_for() {
    let counter = Counter::open();
    let permit = counter.permit("permit-1").await;
    let present = async |fields: Value, verifier: &str| {
        let shown = json!({ "fields": fields, "purpose": "loan", "verifier": verifier, "minutes": 10 });
        let told = counter.guest("wang", &path(&permit, "present"), &shown).await;
        assert_eq!(told["ok"]["token"], told["ok"]["qr"], "{told}");
        json!({ "token": told["ok"]["token"], "purpose": "loan" })
    };
    let redeem = async |token: &Value| counter.guest("", "/redeem", token).await;
    let token = present(json!(["place"]), "441802-test").await;
    let other_purpose = with(token.clone(), json!({ "purpose": "road-repair" }));
    assert!(error(&redeem(&other_purpose).await).starts_with("Denied("), "for another purpose");
    let told = redeem(&token).await;
    assert_eq!(shown(&told), [("place", "清城区桥北路1号")], "and no more");
    assert_eq!(error(&redeem(&token).await), "Token(Used)");

    let elsewhere = present(json!([]), "441802-other").await;
    assert!(error(&redeem(&elsewhere).await).starts_with("Denied("), "for another department");
    let late = present(json!([]), "441802-test").await;
    counter.expire_presentations().await;
    assert_eq!(error(&redeem(&late).await), "Token(Expired)");

    let none = present(json!([]), "441802-test").await;
    let revoke = json!({ "reason": "虚假承诺", "why": {}, "once": "r" });
    let told = counter.guest("chief", &path(&permit, "revoke"), &revoke).await;
    assert_eq!(told["ok"]["standing"], "revoked", "{told}");
    assert_eq!(error(&redeem(&none).await), "Token(NotValid(Revoked))", "revoked while it was presented");
}

/// Policy says who redeems. Whatever it says, the holder chose one verifier and one purpose.
#[tokio::test]
async fn no_policy_lets_another_verifier_or_another_purpose_see_what_was_presented() {
    let counter = Counter::open_with(|setup, dir| {
        let policies = dir.join("policies");
        support::copy(&zhongtai_e2e::repository().join("policies"), &policies);
        let open = "@id(\"open\")\npermit (principal, action == Action::\"certificate:redeem\", resource);\n";
        std::fs::write(policies.join("certificate/open.cedar"), open).unwrap();
        setup.policies = vec![policies];
    });
    let permit = counter.permit("permit-1").await;
    for (verifier, purpose, expected) in [
        ("441802-other", "loan", "Token(OtherVerifier)"),
        (BANK, "loan", "Token(OtherVerifier)"),
        ("441802-test", "road-repair", "Token(OtherPurpose)"),
    ] {
        let shown = json!({ "fields": ["place"], "purpose": "loan", "verifier": verifier, "minutes": 10 });
        let told = counter.guest("wang", &path(&permit, "present"), &shown).await;
        let token = json!({ "token": told["ok"]["token"], "purpose": purpose });
        assert_eq!(error(&counter.guest("zhang", "/redeem", &token).await), expected, "{verifier} {purpose}");
    }
}
