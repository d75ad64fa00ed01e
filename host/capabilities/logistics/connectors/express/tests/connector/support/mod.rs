//! An express company as a process, the platform's book beside it, and a door for callbacks.

mod door;

pub use door::Door;

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    sync::Arc,
};

use serde_json::{Value, json};
use zhongtai_cap_logistics::{
    Book, Carrier, Carriers, Destination, Dispatcher, MIGRATIONS, NewShipment, PostalAddress, Schedule, Waybill,
    contract::address,
};
use zhongtai_conn_logistics_express::{Express, ExpressConfig};
use zhongtai_kernel::{AccountId, Clock as _, SystemClock, Timestamp};
use zhongtai_outbound::{Outbound, OutboundConfig, SecretSource, SystemConfig};
use zhongtai_store::testing::{TestDatabase, sqlite};

pub const KEY: &str = "0123456789abcdef0123456789abcdef";

/// The process; it ends with this.
pub struct Company {
    process: Child,
    pub port: u16,
    http: std::net::SocketAddr,
}

impl Company {
    pub fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/express.py");
        let mut process = zhongtai_test_tools::python()
            .args([script, "qingcheng", KEY])
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the port that it listens on");
        Self { process, port, http: ([127, 0, 0, 1], port).into() }
    }

    /// The test's hand.
    pub async fn control(&self, verb: &str, what: Value) -> Value {
        let (status, body) = door::post(self.http, &format!("/control/{verb}"), &what.to_string()).await;
        assert_eq!(status, 200, "{verb}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    pub async fn happens(&self, waybill: Waybill, id: &str, status: &str, at: Timestamp) -> Value {
        let event = wire(id, status, at);
        self.control("happens", json!({ "order_id": waybill.to_string(), "event": event })).await;
        event
    }
}

impl Drop for Company {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An event as the company writes it, in local time.
pub fn wire(id: &str, status: &str, at: Timestamp) -> Value {
    let signer = (status == "SIGNED").then_some("王小明");
    json!({ "id": id, "status": status, "time": at.to_string(), "station": "清城营业部 13800138000", "signer": signer })
}

pub fn config(port: u16, key: &std::path::Path) -> ExpressConfig {
    let mut system = SystemConfig::at(format!("http://127.0.0.1:{port}"));
    system.breaker_failures = 1_000;
    ExpressConfig { partner: "qingcheng".to_owned(), key: SecretSource::File(key.into()), window_s: 300, system }
}

pub fn express(port: u16, key: &str) -> Express {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), key).unwrap();
    let outbound = Outbound::new(&OutboundConfig::default(), Arc::new(SystemClock)).unwrap();
    Express::new("sf", &config(port, file.path()), &outbound, Arc::new(SystemClock)).unwrap()
}

pub fn now() -> Timestamp {
    SystemClock.now()
}

/// The platform, as far as it ships.
pub struct Platform {
    pub book: Book,
    pub carrier: Arc<Express>,
    pub database: TestDatabase,
}

impl Platform {
    pub async fn with(company: &Company) -> Self {
        let database = sqlite(&[MIGRATIONS, zhongtai_events::MIGRATIONS].concat()).await;
        let book = Book::new(database.store.clone(), Arc::new(SystemClock), [7; 32], Schedule::default());
        Self { book, carrier: Arc::new(express(company.port, KEY)), database }
    }

    pub fn dispatcher(&self) -> Dispatcher {
        let senders = [("441802-chengguan".parse().unwrap(), address("清城区人民一路5号政务服务中心"))].into();
        let all = [("sf".to_owned(), self.carrier.clone() as Arc<dyn Carrier>)].into();
        Dispatcher::new(self.book.clone(), Carriers::new("sf".to_owned(), all).unwrap(), senders)
    }

    pub async fn shipped_to(&self, to: &PostalAddress) -> Waybill {
        let new = NewShipment {
            scenario: "441802-chengguan/excavation".parse().unwrap(),
            key: Waybill::generate().to_string().try_into().unwrap(),
            case: "WJ-1".to_owned(),
            recipient: AccountId::generate(),
            destination: Destination::Asked,
            what: "占道挖掘许可证".to_owned(),
            carrier: "sf".to_owned(),
            purpose: "deliver-result".to_owned(),
        };
        let waybill = self.book.ship(&new).await.unwrap();
        self.book.give_address(waybill, to).await.unwrap();
        waybill
    }

    /// Shipped, and known to the company.
    pub async fn ordered(&self) -> Waybill {
        let waybill = self.shipped_to(&address("凤城街道桥北路1号2栋301")).await;
        assert_eq!(self.dispatcher().work_once(16).await.unwrap().ordered, 1);
        waybill
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.database.store.pool()).await.unwrap()
    }
}
