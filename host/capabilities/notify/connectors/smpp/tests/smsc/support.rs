//! The SMSC as a process, and the channel beside it.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    process::{Child, Stdio},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
    task::JoinHandle,
};
use zhongtai_cap_notify::{
    Address, Channel, ChannelKind, MessageId, NotifyError, Outgoing, Receipt, Receipts, Rendered,
};
use zhongtai_conn_notify_smpp::{Smpp, SmppConfig, SmppTls};
use zhongtai_outbound::SecretSource;

/// What people put up with on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The process; it ends with this.
pub struct Smsc {
    process: Child,
    pub port: u16,
    control: SocketAddr,
}

impl Smsc {
    pub fn start() -> Self {
        Self::with(json!({ "password": "geheim" }))
    }

    pub fn with(settings: Value) -> Self {
        let mut process = zhongtai_test_tools::node()
            .arg("--input-type=module")
            .env("SMSC", settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Node.js");
        process.stdin.take().unwrap().write_all(include_bytes!("../smsc.mjs")).unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports: Value = serde_json::from_str(&line).expect("the ports that it listens on");
        let port = |name: &str| u16::try_from(ports[name].as_u64().unwrap()).unwrap();
        let control = ([127, 0, 0, 1], port("control")).into();
        Self { port: port("smpp"), control, process }
    }

    /// The test's hand.
    pub async fn control(&self, verb: &str, what: Value) -> Value {
        let answered = tokio::time::timeout(PATIENCE, self.ask(verb, what)).await;
        answered.unwrap_or_else(|_| panic!("{verb} was not done"))
    }

    async fn ask(&self, verb: &str, what: Value) -> Value {
        let mut stream = TcpStream::connect(self.control).await.unwrap();
        let body = what.to_string();
        let head = format!("POST /{verb} HTTP/1.1\r\nhost: smsc\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, mut rest) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {verb}"));
        if !head.to_lowercase().contains("transfer-encoding: chunked") {
            return serde_json::from_str(rest).unwrap();
        }
        let mut body = String::new();
        while let Some((size, more)) = rest.split_once("\r\n") {
            let size = usize::from_str_radix(size, 16).unwrap();
            body.push_str(&more[..size]);
            rest = &more[size + 2..];
        }
        serde_json::from_str(&body).unwrap()
    }

    pub async fn seen(&self) -> Value {
        self.control("seen", json!({})).await
    }

    /// Waits until something holds of what it has seen.
    pub async fn eventually(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let seen = self.seen().await;
            if holds(&seen) {
                return seen;
            }
            assert!(tokio::time::Instant::now() < deadline, "{what}: {seen}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Smsc {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Notes receipts; fails as often as it is told.
#[derive(Default)]
pub struct Kept {
    pub receipts: parking_lot::Mutex<Vec<Receipt>>,
    pub failures: parking_lot::Mutex<u32>,
}

#[async_trait]
impl Receipts for Kept {
    async fn receipt(&self, channel: ChannelKind, receipt: Receipt) -> Result<(), NotifyError> {
        assert_eq!(channel, ChannelKind::Sms);
        let mut failures = self.failures.lock();
        if *failures > 0 {
            *failures -= 1;
            return Err(NotifyError::NoAddress);
        }
        self.receipts.lock().push(receipt);
        Ok(())
    }
}

/// A channel that is run; it stops with this.
pub struct Running {
    pub channel: Arc<Smpp>,
    pub kept: Arc<Kept>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    pub fn start(config: &SmppConfig) -> Self {
        let (channel, kept) = (Arc::new(Smpp::new(config).unwrap()), Arc::new(Kept::default()));
        let (stop, stopped) = watch::channel(false);
        let (running, receipts) = (channel.clone(), kept.clone());
        let task = tokio::spawn(async move { running.run(receipts, stopped).await });
        Self { channel, kept, stop, task }
    }

    /// As a host stops.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        tokio::time::timeout(PATIENCE, self.task).await.expect("it stops").unwrap();
    }
}

/// With short pauses: nobody waits in a test.
pub fn config(port: u16) -> SmppConfig {
    // The same for every test, and whole whenever it is there.
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (file, path) = (tempfile::NamedTempFile::new_in(folder).unwrap(), folder.join("smsc.password"));
    std::fs::write(file.path(), "geheim\n").unwrap();
    file.persist(&path).unwrap();
    SmppConfig {
        system_type: "zhongtai".to_owned(),
        source: "10690000".to_owned(),
        tls: SmppTls::None,
        reconnect_ms: 10,
        throttle_ms: 10,
        ..SmppConfig::at("127.0.0.1", port, "qingcheng", SecretSource::File(path))
    }
}

pub fn to(number: &str, text: &str) -> Outgoing {
    Outgoing {
        id: MessageId::generate(),
        address: Address::parse(ChannelKind::Sms, number).unwrap(),
        text: Rendered { title: String::new(), body: text.to_owned() },
    }
}

/// Waits until something holds.
pub async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !holds() {
        assert!(tokio::time::Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
