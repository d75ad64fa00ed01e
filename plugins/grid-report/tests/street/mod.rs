//! The people and places of the tests.
#![allow(dead_code, reason = "each test file uses some of them")]

use grid_report::MockHost;
use zhongtai::testing::*;

pub const PHONE: &str = "13912345678";

/// A host with what `plugin.toml` declares, at nine in the morning of 2026-01-05.
pub fn manifest_host() -> MockHost {
    MockHost::new()
        .purposes(&[])
        .templates(&["report-received", "report-dispatched", "report-reopened", "report-rated-badly"])
        .config("district", "112.87,23.43,113.40,23.91")
        .config("desks", "duty,sanitation,roads,lighting")
        .at("2026-01-05T01:00:00Z")
}

pub fn dispatcher() -> Person {
    Person::officer("chen", &["dispatcher"])
}

pub fn grid_officer() -> Person {
    Person::officer("li", &["grid"])
}

/// A lamp that is out at Beijiang Road.
pub fn lamp() -> Value {
    lamp_at(113.05, 23.70)
}

pub fn lamp_at(lon: f64, lat: f64) -> Value {
    json!({
        "category": "street-light", "description": "路灯不亮，我家在三楼看不清路", "phone": PHONE,
        "place": { "lon": lon, "lat": lat, "address": "北江一路 12 号对面" },
    })
}

/// A report that was filed: its path, and its reporter's code.
pub fn filed(host: &MockHost, report: Value) -> (String, String) {
    let reply = host.post("/reports", report);
    assert_eq!(reply.status(), 201, "{}", reply.text());
    let receipt = reply.json();
    (format!("/reports/{}", receipt["number"].as_str().unwrap()), receipt["code"].as_str().unwrap().to_owned())
}

/// A report that an officer says is dealt with. The officer is still signed in.
pub fn handled(host: MockHost, report: Value) -> (MockHost, String, String) {
    let (path, code) = filed(&host, report);
    let host = host.subject(dispatcher());
    assert_eq!(host.post(&format!("{path}/dispatch"), json!({ "desk": "lighting" })).status(), 200);
    let host = host.subject(grid_officer());
    assert_eq!(host.post(&format!("{path}/handle"), json!({ "reply": "已更换灯泡" })).status(), 200);
    (host, path, code)
}
