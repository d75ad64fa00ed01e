//! The people and papers of the tests.
#![allow(dead_code, reason = "each test file uses some of them")]

use excavation::MockHost;
use zhongtai::testing::*;

pub const COMPANY: &str = "91350100M000100Y43";

/// A host with what `plugin.toml` declares, at nine in the morning of 2026-01-05.
pub fn manifest_host() -> MockHost {
    MockHost::new()
        .purposes(&["excavation-permit"])
        .templates(&[
            "application-received",
            "application-to-review",
            "application-decided",
            "fee-paid",
            "permit-delivered",
        ])
        .at("2026-01-05T01:00:00Z")
}

pub fn enterprise() -> Person {
    Person::legal("north-river").field("credit-code", COMPANY).field("name", "北江公司").field("phone", "0763-3333333")
}

pub fn agent() -> Person {
    Person::new("wang").field("name", "王小明").field("phone", "13800000000")
}

pub fn window() -> Person {
    Person::officer("li-si", &["window"])
}

pub fn application() -> Value {
    json!({
        "company": COMPANY, "place": "北江一路 12 号门前", "area_m2": 12,
        "from": "2026-01-06", "to": "2026-01-20", "reason": "供水管道维修",
    })
}

pub fn decision(outcome: &str) -> Value {
    json!({ "outcome": outcome, "reason": "材料齐全" })
}
