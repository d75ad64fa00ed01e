//! A platform's process and a connector to it.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use zhongtai_cap_credit::{CreditSubject, NewRecord, contract};
use zhongtai_conn_credit_upper::{Method, UpperConfig, UpperCredit};
use zhongtai_kernel::{Clock, ManualClock, SystemClock};
use zhongtai_outbound::{Outbound, OutboundConfig, SecretSource, SystemConfig};

pub const KEY: &str = "0123456789abcdef0123456789abcdef-upper";

/// Python's process.
pub struct Platform {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    pub port: u16,
}

impl Platform {
    pub fn start(folder: &TempDir, method: &str, port: u16) -> Self {
        let mut process = zhongtai_test_tools::tool("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/upper/platform.py"))
            .arg(folder.path().join("platform.key"))
            .args([method, &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let mut platform = Self { process, input, output, port: line.trim().parse().expect("a port") };
        platform.tell(&json!({ "records": contract::fixture().iter().map(written).collect::<Vec<_>>() }));
        platform
    }

    /// A command, and what came until now.
    pub fn tell(&mut self, command: &Value) -> Value {
        writeln!(self.input, "{command}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    pub fn seen(&mut self, what: &str) -> Value {
        self.tell(&json!({}))[what].clone()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn written(new: &NewRecord) -> Value {
    let record = &new.record;
    json!({
        "subject": subject(&new.whom),
        "id": record.id, "source": record.source, "category": record.category.as_str(),
        "gravity": record.gravity.as_str(), "state": record.state.as_str(), "since": record.since.to_string(),
        "until": record.until.map(|day| day.to_string()), "detail": record.detail,
    })
}

fn subject(whom: &CreditSubject) -> Value {
    match whom {
        CreditSubject::Enterprise(code) => json!({ "kind": "credit-code", "code": code.as_str() }),
        CreditSubject::Person(id) => json!({ "kind": "resident-id", "code": id.expose() }),
    }
}

pub struct Scene {
    pub folder: TempDir,
    pub platform: Platform,
    pub clock: Arc<ManualClock>,
    pub upper: UpperCredit,
}

impl Scene {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut UpperConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["platform.key", "our.key"] {
            std::fs::write(folder.path().join(name), format!("{KEY}\n")).unwrap();
        }
        let mut config = UpperConfig {
            system: SystemConfig {
                timeout_ms: 60_000,
                deadline_ms: 120_000,
                first_pause_ms: 1,
                breaker_failures: 100,
                ..SystemConfig::at("")
            },
            platform: "省平台".to_owned(),
            app_id: "qingcheng".to_owned(),
            key: SecretSource::File(folder.path().join("our.key")),
            signature: Method::HmacSha256,
            fresh_s: 60,
            stale_s: 3_600,
            memory_mib: 1,
        };
        change(&mut config);
        let method = if config.signature == Method::HmacSm3 { "hmac-sm3" } else { "hmac-sha256" };
        let platform = Platform::start(&folder, method, 0);
        config.system.base_url = format!("http://127.0.0.1:{}/credit", platform.port);
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let outbound = Outbound::new(&OutboundConfig::default(), clock.clone()).unwrap();
        let upper = UpperCredit::new(&config, &outbound, clock.clone()).unwrap();
        Self { folder, platform, clock, upper }
    }

    pub fn behave(&mut self, mode: impl Into<Value>) {
        let mode: Value = mode.into();
        self.platform.tell(&json!({ "mode": mode }));
    }

    /// Moves both clocks.
    pub fn pass(&mut self, time: Duration) {
        self.clock.advance(time);
        let ahead = self.clock.now().as_second() - SystemClock.now().as_second();
        self.platform.tell(&json!({ "clock": ahead }));
    }

    pub fn requests(&mut self) -> u64 {
        self.platform.seen("requests").as_u64().unwrap()
    }
}
