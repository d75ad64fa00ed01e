//! Payments through the whole host: a plugin asks, a citizen pays at the real cash desk, the plugin hears of it; refunds,
//! receipts, reconciliation, the books, and what everybody is refused.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{net::TcpListener, path::PathBuf};

use serde_json::{Value, json};
use support::{Place, Plugin, Reply, eventually, printed};
use zhongtai_e2e::{CashDesk, repository};

const ITEM: &str = r#"{ "code": "road-dig", "owner": "441802-test", "executing_unit": "3001",
    "title": "城市道路挖掘修复费", "unit": "平方米", "price": { "unit": 2000 }, "status": "listed" }"#;

/// A host with the plugin, people, a fee item, and a cash desk of its own.
struct Hall {
    place: Place,
    plugin: Plugin,
    desk: CashDesk,
}

impl Hall {
    fn open() -> Self {
        let mut desk = None;
        let place = Place::start_with(|setup, folder| {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            setup.ports.0 = port;
            let started = CashDesk::start(&setup.zt, &folder.join("desk"), &format!("http://127.0.0.1:{port}"));
            let started = started.unwrap();
            setup.config = started.config();
            desk = Some(started);
        });
        let plugin = Plugin::fixture("fees");
        place.install(&plugin);
        let hall = Self { place, plugin, desk: desk.unwrap() };
        let sure = ["--assurance", "substantial"];
        let officer = ["--kind", "officer", "--department", "441802-test", "--clearance", "3"];
        hall.person("wang", &[&["--kind", "natural-person", "--set", "name=王小明"], &sure[..]].concat());
        hall.person("li", &[&["--kind", "natural-person"], &sure[..]].concat());
        hall.person("password", &["--kind", "natural-person"]);
        hall.person("window", &[&officer[..], &sure, &["--role", "window"]].concat());
        hall.person("cashier", &[&officer[..], &sure, &["--role", "cashier"]].concat());
        hall.person("keeper", &[&officer[..], &sure, &["--role", "seal-keeper"]].concat());
        let item = hall.file("item.json", ITEM);
        assert!(hall.place.zt(&["payment", "item", "put", &item]).contains("road-dig"));
        hall
    }

    fn person(&self, login: &str, more: &[&str]) {
        self.place.add_user(login, more);
        let token = self.place.token(login, &[]);
        std::fs::write(self.place.host.data().join(format!("{login}.token")), token).unwrap();
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.place.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    async fn call(&self, who: &str, method: &str, url: String, body: Option<Value>) -> Reply {
        let request = self.place.http.request(method.parse().unwrap(), url);
        let token = self.place.data(&format!("{who}.token"));
        let request = request.bearer_auth(token.trim());
        Reply::of(body.iter().fold(request, |request, body| request.json(body))).await
    }

    /// The plugin, asked by somebody; what the host told it.
    async fn guest(&self, who: &str, method: &str, path: &str, body: Option<Value>) -> Value {
        let reply = self.call(who, method, self.place.public(&self.plugin.path(path)), body).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.json()
    }

    async fn api(&self, who: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.call(who, method, self.place.public(&format!("/api/v1/payments/{path}")), body).await
    }

    async fn notice(&self, case: &str) -> String {
        let ask = json!({ "item": "road-dig", "quantity": 12, "case": case, "key": case });
        let told = self.guest("wang", "POST", "/notices", Some(ask)).await;
        assert_eq!(told["ok"]["total"], 24_000, "{told}");
        told["ok"]["number"].as_str().unwrap().to_owned()
    }

    /// Wang's code for it.
    async fn code(&self, number: &str) -> String {
        let pay = json!({ "channel": CashDesk::CHANNEL, "idempotency_key": number });
        let reply = self.api("wang", "POST", &format!("{number}/pay"), Some(pay)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()["qr"].as_str().unwrap().to_owned()
    }

    /// Somebody who has the code presses the button on the desk's page.
    async fn press(&self, code: &str) {
        let answer = self
            .place
            .http
            .post(code)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("act=pay")
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success() || answer.status().is_redirection(), "{}", answer.status());
    }

    async fn stands(&self, number: &str, as_what: &str) {
        eventually(as_what, async || {
            let reply = self.api("wang", "GET", number, None).await;
            (reply.json()["standing"] == as_what).then_some(())
        })
        .await;
    }

    fn as_somebody(&self, who: &str, arguments: &[&str]) -> (i32, String) {
        let output = self.place.host.command_as(who, arguments).output().unwrap();
        (output.status.code().unwrap(), printed(&output))
    }
}

fn gallery() -> PathBuf {
    repository().join("host/capabilities/document/gallery/payment-receipt")
}

#[tokio::test]
async fn a_fee_is_asked_for_paid_at_the_desk_heard_of_and_receipted_under_seal() {
    let hall = Hall::open();
    let number = hall.notice("WJ-1").await;
    let code = hall.code(&number).await;
    hall.press(&code).await;
    hall.stands(&number, "paid").await;
    eventually("the plugin hears of it", async || {
        let heard = hall.guest("wang", "GET", &format!("/heard/{number}"), None).await;
        (heard == json!(["payment.settled Paid WJ-1"])).then_some(())
    })
    .await;

    // Without a template, and without a seal: a clear word.
    let receipt = format!("{number}/receipt");
    hall.api("wang", "GET", &receipt, None).await.problem(409, "no-receipt");
    let (code, told) = hall.as_somebody(
        "keeper",
        &["seal", "create", "441802-test/receipt", "--name", "测试局", "--kind", "special", "--line", "票据专用章"],
    );
    assert_eq!(code, 0, "{told}");
    hall.api("wang", "GET", &receipt, None).await.problem(503, "receipt-pending");
    hall.place.zt(&["template", "put", gallery().to_str().unwrap()]);
    let pdf = hall.place.dir.path().join("receipt.pdf");
    let (code, told) = hall.as_somebody("wang", &["payment", "receipt", &number, "-o", pdf.to_str().unwrap()]);
    assert_eq!(code, 0, "{told}");
    let first = std::fs::read(&pdf).unwrap();
    assert!(first.starts_with(b"%PDF"));
    let seen = hall.place.zt(&["seal", "verify", pdf.to_str().unwrap()]);
    assert!(seen.contains("valid"), "{seen}");
    hall.as_somebody("wang", &["payment", "receipt", &number, "-o", pdf.to_str().unwrap()]);
    assert_eq!(std::fs::read(&pdf).unwrap(), first, "the same bytes");
    hall.api("li", "GET", &receipt, None).await.problem(403, "access-denied");
    let told = hall.guest("wang", "GET", &format!("/notices/{number}/receipt"), None).await;
    assert_eq!((&told["ok"]["sealed"], &told["ok"]["capitals"]), (&json!(true), &json!("贰佰肆拾元整")), "{told}");

    let books = hall.place.zt(&["payment", "books"]);
    assert!(books.contains("clearing:cashdesk") && books.contains("240.00"), "{books}");
}

#[tokio::test]
async fn a_desk_that_is_killed_between_payment_and_callback_loses_nothing() {
    let mut hall = Hall::open();
    let number = hall.notice("WJ-2").await;
    let code = hall.code(&number).await;
    // The desk keeps its callbacks to itself.
    let hold = hall.place.http.post(format!("{}/test/faults", hall.desk.url)).json(&json!({ "hold": true }));
    assert!(hold.send().await.unwrap().status().is_success());
    hall.press(&code).await;
    hall.desk.kill().unwrap();
    assert_eq!(hall.api("wang", "GET", &number, None).await.json()["standing"], "due");
    hall.desk.start_again().unwrap();
    hall.stands(&number, "paid").await;
    assert!(hall.place.zt(&["payment", "tickets"]).lines().count() == 1, "nothing to look at");
}

#[tokio::test]
async fn two_people_give_money_back_and_the_days_bill_fits() {
    let hall = Hall::open();
    let number = hall.notice("WJ-3").await;
    let code = hall.code(&number).await;
    hall.press(&code).await;
    hall.stands(&number, "paid").await;
    let ask =
        ["payment", "refund", "request", &number, "--fen", "4000", "--reason", "面积核减", "--key", "r1", "--json"];
    let (exit, told) = hall.as_somebody("cashier", &ask);
    assert_eq!(exit, 0, "{told}");
    let id = serde_json::from_str::<Value>(&told).unwrap()[0]["id"].as_str().unwrap().to_owned();
    let (exit, told) = hall.as_somebody("cashier", &["payment", "refund", "approve", &id]);
    assert!(exit == 1 && told.contains("access denied"), "who asked does not decide: {told}");
    let (exit, told) = hall.as_somebody("window", &["payment", "refund", "approve", &id]);
    assert!(exit == 1 && told.contains("access denied"), "{told}");
    let (exit, _) = hall.as_somebody("cashier", &["payment", "refund", "reject", &id]);
    assert_eq!(exit, 1, "nor says no to the own request");

    let back = json!({ "fen": 24_000, "reason": "面积核减", "key": "r2" });
    let told = hall.guest("window", "POST", &format!("/notices/{number}/refunds"), Some(back)).await;
    assert_eq!(told, json!({ "error": "RefundExceeds(Fen(20000))" }));
    let back = json!({ "fen": 20_000, "reason": "面积核减", "key": "r2" });
    let told = hall.guest("window", "POST", &format!("/notices/{number}/refunds"), Some(back)).await;
    let other = told["ok"]["id"].as_str().unwrap().to_owned();
    let (exit, told) = hall.as_somebody("cashier", &["payment", "refund", "approve", &other]);
    assert_eq!(exit, 0, "{told}");
    eventually("the money is back", async || {
        let refunds = hall.api("wang", "GET", &format!("{number}/refunds"), None).await.json();
        refunds.as_array()?.iter().find(|refund| refund["id"] == other.as_str() && refund["standing"] == "done")?;
        Some(())
    })
    .await;

    let today = jiff::Timestamp::now().to_zoned(jiff::tz::offset(8).to_time_zone()).date().to_string();
    let found = hall.place.zt(&["payment", "reconcile", "--date", &today, "--json"]);
    let found: Value = serde_json::from_str(&found).unwrap();
    let day = &found["days"][0];
    assert_eq!((&day["rows"], &day["matched"], &day["differences"]), (&json!(2), &json!(2), &json!(0)), "{found}");
    hall.place.zt(&["payment", "books"]);
}

#[tokio::test]
async fn the_books_that_were_changed_do_not_balance_and_the_command_fails() {
    let hall = Hall::open();
    hall.notice("WJ-4").await;
    hall.place.zt(&["payment", "books"]);
    let database = hall.place.host.data().join("zhongtai.db");
    let store = zhongtai_store::Store::open(&format!("sqlite://{}", database.display()), &[]).await.unwrap();
    sqlx::query("UPDATE payment_postings SET amount = amount * 2").execute(store.pool()).await.unwrap();
    let told = hall.place.refused(&["payment", "books"]);
    assert!(told.contains("changed after it was made") && told.contains("do not balance"), "{told}");
}

#[tokio::test]
async fn what_is_wrong_is_told_by_field_and_what_is_not_allowed_is_refused() {
    let hall = Hall::open();
    let wrong = [
        (json!({ "quantity": 0 }), "Invalid { field: \"lines/0/quantity\""),
        (json!({ "quantity": -5 }), "Invalid { field: \"lines/0/quantity\""),
        (json!({ "quantity": i64::MAX }), "Invalid { field: \"lines/0/quantity\""),
        (json!({ "amount": -1 }), "Invalid { field: \"lines/0/amount\""),
        (json!({ "amount": i64::MIN }), "Invalid { field: \"lines/0/amount\""),
        (json!({ "item": "other" }), "UnknownItem(\"lines/0/item\")"),
        (json!({ "key": "" }), "Invalid { field: \"idempotency-key\""),
        (json!({ "case": "a b" }), "Invalid { field: \"case-id\""),
        (json!({ "minutes": 1 }), "Invalid { field: \"valid-minutes\""),
    ];
    for (change, expected) in wrong {
        let mut ask = json!({ "item": "road-dig", "quantity": 1, "key": "x" });
        ask.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let told = hall.guest("wang", "POST", "/notices", Some(ask)).await;
        let error = told["error"].as_str().unwrap_or_default();
        assert!(error.starts_with(expected), "{change}: {told}");
    }
    let number = hall.notice("WJ-5").await;
    let pay = |channel: &str, key: &str| Some(json!({ "channel": channel, "idempotency_key": key }));
    let path = format!("{number}/pay");
    hall.api("wang", "POST", &path, pay("cashdesk", "a\nb")).await.problem(400, "invalid-value");
    hall.api("wang", "POST", &path, pay("bitcoin", "k")).await.problem(404, "unknown-channel");
    hall.api("li", "POST", &path, pay("cashdesk", "k")).await.problem(403, "access-denied");
    hall.api("li", "POST", "441802300126112799999990/pay", pay("cashdesk", "k")).await.problem(403, "access-denied");
    hall.api("wang", "POST", "12/pay", pay("cashdesk", "k")).await.problem(400, "invalid-value");
    hall.api("wang", "POST", &path, Some(json!({ "channel": 1 }))).await.problem(400, "invalid-json");
    let token = hall.place.data("password.token");
    let told = hall.place.http.post(hall.place.public(&format!("/api/v1/payments/{path}"))).bearer_auth(token.trim());
    Reply::of(told.json(&pay("cashdesk", "k").unwrap())).await.problem(403, "access-denied");
    let nobody = hall.place.http.get(hall.place.public(&format!("/api/v1/payments/{number}")));
    Reply::of(nobody).await.problem(401, "unauthenticated");

    // Callbacks: of no channel, unsigned, too large.
    let callback = async |channel: &str, body: Vec<u8>| {
        let url = hall.place.public(&format!("/api/v1/payments/callbacks/{channel}"));
        Reply::of(hall.place.http.post(url).body(body)).await
    };
    assert_eq!(callback("nobody", b"{}".to_vec()).await.status, 404);
    let forged = callback("cashdesk", b"{\"order\":\"x\"}".to_vec()).await;
    assert!((400..500).contains(&forged.status), "{}", forged.status);
    assert_eq!(callback("cashdesk", vec![b'a'; 70_000]).await.status, 413);
    assert_eq!(hall.api("wang", "GET", &number, None).await.json()["standing"], "due");

    // Fee items come from operators, and are what they must be.
    let bad = hall.file("bad.json", &ITEM.replace("2000", "-2000"));
    assert!(hall.place.refused(&["payment", "item", "put", &bad]).contains("JSON"));
    let other = hall.file("other.json", &ITEM.replace("441802-test", "441802-other"));
    assert!(hall.place.refused(&["payment", "item", "put", &other]).contains("owner"));
    let gone = hall.file("gone.json", &ITEM.replace("listed", "suspended"));
    hall.place.zt(&["payment", "item", "put", &gone]);
    let ask = json!({ "item": "road-dig", "quantity": 1, "key": "late" });
    let told = hall.guest("wang", "POST", "/notices", Some(ask)).await;
    assert!(told["error"].as_str().unwrap().starts_with("Denied"), "{told}");
}
