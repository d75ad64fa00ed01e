//! Reporting: what becomes a report, what joins one, and what is refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that gets something else should stop")]

mod street;

use street::{PHONE, dispatcher, filed, handled, lamp, lamp_at, manifest_host};
use zhongtai::testing::*;

#[test]
fn anybody_reports_and_the_desk_on_duty_is_told() {
    let host = manifest_host();
    let reply = host.post("/reports", lamp());
    assert_eq!(reply.status(), 201, "{}", reply.text());
    let receipt = reply.json();
    assert!(receipt["number"].as_str().unwrap().starts_with("SB-20260105-"));
    assert_eq!((&receipt["state"], &receipt["joined"]), (&json!("received"), &json!(false)));
    assert_eq!(receipt["code"].as_str().unwrap().len(), 11);

    let [message] = &host.sent_messages()[..] else { panic!("one message") };
    assert_eq!((&message.to, message.template.as_str()), (&Recipient::Desk("duty".into()), "report-received"));
}

#[test]
fn the_same_thing_nearby_within_a_day_joins_and_counts() {
    let host = manifest_host();
    let (path, _) = filed(&host, lamp());
    // 40 m to the east, in the next cell, 23 hours later.
    let host = host.at("2026-01-06T00:00:00Z");
    let reply = host.post("/reports", lamp_at(113.050_39, 23.70));
    assert_eq!(reply.status(), 200);
    assert_eq!(format!("/reports/{}", reply.json()["number"].as_str().unwrap()), path);
    assert_eq!((&reply.json()["joined"], &reply.json()["supporters"]), (&json!(true), &json!(2)));
    assert_eq!(reply.json()["code"], Value::Null, "whoever joins does not speak for the reporter");
    assert_eq!(host.get(&path).json()["supporters"], 2);
    assert_eq!(host.sent_messages().len(), 1, "the desk knows already");
}

#[test]
fn further_away_a_day_later_or_something_else_is_a_report_of_its_own() {
    let host = manifest_host();
    filed(&host, lamp());
    filed(&host, lamp_at(113.050_6, 23.70));
    let mut rubbish = lamp();
    rubbish["category"] = json!("rubbish");
    filed(&host, rubbish);
    filed(&host.at("2026-01-06T01:00:00Z"), lamp());
}

#[test]
fn two_things_called_other_are_two_things() {
    let host = manifest_host();
    let mut other = lamp();
    other["category"] = json!("other");
    filed(&host, other.clone());
    filed(&host, other);
    assert!(host.keys("cell/").is_empty());
}

#[test]
fn what_was_closed_is_not_joined() {
    let (host, path, code) = handled(manifest_host(), lamp());
    assert_eq!(host.post("/reports", lamp()).status(), 200, "handled is not closed");
    assert_eq!(host.post(&format!("{path}/verify"), json!({ "code": code, "fixed": true })).status(), 200);
    let (again, _) = filed(&host, lamp());
    assert_ne!(again, path);
    assert_eq!(host.get(&path).json()["supporters"], 2);
}

#[test]
fn a_place_outside_the_district_is_refused() {
    let host = manifest_host();
    for (lon, lat) in [(112.80, 23.70), (113.05, 23.40), (113.41, 23.70), (113.05, 24.0), (23.70, 113.05)] {
        let reply = host.post("/reports", lamp_at(lon, lat));
        assert_eq!((reply.status(), &reply.json()["code"]), (422, &json!("outside-district")));
    }
    assert!(host.keys("").is_empty() && host.sent_messages().is_empty());
    // Where the operator moves the border, it is.
    let host = host.config("district", "112.0,23.0,114.0,25.0");
    filed(&host, lamp_at(112.80, 23.70));
}

#[test]
fn a_report_that_is_not_well_formed_is_refused_by_field() {
    let host = manifest_host();
    for (field, value) in [
        ("category", json!("ufo")),
        ("description", json!("坑".repeat(501))),
        ("description", json!(" \n ")),
        ("phone", json!("12345")),
        ("place", json!({ "lon": 200.0, "lat": 23.7, "address": "北江一路" })),
        ("place", json!({ "lon": 113.05, "lat": 23.7, "address": "" })),
        ("reporter", json!("王小明")),
    ] {
        let mut report = lamp();
        report[field] = value;
        let reply = host.post("/reports", report);
        assert_eq!((reply.status(), &reply.json()["code"]), (400, &json!("invalid-json")), "{field}");
        assert!(reply.json()["field"].as_str().is_some_and(|at| at.starts_with(field)), "{field}: {}", reply.text());
    }
    assert!(host.keys("").is_empty());
}

#[test]
fn five_hundred_characters_and_no_phone_are_enough() {
    let mut report = lamp();
    report["description"] = json!("坑".repeat(500));
    report.as_object_mut().unwrap().remove("phone");
    filed(&manifest_host(), report);
}

#[test]
fn a_phone_is_never_logged_sent_or_shown_and_a_code_is_kept_only_as_a_hash() {
    let (host, path, code) = handled(manifest_host(), lamp());
    let host = host.subject(dispatcher());
    let wrong = host.post("/reports", json!({ "phone": format!("{PHONE}1") })).text();
    let shown = [host.get(&path), host.get("/reports?category=street-light"), host.get("/statistics")];
    let shown: String = shown.iter().map(Reply::text).collect();
    let left = format!("{wrong}{shown}{:?}{:?}", host.logs(), host.sent_messages());
    assert!(!left.contains(PHONE), "{left}");
    assert!(!left.contains(&code), "{left}");
    for key in host.keys("") {
        assert!(!host.value::<Value>(&key).unwrap().to_string().contains(&code), "{key}");
    }
}

#[test]
fn everybody_sees_how_far_a_report_is_and_nothing_that_its_reporter_typed() {
    let (host, path, _) = handled(manifest_host(), lamp());
    let host = host.anonymous();
    let status = host.get(&path);
    assert_eq!(status.status(), 200);
    assert_eq!((&status.json()["state"], &status.json()["reply"]), (&json!("handled"), &json!("已更换灯泡")));
    assert_eq!(status.json()["history"].as_array().unwrap().len(), 3);
    for secret in ["三楼", "北江一路", "113.05", PHONE, "chen", "lighting"] {
        assert!(!status.text().contains(secret), "{secret}: {}", status.text());
    }
    assert_eq!(host.get("/reports/SB-20260105-0000").status(), 404);
    assert_eq!(host.get("/reports/SB-2026").status(), 400);
}

#[test]
fn a_report_stands_even_when_no_desk_can_be_told() {
    let host = manifest_host().deny("notify:send");
    filed(&host, lamp());
    assert!(host.logs().iter().any(|event| event.level == Level::Warn && event.message == "a message was not sent"));
}

#[test]
fn a_number_that_is_taken_is_drawn_again() {
    let (taken, _) = filed(&manifest_host(), lamp());
    // The mock draws the same numbers in every run.
    let host =
        manifest_host().stored(taken.trim_start_matches('/').replacen("reports", "report", 1).as_str(), &json!({}));
    let (path, _) = filed(&host, lamp());
    assert_ne!(path, taken);
}
