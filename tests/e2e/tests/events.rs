//! Events that a scenario can't take note of: they wait while it is not there, are given up when it fails, and an operator
//! has them told again.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use serde_json::Value;
use support::{
    district::{District, ENTERPRISE},
    eventually,
};

const EXCAVATION: &str = "441802-chengguan/excavation";

/// What a scenario may not do while it hears of an event.
const FORBIDDEN: &str = r#"
@id("no-writing-in-events")
forbid (principal, action == Action::"keyvalue:write", resource)
when { context.channel == "internal" };
"#;

#[tokio::test]
async fn an_event_waits_for_a_scenario_that_can_not_run() {
    let district = District::open().await;
    let filed = district.file("north-river", ENTERPRISE).await.json();
    let (number, notice) = (filed["number"].as_str().unwrap(), filed["payment"]["notice"].as_str().unwrap());
    district.place.zt(&["grant", "remove", EXCAVATION, "keyvalue"]);
    district.pay(notice).await;
    eventually("the payment is settled", async || {
        let shown = district.done("north-river", "GET", &format!("/api/v1/payments/{notice}"), Value::Null).await;
        (shown["standing"] == "paid").then_some(())
    })
    .await;
    eventually("the event was told to nobody", async || {
        district.place.host.log().contains("the release can't run here at the moment").then_some(())
    })
    .await;
    assert!(!district.place.zt(&["event", "dead"]).contains(EXCAVATION), "that is no attempt");
    district.place.zt(&["grant", "add", EXCAVATION, "keyvalue"]);
    eventually("the scenario hears of the payment", async || district.is_paid(number).await).await;
}

#[tokio::test]
async fn an_event_that_a_scenario_does_not_handle_is_given_up_and_told_again_by_an_operator() {
    let mut folder = None;
    let district = District::open_with(|setup, dir| {
        let policies = dir.join("own-policies");
        std::fs::create_dir(&policies).unwrap();
        std::fs::write(policies.join("events.cedar"), FORBIDDEN).unwrap();
        setup.policies.push(policies.clone());
        setup.follow_files = true;
        setup.config.push_str("\n[events]\nmax_attempts = 2\nfirst_pause_s = 0\n");
        folder = Some(policies);
    })
    .await;
    let filed = district.file("north-river", ENTERPRISE).await.json();
    let (number, notice) = (filed["number"].as_str().unwrap(), filed["payment"]["notice"].as_str().unwrap());
    district.pay(notice).await;
    let dead = eventually("the event is given up", async || {
        let dead: Value = serde_json::from_str(&district.place.zt(&["event", "dead", "--json"])).unwrap();
        dead.get(0).cloned()
    })
    .await;
    assert_eq!((&dead["kind"], &dead["about"]), (&Value::from("payment.settled"), &Value::from(notice)), "{dead}");
    assert_eq!((&dead["attempts"], &dead["last_error"]), (&Value::from(2), &Value::from("access-denied")), "{dead}");
    assert!(district.is_paid(number).await.is_none());

    std::fs::write(folder.unwrap().join("events.cedar"), "").unwrap();
    let id = dead["id"].as_str().unwrap();
    eventually("the event is handled once policy lets it", async || {
        // Not dead any more, or dead again while the old policy was still in force.
        let _ = district.place.host.command(&["event", "replay", id]).output();
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        district.is_paid(number).await
    })
    .await;
    assert!(district.place.refused(&["event", "replay", id]).contains("was not given up"));
}
