//! Public credit in a real host: files, rules, what a guest is told, and the life of a record over REST and the command
//! line.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::path::PathBuf;

use serde_json::{Value, json};
use support::{Place, Plugin, Reply, eventually};

const COMPANY: &str = "91350100M000100Y43";
const OTHER: &str = "11320000MB151840XJ";
const WANG: &str = "11010519491231002X";

const CSV: &str = "id,code,person,category,gravity,source,department,since,until,detail\n\
    1,91350100M000100Y43,,penalty,serious,住建局,441802-test,2025-01-01,,未恢复路面\n\
    2,,11010519491231002X,commitment,,住建局,441802-test,2025-01-01,,承诺不实\n";

/// A host with the guest that has a route for every call, and people: `company` and `wang` are whom the records are
/// about, `gong` publishes, `chief` decides, `li` inspects, `chen` is a chief of another department.
struct Bureau {
    place: Place,
    plugin: Plugin,
}

impl Bureau {
    fn open() -> Self {
        Self::open_with("")
    }

    fn open_with(credit: &str) -> Self {
        let place = Place::start_with(|setup, _| setup.config.push_str(credit));
        let plugin = Plugin::fixture("promises");
        place.install(&plugin);
        let bureau = Self { place, plugin };
        let sure = ["--assurance", "substantial"];
        let officer = ["--kind", "officer", "--department", "441802-test", "--clearance", "3"];
        bureau.person("gong", &[&officer[..], &sure, &["--role", "credit-publisher"]].concat());
        bureau.person("chief", &[&officer[..], &sure, &["--role", "section-chief"]].concat());
        bureau.person("li", &[&officer[..], &sure].concat());
        let other = ["--kind", "officer", "--department", "441802-other", "--clearance", "4"];
        bureau.person("chen", &[&other[..], &sure, &["--role", "section-chief"]].concat());
        let (code, id) = (format!("credit-code={COMPANY}"), format!("resident-id={WANG}"));
        bureau.person("company", &[&["--kind", "legal-person", "--set", &code], &sure[..]].concat());
        bureau.person("wang", &[&["--kind", "natural-person", "--set", &id], &sure[..]].concat());
        bureau
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

    /// `zt` as somebody; its exit code and what it printed.
    fn zt(&self, who: &str, arguments: &[&str]) -> (i32, String) {
        let output = self.place.host.command_as(who, arguments).output().unwrap();
        (output.status.code().unwrap(), support::printed(&output))
    }

    fn import(&self, name: &str, content: impl AsRef<[u8]>, more: &[&str]) -> (i32, String) {
        let file = self.file(name, content);
        self.zt("operator", &[&["credit", "import", file.to_str().unwrap()], more].concat())
    }

    /// Asks the guest as somebody, or as nobody: `ok` or `error`.
    async fn guest(&self, who: &str, path: &str, body: &Value) -> Value {
        let url = self.place.public(&self.plugin.path(path));
        let reply = Reply::of(self.signed(who, &url, body)).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.json()
    }

    /// Asks the public API as somebody, or as nobody.
    async fn api(&self, who: &str, path: &str, body: &Value) -> Reply {
        Reply::of(self.signed(who, &self.place.public(&format!("/api/v1/credit/{path}")), body)).await
    }

    fn signed(&self, who: &str, url: &str, body: &Value) -> reqwest::RequestBuilder {
        let http = &self.place.http;
        let request = if body.is_null() { http.get(url) } else { http.post(url).json(body) };
        if who.is_empty() { request } else { request.bearer_auth(self.place.data(&format!("{who}.token")).trim()) }
    }

    /// The id of the only record about somebody.
    async fn own(&self, who: &str) -> String {
        let mine = self.api(who, "records", &Value::Null).await.json();
        assert_eq!(mine.as_array().unwrap().len(), 1, "{mine}");
        mine[0]["id"].as_str().unwrap().to_owned()
    }

    async fn standing(&self) -> String {
        let told = self.guest("", &format!("/check/{COMPANY}/road-repair"), &Value::Null).await;
        told["ok"]["standing"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned()
    }

    /// Waits until a check says so: what is at hand is a second old at most.
    async fn stands(&self, standing: &str) {
        eventually(standing, async || (self.standing().await == standing).then_some(())).await;
    }
}

fn text(text: &str, once: &str) -> Value {
    json!({ "text": text, "idempotency_key": once })
}

#[tokio::test]
async fn a_file_is_imported_once_and_its_bad_rows_are_told_without_their_values() {
    let bureau = Bureau::open();
    let bad = format!(
        "{CSV}3,{OTHER}9,,penalty,,住建局,,2025-01-01,,\n4,,110105194912310021,penalty,,住建局,,2025-01-01,,\n"
    );
    let (code, told) = bureau.import("bad.csv", &bad, &[]);
    assert!(code == 1 && told.contains("row 3: code: ") && told.contains("row 4: person: "), "{told}");
    assert!(told.contains("nothing was stored: 2 rows are bad; --skip-bad stores the others"), "{told}");
    assert!(!told.contains(OTHER) && !told.contains("110105194912310021"), "{told}");
    assert_eq!(bureau.standing().await, "clear");
    let (code, told) = bureau.import("bad.csv", &bad, &["--skip-bad"]);
    assert!(code == 0 && told.contains("2 stored (2 new, 0 changed, 0 as before), 2 rejected"), "{told}");
    bureau.stands("flagged").await;
    let (code, told) = bureau.import("bad.csv", &bad, &["--skip-bad"]);
    assert!(code == 0 && told.contains("nothing to do; --again imports it once more"), "{told}");
    let (gbk, _, _) = encoding_rs::GBK.encode(CSV);
    let (code, told) = bureau.import("gbk.csv", &gbk, &["--json"]);
    let report: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &report["encoding"], &report["unchanged"]), (0, &json!("gbk"), &json!(2)));
    let lines =
        format!(r#"{{"id":"9","code":"{OTHER}","category":"black-list","source":"法院","since":"2025-01-01"}}"#);
    let (code, told) = bureau.import("lines.jsonl", lines, &["--department", "441802-test"]);
    assert!(code == 0 && told.contains("1 stored (1 new"), "{told}");
    let (code, told) = bureau.import("none.csv", format!("1,{COMPANY},张三\n"), &[]);
    assert!(code == 1 && told.contains("the first line is no header") && !told.contains("张三"), "{told}");
    let (code, told) = bureau.zt("li", &["credit", "import", bureau.file("x.csv", CSV).to_str().unwrap()]);
    assert!(code == 1 && told.contains("of an account with the role"), "{told}");
}

#[tokio::test]
async fn a_guest_is_told_who_stands_how_by_which_rule_and_nothing_that_policy_hides() {
    let bureau = Bureau::open();
    bureau.import("a.csv", CSV, &[]);
    let check =
        async |who: &str, purpose: &str| bureau.guest(who, &format!("/check/{COMPANY}/{purpose}"), &Value::Null).await;
    let verdict = &check("", "road-repair").await["ok"];
    assert_eq!((&verdict["standing"], &verdict["measure"]), (&json!("flagged"), &json!("manual-review")));
    assert_eq!((&verdict["rule"], &verdict["masked"]), (&json!("0/person-looks"), &json!(false)));
    assert_eq!((&verdict["basis"][0]["gravity"], &verdict["stale"]), (&json!("serious"), &json!(false)));
    assert!(verdict["as_of"].as_str().unwrap().starts_with("20"), "{verdict}");
    assert_eq!(check("", "marketing").await["error"], "UndeclaredPurpose(\"marketing\")");

    let wang = json!({ "id": WANG });
    let person = async |who: &str| bureau.guest(who, "/person", &wang).await;
    assert_eq!(person("wang").await["ok"]["standing"], "flagged");
    assert_eq!(person("li").await["ok"]["basis"][0]["category"], "commitment");
    for nobody in ["", "company"] {
        let told = person(nobody).await;
        assert!(told["error"].as_str().unwrap().starts_with("Denied("), "{told}");
    }
    let uncleared = ["--kind", "officer", "--department", "441802-test", "--assurance", "substantial"];
    bureau.person("window", &uncleared);
    let masked = &person("window").await["ok"];
    assert_eq!((&masked["standing"], &masked["masked"]), (&json!("flagged"), &json!(true)));
    let hidden = json!({ "category": "***", "gravity": "***", "source": "***", "since": "***", "until": null });
    assert_eq!(masked["basis"], json!([hidden]));

    let detail = async |who: &str| bureau.guest(who, &format!("/records/{COMPANY}"), &Value::Null).await;
    assert_eq!(detail("li").await["ok"][0]["detail"], "未恢复路面");
    assert_eq!(detail("window").await["ok"][0]["detail"], "***");
    assert!(detail("company").await["error"].as_str().unwrap().starts_with("Denied("));

    let mine = bureau.guest("wang", "/mine/road-repair", &Value::Null).await;
    assert_eq!((&mine["ok"][0]["state"], &mine["ok"][0]["detail"]), (&json!("published"), &json!("承诺不实")));
    assert_eq!(bureau.guest("", "/mine/road-repair", &Value::Null).await["error"], "Anonymous");
    assert_eq!(bureau.guest("wang", "/mine/x", &Value::Null).await["error"], "UndeclaredPurpose(\"x\")");
    let log = bureau.place.host.log();
    let audit = std::fs::read_to_string(bureau.place.host.audit()).unwrap();
    for secret in [WANG, "未恢复路面", "承诺不实"] {
        assert!(!log.contains(secret) && !audit.contains(secret), "{secret}");
    }
    assert!(!audit.contains(COMPANY) && !log.contains(COMPANY));
}

#[tokio::test]
async fn a_subject_objects_an_officer_decides_and_a_fault_is_repaired() {
    let bureau = Bureau::open();
    bureau.import("a.csv", CSV, &[]);
    let id = bureau.own("company").await;
    assert_eq!(bureau.standing().await, "flagged");
    let path = format!("records/{id}/objections");
    bureau.api("", &path, &text("路面已恢复", "a")).await.problem(401, "unauthenticated");
    bureau.api("wang", &path, &text("路面已恢复", "a")).await.problem(403, "access-denied");
    bureau.api("company", "records/nonsense/objections", &text("x", "a")).await.problem(400, "invalid-value");
    bureau.api("company", &path, &text(" ", "a")).await.problem(400, "invalid-value");
    bureau.api("company", &path, &json!({ "text": "x" })).await.problem(400, "invalid-json");
    let filed = bureau.api("company", &path, &text("路面已恢复", "a")).await.json();
    assert_eq!((&filed["state"], &filed["holds"], &filed["overdue"]), (&json!("open"), &json!(true), &json!(false)));
    assert_eq!(bureau.api("company", &path, &text("路面已恢复", "a")).await.json()["id"], filed["id"]);
    bureau.api("company", &path, &text("路面已恢复", "b")).await.problem(409, "still-open");
    bureau.stands("clear").await;

    let petition = filed["id"].as_str().unwrap();
    let waiting = bureau.api("chief", "waiting", &Value::Null).await.json();
    assert_eq!(
        (&waiting["petitions"][0]["id"], &waiting["petitions"][0]["about"]["held"]),
        (&filed["id"], &json!(true))
    );
    assert_eq!(bureau.api("chen", "waiting", &Value::Null).await.json()["petitions"], json!([]));
    let decide = json!({ "outcome": "dismissed", "reason": "现场核查未恢复" });
    for who in ["company", "gong", "li", "chen"] {
        bureau.api(who, &format!("petitions/{petition}/decide"), &decide).await.problem(403, "access-denied");
    }
    let odd = json!({ "outcome": "perhaps", "reason": "x" });
    bureau.api("chief", &format!("petitions/{petition}/decide"), &odd).await.problem(400, "invalid-value");
    let (code, told) = bureau.zt("chief", &["credit", "decide", petition, "--dismiss", "--reason", "现场核查未恢复"]);
    assert!(code == 0 && told.contains("dismissed"), "{told}");
    bureau.api("chief", &format!("petitions/{petition}/decide"), &decide).await.problem(409, "already-decided");
    bureau.stands("flagged").await;

    let made_good = bureau.file("good.txt", "已于六月恢复并通过验收\n");
    let repair = ["credit", "repair", id.as_str(), made_good.to_str().unwrap()];
    let (code, told) = bureau.zt("company", &[&repair[..], &["--json"]].concat());
    let applied: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &applied["kind"], &applied["holds"]), (0, &json!("repair"), &json!(false)));
    let (_, again) = bureau.zt("company", &[&repair[..], &["--json"]].concat());
    assert_eq!(serde_json::from_str::<Value>(&again).unwrap()["id"], applied["id"], "the same text, the same one");
    let repair_id = applied["id"].as_str().unwrap();
    let (code, told) = bureau.zt("chief", &["credit", "decide", repair_id, "--uphold", "--reason", "整改到位"]);
    assert!(code == 0 && told.contains("upheld"), "{told}");
    bureau.stands("clear").await;
    let (code, told) = bureau.zt("company", &["credit", "history", &id]);
    let lines = ["recorded", "objection-filed", "objection-dismissed", "repair-filed", "repair-upheld"];
    assert!(code == 0 && lines.iter().all(|line| told.contains(line)) && told.contains("整改到位"), "{told}");
    assert!(bureau.zt("chen", &["credit", "history", &id]).1.contains("access denied"));
    assert!(bureau.zt("company", &["credit", "list"]).1.contains("repaired"));
    assert_eq!(bureau.zt("company", &["credit", "petitions"]).1.lines().count(), 3);
    let readable = bureau.place.log().iter().any(|line| line.to_string().contains("路面已恢复"));
    assert!(!readable, "what a subject writes is in no log");
}

#[tokio::test]
async fn a_broken_promise_is_reported_by_its_scenario_and_published_by_an_officer() {
    let bureau = Bureau::open();
    let handle = bureau.guest("company", "/handle", &Value::Null).await;
    let promise = |case: &str, once: &str| json!({ "who": { "subject": handle }, "case": case, "detail": "承诺三日恢复，查验未恢复", "once": once });
    let told = bureau.guest("company", "/report", &promise("WJ-1", "a")).await;
    assert!(told["error"].as_str().unwrap().starts_with("Denied("), "{told}");
    let told = bureau.guest("li", "/report", &promise("WJ-1", "a")).await;
    let id = told["ok"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned();
    assert_eq!(bureau.guest("li", "/report", &promise("WJ-1", "a")).await["ok"], id, "once");
    assert_eq!(bureau.guest("li", "/report", &promise("WJ-2", "a")).await["error"], "KeyReused");
    for (changes, expected) in [
        (json!({ "case": "张三的办件" }), "Invalid(\"case: expected"),
        (json!({ "detail": "" }), "Invalid(\"detail: expected"),
        (json!({ "found_on": "2999-01-01" }), "Invalid(\"found-on: expected today"),
        (json!({ "found_on": "soon" }), "Invalid(\"found-on: expected a day"),
        (json!({ "who": { "subject": "made-up" } }), "Invalid(\"who: expected"),
        (json!({ "once": "" }), "Invalid(\"idempotency key: expected"),
    ] {
        let mut wrong = promise("WJ-3", "b");
        changes.as_object().unwrap().iter().for_each(|(name, value)| wrong[name] = value.clone());
        let told = bureau.guest("li", "/report", &wrong).await;
        assert!(told["error"].as_str().unwrap().starts_with(expected), "{told}");
    }
    assert_eq!(bureau.standing().await, "clear", "not before somebody looked at it");
    assert!(bureau.zt("gong", &["credit", "list", "--waiting"]).1.contains(&id));
    assert!(bureau.zt("chief", &["credit", "publish", &id, "--reason", "x"]).1.contains("access denied"));
    let (code, told) = bureau.zt("gong", &["credit", "publish", &id, "--reason", "查证属实"]);
    assert!(code == 0 && told.contains("published"), "{told}");
    bureau.stands("flagged").await;
    bureau
        .api("gong", &format!("records/{id}/publish"), &json!({ "reason": "x" }))
        .await
        .problem(409, "not-allowed-while");
    let early = bureau.guest("company", &format!("/{id}/repair"), &json!({ "text": "已恢复", "once": "a" })).await;
    assert!(early["error"].as_str().unwrap().starts_with("TooEarly("), "{early}");
    let filed = bureau.guest("company", &format!("/{id}/objection"), &json!({ "text": "已恢复", "once": "a" })).await;
    assert_eq!(filed["ok"]["holds"], true, "{filed}");
    bureau.stands("clear").await;
    let petitions = bureau.guest("company", "/petitions", &Value::Null).await;
    assert_eq!(petitions["ok"][0]["id"], filed["ok"]["id"]);
    let (code, told) = bureau.zt("gong", &["credit", "withdraw", &id, "--reason", "重复上报"]);
    assert!(code == 0 && told.contains("withdrawn"), "{told}");
    let petitions = bureau.guest("company", "/petitions", &Value::Null).await;
    assert_eq!(petitions["ok"][0]["reason"], "the record was withdrawn");
}

#[tokio::test]
async fn rules_are_tried_at_home_and_put_in_force_by_an_operator() {
    let bureau = Bureau::open();
    bureau.import("a.csv", CSV, &[]);
    assert_eq!(bureau.standing().await, "flagged");
    let (code, shown) = bureau.zt("operator", &["credit", "rules", "show"]);
    assert!(code == 0 && shown.starts_with("# version 0\n") && shown.contains("[[row]]"), "{shown}");
    let strict = shown.replace("standing = \"flagged\"", "standing = \"barred\"");
    let file = bureau.file("rules.toml", &strict);
    let file = file.to_str().unwrap();
    let (code, told) = bureau.zt("nobody-at-all", &["credit", "rules", "test", file]);
    assert!(code == 0 && told.contains("4 rows, 4 tests hold"), "no host is needed: {told}");
    let shadowed = "[[row]]\nid = \"never\"\ncategories = [\"penalty\"]\nstanding = \"clear\"\n\n[[test]]\n";
    let broken = bureau.file("broken.toml", strict.replacen("[[test]]\n", shadowed, 1));
    let broken = broken.to_str().unwrap();
    let (code, told) = bureau.zt("nobody-at-all", &["credit", "rules", "test", broken]);
    assert!(code == 1 && told.contains("`never`: the row can never decide"), "{told}");
    let put = |who: &str, file: &str| bureau.zt(who, &["credit", "rules", "put", file, "--reason", "市里统一"]);
    let (code, told) = put("operator", broken);
    assert!(code == 1 && told.contains("`never`: the row can never decide"), "{told}");
    assert!(put("security", file).1.contains("of an account with the role"));
    let (code, told) = put("operator", file);
    assert!(code == 0 && told.contains("version 1 is in force"), "{told}");
    assert_eq!(bureau.standing().await, "barred");
    let verdict = bureau.guest("", &format!("/check/{COMPANY}/road-repair"), &Value::Null).await;
    assert_eq!(verdict["ok"]["rule"], "1/person-looks");
    assert!(put("operator", file).1.contains("version 1 has the same text: nothing to do"));
    assert!(bureau.zt("operator", &["credit", "rules", "list"]).1.contains("市里统一"));
    assert!(bureau.zt("operator", &["credit", "rules", "show", "0"]).1.contains("flagged"));
    assert!(bureau.zt("operator", &["credit", "rules", "show", "9"]).1.contains("there is no such version"));
}
