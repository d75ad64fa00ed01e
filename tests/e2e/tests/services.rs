//! The services that a permit needs, together: an enterprise applies, is located in its grid, passes the credit gate, pays
//! through a channel that is a process of its own, is told on two channels, and sees its parcel. Then the same with the
//! channel killed between the payment and its callback.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{
    Reply,
    district::{BARRED, District, ENTERPRISE},
    eventually,
};
use zhongtai_e2e::CashDesk;

#[tokio::test]
async fn an_enterprise_is_located_judged_paid_told_and_served() {
    let district = District::open().await;

    let refused = district.file("barred", BARRED).await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("company-barred")), "{refused:?}");

    let filed = district.file("north-river", ENTERPRISE).await;
    assert_eq!(filed.status, 201, "{filed:?}\n{}", district.place.host.log());
    let filed = filed.json();
    let number = filed["number"].as_str().unwrap().to_owned();
    assert_eq!((&filed["grid"]["id"], &filed["review"]), (&json!("441802-dc-01"), &json!("normal")), "{filed}");
    assert_eq!(filed["grid"]["address"], "清远市清城区东城街道北江社区北江一路12号");
    let notice = filed["payment"]["notice"].as_str().unwrap_or_else(|| panic!("{filed}")).to_owned();

    // Not approved before it is paid, and paid by its payer only.
    let early = district.decide(&number, "approve").await;
    assert_eq!((early.status, &early.json()["code"]), (409, &json!("fee-unpaid")), "{early:?}");
    let order = json!({ "channel": CashDesk::CHANNEL, "idempotency_key": "not mine" });
    assert_eq!(district.ask("barred", "POST", &format!("/api/v1/payments/{notice}/pay"), order).await.status, 403);
    district.pay(&notice).await;
    eventually("the scenario hears of the payment", async || district.is_paid(&number).await).await;
    let shown = district.done("north-river", "GET", &format!("/api/v1/payments/{notice}"), Value::Null).await;
    assert_eq!((&shown["standing"], &shown["total"]), (&json!("paid"), &json!(24_000)), "{shown}");

    // Told on two channels.
    let title = format!("占道挖掘费已缴清：{number}");
    eventually("a message in the inbox", async || district.inbox().await.contains(&title).then_some(())).await;
    eventually("the same at the enterprise's system", async || district.hook.titles().contains(&title).then_some(()))
        .await;

    // Approved, issued, and on its way on paper.
    let decided = district.decide(&number, "approve").await;
    assert_eq!(decided.status, 201, "{decided:?}");
    let decided = decided.json();
    assert!(decided["permit"]["id"].is_string(), "{decided}\n{}", district.place.host.log());
    let waybill = decided["delivery"]["waybill"].as_str().unwrap_or_else(|| panic!("{decided}")).to_owned();
    let parcel = format!("/api/v1/shipments/{waybill}");
    let shipped = district.done("north-river", "GET", &parcel, Value::Null).await;
    assert_eq!((&shipped["needs_address"], &shipped["state"]), (&json!(true), &json!("created")), "{shipped}");
    let address = json!({
        "name": "张工", "phone": "0763-3333333", "region": "441802", "detail": "北江一路12号三楼",
    });
    district.done("north-river", "PUT", &format!("{parcel}/address"), json!({ "address": address })).await;
    for (state, signer) in [("collected", Value::Null), ("out-for-delivery", Value::Null), ("signed", json!("张工"))]
    {
        let mut event = json!({ "state": state, "idempotency_key": format!("{waybill} {state}") });
        if !signer.is_null() {
            event["signer"] = signer;
        }
        let booked = district.ask("zhao", "POST", &format!("{parcel}/events"), event).await;
        assert!(booked.status < 300, "{state}: {booked:?}");
    }
    let seen = district.done("north-river", "GET", &parcel, Value::Null).await;
    assert_eq!((&seen["state"], &seen["signature"]["by"]), (&json!("signed"), &json!("张*")), "{seen}");
    let title = format!("占道挖掘许可证已签收：{number}");
    eventually("the scenario hears of the signature", async || district.inbox().await.contains(&title).then_some(()))
        .await;
    assert_eq!(district.ask("barred", "GET", &parcel, Value::Null).await.status, 403);
    district.books_balance();
}

#[tokio::test]
async fn a_channel_that_dies_between_payment_and_callback_loses_nothing() {
    let mut district = District::open().await;
    let filed = district.file("north-river", ENTERPRISE).await.json();
    let (number, notice) = (filed["number"].as_str().unwrap(), filed["payment"]["notice"].as_str().unwrap());
    let hold = district.place.http.post(format!("{}/test/faults", district.desk.url)).json(&json!({ "hold": true }));
    assert!(Reply::of(hold).await.status < 300);

    district.pay(notice).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(district.is_paid(number).await.is_none(), "no callback was sent");
    district.desk.kill().unwrap();
    let early = district.decide(number, "approve").await;
    assert_eq!((early.status, &early.json()["code"]), (409, &json!("fee-unpaid")), "{early:?}");
    district.desk.start_again().unwrap();

    eventually("the payment comes through", async || district.is_paid(number).await).await;
    let decided = district.decide(number, "approve").await;
    assert_eq!(decided.status, 201, "{decided:?}");
    let title = format!("占道挖掘费已缴清：{number}");
    eventually("a message in the inbox", async || district.inbox().await.contains(&title).then_some(())).await;
    let told = district.inbox().await.iter().filter(|known| **known == title).count();
    assert_eq!(told, 1, "once");
    district.books_balance();
}

#[tokio::test]
async fn a_rejected_application_gets_its_fee_back_from_somebody_else() {
    let district = District::open().await;
    let filed = district.file("north-river", ENTERPRISE).await.json();
    let (number, notice) = (filed["number"].as_str().unwrap(), filed["payment"]["notice"].as_str().unwrap());
    district.pay(notice).await;
    eventually("the scenario hears of the payment", async || district.is_paid(number).await).await;
    assert_eq!(district.decide(number, "reject").await.status, 201);
    let officer = ["--kind", "officer", "--department", "441802-chengguan", "--assurance", "substantial"];
    district.person("qian", &[&officer[..], &["--role", "cashier"]].concat());
    let refunds = format!("/api/v1/payments/{notice}/refunds");
    let asked = district.done("qian", "GET", &refunds, Value::Null).await;
    assert_eq!(
        (&asked[0]["amount"], &asked[0]["standing"]),
        (&json!(24_000), &json!("requested")),
        "{asked}\n{}",
        district.place.host.log()
    );
    let approve = format!("/api/v1/payments/refunds/{}/approve", asked[0]["id"].as_str().unwrap());
    assert_eq!(district.ask("li", "POST", &approve, Value::Null).await.status, 403, "whoever asked does not decide");
    district.done("qian", "POST", &approve, Value::Null).await;
    let back = eventually("the money is back", async || {
        let shown = district.done("north-river", "GET", &format!("/api/v1/payments/{notice}"), Value::Null).await;
        (shown["standing"] == "refunded").then_some(shown)
    })
    .await;
    assert_eq!(back["refunded"], 24_000);
    district.books_balance();
}
