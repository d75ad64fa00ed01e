use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use jiff::{SignedDuration, civil::Date, tz};
use serde_json::{Value, json};
use zhongtai_cap_payment::{
    Fen, Gateway, Headers, Order, OrderId,
    contract::Desk,
    testing::{Process, Receiver},
};
use zhongtai_conn_payment_alipay::{Alipay, AlipayConfig};
use zhongtai_kernel::{Clock, SystemClock, Timestamp};
use zhongtai_outbound::{Outbound, OutboundConfig, Repeat, Request, SecretSource, System, SystemConfig};

/// The gateway, the connector to it, and the place that it calls back.
pub(crate) struct Real {
    pub(crate) process: Process,
    pub(crate) receiver: Receiver,
    pub(crate) channel: Alipay,
    hand: System,
    folder: tempfile::TempDir,
}

// === impl Real ===

impl Real {
    pub(crate) async fn start() -> Self {
        Self::with_clock(Arc::new(SystemClock)).await
    }

    pub(crate) async fn with_clock(clock: Arc<dyn Clock>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let receiver = Receiver::start().await;
        let settings =
            json!({ "app_id": "2021000122672388", "seller_id": "2088102169481075", "notify_url": receiver.url });
        std::fs::write(folder.path().join("settings.json"), settings.to_string()).unwrap();
        let place = folder.path().to_path_buf();
        let process = Process::start(move |port| {
            let mut python = zhongtai_test_tools::python();
            python.arg(beside("gateway.py")).arg(port.to_string()).arg(&place);
            python
        });
        let config = config(folder.path(), &process.url, &receiver.url);
        // One attempt on a connection of its own: a fault is seen, and a restart is none.
        let single = OutboundConfig { idle_connections: 0, ..OutboundConfig::default() };
        let outbound = Outbound::new(&single, clock.clone()).unwrap();
        let channel = Alipay::new("alipay", &config, &outbound, clock).unwrap();
        let hand = Outbound::new(&single, Arc::new(SystemClock)).unwrap();
        let hand = hand.system("hand", &SystemConfig::at(&process.url)).unwrap();
        Self { process, receiver, channel, hand, folder }
    }

    /// The test's hand on the gateway.
    pub(crate) async fn hand(&self, what: &str, body: Value) -> Value {
        let request = Request::post(format!("/test/{what}"), "application/json", body.to_string());
        let answer = self.hand.send(request, Repeat::Idempotent).await.unwrap();
        serde_json::from_slice(&answer.body).unwrap()
    }

    pub(crate) async fn faults(&self, faults: &[&str]) {
        self.hand("faults", json!({ "faults": faults })).await;
    }

    /// An order that was paid, and told.
    pub(crate) async fn paid(&self, fen: i64) -> Order {
        let order = order(fen);
        let qr = self.channel.prepay(&order).await.unwrap().qr;
        self.pay(&order.id, &qr).await;
        drop(self.receiver.next().await);
        order
    }

    /// A callback of a paid order with something wrong, as it would be sent.
    pub(crate) async fn made(&self, order: &Order, wrong: &str) -> (Headers, Vec<u8>) {
        let made = self.hand("callback", json!({ "order": order.id.to_string(), "wrong": wrong })).await;
        (Headers::default(), made["body"].as_str().unwrap().as_bytes().to_vec())
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

pub(crate) fn config(folder: &Path, url: &str, callback: &str) -> AlipayConfig {
    AlipayConfig {
        app_id: "2021000122672388".to_owned(),
        seller_id: "2088102169481075".to_owned(),
        app_key: SecretSource::File(folder.join("app.pem")),
        alipay_key_file: folder.join("alipay.pub"),
        callback_url: callback.to_owned(),
        bill_url: url.to_owned(),
        system: SystemConfig { attempts: 1, breaker_failures: 1_000, ..SystemConfig::at(url) },
    }
}

pub(crate) fn beside(script: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script)
}

pub(crate) fn order(fen: i64) -> Order {
    Order {
        id: OrderId::generate(),
        amount: Fen::new(fen).unwrap(),
        subject: "道路挖掘修复费 4418023001".to_owned(),
        expires_at: Timestamp::now() + SignedDuration::from_hours(1),
    }
}

#[async_trait]
impl Desk for Real {
    fn gateway(&self) -> &dyn Gateway {
        &self.channel
    }

    async fn pay(&self, order: &OrderId, qr: &str) {
        assert!(qr.starts_with("https://qr.alipay.com/"), "{qr}");
        self.hand("pay", json!({ "order": order.to_string() })).await;
    }

    async fn callback(&self) -> (Headers, Vec<u8>) {
        self.receiver.next().await
    }

    async fn restart(&self) {
        self.process.kill();
        self.process.start_again();
    }

    fn today(&self) -> Date {
        tz::offset(8).to_datetime(self.now()).date()
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
