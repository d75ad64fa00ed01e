//! Short messages through the whole host: by an HTTP gateway and by an SMSC, each a process of its own, and what they
//! say became of a message.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Stdio},
};

use serde_json::{Value, json};
use support::{Place, Plugin, Reply, copy, eventually};
use zhongtai_e2e::repository;

const SCENARIO: &str = "/s/441802-chengguan/excavation";
const ENTERPRISE: &str = "91350100M000100Y43";
const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A carrier of short messages, which ends with this value.
struct Carrier {
    process: Child,
    /// What it printed when it was ready.
    ready: Value,
    control: String,
}

impl Carrier {
    /// The connector's own gateway, in Python.
    fn gateway() -> Self {
        let script = repository().join("host/capabilities/notify/connectors/sms/tests/gateway.py");
        let mut command = zhongtai_test_tools::python();
        command.arg(script).args(["qingcheng", KEY]);
        let (process, ready) = started(command.stdout(Stdio::piped()).spawn().unwrap());
        let control = format!("http://127.0.0.1:{ready}/control");
        Self { process, ready, control }
    }

    /// The connector's own SMSC, npm `smpp`.
    fn smsc() -> Self {
        let mut command = zhongtai_test_tools::node();
        command.arg("--input-type=module").env("SMSC", json!({ "password": "geheim" }).to_string());
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let script = repository().join("host/capabilities/notify/connectors/smpp/tests/smsc.mjs");
        process.stdin.take().unwrap().write_all(&std::fs::read(script).unwrap()).unwrap();
        let (process, ready) = started(process);
        let control = format!("http://127.0.0.1:{}", ready["control"]);
        Self { process, ready, control }
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn started(mut process: Child) -> (Child, Value) {
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (process, serde_json::from_str(&line).unwrap())
}

/// A host that sends by a carrier, the shipped plugin with a text for short messages, and an enterprise with a phone.
struct District {
    place: Place,
    carrier: Carrier,
}

impl District {
    fn open(carrier: Carrier, config: impl FnOnce(&Carrier, &Path) -> String) -> Self {
        let place = Place::start_with(|setup, dir| {
            setup.policies.push(repository().join("plugins/excavation/policies"));
            std::fs::write(dir.join("sms.key"), format!("{KEY}\n")).unwrap();
            std::fs::write(dir.join("smsc.password"), "geheim\n").unwrap();
            setup.config = config(&carrier, dir);
        });
        let shipped = Plugin::shipped("excavation");
        let folder = place.dir.path().join("excavation");
        std::fs::create_dir_all(&folder).unwrap();
        let manifest = std::fs::read_to_string(shipped.folder.join("plugin.toml")).unwrap();
        let table = "[capabilities.notify.templates.application-received]\n";
        assert!(manifest.contains(table));
        let manifest = manifest.replace(table, &format!("{table}sms = \"占道挖掘申请已受理：{{{{ number }}}}\"\n"));
        std::fs::write(folder.join("plugin.toml"), manifest).unwrap();
        let policies = shipped.folder.join("policies");
        if policies.exists() {
            copy(&policies, &folder.join("policies"));
        }
        place.install(&Plugin { folder, ..shipped });
        let code = format!("credit-code={ENTERPRISE}");
        let set =
            ["--set", "name=北江公司", "--set", &code, "--set", "phone=13800138123", "--assurance", "substantial"];
        place.add_user("north-river", &[&["--kind", "legal-person"], &set[..]].concat());
        Self { place, carrier }
    }

    /// Files an application; its number.
    async fn file(&self) -> String {
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let day = |days: i64| today.checked_add(jiff::Span::new().days(days)).unwrap().to_string();
        let form = json!({
            "company": ENTERPRISE, "place": "北江一路十二号门前", "area_m2": 12, "from": day(1), "to": day(20),
            "reason": "供水管道维修",
        });
        let token = self.place.token("north-river", &[]);
        let url = self.place.public(&format!("{SCENARIO}/applications"));
        let filed = Reply::of(self.place.http.post(url).bearer_auth(token).json(&form)).await;
        assert_eq!(filed.status, 201, "{filed:?}\n{}", self.place.host.log());
        filed.json()["number"].as_str().unwrap().to_owned()
    }

    /// The short message in a state, once there is one.
    async fn sms(&self, state: &str) -> Value {
        eventually(state, async || {
            let listed = self.place.zt(&["message", "list", "--json", "--state", state]);
            let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
            listed.into_iter().find(|one| one["channel"] == "sms")
        })
        .await
    }

    async fn control(&self, verb: &str, what: Value) -> Value {
        Reply::of(self.place.http.post(format!("{}/{verb}", self.carrier.control)).json(&what)).await.json()
    }

    fn keeps_private(&self) {
        let log = self.place.host.log();
        for word in ["13800138123", "北江一路", "已受理", KEY, "geheim"] {
            assert!(!log.contains(word), "`{word}` is in the host's log");
        }
    }
}

#[tokio::test]
async fn a_gateway_takes_a_short_message_and_its_signed_receipt_says_that_it_arrived() {
    let district = District::open(Carrier::gateway(), |carrier, dir| {
        format!(
            "[notify.sms.gateway]\nbase_url = \"http://127.0.0.1:{}\"\naccount = \"qingcheng\"\nsign = \"清城政务\"\n\
             key = {{ file = {:?} }}\n",
            carrier.ready,
            dir.join("sms.key").display().to_string()
        )
    });
    let number = district.file().await;
    let sent = district.sms("sent").await;
    assert_eq!((&sent["template"], &sent["recipient"]), (&json!("application-received"), &json!("***8123")));
    let seen = district.control("seen", json!({})).await;
    let message = seen["messages"].as_object().unwrap().values().next().unwrap().clone();
    assert_eq!((&message["to"], &message["sign"]), (&json!("+8613800138123"), &json!("清城政务")));
    assert_eq!(message["text"], format!("占道挖掘申请已受理：{number}"));

    let receipts = json!([{ "message_id": message["message_id"], "status": "DELIVERED" }]);
    let url = district.place.public("/api/v1/notify/callbacks/sms");
    let forged = json!({ "url": url, "receipts": receipts, "forged": true });
    assert_eq!(district.control("callback", forged).await["status"], 401);
    assert_eq!(district.sms("sent").await["id"], sent["id"], "nobody proved anything");
    for _ in 0..2 {
        let answer = district.control("callback", json!({ "url": url, "receipts": receipts })).await;
        assert_eq!(answer, json!({ "status": 200, "body": "{\"code\":\"ok\"}" }));
    }
    assert_eq!(district.sms("delivered").await["id"], sent["id"]);
    district.keeps_private();
}

#[tokio::test]
async fn an_smsc_takes_a_short_message_and_its_receipt_says_that_it_did_not_arrive() {
    let district = District::open(Carrier::smsc(), |carrier, dir| {
        format!(
            "[notify.sms.smpp]\nhost = \"127.0.0.1\"\nport = {}\nsystem_id = \"qingcheng\"\ntls = \"none\"\n\
             password = {{ file = {:?} }}\n",
            carrier.ready["smpp"],
            dir.join("smsc.password").display().to_string()
        )
    });
    let number = district.file().await;
    let sent = district.sms("sent").await;
    let seen = district.control("seen", json!({})).await;
    let message = &seen["messages"][0];
    assert_eq!((&message["to"], &message["coding"]), (&json!("8613800138123"), &json!(8)));
    assert_eq!(message["text"], format!("占道挖掘申请已受理：{number}"));

    let text = format!("id:{} sub:001 dlvrd:000 stat:REJECTD err:007 text:x", message["id"].as_str().unwrap());
    let receipt = json!({ "esm_class": 4, "source_addr": "8613800138123", "short_message": text });
    assert_eq!(district.control("deliver", receipt).await, json!({ "status": 0 }), "kept, then answered");
    // It goes on another way: to the inbox, which everybody has.
    eventually("it goes on", async || {
        let shown = district.place.zt(&["message", "show", sent["id"].as_str().unwrap(), "--json"]);
        let shown: Vec<Value> = serde_json::from_str(&shown).unwrap();
        let stands =
            |channel: &str, state: &str| shown.iter().any(|one| one["channel"] == channel && one["state"] == state);
        (stands("sms", "failed") && stands("inbox", "delivered")).then_some(())
    })
    .await;
    district.keeps_private();
}
