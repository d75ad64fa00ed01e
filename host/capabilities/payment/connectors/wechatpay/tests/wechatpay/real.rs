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
use zhongtai_conn_payment_wechatpay::{PlatformKeyConfig, WechatPay, WechatPayConfig};
use zhongtai_kernel::{Clock, SystemClock, Timestamp};
use zhongtai_outbound::{Outbound, OutboundConfig, Repeat, Request, SecretSource, System, SystemConfig};

/// The key of the test's merchant.
pub(crate) const API_KEY: &str = "0123456789abcdef0123456789ABCDEF";

/// The gateway, the connector to it, and the place that it calls back.
pub(crate) struct Real {
    pub(crate) process: Process,
    pub(crate) receiver: Receiver,
    pub(crate) channel: WechatPay,
    hand: System,
    folder: tempfile::TempDir,
}

// === impl Real ===

impl Real {
    pub(crate) async fn start() -> Self {
        Self::with(false, Arc::new(SystemClock)).await
    }

    /// `public_mode`: the gateway signs with a public key instead of certificates.
    pub(crate) async fn with(public_mode: bool, clock: Arc<dyn Clock>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let receiver = Receiver::start().await;
        let settings = json!({
            "mchid": "1900000001", "appid": "wxd678efh567hg6787", "serial": "444F4864EA9B34415",
            "api_key": API_KEY, "notify_url": receiver.url, "public_mode": public_mode,
        });
        std::fs::write(folder.path().join("settings.json"), settings.to_string()).unwrap();
        std::fs::write(folder.path().join("api.key"), API_KEY).unwrap();
        let place = folder.path().to_path_buf();
        let process = Process::start(move |port| {
            let mut python = zhongtai_test_tools::python();
            python.arg(beside("gateway.py")).arg(port.to_string()).arg(&place);
            python
        });
        let config = config(folder.path(), &process.url, &receiver.url, public_mode);
        // One attempt on a connection of its own: a fault is seen, and a restart is none.
        let single = OutboundConfig { idle_connections: 0, ..OutboundConfig::default() };
        let outbound = Outbound::new(&single, clock.clone()).unwrap();
        let channel = WechatPay::new("wechat", &config, &outbound, clock).unwrap();
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
        let headers = made["headers"].as_object().unwrap().iter();
        let headers = Headers::new(headers.map(|(name, value)| (name.clone(), value.as_str().unwrap())));
        (headers, made["body"].as_str().unwrap().as_bytes().to_vec())
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

pub(crate) fn config(folder: &Path, url: &str, callback: &str, public_mode: bool) -> WechatPayConfig {
    let file = |name: &str| folder.join(name);
    let key = PlatformKeyConfig { id: "PUB_KEY_ID_0119000000012024".to_owned(), file: file("platform.pem") };
    WechatPayConfig {
        app_id: "wxd678efh567hg6787".to_owned(),
        merchant: "1900000001".to_owned(),
        merchant_serial: "444F4864EA9B34415".to_owned(),
        merchant_key: SecretSource::File(file("merchant.pem")),
        api_key: SecretSource::File(file("api.key")),
        callback_url: callback.to_owned(),
        platform_key: public_mode.then_some(key),
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
        assert!(qr.starts_with("weixin://wxpay/bizpayurl?pr="), "{qr}");
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
