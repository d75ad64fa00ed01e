//! What the company sends: twice, late, in another order, forged.

use std::time::Duration;

use serde_json::{Value, json};
use zhongtai_cap_logistics::{State, Waybill};
use zhongtai_kernel::Timestamp;

use crate::support::{Company, Door, Platform, now, wire};

/// A company, the platform, its door, and an order.
struct Scene {
    company: Company,
    platform: Platform,
    door: Door,
    waybill: Waybill,
}

impl Scene {
    async fn new() -> Self {
        let company = Company::start();
        let platform = Platform::with(&company).await;
        let door = Door::open(&platform).await;
        let waybill = platform.ordered().await;
        Self { company, platform, door, waybill }
    }

    /// Has a callback sent, and returns status and body of its answer.
    async fn send(&self, events: Value, how: Value) -> (u64, String) {
        let mut what = json!({ "url": self.door.url(), "order_id": self.waybill.to_string(), "events": events });
        for (key, value) in how.as_object().unwrap() {
            what[key] = value.clone();
        }
        let answer = self.company.control("callback", what).await;
        (answer["status"].as_u64().unwrap(), answer["body"].as_str().unwrap().to_owned())
    }

    async fn state(&self) -> State {
        self.platform.book.find(self.waybill).await.unwrap().unwrap().state
    }
}

fn ago(minutes: u64) -> Timestamp {
    now() - Duration::from_secs(minutes * 60)
}

#[tokio::test]
async fn news_twice_late_and_in_another_order_makes_one_shipment() {
    let scene = Scene::new().await;
    let ok = (200, r#"{"code":"ok"}"#.to_owned());
    let out = json!([wire("3", "OUT_FOR_DELIVERY", ago(20))]);
    assert_eq!(scene.send(out.clone(), json!({})).await, ok);
    assert_eq!(scene.send(out, json!({})).await, ok, "twice");
    assert_eq!(scene.state().await, State::OutForDelivery);
    let before = json!([wire("2", "IN_TRANSIT", ago(40)), wire("1", "COLLECTED", ago(60))]);
    assert_eq!(scene.send(before, json!({})).await, ok, "in another order");
    assert_eq!(scene.state().await, State::OutForDelivery);
    let signed = json!([wire("4", "SIGNED", ago(10))]);
    assert_eq!(scene.send(signed.clone(), json!({})).await, ok);
    assert_eq!(scene.send(signed, json!({})).await, ok);
    let late = json!([wire("5", "IN_TRANSIT", ago(5)), wire("6", "RETURNED", ago(1))]);
    assert_eq!(scene.send(late, json!({})).await, ok, "late");

    let shipment = scene.platform.book.find(scene.waybill).await.unwrap().unwrap();
    assert_eq!((shipment.state, shipment.events.len()), (State::Signed, 7));
    assert_eq!(shipment.signature.unwrap().by, "王*明");
    assert!(shipment.events.iter().all(|event| event.place.as_deref().is_none_or(|place| place == "清城营业部")));
    assert_eq!(scene.platform.count("SELECT COUNT(*) FROM events").await, 1, "the scenario is told once");
}

#[tokio::test]
async fn what_the_company_did_not_sign_now_changes_nothing() {
    let scene = Scene::new().await;
    let transit = || json!([wire("1", "IN_TRANSIT", ago(5))]);
    for how in [
        json!({ "forged": true }),
        json!({ "unsigned": true }),
        json!({ "changed": true }),
        json!({ "kind": "answer" }),
        json!({ "skew": -400 }),
        json!({ "skew": 400 }),
    ] {
        let (status, body) = scene.send(transit(), how.clone()).await;
        assert_eq!((status, body.as_str()), (401, r#"{"code":"callback-refused"}"#), "{how}");
    }
    assert_eq!(scene.platform.count("SELECT COUNT(*) FROM logistics_events WHERE source = 'carrier'").await, 0);
    assert_eq!(scene.state().await, State::Created);
    assert_eq!(scene.send(transit(), json!({})).await.0, 200, "the same, signed");
    assert_eq!(scene.state().await, State::InTransit);
}

#[tokio::test]
async fn what_is_signed_and_can_not_be_is_refused_and_nothing_of_it_is_kept() {
    let scene = Scene::new().await;
    let signed = |id: &str| wire(id, "SIGNED", ago(5));
    let mut timeless = signed("2");
    timeless["time"] = json!("昨天");
    let mut nameless = signed("3");
    nameless["id"] = json!("");
    let many: Vec<Value> = (0..201).map(|n| wire(&n.to_string(), "IN_TRANSIT", ago(5))).collect();
    let cases = [
        (json!([]), json!({ "raw": "{" }), 400),
        (json!([]), json!({ "raw": "{\"order_id\": \"x\", \"events\": []}" }), 400),
        (json!([signed("1")]), json!({ "waybill_no": "S F" }), 400),
        (json!([signed("1"), timeless]), json!({}), 400),
        (json!([signed("1"), nameless]), json!({}), 400),
        (json!(many), json!({}), 400),
        (json!([signed("1")]), json!({ "waybill_no": "SF9999" }), 409),
    ];
    for (events, how, expected) in cases {
        let (status, body) = scene.send(events, how.clone()).await;
        assert_eq!(status, expected, "{how}: {body}");
    }
    let nobody = json!({ "order_id": Waybill::generate().to_string(), "events": [] }).to_string();
    assert_eq!(scene.send(json!([]), json!({ "raw": nobody })).await.0, 404);
    assert_eq!(scene.platform.count("SELECT COUNT(*) FROM logistics_events WHERE source = 'carrier'").await, 0);
    assert_eq!(scene.state().await, State::Created);
}

#[tokio::test]
async fn a_callback_that_comes_before_the_orders_answer_brings_the_number() {
    let company = Company::start();
    let platform = Platform::with(&company).await;
    let door = Door::open(&platform).await;
    let waybill = platform.shipped_to(&zhongtai_cap_logistics::contract::address("凤城街道桥北路1号")).await;
    company.control("mode", json!({ "drop": 1 })).await;
    assert_eq!(platform.dispatcher().work_once(16).await.unwrap().failed, 1);
    company.happens(waybill, "1", "COLLECTED", ago(1)).await;
    let what = json!({ "url": door.url(), "order_id": waybill.to_string() });
    assert_eq!(company.control("callback", what).await["status"], 200);
    let shipment = platform.book.find(waybill).await.unwrap().unwrap();
    assert_eq!((shipment.state, shipment.number.unwrap().as_str()), (State::Collected, "SF1000"));
}

#[tokio::test]
async fn news_that_no_callback_brought_is_asked_for() {
    let scene = Scene::new().await;
    scene.company.happens(scene.waybill, "1", "COLLECTED", ago(9)).await;
    scene.company.happens(scene.waybill, "x", "CUSTOMS", ago(8)).await;
    scene.company.happens(scene.waybill, "2", "SIGNED", ago(7)).await;
    // As if there had been no news for an hour.
    sqlx::query("UPDATE logistics_shipments SET next_at = 0")
        .execute(scene.platform.database.store.pool())
        .await
        .unwrap();
    assert_eq!(scene.platform.dispatcher().work_once(16).await.unwrap().followed, 1);
    assert_eq!(scene.state().await, State::Signed);
    assert_eq!(scene.platform.count("SELECT COUNT(*) FROM logistics_events WHERE source = 'carrier'").await, 2);
    // The callback comes after all.
    assert_eq!(scene.send(json!([wire("2", "SIGNED", ago(7))]), json!({})).await.0, 200);
    assert_eq!(scene.platform.count("SELECT COUNT(*) FROM events").await, 1);
}
