//! Credit records of an upper-level platform through the whole host: a platform in a process of its own that is killed,
//! calls that carry the request they are for, and metrics that say how they ended.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use serde_json::{Value, json};
use support::{Place, Plugin, Reply};
use zhongtai_e2e::repository;

const KNOWN: &str = "91350100M000100Y43";
const OTHER: &str = "11320000MB151840XJ";

/// The platform of the connector's own tests: Python, with its own `hmac`.
struct Platform {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl Platform {
    fn start(key: &Path) -> Self {
        let program = repository().join("host/capabilities/credit/connectors/upper/tests/upper/platform.py");
        let mut process = zhongtai_test_tools::tool("python3")
            .arg(program)
            .arg(key)
            .args(["hmac-sm3", "0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut port = String::new();
        output.read_line(&mut port).unwrap();
        let mut platform = Self { process, input, output, port: port.trim().parse().unwrap() };
        let record = json!({
            "subject": { "kind": "credit-code", "code": KNOWN },
            "id": "1", "source": "省人社厅", "category": "black-list", "gravity": "grave", "state": "published",
            "since": "2025-01-01", "until": null, "detail": "拖欠工资",
        });
        platform.tell(&json!({ "records": [record] }));
        platform
    }

    fn tell(&mut self, command: &Value) -> Value {
        writeln!(self.input, "{command}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn metric(place: &Place, line: &str) -> Option<f64> {
    let text = Reply::of(place.http.get(format!("{}/metrics", place.host.admin))).await.body;
    text.lines().find_map(|shown| shown.strip_prefix(line)?.trim().parse().ok())
}

#[tokio::test]
async fn what_the_upper_platform_knows_counts_and_goes_on_counting_while_it_is_down() {
    let mut platform = None;
    let place = Place::start_with(|setup, dir| {
        let key = dir.join("upper.key");
        std::fs::write(&key, "0123456789abcdef0123456789abcdef\n").unwrap();
        let started = platform.insert(Platform::start(&key));
        // Every check asks: nothing is fresh for longer than it takes.
        setup.config = format!(
            "[credit.upper]\nbase_url = \"http://127.0.0.1:{}\"\napp_id = \"qingcheng\"\nplatform = \"省平台\"\n\
             key = {{ file = {key:?} }}\nsignature = \"hmac-sm3\"\nfresh_s = 0\nstale_s = 3600\nfirst_pause_ms = 1\n",
            started.port
        );
    });
    let mut platform = platform.unwrap();
    let hello = Plugin::fixture("hello");
    place.install(&hello);

    let known = place.get(&hello.path(&format!("/credit/{KNOWN}"))).await;
    assert_eq!((known.status, &known.json()["standing"]), (200, &"barred".into()), "{known:?}");
    let other = place.get(&hello.path(&format!("/credit/{OTHER}"))).await;
    assert_eq!((other.status, &other.json()["standing"]), (200, &"clear".into()), "{other:?}");
    let seen = platform.tell(&json!({}));
    assert_eq!((&seen["accepted"], &seen["refused"]), (&2.into(), &json!([])));
    let request: zhongtai_kernel::RequestId = known.header("x-request-id").parse().unwrap();
    let trace: String = request.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(seen["traces"][0].as_str().unwrap()[3..35], trace, "the other side's log leads to ours");
    let success = "zhongtai_outbound_calls_total{outcome=\"success\",system=\"credit.upper\"}";
    assert_eq!(metric(&place, success).await, Some(2.0));

    platform.process.kill().unwrap();
    platform.process.wait().unwrap();
    let known = place.get(&hello.path(&format!("/credit/{KNOWN}"))).await;
    assert_eq!((known.status, &known.json()["standing"]), (200, &"barred".into()), "{known:?}");
    assert_eq!(known.json()["stale"], true, "{known:?}");
    let never_asked = place.get(&hello.path("/credit/91512081MA62K0260E")).await;
    assert_eq!(never_asked.status, 503, "nothing is known, and nothing is said: {never_asked:?}");
    let unreachable = "zhongtai_outbound_calls_total{outcome=\"unreachable\",system=\"credit.upper\"}";
    assert!(metric(&place, unreachable).await.is_some_and(|count| count >= 1.0));
    let log = place.host.log();
    assert!(log.contains("省平台") && log.contains("an older answer is used"), "{log}");
    assert!(!log.contains(KNOWN) && !log.contains("拖欠工资"), "whom and what is in no log");
}
