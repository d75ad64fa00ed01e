//! Seals from outside: the keeper's commands, the plugin's calls, what anybody may check, and what is on record.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
};

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use support::{Place, Plugin, Reply, SOON, eventually, printed};
use zhongtai_cap_seal::contract::{ofd, pdf};
use zhongtai_test_tools::tool;

const SEAL: &str = "441802-test/permit";

/// A host whose department has a keeper (`ke`), an officer (`li`), a citizen (`wang`), and a plugin that seals.
struct Office {
    place: Place,
    plugin: Plugin,
}

impl Office {
    fn open() -> Self {
        let place = Place::start_with(|setup, _| {
            setup.config =
                "[seal]\norganization = \"清城区人民政府\"\naddress = \"https://zt.example.cn\"\n".to_owned();
        });
        let plugin = Plugin::fixture("seals");
        place.install(&plugin);
        let office = Self { place, plugin };
        let sure = ["--assurance", "substantial"];
        let officer = ["--kind", "officer", "--department", "441802-test", "--clearance", "3"];
        office.person("ke", &[&officer[..], &sure, &["--role", "seal-keeper"]].concat());
        office.person("li", &[&officer[..], &sure, &["--role", "engineer"]].concat());
        let other = ["--kind", "officer", "--department", "441802-other", "--role", "seal-keeper"];
        office.person("chen", &[&other[..], &sure].concat());
        office.person("wang", &[&["--kind", "natural-person", "--set", "name=王小明"], &sure[..]].concat());
        office
    }

    fn person(&self, login: &str, more: &[&str]) {
        self.place.add_user(login, more);
        let token = self.place.token(login, &[]);
        std::fs::write(self.place.host.data().join(format!("{login}.token")), token).unwrap();
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.place.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn path(&self, name: &str) -> String {
        self.place.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// `zt` as somebody; what it printed, and its exit code.
    fn zt(&self, who: &str, arguments: &[&str]) -> (i32, String) {
        let output = self.place.host.command_as(who, arguments).output().unwrap();
        (output.status.code().unwrap(), printed(&output))
    }

    fn done(&self, who: &str, arguments: &[&str]) -> String {
        let (code, told) = self.zt(who, arguments);
        assert_eq!(code, 0, "zt {}: {told}", arguments.join(" "));
        told
    }

    fn create(&self) -> String {
        self.done("ke", &["seal", "create", SEAL, "--name", "清城区城市管理局", "--kind", "official", "--years", "3"])
    }

    /// The file, sealed by the keeper.
    fn sealed(&self, name: &str, document: Vec<u8>) -> Vec<u8> {
        let (from, to) = (self.file(name, document), self.path(&format!("sealed-{name}")));
        let at = ["--case", "WJ-1", "--page", "1", "--at", "120,210"];
        self.done("ke", &[&["seal", "sign", SEAL, from.to_str().unwrap(), "-o", &to], &at[..]].concat());
        std::fs::read(to).unwrap()
    }

    fn signed(&self, who: &str, request: RequestBuilder) -> RequestBuilder {
        if who.is_empty() { request } else { request.bearer_auth(self.place.data(&format!("{who}.token")).trim()) }
    }

    /// Asks the plugin.
    async fn guest(&self, who: &str, path: &str, body: &Value) -> Value {
        let url = self.place.public(&self.plugin.path(path));
        let request = if body.is_null() { self.place.http.get(url) } else { self.place.http.post(url).json(body) };
        let reply = Reply::of(self.signed(who, request)).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.json()
    }

    /// A file that the officer handed in; its id.
    async fn handed_in(&self, who: &str, document: Vec<u8>) -> String {
        let ticket = self.guest(who, "/cases/WJ-1/ticket", &json!({})).await["path"].as_str().unwrap().to_owned();
        let put = self.signed(who, self.place.http.put(self.place.public(&ticket)).body(document));
        Reply::of(put).await.json()["file"].as_str().unwrap().to_owned()
    }

    async fn fetched(&self, who: &str, file: &str) -> Vec<u8> {
        let ticket = self.guest(who, &format!("/files/{file}/link"), &json!({})).await;
        let url = self.place.public(ticket["path"].as_str().unwrap());
        self.signed(who, self.place.http.get(url)).send().await.unwrap().bytes().await.unwrap().to_vec()
    }

    async fn verify(&self, document: Vec<u8>) -> Reply {
        Reply::of(self.place.http.post(self.place.public("/api/v1/seals/verify")).body(document)).await
    }
}

fn ask(once: &str) -> Value {
    json!({ "case": "WJ-1", "stage": "issue", "once": once, "page": 1 })
}

#[tokio::test]
async fn a_keeper_makes_a_seal_uses_it_and_anybody_finds_it_valid() {
    let office = Office::open();
    let made = office.create();
    assert!(made.contains("made  441802-test/permit  清城区城市管理局  until 20"), "{made}");
    for (name, document) in [("a.pdf", pdf(1)), ("b.ofd", ofd(50))] {
        let sealed = office.sealed(name, document);
        let report = office.verify(sealed).await;
        assert_eq!((report.status, &report.json()["verdict"]), (200, &"valid".into()), "{report:?}");
        let told = office.done("nobody", &["seal", "verify", &office.path(&format!("sealed-{name}"))]);
        assert!(told.starts_with("valid") && told.contains("清城区城市管理局"), "{told}");
    }
    let list = office.done("li", &["seal", "list"]);
    assert!(list.contains("441802-test/permit") && list.contains("official"), "{list}");
    let shown = office.done("ke", &["seal", "show", SEAL, "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["seal"]["uses"], &shown["uses"][0]["case"]), (&2.into(), &"WJ-1".into()));
    office.done("ke", &["seal", "face", SEAL, "-o", &office.path("seal.svg")]);
    assert!(std::fs::read_to_string(office.path("seal.svg")).unwrap().starts_with("<svg"));
    office.done("ke", &["seal", "face", SEAL, "-o", &office.path("seal.png")]);
    assert!(std::fs::read(office.path("seal.png")).unwrap().starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn nobody_else_makes_or_uses_a_seal_an_operator_least_of_all() {
    let office = Office::open();
    office.create();
    let from = office.file("a.pdf", pdf(1));
    let to = office.path("out.pdf");
    let sign = ["seal", "sign", SEAL, from.to_str().unwrap(), "-o", &to, "--case", "WJ-1", "--at", "120,210"];
    for who in ["li", "chen", "wang", "operator", "security", "auditor"] {
        for verb in [
            &sign[..],
            &["seal", "create", "441802-test/b", "--name", "清城区城市管理局", "--kind", "official"],
            &["seal", "suspend", SEAL, "--reason", "x"],
            &["seal", "revoke", SEAL, "--reason", "x"],
        ] {
            let (code, told) = office.zt(who, verb);
            assert!(code == 1 && told.contains("refused"), "{who} {verb:?}: {told}");
        }
    }
    assert!(!PathBuf::from(&to).exists());
    let (code, told) = office.zt("ke", &[&sign[..], &["--stage", "review"]].concat());
    assert!(code == 1 && told.contains("access denied"), "{told}");
    let (code, told) = office.zt("ke", &["seal", "create", "441802-test/c", "--name", "局", "--kind", "special"]);
    assert!(code == 1 && told.contains("--line"), "{told}");

    office.done("ke", &["seal", "suspend", SEAL, "--reason", "换届"]);
    let (code, told) = office.zt("ke", &sign);
    assert!(code == 1 && told.contains("the seal is suspended"), "{told}");
    office.done("ke", &["seal", "resume", SEAL, "--reason", "已交接"]);
    office.done("ke", &sign);
    office.done("ke", &["seal", "revoke", SEAL, "--cause", "superseded", "--reason", "换章"]);
    let told = office.done("operator", &["seal", "authorities"]);
    assert!(told.contains("441802-test-p256-1") && told.contains("root-sm2-1"), "{told}");
}

#[tokio::test]
async fn a_plugin_seals_the_files_of_its_cases_and_never_sees_them() {
    let office = Office::open();
    office.create();
    for document in [pdf(1), ofd(50)] {
        let file = office.handed_in("ke", document.clone()).await;
        let path = format!("/files/{file}/seal/{SEAL}");
        let first = office.guest("ke", &path, &ask(&file)).await;
        let sealed = first["ok"]["file"].as_str().unwrap_or_else(|| panic!("{first}")).to_owned();
        assert_eq!(office.guest("ke", &path, &ask(&file)).await, first, "the same file again");
        let bytes = office.fetched("ke", &sealed).await;
        assert_eq!(office.verify(bytes).await.json()["sha256"], first["ok"]["sha256"]);
        let report = office.guest("ke", &format!("/files/{sealed}/verify/apply"), &Value::Null).await;
        assert_eq!(report["ok"]["verdict"], "valid", "{report}");
        let before = office.guest("ke", &format!("/files/{file}/verify/apply"), &Value::Null).await;
        assert_eq!(before["ok"]["verdict"], "unsigned");
        let other = json!({ "case": "WJ-1", "stage": "issue", "once": file, "page": 2 });
        assert_eq!(office.guest("ke", &path, &other).await["error"], "KeyReused");
    }
}

#[tokio::test]
async fn what_a_plugin_may_not_seal_is_refused_by_its_reason() {
    let office = Office::open();
    office.create();
    let file = office.handed_in("ke", pdf(1)).await;
    let seal = format!("/files/{file}/seal/{SEAL}");
    let error = async |who: &str, path: &str, body: Value| {
        office.guest(who, path, &body).await["error"].as_str().unwrap_or("sealed").to_owned()
    };
    assert!(error("li", &seal, ask("1")).await.starts_with("Denied"), "not the keeper");
    assert!(error("wang", &seal, ask("2")).await.starts_with("Denied"));
    assert!(error("", &seal, ask("3")).await.starts_with("Denied"));
    let early = json!({ "case": "WJ-1", "stage": "review", "once": "4", "page": 1 });
    assert!(error("ke", &seal, early).await.starts_with("Denied"));
    let none = format!("/files/{file}/seal/441802-test/none");
    assert!(error("ke", &none, ask("5")).await.starts_with("Denied"), "what exists is not told");
    let page = json!({ "case": "WJ-1", "stage": "issue", "once": "6", "page": 2 });
    assert!(error("ke", &seal, page).await.contains("there is no page 2"));
    let purpose = json!({ "case": "WJ-1", "stage": "issue", "once": "7", "page": 1, "purpose": "marketing" });
    assert_eq!(error("ke", &seal, purpose).await, "UndeclaredPurpose(\"marketing\")");
    let elsewhere = json!({ "case": "WJ-2", "stage": "issue", "once": "7b", "page": 1 });
    assert!(error("ke", &seal, elsewhere).await.contains("the case that the file is of"));
    let named = json!({ "case": "张三", "stage": "issue", "once": "8", "page": 1 });
    assert!(error("ke", &seal, named).await.starts_with("Invalid"));
    let absent = format!("/files/{}/seal/{SEAL}", "0".repeat(32));
    assert!(error("ke", &absent, ask("9")).await.starts_with("NotFound"));
    office.done("ke", &["seal", "suspend", SEAL, "--reason", "换届"]);
    assert_eq!(error("ke", &seal, ask("10")).await, "NotAllowedWhile(Suspended)");
    let url = office.place.public(&office.plugin.path(&format!("/files/{file}/need/{SEAL}")));
    let need = Reply::of(office.signed("ke", office.place.http.post(url).json(&ask("11")))).await;
    assert_eq!(need.status, 409, "{need:?}");
    let request = need.headers["x-request-id"].to_str().unwrap().to_owned();
    // The file, then the seal.
    let record = office.place.audit(&format!("{request}/2")).await;
    assert_eq!((&record["action"], &record["effect"]), (&"seal:apply".into(), &"deny".into()), "{record}");
    assert!(record.to_string().contains("guardrail-seal-own-and-valid"), "{record}");
}

#[tokio::test]
async fn a_person_enrols_signs_and_retires_the_own_key() {
    let office = Office::open();
    let key = async |who: &str, path: &str, body: Option<Value>| {
        let url = office.place.public(&format!("/api/v1/signing-key{path}"));
        let request = match (body, path) {
            (Some(body), _) => office.place.http.post(url).json(&body),
            (None, _) => office.place.http.get(url),
        };
        Reply::of(office.signed(who, request)).await
    };
    key("wang", "", None).await.problem(404, "no-such-seal");
    key("", "", None).await.problem(401, "unauthenticated");
    let made = key("wang", "", Some(json!({}))).await;
    assert_eq!((made.status, &made.json()["status"]), (200, &"valid".into()), "{made:?}");
    assert!(!made.body.contains("王小明"), "{made:?}");

    let file = office.handed_in("wang", pdf(1)).await;
    let signed = office.guest("wang", &format!("/files/{file}/sign"), &ask("p")).await;
    let signed = signed["ok"]["file"].as_str().unwrap_or_else(|| panic!("{signed}")).to_owned();
    let report = office.verify(office.fetched("wang", &signed).await).await.json();
    assert_eq!(report["verdict"], "valid", "{report}");
    assert!(report["signatures"][0]["signer"].as_str().unwrap().contains("王小明"), "{report}");
    let other = office.handed_in("li", pdf(1)).await;
    let none = office.guest("li", &format!("/files/{other}/sign"), &ask("q")).await;
    assert!(none["error"].as_str().unwrap().starts_with("Denied"), "{none}");

    let retired = key("wang", "/retire", Some(json!({ "cause": "key-compromise", "reason": "手机丢失" }))).await;
    assert_eq!(retired.json()["status"], "revoked", "{retired:?}");
    let refused = office.guest("wang", &format!("/files/{file}/sign"), &ask("r")).await;
    assert_eq!(refused["error"], "NotAllowedWhile(Revoked)");
    let log = office.place.host.log();
    assert!(!log.contains("王小明"), "no name of a person in the log");
    let audit = std::fs::read_to_string(office.place.host.audit()).unwrap();
    assert!(audit.contains("seal:sign") && !audit.contains("王小明"));
}

#[tokio::test]
async fn outsiders_have_what_they_check_seals_with() {
    let office = Office::open();
    office.create();
    let sealed = office.sealed("a.pdf", pdf(1));
    let pem = office.place.get("/api/v1/seals/root.pem").await;
    assert_eq!(pem.body.matches("BEGIN CERTIFICATE").count(), 2, "{pem:?}");
    let roots = office.file("roots.pem", &pem.body);
    let mut lists = Vec::new();
    for authority in ["root-p256-1", "441802-test-p256-1"] {
        let url = office.place.public(&format!("/api/v1/seals/crl/{authority}.crl"));
        let reply = office.place.http.get(url).send().await.unwrap();
        assert_eq!(reply.headers()["content-type"], "application/pkix-crl");
        let der = office.file("list.crl", reply.bytes().await.unwrap());
        let list = office.path(&format!("{authority}.pem"));
        let run = tool("openssl").args(["crl", "-inform", "DER", "-in"]).arg(der).args(["-out", &list]).output();
        assert!(run.unwrap().status.success());
        lists.push(list);
    }
    office.place.get("/api/v1/seals/crl/nobody.crl").await.problem(404, "not-found");
    office.place.get("/api/v1/seals/crl/root-p256-1").await.problem(404, "not-found");

    let file = office.path("sealed-a.pdf");
    let mut offline = vec!["seal", "verify", &file, "--roots", roots.to_str().unwrap()];
    offline.extend(lists.iter().flat_map(|list| ["--lists", list.as_str()]));
    // No host is asked.
    let nowhere = ["--public", "http://127.0.0.1:9", "--lang", "zh"];
    let told = office.done("nobody", &[&offline[..], &nowhere].concat());
    assert!(told.starts_with("有效") && told.contains("时间戳"), "{told}");
    let (code, told) = office.zt("nobody", &["seal", "verify", &file, "--roots", roots.to_str().unwrap()]);
    assert!(code == 1 && told.contains("revocation-unknown"), "{told}");

    let flipped = {
        let mut flipped = sealed.clone();
        let at = flipped.windows(12).position(|part| part == b"Permit No. 1").unwrap() + 11;
        flipped[at] = b'9';
        flipped
    };
    let appended = [sealed.as_slice(), b"%more\n"].concat();
    for (document, verdict) in
        [(flipped, "invalid"), (appended, "invalid"), (pdf(1), "unsigned"), (vec![], "unreadable")]
    {
        let reply = office.verify(document).await;
        assert_eq!((reply.status, &reply.json()["verdict"]), (200, &verdict.into()), "{reply:?}");
    }

    let (data, query) = (office.file("stamped.bin", b"a permit"), office.path("query.tsq"));
    let run = tool("openssl").args(["ts", "-query", "-sha256", "-cert", "-out", &query, "-data"]).arg(&data).output();
    assert!(run.unwrap().status.success());
    let post = |kind: &str, body: Vec<u8>| {
        office.place.http.post(office.place.public("/api/v1/tsa")).header("content-type", kind).body(body)
    };
    let query = std::fs::read(query).unwrap();
    let reply = post("application/timestamp-query", query.clone()).send().await.unwrap();
    assert_eq!(reply.headers()["content-type"], "application/timestamp-reply");
    let answer = office.file("answer.tsr", reply.bytes().await.unwrap());
    let mut check = tool("openssl");
    check.args(["ts", "-verify", "-in"]).arg(answer).arg("-data").arg(&data).arg("-CAfile").arg(&roots);
    let told = printed(&check.output().unwrap());
    assert!(told.contains("Verification: OK"), "{told}");
    Reply::of(post("application/json", query)).await.problem(400, "content-type");
}

#[tokio::test]
async fn a_document_that_is_too_large_is_refused_while_it_arrives() {
    let place = Place::start_with(|setup, _| setup.config = "[seal]\ndocument_mib = 1\n".to_owned());
    let url = place.public("/api/v1/seals/verify");
    let large = Reply::of(place.http.post(&url).body(vec![0; (1 << 20) + 1])).await;
    large.problem(413, "document-too-large");
    let unannounced = chunked(place.host.public.trim_start_matches("http://"), 17);
    assert!(
        unannounced.contains("413") && unannounced.contains("larger than the 1 MiB"),
        "as it arrives: {unannounced}"
    );
    assert!(chunked(place.host.public.trim_start_matches("http://"), 16).contains("unreadable"));
    let fits = Reply::of(place.http.post(&url).body(vec![0; 1 << 20])).await;
    assert_eq!(fits.json()["verdict"], "unreadable");
    Reply::of(place.http.get(&url)).await.problem(405, "method-not-allowed");
}

/// The answer to a body of as many pieces of 64 KiB, whose length is not told before.
fn chunked(address: &str, pieces: usize) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let head =
        "POST /api/v1/seals/verify HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let piece = [b"10000\r\n".as_slice(), &[0; 1 << 16], b"\r\n"].concat();
    for _ in 0..pieces {
        stream.write_all(&piece).unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[tokio::test]
async fn a_list_that_ran_out_while_no_host_was_there_is_signed_anew() {
    use sqlx::{Connection as _, SqliteConnection};
    let office = Office::open();
    office.create();
    let database = office.place.host.data().join("zhongtai.db");
    let url = format!("sqlite://{}", database.display());
    let number = async || {
        let mut database = SqliteConnection::connect(&url).await.unwrap();
        let sql = "SELECT list_number FROM seal_authorities WHERE id = 'root-sm2-1'";
        sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut database).await.unwrap()
    };
    let before = number().await;
    let mut writer = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("UPDATE seal_authorities SET list_until = 0 WHERE list_until IS NOT NULL")
        .execute(&mut writer)
        .await
        .unwrap();
    eventually("a new list", async || (number().await > before).then_some(())).await;
}
