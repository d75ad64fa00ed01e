//! Receipts: through the outbox, as the gateway sends them.

use serde_json::{Value, json};
use zhongtai_cap_notify::{
    ChannelKind, Delivery, FailureKind, MessageId, NotifyProvider as _, Outbox,
    contract::{self},
};
use zhongtai_kernel::ScenarioId;
use zhongtai_store::testing::TestDatabase;

use crate::support::{Door, Process, outbox};

struct Scene {
    process: Process,
    outbox: Outbox,
    door: Door,
    _database: TestDatabase,
}

fn scenario() -> ScenarioId {
    "441802-chengguan/pothole".parse().unwrap()
}

impl Scene {
    async fn new() -> Self {
        let process = Process::start();
        let (outbox, database) = outbox(&process).await;
        let door = Door::open(outbox.clone()).await;
        Self { process, outbox, door, _database: database }
    }

    /// A message that the gateway has taken, and the gateway's id.
    async fn sent(&self) -> (MessageId, String) {
        let message = contract::message(&scenario(), None, ChannelKind::Sms, "13800138123");
        let id = self.outbox.send(message).await.unwrap();
        self.outbox.deliver_due(10).await.unwrap();
        let seen = self.process.control("seen", json!({})).await;
        // The gateway knows a message by the id that it travels under.
        let messages = seen["messages"].as_object().unwrap();
        let newest = messages.values().max_by_key(|one| one["message_id"].as_str().unwrap().len()).unwrap();
        (id, newest["message_id"].as_str().unwrap().to_owned())
    }

    async fn send(&self, receipts: Value, how: Value) -> (u64, String) {
        let mut what = json!({ "url": self.door.url(), "receipts": receipts });
        for (key, value) in how.as_object().unwrap() {
            what[key] = value.clone();
        }
        let answer = self.process.control("callback", what).await;
        (answer["status"].as_u64().unwrap(), answer["body"].as_str().unwrap().to_owned())
    }

    async fn delivery(&self, id: MessageId) -> (Delivery, Option<FailureKind>) {
        let progress = self.outbox.deliveries(&scenario(), id).await.unwrap();
        let one = progress.first().unwrap();
        (one.state, one.failure)
    }
}

#[tokio::test]
async fn a_receipt_says_what_became_of_a_message_however_often_it_comes() {
    let scene = Scene::new().await;
    let (id, carrier) = scene.sent().await;
    let before = scene.delivery(id).await;
    assert_ne!(before.0, Delivery::Delivered, "{before:?}");
    assert_eq!(scene.send(json!([{ "message_id": carrier, "status": "SENT" }]), json!({})).await.0, 200);
    assert_eq!(scene.delivery(id).await, before, "on its way is nothing new");
    let delivered = json!([{ "message_id": carrier, "status": "DELIVERED" }]);
    for time in ["once", "twice"] {
        assert_eq!(scene.send(delivered.clone(), json!({})).await, (200, "{\"code\":\"ok\"}".to_owned()), "{time}");
        assert_eq!(scene.delivery(id).await, (Delivery::Delivered, None), "{time}");
    }
    let unknown = json!([{ "message_id": "M-999", "status": "DELIVERED" }]);
    assert_eq!(scene.send(unknown, json!({})).await.0, 200, "of a message that nobody sent: kept or passed over");
}

#[tokio::test]
async fn a_message_that_did_not_arrive_has_a_kind_of_failure() {
    let scene = Scene::new().await;
    let (id, carrier) = scene.sent().await;
    let failed = json!([{ "message_id": carrier, "status": "FAILED", "code": "no-such-number" }]);
    assert_eq!(scene.send(failed, json!({})).await.0, 200);
    assert_eq!(scene.delivery(id).await, (Delivery::Dead, Some(FailureKind::NoSuchAddress)));
}

#[tokio::test]
async fn what_the_gateway_did_not_sign_now_or_can_not_mean_changes_nothing() {
    let scene = Scene::new().await;
    let (id, carrier) = scene.sent().await;
    let before = scene.delivery(id).await;
    let failed = || json!([{ "message_id": carrier, "status": "FAILED", "code": "content" }]);
    for how in [
        json!({ "forged": true }),
        json!({ "changed": true }),
        json!({ "kind": "answer" }),
        json!({ "skew": -400 }),
        json!({ "skew": 400 }),
    ] {
        assert_eq!(scene.send(failed(), how.clone()).await.0, 401, "{how}");
    }
    for (receipts, how) in [
        (json!([]), json!({ "raw": "[" })),
        (json!([{ "message_id": carrier, "status": "MAYBE" }]), json!({})),
        (json!([{ "message_id": carrier, "status": "DELIVERED" }, { "message_id": "", "status": "SENT" }]), json!({})),
        (json!(vec![json!({ "message_id": carrier, "status": "DELIVERED" }); 501]), json!({})),
    ] {
        assert_eq!(scene.send(receipts, how.clone()).await.0, 400, "{how}");
    }
    assert_eq!(scene.delivery(id).await, before);
}
