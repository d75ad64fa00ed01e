//! The grid, the fee and the parcel of an application.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that gets something else should stop")]

mod office;

use excavation::MockHost;
use office::{application, decision, enterprise, manifest_host, window};
use zhongtai::{logistics::State, payment::Fen, testing::*};

/// A host where the fee is collected through the platform.
fn collecting() -> MockHost {
    manifest_host().config("fee_item", "road-dig").fee_item("road-dig", Some(Fen(2_000))).subject(enterprise())
}

fn issuer() -> Person {
    Person::officer("li-si", &["window", "certificate-issuer"])
}

fn decided(host: &MockHost, number: &str, outcome: &str) -> Reply {
    host.post(&format!("/applications/{number}/decisions"), decision(outcome))
}

fn told(host: &MockHost, template: &str) -> usize {
    host.sent_messages().iter().filter(|message| message.template == template).count()
}

#[test]
fn the_place_is_located_in_its_grid() {
    let host = manifest_host().subject(enterprise()).address("清远市清城区北江一路12号", 113.05, 23.70);
    let host = host.grid("北江一网格", "POLYGON((113 23.6,113.1 23.6,113.1 23.8,113 23.8,113 23.6))");
    let mut form = application();
    form["place"] = json!("北江一路12号");
    let filed = host.post("/applications", form).json();
    assert_eq!(filed["grid"]["name"], "北江一网格", "{filed}");
    assert_eq!(filed["grid"]["address"], "清远市清城区北江一路12号");
}

#[test]
fn a_road_alone_is_in_no_grid() {
    let host = manifest_host().subject(enterprise()).address("清远市清城区北江一路", 113.05, 23.70);
    let host = host.grid("北江一网格", "POLYGON((113 23.6,113.1 23.6,113.1 23.8,113 23.8,113 23.6))");
    let mut form = application();
    form["place"] = json!("北江一路");
    assert_eq!(host.post("/applications", form).json().get("grid"), None);
}

#[test]
fn a_place_that_nobody_knows_or_may_look_up_keeps_nobody_out() {
    for host in [manifest_host(), manifest_host().deny("geo:geocode")] {
        let filed = host.subject(enterprise()).post("/applications", application());
        assert_eq!((filed.status(), filed.json().get("grid")), (201, None), "{}", filed.text());
    }
}

#[test]
fn what_is_not_paid_is_not_approved() {
    let host = collecting();
    let filed = host.post("/applications", application()).json();
    let number = filed["number"].as_str().unwrap();
    let notice = filed["payment"]["notice"].as_str().unwrap();
    assert_eq!(host.notices()[0].notice.total, Fen(24_000));
    let officer = host.clone().subject(issuer());
    assert_eq!(decided(&officer, number, "approve").json()["code"], "fee-unpaid");

    let paying = host.clone().subject(enterprise());
    let order = paying.post(&format!("/applications/{number}/payment"), json!({ "channel": "cashdesk" }));
    assert_eq!((order.status(), order.json()["qr"].is_string()), (201, true), "{}", order.text());
    host.settle(notice).unwrap();
    assert_eq!(host.get(&format!("/applications/{number}")).json()["payment"]["is_paid"], true);
    assert_eq!(decided(&host.subject(issuer()), number, "approve").status(), 201);
}

#[test]
fn an_application_stands_while_the_treasury_does_not_answer() {
    let host = collecting().deny("payment:notice");
    let filed = host.post("/applications", application());
    assert_eq!((filed.status(), filed.json()["payment"].get("notice")), (201, None), "{}", filed.text());
    let number = filed.json()["number"].as_str().unwrap().to_owned();
    let refused = decided(&host.subject(issuer()), &number, "approve");
    assert_eq!(refused.json()["code"], "fee-unpaid", "an application that owes is not approved");
}

#[test]
fn a_rejected_application_gets_back_what_it_paid_and_owes_nothing() {
    let host = collecting();
    let filed = host.post("/applications", application()).json();
    let (number, notice) = (filed["number"].as_str().unwrap(), filed["payment"]["notice"].as_str().unwrap());
    host.settle(notice).unwrap();
    let host = host.subject(window());
    assert_eq!(decided(&host, number, "reject").status(), 201);
    let refunds = host.run(|| zhongtai::payment::refunds(notice)).unwrap();
    assert_eq!((refunds.len(), refunds[0].amount), (1, Fen(24_000)));

    let host = collecting();
    let filed = host.post("/applications", application()).json();
    let (number, notice) = (filed["number"].as_str().unwrap(), filed["payment"]["notice"].as_str().unwrap());
    assert_eq!(decided(&host.clone().subject(window()), number, "reject").status(), 201);
    let closed = host.run(|| zhongtai::payment::find(notice)).unwrap();
    assert_eq!(closed.standing, zhongtai::payment::Standing::Closed);
}

#[test]
fn an_event_that_comes_twice_is_told_once() {
    let host = collecting();
    let filed = host.post("/applications", application()).json();
    let notice = filed["payment"]["notice"].as_str().unwrap();
    host.settle(notice).unwrap();
    let again = zhongtai::testing::json!({ "notice": notice, "amount_fen": 24_000, "total_fen": 24_000 });
    host.tell("payment.settled", notice, again).unwrap();
    assert_eq!(told(&host, "fee-paid"), 1);
}

#[test]
fn a_permit_on_paper_is_shipped_once_and_its_signature_told() {
    let host = manifest_host().subject(enterprise());
    let mut form = application();
    form["deliver"] = json!(true);
    let filed = host.post("/applications", form).json();
    let number = filed["number"].as_str().unwrap();
    let host = host.subject(issuer());
    let waybill = decided(&host, number, "approve").json()["delivery"]["waybill"].as_str().unwrap().to_owned();
    assert_eq!(host.post(&format!("/applications/{number}/permit"), json!({})).status(), 201);
    assert_eq!(host.shipments().len(), 1, "issuing again ships nothing more");

    let host = host.shipped(&waybill, State::Collected).shipped(&waybill, State::Signed);
    assert_eq!(told(&host, "permit-delivered"), 1);
    let seen = host.subject(enterprise()).get(&format!("/applications/{number}")).json();
    assert!(seen["delivery"]["signed"].is_string(), "{seen}");
}

#[test]
fn nobody_who_did_not_ask_for_paper_gets_any() {
    let host = manifest_host().subject(enterprise());
    let filed = host.post("/applications", application()).json();
    let host = host.subject(issuer());
    assert_eq!(decided(&host, filed["number"].as_str().unwrap(), "approve").status(), 201);
    assert!(host.shipments().is_empty());
}
