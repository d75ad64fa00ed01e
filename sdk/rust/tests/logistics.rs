//! Shipments against the mock: what a plugin can rely on.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

use zhongtai::{
    logistics::{self, Destination, Error, Shipment, State},
    prelude::*,
    testing::*,
};

#[derive(Deserialize)]
struct Grant {
    what: String,
    to: Option<String>,
    key: String,
}

#[post("/grants/{case}")]
fn grant(Path(case): Path<String>, Json(grant): Json<Grant>) -> Result<String> {
    let to = grant.to.map_or_else(logistics::asker, logistics::Recipient::Subject);
    Ok(logistics::ship(&Shipment::new(grant.what, to, case, "deliver-result"), &grant.key)?)
}

#[get("/shipments/{waybill}")]
fn view(Path(waybill): Path<String>) -> Result<Json<logistics::Progress>> {
    Ok(Json(logistics::track(&waybill)?))
}

#[delete("/shipments/{waybill}")]
fn take_back(Path(waybill): Path<String>) -> Result<Json<logistics::Progress>> {
    Ok(Json(logistics::cancel(&waybill)?))
}

zhongtai::plugin!(grant, view, take_back);

fn host() -> MockHost {
    MockHost::new().subject("wang").purposes(&["deliver-result"])
}

fn permit(key: &str) -> Value {
    json!({ "what": "占道挖掘许可证", "key": key })
}

#[test]
fn a_key_ships_once_and_is_not_taken_for_another_shipment() {
    let host = host();
    let first = host.post("/grants/WJ-1", permit("k")).text();
    assert_eq!(host.post("/grants/WJ-1", permit("k")).text(), first);
    let other = host.post("/grants/WJ-2", permit("k"));
    assert_eq!((other.status(), other.json()["code"].clone()), (409, "key-reused".into()));
    assert_ne!(host.post("/grants/WJ-1", permit("k2")).text(), first);
    let shipments = host.shipments();
    assert_eq!(shipments.len(), 2);
    assert_eq!(shipments[0].shipment.to, logistics::Recipient::Subject("wang".into()));
    assert_eq!(shipments[0].shipment.destination, Destination::Kept);
}

#[test]
fn a_shipment_waits_for_an_address_goes_its_way_and_ends() {
    let waits = host();
    let waybill = waits.post("/grants/WJ-1", permit("k")).text();
    assert_eq!(waits.get(&format!("/shipments/{waybill}")).json()["needs_address"], true);

    let host = host().delivery_address();
    let waybill = host.post("/grants/WJ-1", permit("k")).text();
    let path = format!("/shipments/{waybill}");
    assert_eq!(host.get(&path).json()["needs_address"], false);
    let host = host.shipped(&waybill, State::Signed).shipped(&waybill, State::InTransit);
    let signed = host.get(&path).json();
    assert_eq!((&signed["state"], &signed["signature"]["by"]), (&json!("signed"), &json!("*")));
    assert_eq!(signed["events"].as_array().unwrap().len(), 3, "what comes after the end is known, too");
    let late = host.delete(&path);
    assert_eq!((late.status(), late.json()["code"].clone()), (409, "not-allowed-while".into()));
    assert_eq!(host.get("/shipments/none").status(), 404);
}

#[test]
fn what_nobody_collected_is_taken_back() {
    let host = host();
    let waybill = host.post("/grants/WJ-1", permit("k")).text();
    for _ in 0..2 {
        assert_eq!(host.delete(&format!("/shipments/{waybill}")).json()["state"], "cancelled");
    }
}

#[test]
fn what_can_not_be_shipped_is_said() {
    let named = |reply: Reply| (reply.status(), reply.json()["detail"].as_str().unwrap_or_default().to_owned());
    let (status, detail) = named(host().post("/grants/WJ-1", json!({ "what": "a\nb", "key": "k" })));
    assert_eq!(status, 422);
    assert!(detail.starts_with("what: expected"), "{detail}");
    let reply = host().anonymous().post("/grants/WJ-1", permit("k"));
    assert_eq!((reply.status(), reply.json()["code"].clone()), (422, "unreachable".into()));
    let reply = host().deny("logistics:ship").post("/grants/WJ-1", permit("k"));
    assert_eq!((reply.status(), reply.json()["code"].clone()), (403, "access-denied".into()));
    assert_eq!(host().purposes(&[]).post("/grants/WJ-1", permit("k")).status(), 500, "a mistake of the plugin's");
    let case = run(|| logistics::ship(&Shipment::new("证", logistics::asker(), "张三的办件", "p"), "k"));
    assert!(matches!(case, Err(Error::Invalid(what)) if what.starts_with("case-id")));
}
