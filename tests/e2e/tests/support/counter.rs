use std::path::PathBuf;

use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use zhongtai_e2e::{Setup, repository};

use super::{Place, Plugin, Reply};

pub const WANG: &str = "11010519491231002X";
pub const BANK: &str = "91512081MA62K0260E";
pub const KIND: &str = "excavation-permit";

/// A host with a type of certificates that `441802-test` issues, the guest that has a route for every call of the
/// certificate and evidence capabilities, and people: `li` issues, `chief` revokes, `wang` is a citizen whose identity
/// is sure, `bank` an enterprise, `chen` an officer of another department.
pub struct Counter {
    pub place: Place,
    pub plugin: Plugin,
}

// === impl Counter ===

impl Counter {
    pub fn open() -> Self {
        Self::open_with(|_, _| ())
    }

    pub fn open_with(change: impl FnOnce(&mut Setup, &std::path::Path)) -> Self {
        let place = Place::start_with(change);
        let plugin = Plugin::fixture("licences");
        place.install(&plugin);
        let shipped = repository().join("host/capabilities/certificate/types/excavation-permit.json");
        let kind = std::fs::read_to_string(shipped).expect("a type").replace("441802-chengguan", "441802-test");
        let counter = Self { place, plugin };
        counter.place.zt(&["cert", "type", "put", counter.file("type.json", &kind).to_str().expect("UTF-8")]);
        let sure = ["--assurance", "substantial"];
        let officer = ["--kind", "officer", "--department", "441802-test", "--clearance", "3"];
        counter.person("li", &[&officer[..], &sure, &["--role", "certificate-issuer"]].concat());
        counter.person("chief", &[&officer[..], &sure, &["--role", "section-chief"]].concat());
        counter.person("chen", &["--kind", "officer", "--department", "441802-other", "--clearance", "4"]);
        let id = format!("resident-id={WANG}");
        counter
            .person("wang", &[&["--kind", "natural-person", "--set", &id, "--set", "name=王小明"], &sure[..]].concat());
        counter.person("zhang", &[&["--kind", "natural-person"], &sure[..]].concat());
        let code = format!("credit-code={BANK}");
        counter.person("bank", &[&["--kind", "legal-person", "--set", &code], &sure[..]].concat());
        counter
    }

    /// Makes an account; its token lies where `zt` looks for it.
    pub fn person(&self, login: &str, more: &[&str]) {
        self.place.add_user(login, more);
        self.keep(login, &self.place.token(login, &[]));
    }

    /// A token to come by under that name.
    pub fn keep(&self, name: &str, token: &str) {
        std::fs::write(self.place.host.data().join(format!("{name}.token")), token).expect("a file");
    }

    /// A file of the test's own.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.place.dir.path().join(name);
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// Asks the guest as somebody, or as nobody: `ok` or `error`.
    pub async fn guest(&self, who: &str, path: &str, body: &Value) -> Value {
        let url = self.place.public(&self.plugin.path(path));
        let request = if body.is_null() { self.place.http.get(url) } else { self.place.http.post(url).json(body) };
        let reply = Reply::of(self.signed(who, request)).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.json()
    }

    /// Asks the public API as somebody, or as nobody.
    pub async fn api(&self, who: &str, path: &str, body: &Value) -> Reply {
        let url = self.place.public(&format!("/api/v1/certificates{path}"));
        let request = if body.is_null() { self.place.http.get(url) } else { self.place.http.post(url).json(body) };
        Reply::of(self.signed(who, request)).await
    }

    fn signed(&self, who: &str, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        if who.is_empty() { request } else { request.bearer_auth(self.place.data(&format!("{who}.token")).trim()) }
    }

    /// A permit of Wang's, issued by the guest for a case; its summary.
    pub async fn permit(&self, once: &str) -> Value {
        let told = self.guest("li", "/issue", &issue(once)).await;
        told["ok"].as_object().unwrap_or_else(|| panic!("{told}"));
        told["ok"].clone()
    }

    /// Every presentation's minutes are over.
    pub async fn expire_presentations(&self) {
        let path = self.place.host.data().join("zhongtai.db");
        let mut database = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("SQLite");
        let sql = "UPDATE certificate_presentations SET expires_at = made_at";
        sqlx::query(sql).execute(&mut database).await.expect("an update");
    }
}

/// What the permit says.
pub fn fields() -> Value {
    json!({
        "applicant": "清远市某建设有限公司", "contact": "张小明", "contact_phone": "13812345678",
        "place": "清城区桥北路1号", "area_m2": 12.5, "purpose": "燃气抢修", "conditions": "夜间施工"
    })
}

/// A request to the guest for a permit of Wang's.
pub fn issue(once: &str) -> Value {
    json!({
        "kind": KIND, "holder": { "resident-id": WANG }, "fields": fields().to_string(), "why": { "case": "WJ-1" },
        "once": once
    })
}

/// The same with something else in it.
pub fn with(mut request: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().expect("an object") {
        request[name] = value.clone();
    }
    request
}

/// The text of an error that the guest told.
pub fn error(told: &Value) -> &str {
    told["error"].as_str().unwrap_or_else(|| panic!("no error: {told}"))
}
