//! Shipments through the whole host: a plugin ships, the recipient says where, the courier desk or a carrier that is a
//! process of its own delivers, and the plugin hears of it.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
};

use serde_json::{Value, json};
use support::{Place, Plugin, Reply, eventually, printed};
use zhongtai_e2e::repository;

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// The connector's own express company, in a process of its own, which ends with this value.
struct Company {
    process: Child,
    url: String,
}

impl Company {
    fn start() -> Self {
        let script = repository().join("host/capabilities/logistics/connectors/express/tests/express.py");
        let mut process =
            zhongtai_test_tools::python().arg(script).args(["qingcheng", KEY]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, url: format!("http://127.0.0.1:{}", line.trim()) }
    }
}

impl Drop for Company {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A host with the courier desk and a carrier, and the plugin that ships. `wang` gets what it ships, `li` is another
/// citizen, `runner` the department's officer for couriers, `window` another of its officers.
struct Post {
    place: Place,
    plugin: Plugin,
    company: Company,
}

impl Post {
    fn open() -> Self {
        let company = Company::start();
        let place = Place::start_with(|setup, folder| {
            let key = folder.join("sf.key");
            std::fs::write(&key, format!("{KEY}\n")).unwrap();
            setup.config = format!(
                "[logistics.schedule]\nfirst_pause_s = 1\n\
                 [logistics.senders.441802-test]\nname = \"政务服务中心\"\nphone = \"0763-3365888\"\n\
                 region = \"441802\"\ndetail = \"清城区人民一路5号\"\n\
                 [logistics.express.sf]\nbase_url = \"{}\"\npartner = \"qingcheng\"\nkey = {{ file = \"{}\" }}\n",
                company.url,
                key.display()
            );
        });
        let plugin = Plugin::fixture("parcels");
        place.install(&plugin);
        let post = Self { place, plugin, company };
        let sure = ["--assurance", "substantial"];
        let officer = ["--kind", "officer", "--department", "441802-test", "--clearance", "3"];
        post.person("wang", &[&["--kind", "natural-person"], &sure[..]].concat());
        post.person("li", &[&["--kind", "natural-person"], &sure[..]].concat());
        post.person("password", &["--kind", "natural-person"]);
        post.person("runner", &[&officer[..], &sure, &["--role", "courier"]].concat());
        post.person("window", &[&officer[..], &sure, &["--role", "window"]].concat());
        post
    }

    fn person(&self, login: &str, more: &[&str]) {
        self.place.add_user(login, more);
        let token = self.place.token(login, &[]);
        std::fs::write(self.place.host.data().join(format!("{login}.token")), token).unwrap();
    }

    async fn call(&self, who: &str, method: &str, url: String, body: Option<Value>) -> Reply {
        let request = self.place.http.request(method.parse().unwrap(), url);
        let request = match who {
            "" => request,
            who => request.bearer_auth(self.place.data(&format!("{who}.token")).trim()),
        };
        Reply::of(body.iter().fold(request, |request, body| request.json(body))).await
    }

    async fn api(&self, who: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.call(who, method, self.place.public(&format!("/api/v1/{path}")), body).await
    }

    /// The plugin, asked by somebody; what the host told it.
    async fn guest(&self, who: &str, method: &str, path: &str, body: Option<Value>) -> Value {
        let reply = self.call(who, method, self.place.public(&self.plugin.path(path)), body).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.json()
    }

    /// A shipment to Wang.
    async fn shipped(&self, key: &str, more: Value) -> String {
        let told = self.guest("wang", "POST", "/shipments", Some(ask(key, more))).await;
        told["ok"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned()
    }

    /// `zt logistics` as somebody: exit code and everything printed.
    fn zt(&self, who: &str, arguments: &[&str]) -> (i32, String) {
        let arguments = [&["logistics"], arguments].concat();
        let output = self.place.host.command_as(who, &arguments).output().unwrap();
        (output.status.code().unwrap(), printed(&output))
    }

    async fn shows(&self, waybill: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        eventually(what, async || {
            let shipment = self.api("wang", "GET", &format!("shipments/{waybill}"), None).await.json();
            holds(&shipment).then_some(shipment)
        })
        .await
    }

    async fn hears(&self, waybill: &str, expected: &str) {
        eventually("the plugin hears of it", async || {
            let heard = self.guest("wang", "GET", &format!("/heard/{waybill}"), None).await;
            (heard == json!([expected])).then_some(())
        })
        .await;
    }

    /// The test's hand at the company.
    async fn company(&self, verb: &str, what: Value) -> Value {
        let url = format!("{}/control/{verb}", self.company.url);
        Reply::of(self.place.http.post(url).json(&what)).await.json()
    }
}

fn ask(key: &str, more: Value) -> Value {
    let mut ask = json!({ "what": "占道挖掘许可证", "case": "WJ-1", "key": key });
    for (name, value) in more.as_object().unwrap() {
        ask[name] = value.clone();
    }
    ask
}

fn home() -> Value {
    json!({ "name": "王小明", "phone": "13800138000", "region": "441802", "detail": "凤城街道桥北路1号2栋301" })
}

#[tokio::test]
async fn the_departments_own_courier_brings_a_result_and_the_plugin_hears_of_it() {
    let post = Post::open();
    let waybill = post.shipped("k-1", json!({ "kept": true })).await;
    assert_eq!(post.shipped("k-1", json!({ "kept": true })).await, waybill, "the same key, the same waybill");
    let other = post.guest("wang", "POST", "/shipments", Some(ask("k-1", json!({ "case": "WJ-2" })))).await;
    assert_eq!(other, json!({ "error": "KeyReused" }));
    let mine = post.api("wang", "GET", "shipments", None).await.json();
    assert_eq!((mine.as_array().unwrap().len(), &mine[0]["needs_address"]), (1, &json!(true)));

    assert_eq!(post.api("wang", "PUT", "me/delivery-address", Some(home())).await.status, 204);
    assert_eq!(post.api("wang", "GET", "me/delivery-address", None).await.json(), home());
    let address = format!("shipments/{waybill}/address");
    assert_eq!(post.api("wang", "PUT", &address, Some(json!({}))).await.json()["needs_address"], false);
    post.shows(&waybill, "the desk has it", |one| one["carrier_number"] == waybill.as_str()).await;

    let (code, told) = post.zt("runner", &["list", "--department"]);
    assert!(code == 0 && told.contains(&waybill), "{told}");
    let (code, label) = post.zt("runner", &["label", &waybill]);
    assert!(code == 0 && label.contains("王小明") && label.contains("凤城街道桥北路1号2栋301"), "{label}");
    let (code, told) = post.zt("window", &["label", &waybill]);
    assert!(code == 1 && told.contains("access denied"), "{told}");
    let (code, told) = post.zt("runner", &["event", &waybill, "collected", "--place", "政务服务中心"]);
    assert!(code == 0 && told.contains("collected"), "{told}");
    let signer = post.place.dir.path().join("signer");
    std::fs::write(&signer, "王小明\n").unwrap();
    let (code, told) = post.zt("runner", &["event", &waybill, "signed", "--signer", signer.to_str().unwrap()]);
    assert!(code == 0 && told.contains("signed by 王*明"), "{told}");
    let (code, told) = post.zt("runner", &["cancel", &waybill]);
    assert!(code == 1 && told.contains("the shipment is signed"), "{told}");

    let shipment = post.shows(&waybill, "signed", |one| one["state"] == "signed").await;
    assert_eq!(shipment["signature"]["by"], "王*明");
    post.hears(&waybill, "logistics.signed Signed WJ-1").await;
    post.api("runner", "GET", &format!("shipments/{waybill}/label?purpose=deliver-result"), None)
        .await
        .problem(404, "not-found");
    let log = post.place.host.log();
    for word in ["王小明", "13800138000", "桥北路", "占道挖掘许可证", "0763-3365888", KEY] {
        assert!(!log.contains(word), "`{word}` is in the host's log");
    }
}

#[tokio::test]
async fn a_carrier_brings_a_result_however_its_system_tells_us() {
    let post = Post::open();
    let waybill = post.shipped("k-1", json!({ "carrier": "sf" })).await;
    let given = json!({ "address": home() });
    let address = format!("shipments/{waybill}/address");
    assert_eq!(post.api("wang", "PUT", &address, Some(given.clone())).await.status, 200);
    post.shows(&waybill, "the carrier has it", |one| one["carrier_number"] == "SF1000").await;
    post.api("wang", "PUT", &address, Some(given)).await.problem(409, "with-carrier");
    let seen = post.company("seen", json!({})).await;
    assert_eq!(seen["orders"][&waybill]["order"]["recipient"], home());
    let (code, told) = post.zt("runner", &["event", &waybill, "collected"]);
    assert!(code == 1 && told.contains("access denied"), "what a carrier carries is the carrier's to say: {told}");

    let url = post.place.public("/api/v1/shipments/callbacks/sf");
    let news = |status: &str, time: &str| {
        let event = json!({ "id": status, "status": status, "time": time, "station": null, "signer": "王小明" });
        json!({ "url": url, "order_id": waybill, "events": [event] })
    };
    let send = async |mut what: Value, how: Value| {
        for (name, value) in how.as_object().unwrap() {
            what[name] = value.clone();
        }
        post.company("callback", what).await
    };
    let signed = || news("SIGNED", "2026-01-02T10:00:00+08:00");
    for how in [json!({ "forged": true }), json!({ "unsigned": true }), json!({ "skew": -4000 })] {
        assert_eq!(send(signed(), how.clone()).await["status"], 401, "{how}");
    }
    assert_eq!(send(signed(), json!({ "waybill_no": "SF9" })).await["status"], 409);
    let elsewhere = post.place.public("/api/v1/shipments/callbacks/pigeon");
    assert_eq!(send(signed(), json!({ "url": elsewhere })).await["status"], 404);
    post.shows(&waybill, "nothing has happened", |one| one["state"] == "created").await;
    for _ in 0..2 {
        assert_eq!(send(signed(), json!({})).await, json!({ "status": 200, "body": "{\"code\":\"ok\"}" }));
    }
    let late = news("IN_TRANSIT", "2026-01-01T10:00:00+08:00");
    assert_eq!(send(late, json!({})).await["status"], 200);
    let shipment = post.shows(&waybill, "signed", |one| one["state"] == "signed").await;
    assert_eq!(shipment["events"].as_array().unwrap().len(), 3, "created, and two that the carrier said");
    post.hears(&waybill, "logistics.signed Signed WJ-1").await;
}

#[tokio::test]
async fn nobody_else_follows_books_or_takes_back() {
    let post = Post::open();
    let waybill = post.shipped("k-1", json!({})).await;
    let show = format!("shipments/{waybill}");
    for (method, path, body) in [
        ("GET", "shipments".to_owned(), None),
        ("GET", show.clone(), None),
        ("PUT", format!("{show}/address"), Some(json!({}))),
        ("GET", format!("{show}/label?purpose=deliver-result"), None),
        ("POST", format!("{show}/events"), Some(json!({ "state": "lost", "idempotency_key": "x" }))),
        ("POST", format!("{show}/cancel"), None),
        ("GET", "me/delivery-address".to_owned(), None),
        ("PUT", "me/delivery-address".to_owned(), Some(home())),
        ("DELETE", "me/delivery-address".to_owned(), None),
    ] {
        post.api("", method, &path, body.clone()).await.problem(401, "unauthenticated");
        if path.contains(&waybill) {
            post.api("li", method, &path, body).await.problem(403, "access-denied");
        }
    }
    assert_eq!(post.api("li", "GET", "shipments", None).await.json(), json!([]));
    assert_eq!(post.api("window", "GET", "shipments?of=department", None).await.json(), json!([]));
    let denied = post.guest("password", "POST", "/shipments", Some(ask("k-2", json!({})))).await;
    assert!(denied["error"].as_str().unwrap().starts_with("Denied"), "a password alone is not enough: {denied}");
    let denied = post.guest("wang", "DELETE", &format!("/shipments/{waybill}"), None).await;
    assert!(denied["error"].as_str().unwrap().starts_with("Denied"), "{denied}");
    let taken = post.guest("window", "DELETE", &format!("/shipments/{waybill}"), None).await;
    assert_eq!(taken["ok"]["state"], "cancelled");
    let unknown = post.guest("window", "GET", "/shipments/01J00000000000000000000000", None).await;
    assert_eq!(unknown, json!({ "error": "NotFound" }));
}

#[tokio::test]
async fn what_can_not_be_is_refused_by_its_field_and_nothing_is_kept() {
    let post = Post::open();
    for (change, expected) in [
        (json!({ "case": "张三的办件" }), "Invalid(\"case-id: expected"),
        (json!({ "what": "a\nb" }), "Invalid(\"what: expected"),
        (json!({ "key": "" }), "Invalid(\"idempotency-key: expected"),
        (json!({ "carrier": "pigeon" }), "UnknownCarrier(\"pigeon\")"),
        (json!({ "purpose": "marketing" }), "UndeclaredPurpose(\"marketing\")"),
        (json!({ "to": "nobody" }), "Unreachable("),
    ] {
        let told = post.guest("wang", "POST", "/shipments", Some(ask("k", change.clone()))).await;
        assert!(told["error"].as_str().unwrap().starts_with(expected), "{change}: {told}");
    }
    assert_eq!(post.api("wang", "GET", "shipments", None).await.json(), json!([]));

    let waybill = post.shipped("k", json!({})).await;
    let show = format!("shipments/{waybill}");
    for (field, value) in [
        ("name", json!("")),
        ("phone", json!("12")),
        ("region", json!("9")),
        ("detail", json!("x")),
        ("postcode", json!("1")),
    ] {
        let mut wrong = home();
        wrong[field] = value;
        for (path, body) in [
            ("me/delivery-address".to_owned(), wrong.clone()),
            (format!("{show}/address"), json!({ "address": wrong })),
        ] {
            let problem = post.api("wang", "PUT", &path, Some(body)).await.problem(400, "invalid-value");
            assert!(problem["detail"].as_str().unwrap().starts_with(&format!("{field}: expected")), "{problem}");
        }
    }
    let event = |more: Value| {
        let mut event = json!({ "state": "collected", "idempotency_key": "e" });
        for (name, value) in more.as_object().unwrap() {
            event[name] = value.clone();
        }
        event
    };
    for (change, code) in [
        (json!({ "state": "delivered" }), "invalid-value"),
        (json!({ "state": "created" }), "invalid-value"),
        (json!({ "at": "2999-01-01T00:00:00Z" }), "invalid-value"),
        (json!({ "at": "yesterday" }), "invalid-json"),
        (json!({ "signer": "王小明" }), "invalid-value"),
        (json!({ "state": "signed" }), "invalid-value"),
        (json!({ "place": "a\nb" }), "invalid-value"),
        (json!({ "idempotency_key": "" }), "invalid-value"),
        (json!({ "colour": "red" }), "invalid-json"),
    ] {
        post.api("runner", "POST", &format!("{show}/events"), Some(event(change))).await.problem(400, code);
    }
    post.api("wang", "GET", "shipments/x", None).await.problem(400, "invalid-value");
    post.api("wang", "GET", "shipments?of=everybody", None).await.problem(400, "invalid-query");
    post.api("wang", "GET", "me/delivery-address", None).await.problem(404, "not-found");
    assert_eq!(post.api("wang", "GET", &show, None).await.json()["events"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_carrier_refuses_waits_for_an_operator() {
    let post = Post::open();
    let waybill = post.shipped("k-1", json!({ "carrier": "sf", "what": "违禁品" })).await;
    let address = format!("shipments/{waybill}/address");
    assert_eq!(post.api("wang", "PUT", &address, Some(json!({ "address": home() }))).await.status, 200);
    let stuck = eventually("it is stuck", async || {
        let (code, told) = post.zt("operator", &["stuck", "--json"]);
        assert_eq!(code, 0, "{told}");
        serde_json::from_str::<Value>(&told).unwrap().as_array().unwrap().first().cloned()
    })
    .await;
    assert_eq!((&stuck["waybill"], &stuck["last_error"]), (&json!(waybill), &json!("HTTP 422, not-carried")));
    let (code, told) = post.zt("operator", &["retry", &waybill]);
    assert!(code == 0 && told.contains("is tried again"), "{told}");
    // Refused once more: until then the carrier may be about to take it.
    eventually("it is stuck again", async || {
        let (_, told) = post.zt("operator", &["stuck", "--json"]);
        serde_json::from_str::<Value>(&told).unwrap().as_array().unwrap().first().cloned()
    })
    .await;
    let (code, told) = post.zt("runner", &["cancel", &waybill]);
    assert_eq!(code, 0, "{told}");
    post.shows(&waybill, "taken back", |one| one["state"] == "cancelled").await;
    let (code, told) = post.zt("operator", &["retry", &waybill]);
    assert!(code == 1 && told.contains("nothing is stuck"), "{told}");
}
