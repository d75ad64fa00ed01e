//! The services that a permit needs, together: an enterprise applies, is located in its grid, passes the credit gate, pays
//! through a channel that is a process of its own, is told on two channels, and sees its parcel. Then the same with the
//! channel killed between the payment and its callback.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{Place, Plugin, Reply, eventually, zt};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use zhongtai_e2e::{CashDesk, City, repository};

const SCENARIO: &str = "/s/441802-chengguan/excavation";
const ENTERPRISE: &str = "91512081MA62K0260E";
const BARRED: &str = "91350100M000100Y43";

/// The district with everything that the plugin needs, and who works there.
struct District {
    place: Place,
    desk: CashDesk,
    hook: Hook,
}

/// A system of the enterprise's own that takes messages.
struct Hook {
    url: String,
    bodies: std::sync::Arc<std::sync::Mutex<Vec<Value>>>,
}

// === impl Hook ===

impl Hook {
    async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/messages", listener.local_addr().unwrap());
        let bodies = std::sync::Arc::<std::sync::Mutex<Vec<Value>>>::default();
        let keep = bodies.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                let mut part = [0; 4096];
                // One request a connection: the body is JSON, whole once it parses.
                while let Ok(read @ 1..) = stream.read(&mut part).await {
                    request.extend_from_slice(&part[..read]);
                    let at = request.windows(4).position(|four| four == b"\r\n\r\n");
                    let body = at.and_then(|at| serde_json::from_slice(&request[at + 4..]).ok());
                    if let Some(body) = body {
                        keep.lock().unwrap().push(body);
                        break;
                    }
                }
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
            }
        });
        Self { url, bodies }
    }

    fn titles(&self) -> Vec<String> {
        self.bodies.lock().unwrap().iter().map(|body| body["title"].as_str().unwrap().to_owned()).collect()
    }
}

// === impl District ===

impl District {
    async fn open() -> Self {
        let hook = Hook::listen().await;
        let public = City::free_address().unwrap();
        let mut started = None;
        let place = Place::start_with(|setup, dir| {
            setup.ports.0 = public.rsplit(':').next().unwrap().parse().unwrap();
            setup.policies.push(repository().join("plugins/excavation/policies"));
            let desk = CashDesk::start(&zt(), &dir.join("cashdesk"), &public).unwrap();
            std::fs::write(dir.join("webhook.secret"), "of-this-test-only".repeat(3)).unwrap();
            setup.config = format!(
                "[notify.webhook]\nsecret_file = {:?}\n\n[seal]\norganization = \"清城区人民政府\"\n\n{}",
                dir.join("webhook.secret").display().to_string(),
                desk.config()
            );
            started = Some(desk);
        });
        let district = Self { place, desk: started.unwrap(), hook };
        district.prepare();
        district
    }

    /// What operators and departments do once.
    fn prepare(&self) {
        let place = &self.place;
        let file = |path: &str| repository().join(path).to_str().unwrap().to_owned();
        place.install(&Plugin::shipped("excavation"));
        place.zt(&["setting", "set", "441802-chengguan/excavation", "fee_item", "road-dig"]);
        place.zt(&["payment", "item", "put", &file("examples/fee-item.json")]);
        place.zt(&["data", "import", "credit", &file("examples/credit.csv")]);
        for (layer, name) in [("addresses", "addresses.csv"), ("grids", "grids.geojson"), ("halls", "halls.csv")] {
            place.zt(&["geo", "import", layer, &file(&format!("examples/geo/{name}"))]);
        }
        place.zt(&["template", "put", &file("host/capabilities/document/gallery/excavation-permit")]);
        place.zt(&["cert", "type", "put", &file("plugins/excavation/excavation-permit.json")]);
        let officer = ["--kind", "officer", "--department", "441802-chengguan", "--assurance", "substantial"];
        let roles = ["--role", "window", "--role", "certificate-issuer", "--clearance", "3"];
        self.person("li", &[&officer[..], &roles].concat());
        self.person("ke", &[&officer[..], &["--role", "seal-keeper"]].concat());
        self.person("zhao", &[&officer[..], &["--role", "courier", "--clearance", "3"]].concat());
        let seal = ["seal", "create", "441802-chengguan/permit", "--name", "清城区城市管理局", "--kind", "official"];
        place.zt_as("ke", &seal);
        let hook = format!("webhook={}", self.hook.url);
        for (login, code) in [("north-river", ENTERPRISE), ("barred", BARRED)] {
            let code = format!("credit-code={code}");
            let set = ["--set", "name=北江公司", "--set", &code, "--set", &hook, "--assurance", "substantial"];
            self.person(login, &[&["--kind", "legal-person"][..], &set].concat());
        }
    }

    fn person(&self, login: &str, more: &[&str]) {
        self.place.add_user(login, more);
        std::fs::write(self.place.host.data().join(format!("{login}.token")), self.place.token(login, &[])).unwrap();
    }

    async fn ask(&self, who: &str, method: &str, path: &str, body: Value) -> Reply {
        let token = self.place.data(&format!("{who}.token"));
        let request = self.place.http.request(method.parse().unwrap(), self.place.public(path)).bearer_auth(token);
        Reply::of(if body.is_null() { request } else { request.json(&body) }).await
    }

    /// The same where it has to go well.
    async fn done(&self, who: &str, method: &str, path: &str, body: Value) -> Value {
        let reply = self.ask(who, method, path, body).await;
        assert!(reply.status < 300, "{method} {path}: {reply:?}\n{}", self.place.host.log());
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    }

    async fn file(&self, who: &str, code: &str) -> Reply {
        let form = json!({
            "company": code, "place": "北江1路十二号门前", "area_m2": 12, "from": day(0), "to": day(20),
            "reason": "供水管道维修", "deliver": true,
        });
        self.ask(who, "POST", &format!("{SCENARIO}/applications"), form).await
    }

    /// Pays at the desk's page, as a person does.
    async fn pay(&self, notice: &str) {
        let order = json!({ "channel": CashDesk::CHANNEL, "idempotency_key": format!("pay {notice}") });
        let order = self.done("north-river", "POST", &format!("/api/v1/payments/{notice}/pay"), order).await;
        let page = order["qr"].as_str().unwrap_or_else(|| panic!("{order}"));
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let mut paid = self.place.http.post(page).body("act=pay");
        for (name, value) in form {
            paid = paid.header(name, value);
        }
        assert!(Reply::of(paid).await.status < 400);
    }

    async fn is_paid(&self, number: &str) -> Option<Value> {
        let application =
            self.done("north-river", "GET", &format!("{SCENARIO}/applications/{number}"), Value::Null).await;
        (application["payment"]["is_paid"] == true).then_some(application)
    }

    async fn decide(&self, number: &str, outcome: &str) -> Reply {
        let decision = json!({ "outcome": outcome, "reason": "材料齐全" });
        self.ask("li", "POST", &format!("{SCENARIO}/applications/{number}/decisions"), decision).await
    }

    /// Titles in the enterprise's inbox.
    async fn inbox(&self) -> Vec<String> {
        let page = self.done("north-river", "GET", "/api/v1/inbox", Value::Null).await;
        let messages = page["messages"].as_array().unwrap();
        messages.iter().map(|message| message["title"].as_str().unwrap().to_owned()).collect()
    }

    fn books_balance(&self) {
        // It ends with 1 when they do not.
        let said = self.place.zt(&["payment", "books"]);
        assert!(said.contains("clearing:cashdesk"), "{said}");
    }
}

/// Days from today on, in Shanghai.
fn day(later: i64) -> String {
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::offset(8).to_time_zone());
    now.checked_add(jiff::Span::new().days(later)).unwrap().date().to_string()
}

#[tokio::test]
async fn an_enterprise_is_located_judged_paid_told_and_served() {
    let district = District::open().await;

    let refused = district.file("barred", BARRED).await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("company-barred")), "{refused:?}");

    let filed = district.file("north-river", ENTERPRISE).await;
    assert_eq!(filed.status, 201, "{filed:?}\n{}", district.place.host.log());
    let filed = filed.json();
    let number = filed["number"].as_str().unwrap().to_owned();
    assert_eq!((&filed["grid"]["id"], &filed["review"]), (&json!("441802-dc-01"), &json!("normal")), "{filed}");
    assert_eq!(filed["grid"]["address"], "清远市清城区东城街道北江社区北江一路12号");
    let notice = filed["payment"]["notice"].as_str().unwrap_or_else(|| panic!("{filed}")).to_owned();

    // Not approved before it is paid, and paid by its payer only.
    let early = district.decide(&number, "approve").await;
    assert_eq!((early.status, &early.json()["code"]), (409, &json!("fee-unpaid")), "{early:?}");
    let order = json!({ "channel": CashDesk::CHANNEL, "idempotency_key": "not mine" });
    assert_eq!(district.ask("barred", "POST", &format!("/api/v1/payments/{notice}/pay"), order).await.status, 403);
    district.pay(&notice).await;
    eventually("the scenario hears of the payment", async || district.is_paid(&number).await).await;
    let shown = district.done("north-river", "GET", &format!("/api/v1/payments/{notice}"), Value::Null).await;
    assert_eq!((&shown["standing"], &shown["total"]), (&json!("paid"), &json!(24_000)), "{shown}");

    // Told on two channels.
    let title = format!("占道挖掘费已缴清：{number}");
    eventually("a message in the inbox", async || district.inbox().await.contains(&title).then_some(())).await;
    eventually("the same at the enterprise's system", async || district.hook.titles().contains(&title).then_some(()))
        .await;

    // Approved, issued, and on its way on paper.
    let decided = district.decide(&number, "approve").await;
    assert_eq!(decided.status, 201, "{decided:?}");
    let decided = decided.json();
    assert!(decided["permit"]["id"].is_string(), "{decided}\n{}", district.place.host.log());
    let waybill = decided["delivery"]["waybill"].as_str().unwrap_or_else(|| panic!("{decided}")).to_owned();
    let parcel = format!("/api/v1/shipments/{waybill}");
    let shipped = district.done("north-river", "GET", &parcel, Value::Null).await;
    assert_eq!((&shipped["needs_address"], &shipped["state"]), (&json!(true), &json!("created")), "{shipped}");
    let address = json!({
        "name": "张工", "phone": "0763-3333333", "region": "441802", "detail": "北江一路12号三楼",
    });
    district.done("north-river", "PUT", &format!("{parcel}/address"), json!({ "address": address })).await;
    for (state, signer) in [("collected", Value::Null), ("out-for-delivery", Value::Null), ("signed", json!("张工"))] {
        let mut event = json!({ "state": state, "idempotency_key": format!("{waybill} {state}") });
        if !signer.is_null() {
            event["signer"] = signer;
        }
        let booked = district.ask("zhao", "POST", &format!("{parcel}/events"), event).await;
        assert!(booked.status < 300, "{state}: {booked:?}");
    }
    let seen = district.done("north-river", "GET", &parcel, Value::Null).await;
    assert_eq!((&seen["state"], &seen["signature"]["by"]), (&json!("signed"), &json!("张*")), "{seen}");
    let title = format!("占道挖掘许可证已签收：{number}");
    eventually("the scenario hears of the signature", async || district.inbox().await.contains(&title).then_some(()))
        .await;
    assert_eq!(district.ask("barred", "GET", &parcel, Value::Null).await.status, 403);
    district.books_balance();
}

#[tokio::test]
async fn a_channel_that_dies_between_payment_and_callback_loses_nothing() {
    let mut district = District::open().await;
    let filed = district.file("north-river", ENTERPRISE).await.json();
    let (number, notice) = (filed["number"].as_str().unwrap(), filed["payment"]["notice"].as_str().unwrap());
    let hold = district.place.http.post(format!("{}/test/faults", district.desk.url)).json(&json!({ "hold": true }));
    assert!(Reply::of(hold).await.status < 300);

    district.pay(notice).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(district.is_paid(number).await.is_none(), "no callback was sent");
    district.desk.kill().unwrap();
    let early = district.decide(number, "approve").await;
    assert_eq!((early.status, &early.json()["code"]), (409, &json!("fee-unpaid")), "{early:?}");
    district.desk.start_again().unwrap();

    eventually("the payment comes through", async || district.is_paid(number).await).await;
    let decided = district.decide(number, "approve").await;
    assert_eq!(decided.status, 201, "{decided:?}");
    let title = format!("占道挖掘费已缴清：{number}");
    eventually("a message in the inbox", async || district.inbox().await.contains(&title).then_some(())).await;
    let told = district.inbox().await.iter().filter(|known| **known == title).count();
    assert_eq!(told, 1, "once");
    district.books_balance();
}

#[tokio::test]
async fn a_rejected_application_gets_its_fee_back_from_somebody_else() {
    let district = District::open().await;
    let filed = district.file("north-river", ENTERPRISE).await.json();
    let (number, notice) = (filed["number"].as_str().unwrap(), filed["payment"]["notice"].as_str().unwrap());
    district.pay(notice).await;
    eventually("the scenario hears of the payment", async || district.is_paid(number).await).await;
    assert_eq!(district.decide(number, "reject").await.status, 201);
    let officer = ["--kind", "officer", "--department", "441802-chengguan", "--assurance", "substantial"];
    district.person("qian", &[&officer[..], &["--role", "cashier"]].concat());
    let refunds = format!("/api/v1/payments/{notice}/refunds");
    let asked = district.done("qian", "GET", &refunds, Value::Null).await;
    assert_eq!((&asked[0]["amount"], &asked[0]["standing"]), (&json!(24_000), &json!("requested")), "{asked}\n{}", district.place.host.log());
    let approve = format!("/api/v1/payments/refunds/{}/approve", asked[0]["id"].as_str().unwrap());
    assert_eq!(district.ask("li", "POST", &approve, Value::Null).await.status, 403, "whoever asked does not decide");
    district.done("qian", "POST", &approve, Value::Null).await;
    let back = eventually("the money is back", async || {
        let shown = district.done("north-river", "GET", &format!("/api/v1/payments/{notice}"), Value::Null).await;
        (shown["standing"] == "refunded").then_some(shown)
    })
    .await;
    assert_eq!(back["refunded"], 24_000);
    district.books_balance();
}
