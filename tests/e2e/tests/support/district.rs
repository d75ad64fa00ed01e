use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use zhongtai_e2e::{CashDesk, City, Setup, repository};

use super::{Place, Plugin, Reply, zt};

pub const SCENARIO: &str = "/s/441802-chengguan/excavation";
pub const ENTERPRISE: &str = "91512081MA62K0260E";
pub const BARRED: &str = "91350100M000100Y43";

/// The district with everything that the plugin needs, and who works there.
pub struct District {
    pub place: Place,
    pub desk: CashDesk,
    pub hook: Hook,
}

/// A system of the enterprise's own that takes messages.
pub struct Hook {
    url: String,
    bodies: Arc<Mutex<Vec<Value>>>,
}

// === impl Hook ===

impl Hook {
    async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/messages", listener.local_addr().unwrap());
        let bodies = Arc::<Mutex<Vec<Value>>>::default();
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

    pub fn titles(&self) -> Vec<String> {
        self.bodies.lock().unwrap().iter().map(|body| body["title"].as_str().unwrap().to_owned()).collect()
    }
}

// === impl District ===

impl District {
    pub async fn open() -> Self {
        Self::open_with(|_, _| ()).await
    }

    /// The same on a host whose setup is changed; the folder is the test's own.
    pub async fn open_with(change: impl FnOnce(&mut Setup, &Path)) -> Self {
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
            change(setup, dir);
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

    pub fn person(&self, login: &str, more: &[&str]) {
        self.place.add_user(login, more);
        std::fs::write(self.place.host.data().join(format!("{login}.token")), self.place.token(login, &[])).unwrap();
    }

    pub async fn ask(&self, who: &str, method: &str, path: &str, body: Value) -> Reply {
        let token = self.place.data(&format!("{who}.token"));
        let request = self.place.http.request(method.parse().unwrap(), self.place.public(path)).bearer_auth(token);
        Reply::of(if body.is_null() { request } else { request.json(&body) }).await
    }

    /// The same where it has to go well.
    pub async fn done(&self, who: &str, method: &str, path: &str, body: Value) -> Value {
        let reply = self.ask(who, method, path, body).await;
        assert!(reply.status < 300, "{method} {path}: {reply:?}\n{}", self.place.host.log());
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    }

    pub async fn file(&self, who: &str, code: &str) -> Reply {
        let form = json!({
            "company": code, "place": "北江1路十二号门前", "area_m2": 12, "from": day(0), "to": day(20),
            "reason": "供水管道维修", "deliver": true,
        });
        self.ask(who, "POST", &format!("{SCENARIO}/applications"), form).await
    }

    /// Pays at the desk's page, as a person does.
    pub async fn pay(&self, notice: &str) {
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

    pub async fn is_paid(&self, number: &str) -> Option<Value> {
        let application =
            self.done("north-river", "GET", &format!("{SCENARIO}/applications/{number}"), Value::Null).await;
        (application["payment"]["is_paid"] == true).then_some(application)
    }

    pub async fn decide(&self, number: &str, outcome: &str) -> Reply {
        let decision = json!({ "outcome": outcome, "reason": "材料齐全" });
        self.ask("li", "POST", &format!("{SCENARIO}/applications/{number}/decisions"), decision).await
    }

    /// Titles in the enterprise's inbox.
    pub async fn inbox(&self) -> Vec<String> {
        let page = self.done("north-river", "GET", "/api/v1/inbox", Value::Null).await;
        let messages = page["messages"].as_array().unwrap();
        messages.iter().map(|message| message["title"].as_str().unwrap().to_owned()).collect()
    }

    pub fn books_balance(&self) {
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
