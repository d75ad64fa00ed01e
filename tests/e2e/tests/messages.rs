//! Messages through the whole host: into the inbox of whom they are about, by the channel that a person prefers, and
//! what an operator does with those that can't be delivered.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use serde_json::{Value, json};
use support::{Place, Plugin, Reply, Visitor, eventually};
use zhongtai_e2e::repository;

const SCENARIO: &str = "/s/441802-chengguan/excavation";
const ENTERPRISE: &str = "91350100M000100Y43";

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:1/messages?token=t0ken";

struct District {
    place: Place,
    password: String,
}

// === impl District ===

impl District {
    /// An enterprise without any address, and a desk whose system is down.
    fn open() -> Self {
        let place = Place::start_with(|setup, dir| {
            setup.policies.push(repository().join("plugins/excavation/policies"));
            std::fs::write(dir.join("webhook.secret"), "of-this-test-only".repeat(3)).unwrap();
            setup.config = format!(
                "[notify.webhook]\nsecret_file = {:?}\n\n[notify.schedule]\nmax_attempts = 1\n\n\
                 [desks]\n\"441802-chengguan/duty\" = {NOWHERE:?}\n",
                dir.join("webhook.secret").display().to_string(),
            );
        });
        place.install(&Plugin::shipped("excavation"));
        let code = format!("credit-code={ENTERPRISE}");
        let set = ["--kind", "legal-person", "--set", "name=北江公司", "--set", &code, "--assurance", "substantial"];
        let password = place.add_user("north-river", &set);
        place.add_user("somebody", &["--kind", "natural-person"]);
        Self { place, password }
    }

    async fn ask(&self, who: &str, method: &str, path: &str, body: Value) -> Reply {
        let token = self.place.token(who, &[]);
        let request = self.place.http.request(method.parse().unwrap(), self.place.public(path)).bearer_auth(token);
        Reply::of(if body.is_null() { request } else { request.json(&body) }).await
    }

    async fn inbox(&self, who: &str) -> Value {
        let reply = self.ask(who, "GET", "/api/v1/inbox", Value::Null).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// Files an application; its number.
    async fn file(&self) -> String {
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let day = |days: i64| today.checked_add(jiff::Span::new().days(days)).unwrap().to_string();
        let form = json!({
            "company": ENTERPRISE, "place": "北江一路十二号门前", "area_m2": 12, "from": day(1), "to": day(20),
            "reason": "供水管道维修",
        });
        let filed = self.ask("north-river", "POST", &format!("{SCENARIO}/applications"), form).await;
        assert_eq!(filed.status, 201, "{filed:?}\n{}", self.place.host.log());
        filed.json()["number"].as_str().unwrap().to_owned()
    }

    fn messages(&self, more: &[&str]) -> Vec<Value> {
        serde_json::from_str(&self.place.zt(&[&["message", "list", "--json"], more].concat())).unwrap()
    }
}

#[tokio::test]
async fn who_has_no_address_reads_it_in_the_inbox_and_nobody_else_does() {
    let district = District::open();
    let number = district.file().await;
    let inbox = eventually("the message", async || {
        let inbox = district.inbox("north-river").await;
        (inbox["unread"] == 1).then_some(inbox)
    })
    .await;
    let message = &inbox["messages"][0];
    assert!(message["title"].as_str().unwrap().contains(&number), "{message}");
    assert_eq!((&message["scenario"], &message["read_at"]), (&json!("441802-chengguan/excavation"), &Value::Null));
    let read = format!("/api/v1/inbox/{}/read", message["id"].as_str().unwrap());

    assert_eq!(district.inbox("somebody").await, json!({ "messages": [], "unread": 0 }));
    district.ask("somebody", "POST", &read, Value::Null).await.problem(404, "notify");
    district.ask("somebody", "POST", "/api/v1/inbox/x/read", Value::Null).await.problem(400, "invalid-id");
    district.ask("somebody", "GET", "/api/v1/inbox?before=x", Value::Null).await.problem(400, "invalid-id");
    district.ask("somebody", "GET", "/api/v1/inbox?all=1", Value::Null).await.problem(400, "invalid-query");
    district.place.get("/api/v1/inbox").await.problem(401, "unauthenticated");

    // The same on the page, and read there.
    let mut visitor = Visitor::new(&district.place.host.public);
    let page = visitor.get("/sign-in").await;
    visitor.submit(&page, "/sign-in", &[("login", "north-river"), ("password", &district.password)]).await;
    let account = visitor.get("/account").await;
    assert!(account.text.contains(&number) && account.text.contains("1 条未读"), "{account:?}");
    visitor.submit(&account, "/account/messages/read", &[]).await;
    assert!(!visitor.get("/account").await.text.contains("条未读"));
    assert_eq!(district.inbox("north-river").await["unread"], 0);
    assert_eq!(district.ask("north-river", "POST", &read, Value::Null).await.status, 204, "once more changes nothing");

    let audit = std::fs::read_to_string(district.place.host.audit()).unwrap();
    assert!(audit.contains("notify:read-inbox") && audit.contains("notify:mark-read"));
    assert!(!audit.contains("北江一路") && !district.place.host.log().contains("北江一路"));
}

#[tokio::test]
async fn a_person_chooses_how_to_be_notified() {
    let district = District::open();
    let path = "/api/v1/me/preferred-channel";
    let get = async || district.ask("north-river", "GET", path, Value::Null).await.json();
    assert_eq!(get().await, json!({ "channel": null }));
    for wrong in [json!({ "channel": "fax" }), json!({ "channel": "SMS" })] {
        district.ask("north-river", "PUT", path, wrong).await.problem(400, "invalid-channel");
    }
    for wrong in [json!({ "channel": 1 }), json!({ "channels": [] })] {
        district.ask("north-river", "PUT", path, wrong).await.problem(400, "invalid-json");
    }
    assert_eq!(district.ask("north-river", "PUT", path, json!({ "channel": "email" })).await.status, 204);
    assert_eq!(get().await, json!({ "channel": "email" }));

    let mut visitor = Visitor::new(&district.place.host.public);
    let page = visitor.get("/sign-in").await;
    visitor.submit(&page, "/sign-in", &[("login", "north-river"), ("password", &district.password)]).await;
    let account = visitor.get("/account").await;
    assert!(account.text.contains("<option value=\"email\" selected>"), "{account:?}");
    visitor.submit(&account, "/account/preferred-channel", &[("channel", "")]).await;
    assert_eq!(get().await, json!({ "channel": null }), "the platform chooses again");
}

#[tokio::test]
async fn an_operator_looks_at_what_was_given_up_replays_it_and_drops_it() {
    let district = District::open();
    district.file().await;
    let dead = eventually("a dead message", async || district.messages(&[]).pop()).await;
    let id = dead["id"].as_str().unwrap();
    assert_eq!(
        [&dead["channel"], &dead["template"], &dead["state"], &dead["failure"], &dead["recipient"]],
        ["webhook", "application-to-review", "dead", "unreachable", "http://127.0.0.1/…"]
    );
    assert_eq!(district.messages(&["--department", "441802-chengguan"]).len(), 1);
    assert_eq!(district.messages(&["--department", "441802-minzheng"]), Vec::<Value>::new());
    eventually("the applicant's", async || district.messages(&["--state", "delivered"]).pop()).await;

    let shown = district.place.zt(&["message", "show", id]);
    assert!(shown.contains("application-to-review") && !shown.contains("t0ken"), "{shown}");
    assert!(district.place.refused(&["message", "list", "--state", "lost"]).contains("is no state"));
    assert!(district.place.refused(&["message", "show", "x"]).contains("ULID"));

    let again = district.place.zt(&["message", "replay", "--department", "441802-chengguan"]);
    assert_eq!(again, "1 are tried again\n");
    eventually("dead once more", async || district.messages(&[]).pop()).await;
    district.place.zt(&["message", "replay", id, "--channel", "webhook"]);
    eventually("dead once more", async || district.messages(&[]).pop()).await;
    district.place.zt(&["message", "drop", id]);
    let refused = district.place.refused(&["message", "replay", id]);
    assert!(refused.contains("not dead"), "{refused}");
    let shown: Vec<Value> = serde_json::from_str(&district.place.zt(&["message", "show", id, "--json"])).unwrap();
    assert_eq!((&shown[0]["state"], &shown[0]["recipient"]), (&json!("failed"), &Value::Null), "erased");

    let audit = std::fs::read_to_string(district.place.host.audit()).unwrap();
    for act in ["message:look", "message:replay", "message:replay-all", "message:drop"] {
        assert!(audit.contains(act), "{act}");
    }
}
