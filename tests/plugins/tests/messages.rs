//! Every message of a plugin fits the template that its manifest holds: each variable, and none besides.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that gets something else should stop")]

use std::collections::{BTreeMap, BTreeSet};

use zhongtai::{logistics::State, payment::Fen, testing::*};
use zhongtai_kernel::Manifest;

const EXCAVATION: &str = include_str!("../../../plugins/excavation/plugin.toml");
const GRID_REPORT: &str = include_str!("../../../plugins/grid-report/plugin.toml");

/// The variables of each template.
fn templates(manifest: &str) -> BTreeMap<String, BTreeSet<String>> {
    let manifest = Manifest::parse(manifest).unwrap();
    let templates = manifest.capabilities["notify"].settings["templates"].as_object().unwrap().clone();
    let both = |texts: &Value| format!("{}{}", texts["title"], texts["body"]);
    templates.into_iter().map(|(name, texts)| (name, variables(&both(&texts)))).collect()
}

/// `{{ name }}` and `{% if name == ... %}`.
fn variables(text: &str) -> BTreeSet<String> {
    let printed = text.split("{{ ").skip(1);
    let asked = text.split("{% if ").skip(1);
    printed.chain(asked).filter_map(|rest| rest.split(' ').next()).map(str::to_owned).collect()
}

/// Every template was used, and with its variables.
fn assert_fit(manifest: &str, sent: Vec<Message>) {
    let wanted = templates(manifest);
    let mut unused: BTreeSet<_> = wanted.keys().cloned().collect();
    for Message { template, variables, .. } in sent {
        let given: BTreeSet<_> = variables.into_iter().map(|(name, _)| name).collect();
        assert_eq!(given, wanted[&template], "{template}");
        unused.remove(&template);
    }
    assert!(unused.is_empty(), "never sent: {unused:?}");
}

#[test]
fn every_message_of_excavation_fits_its_template() {
    let host = excavation::MockHost::new().subject("wang").config("fee_item", "road-dig");
    let host = host.fee_item("road-dig", Some(Fen(2_000)));
    let reply = host.post(
        "/applications",
        json!({
            "company": "91350100M000100Y43", "place": "北江一路", "area_m2": 12,
            "from": "2026-01-06", "to": "2026-01-20", "reason": "供水管道维修", "deliver": true,
        }),
    );
    let filed = reply.json();
    let number = filed["number"].as_str().unwrap();
    host.settle(filed["payment"]["notice"].as_str().unwrap()).unwrap();
    let host = host.subject(Person::officer("li", &["window", "certificate-issuer"]));
    let decided =
        host.post(&format!("/applications/{number}/decisions"), json!({ "outcome": "approve", "reason": "材料齐全" }));
    let waybill = decided.json()["delivery"]["waybill"].as_str().unwrap().to_owned();
    let host = host.shipped(&waybill, State::Signed);
    assert_fit(EXCAVATION, host.sent_messages());
}

#[test]
fn every_message_of_grid_report_fits_its_template() {
    let host = grid_report::MockHost::new().config("desks", "roads");
    let report = json!({
        "category": "manhole", "description": "井盖不见了",
        "place": { "lon": 113.05, "lat": 23.7, "address": "北江一路" },
    });
    let receipt = host.post("/reports", report).json();
    let (number, code) = (receipt["number"].as_str().unwrap(), &receipt["code"]);
    let host = host.subject(Person::officer("li", &["dispatcher", "grid"]));
    let step = |name: &str, body: Value| {
        let reply = host.post(&format!("/reports/{number}/{name}"), body);
        assert_eq!(reply.status(), 200, "{name}: {}", reply.text());
    };
    for fixed in [false, true] {
        step("dispatch", json!({ "desk": "roads" }));
        step("handle", json!({ "reply": "已补装" }));
        step("verify", json!({ "code": code, "fixed": fixed }));
    }
    step("rating", json!({ "code": code, "grade": 1 }));
    assert_fit(GRID_REPORT, host.sent_messages());
}
