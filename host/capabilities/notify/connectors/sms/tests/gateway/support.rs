//! The gateway as a process, the platform's outbox beside it, and a door for callbacks.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Stdio},
    sync::Arc,
};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use zhongtai_cap_notify::{
    Address, Callback, ChannelKind, Channels, MIGRATIONS, MessageId, Outbox, OutboxOptions, Outgoing, Rendered,
};
use zhongtai_conn_notify_sms::{Gateway, GatewayConfig};
use zhongtai_kernel::SystemClock;
use zhongtai_outbound::{Outbound, OutboundConfig, SecretSource, SystemConfig};
use zhongtai_store::testing::{TestDatabase, sqlite};

pub const KEY: &str = "0123456789abcdef0123456789abcdef";

/// The process; it ends with this.
pub struct Process {
    process: Child,
    pub address: SocketAddr,
}

impl Process {
    pub fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway.py");
        let mut process = zhongtai_test_tools::python()
            .args([script, "qingcheng", KEY])
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port: u16 = line.trim().parse().expect("the port that it listens on");
        Self { process, address: ([127, 0, 0, 1], port).into() }
    }

    /// The test's hand.
    pub async fn control(&self, verb: &str, what: Value) -> Value {
        let (status, body) = post(self.address, &format!("/control/{verb}"), &what.to_string()).await;
        assert_eq!(status, 200, "{verb}: {body}");
        serde_json::from_str(&body).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn gateway(port: u16, key: &str) -> Gateway {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), key).unwrap();
    let mut system = SystemConfig::at(format!("http://127.0.0.1:{port}"));
    system.breaker_failures = 1_000;
    let config = GatewayConfig {
        account: "qingcheng".to_owned(),
        sign: "清城政务".to_owned(),
        key: SecretSource::File(file.path().into()),
        window_s: 300,
        system,
    };
    let outbound = Outbound::new(&OutboundConfig::default(), Arc::new(SystemClock)).unwrap();
    Gateway::new(&config, &outbound, Arc::new(SystemClock)).unwrap()
}

pub fn to(number: &str) -> Outgoing {
    Outgoing {
        id: MessageId::generate(),
        address: Address::parse(ChannelKind::Sms, number).unwrap(),
        text: Rendered { title: String::new(), body: "您好，人民路的坑洞已修复。".to_owned() },
    }
}

/// An outbox whose short messages leave by the gateway.
pub async fn outbox(process: &Process) -> (Outbox, TestDatabase) {
    let database = sqlite(MIGRATIONS).await;
    let channels = Channels { sms: Some(Arc::new(gateway(process.address.port(), KEY))), ..Channels::default() };
    let clock = Arc::new(SystemClock);
    let outbox = Outbox::new(database.store.clone(), clock, &[7; 32], channels, OutboxOptions::default());
    (outbox, database)
}

/// The platform's door for callbacks, over a socket: as little HTTP as it takes. The real one is the server's.
pub struct Door {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Door {
    pub async fn open(outbox: Outbox) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, outbox.clone()));
            }
        });
        Self { address, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}/api/v1/notify/callbacks/sms", self.address)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(mut stream: TcpStream, outbox: Outbox) {
    let (headers, body) = read(&mut stream).await;
    let (method, target) = (Method::POST, "/api/v1/notify/callbacks/sms".to_owned());
    let callback = Callback { method, target, headers, body };
    let (status, body) = match outbox.callback(ChannelKind::Sms, &callback).await {
        Ok(answer) => (200, answer.body),
        Err(error) => (if error.to_string().contains("not signed") { 401 } else { 400 }, error.to_string()),
    };
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
}

/// Reads one message: its headers, and its body.
async fn read(stream: &mut TcpStream) -> (HeaderMap, Vec<u8>) {
    let mut bytes = Vec::new();
    let end = loop {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).await.unwrap();
        assert!(length > 0, "a whole message");
        bytes.extend_from_slice(&part[..length]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap())
    };
    let headers: HeaderMap = head.trim_end().lines().skip(1).map(header).collect();
    let length = headers.get("content-length").map_or(0, |value| value.to_str().unwrap().parse().unwrap());
    let mut body = bytes[end..].to_vec();
    while body.len() < length {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap();
        assert!(read > 0, "a whole body");
        body.extend_from_slice(&part[..read]);
    }
    (headers, body)
}

/// Posts JSON, and returns the status and the body.
async fn post(to: SocketAddr, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let length = body.len();
    let text =
        format!("POST {path} HTTP/1.1\r\nhost: {to}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {path}: {answer}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
