//! From dispatch to rating: who may take which step, and when.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that gets something else should stop")]

mod street;

use street::{PHONE, dispatcher, filed, grid_officer, handled, lamp, lamp_at, manifest_host};
use zhongtai::testing::*;

#[test]
fn a_report_is_dispatched_handled_verified_and_rated() {
    let (host, path, code) = handled(manifest_host(), lamp());
    let host = host.anonymous();
    // Codes are read out and typed: case and spaces do not matter.
    let typed = format!(" {} ", code.to_lowercase());
    let closed = host.post(&format!("{path}/verify"), json!({ "code": typed, "fixed": true }));
    assert_eq!((closed.status(), &closed.json()["state"]), (200, &json!("closed")));
    let rated = host.post(&format!("{path}/rating"), json!({ "code": code, "grade": 5 }));
    assert_eq!(rated.status(), 200);
    let told: Vec<_> = host.sent_messages().into_iter().map(|message| (message.to, message.template)).collect();
    let desk = |name: &str| Recipient::Desk(name.into());
    assert_eq!(
        told,
        [(desk("duty"), "report-received".into()), (desk("lighting"), "report-dispatched".into())],
        "a good grade calls nobody"
    );
}

#[test]
fn what_is_not_fixed_goes_back_to_the_dispatcher() {
    let (host, path, code) = handled(manifest_host(), lamp());
    let reply = host.post(&format!("{path}/verify"), json!({ "code": code, "fixed": false }));
    assert_eq!((&reply.json()["state"], &reply.json()["reopened"]), (&json!("received"), &json!(1)));
    assert_eq!(host.sent_messages().pop().unwrap().template, "report-reopened");

    let host = host.subject(dispatcher());
    assert_eq!(host.post(&format!("{path}/dispatch"), json!({ "desk": "roads" })).status(), 200);
    let told = host.sent_messages().pop().unwrap();
    assert_eq!((told.to, told.template.as_str()), (Recipient::Desk("roads".into()), "report-dispatched"));
}

#[test]
fn a_step_at_the_wrong_time_is_refused_and_changes_nothing() {
    let host = manifest_host();
    let (path, code) = filed(&host, lamp());
    let host = host.subject(Person::officer("both", &["dispatcher", "grid"]));
    let step = |name: &str| match name {
        "dispatch" => json!({ "desk": "duty" }),
        "handle" => json!({ "reply": "已处理" }),
        _ => json!({ "code": code, "fixed": true }),
    };
    for (right, wrong) in [
        ("dispatch", ["handle", "verify"].as_slice()),
        ("handle", &["dispatch", "verify"]),
        ("verify", &["dispatch", "handle"]),
    ] {
        for name in wrong {
            let reply = host.post(&format!("{path}/{name}"), step(name));
            assert_eq!((reply.status(), &reply.json()["code"]), (409, &json!("not-now")), "{name} before {right}");
        }
        assert_eq!(host.post(&format!("{path}/{right}"), step(right)).status(), 200, "{right}");
    }
    let reply = host.post(&format!("{path}/verify"), json!({ "code": code, "fixed": false }));
    assert_eq!(reply.json()["detail"], "a report that is closed cannot be verified");
}

#[test]
fn only_the_code_verifies_and_rates() {
    let (host, path, _) = handled(manifest_host(), lamp());
    let (_, another) = filed(&host, lamp_at(113.06, 23.70));
    for code in ["", "00000-00000", &another] {
        for (name, body) in
            [("verify", json!({ "code": code, "fixed": true })), ("rating", json!({ "code": code, "grade": 1 }))]
        {
            let reply = host.post(&format!("{path}/{name}"), body);
            assert_eq!((reply.status(), &reply.json()["code"]), (403, &json!("wrong-code")));
        }
    }
    assert_eq!(host.get(&path).json()["state"], "handled");
}

#[test]
fn a_report_is_rated_once_and_only_when_closed() {
    let (host, path, code) = handled(manifest_host(), lamp());
    let rate = |host: &grid_report::MockHost, grade: u8| {
        host.post(&format!("{path}/rating"), json!({ "code": code, "grade": grade }))
    };
    assert_eq!(rate(&host, 5).json()["code"], "not-closed");
    host.post(&format!("{path}/verify"), json!({ "code": code, "fixed": true }));
    for grade in [0, 6] {
        assert_eq!((rate(&host, grade).status(), &rate(&host, grade).json()["field"]), (400, &json!("grade")));
    }
    assert_eq!(rate(&host, 2).status(), 200);
    assert_eq!(rate(&host, 5).json()["code"], "already-rated");
    let told = host.sent_messages().pop().unwrap();
    assert_eq!((told.to, told.template.as_str()), (Recipient::Desk("duty".into()), "report-rated-badly"));
    assert!(told.variables.contains(&("grade".into(), "不满意".into())));
}

#[test]
fn officers_act_by_their_role_and_others_not_at_all() {
    let host = manifest_host();
    let (path, _) = filed(&host, lamp());
    let dispatch = |host: &grid_report::MockHost| host.post(&format!("{path}/dispatch"), json!({ "desk": "roads" }));
    let handle = |host: &grid_report::MockHost| host.post(&format!("{path}/handle"), json!({ "reply": "好" }));
    let call = |host: &grid_report::MockHost| host.post(&format!("{path}/call-back"), json!({ "reason": "核实" }));
    let list = |host: &grid_report::MockHost| host.get("/reports?category=street-light");

    assert_eq!([dispatch(&host), handle(&host), call(&host), list(&host)].map(|reply| reply.status()), [401; 4]);
    for person in [Person::new("wang"), Person::officer("zhao", &["window"])] {
        let host = host.clone().subject(person);
        assert_eq!([dispatch(&host), handle(&host), call(&host), list(&host)].map(|reply| reply.status()), [403; 4]);
    }
    let host = host.subject(grid_officer());
    assert_eq!(dispatch(&host).status(), 403, "who deals with it does not dispatch it");
    let host = host.subject(dispatcher());
    assert_eq!(handle(&host).status(), 403, "who dispatches it does not say that it is done");
}

#[test]
fn a_desk_that_is_not_set_up_is_refused() {
    let host = manifest_host();
    let (path, _) = filed(&host, lamp());
    let host = host.subject(dispatcher());
    let reply = host.post(&format!("{path}/dispatch"), json!({ "desk": "moon" }));
    assert_eq!((reply.status(), &reply.json()["code"]), (422, &json!("unknown-desk")));
    assert_eq!(host.get(&path).json()["state"], "received");
}

#[test]
fn a_phone_is_shown_for_a_reason_that_stays_on_record() {
    let host = manifest_host();
    let (path, _) = filed(&host, lamp());
    let host = host.subject(dispatcher());
    assert_eq!(host.post(&format!("{path}/call-back"), json!({ "reason": "" })).status(), 400);
    let reply = host.post(&format!("{path}/call-back"), json!({ "reason": "核实位置" }));
    assert_eq!(reply.json(), json!({ "phone": PHONE }));
    let number = path.trim_start_matches("/reports/");
    let history = host.value::<Value>(&format!("report/{number}")).unwrap()["history"].clone();
    assert_eq!(history[1]["what"], "called-back");
    assert_eq!((&history[1]["by"], &history[1]["reason"]), (&json!("chen"), &json!("核实位置")));
    assert!(!host.get(&path).text().contains("核实位置"));
}

#[test]
fn the_phone_of_a_content_reporter_is_forgotten() {
    for (grade, remembered) in [(3, false), (2, true)] {
        let (host, path, code) = handled(manifest_host(), lamp());
        host.post(&format!("{path}/verify"), json!({ "code": code, "fixed": true }));
        host.post(&format!("{path}/rating"), json!({ "code": code, "grade": grade }));
        let reply = host.post(&format!("{path}/call-back"), json!({ "reason": "回访" }));
        assert_eq!(reply.status() == 200, remembered, "{}", reply.text());
    }
}

#[test]
fn officers_leaf_through_a_category_by_state() {
    let host = manifest_host();
    let mut numbers: Vec<_> = (0..22).map(|at| filed(&host, lamp_at(113.0 + f64::from(at) / 1000.0, 23.7)).0).collect();
    numbers.sort();
    let host = host.subject(dispatcher());
    host.post(&format!("{}/dispatch", numbers[0]), json!({ "desk": "lighting" }));

    let first = host.get("/reports?category=street-light").json();
    let next = first["next"].as_str().unwrap();
    assert_eq!(format!("/reports/{next}"), numbers[19]);
    let rest = host.get(&format!("/reports?category=street-light&after={next}")).json();
    assert_eq!((rest["reports"].as_array().unwrap().len(), &rest["next"]), (2, &Value::Null));

    let dispatched = host.get("/reports?category=street-light&state=dispatched").json();
    assert_eq!(dispatched["reports"].as_array().unwrap().len(), 1);
    let report = &dispatched["reports"][0];
    assert_eq!((&report["desk"], &report["can_be_called"]), (&json!("lighting"), &json!(true)));
    assert_eq!(report["place"]["address"], "北江一路 12 号对面");
    assert_eq!(host.get("/reports?category=rubbish").json(), json!({ "reports": [] }));
    assert_eq!(host.get("/reports").json()["code"], "invalid-query");
}

#[test]
fn statistics_tell_of_five_or_more_and_of_the_month_asked_for() {
    let host = manifest_host();
    for at in 0..5 {
        filed(&host, lamp_at(113.0 + f64::from(at) / 1000.0, 23.7));
    }
    let mut noise = lamp();
    noise["category"] = json!("noise");
    filed(&host, noise);
    let row = |host: &grid_report::MockHost, query: &str, category: &str| {
        let statistics = host.get(&format!("/statistics{query}")).json();
        let rows = statistics["categories"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["category"] == category).unwrap()
    };
    assert_eq!(row(&host, "", "street-light")["reports"], 5);
    assert_eq!(row(&host, "", "street-light")["closed"], Value::Null);
    assert_eq!(row(&host, "", "noise")["reports"], Value::Null, "one report would point at somebody");
    assert_eq!(row(&host, "?month=2025-12", "street-light")["reports"], Value::Null);
    assert_eq!(host.get("/statistics?month=2026-13").status(), 400);
}
