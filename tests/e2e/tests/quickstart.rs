//! What a developer types first, with the real `zt` outside the repository, and what stays behind in the audit log.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use support::{Place, Plugin, Reply, eventually, note_box, printed};
use zhongtai_kernel::Digest;

const SCENARIO: &str = "441802-test/note-box";

/// `zt plugin call`: the status and request id it tells on standard error, and the body.
fn call(place: &Place, arguments: &[&str]) -> (String, String, String) {
    let output = place.host.command(&[&["plugin", "call", SCENARIO], arguments].concat()).output().unwrap();
    assert!(output.status.success(), "{}", printed(&output));
    let told = String::from_utf8(output.stderr).unwrap();
    let (status, id) = told.trim().rsplit_once("  ").unwrap();
    (status.to_owned(), id.to_owned(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn a_developer_gets_from_nothing_to_an_answering_scenario_and_back() {
    let place = Place::start();
    let folder = note_box(place.dir.path());
    let folder = folder.to_str().unwrap();

    let refusal = place.refused(&["plugin", "deploy", folder]);
    assert!(
        refusal.contains("`zhongtai:keyvalue/store@0.1.0` is imported, but `keyvalue` is not granted"),
        "{refusal}"
    );
    assert!(refusal.contains(&format!("zt grant add {SCENARIO} keyvalue")), "{refusal}");
    place.get(&format!("/s/{SCENARIO}/")).await.scenario_problem(404, "not-found");

    place.zt(&["grant", "add", SCENARIO, "keyvalue"]);
    let deployed = place.zt(&["plugin", "deploy", folder]);
    assert!(deployed.contains("deployed 441802-test/note-box 0.1.0"), "{deployed}");

    let (status, request, note) = call(&place, &["/notes", "-X", "POST", "--data", r#"{"text":"你好"}"#]);
    let note: serde_json::Value = serde_json::from_str(&note).unwrap();
    assert_eq!((status.as_str(), &note["text"]), ("201 Created", &"你好".into()));
    let (_, _, read) = call(&place, &[&format!("/notes/{}", note["number"].as_str().unwrap())]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&read).unwrap(), note);

    let list = place.zt(&["plugin", "list"]);
    assert!(list.lines().any(|line| line.starts_with(SCENARIO) && line.contains("100 %")), "{list}");
    let logs = place.zt(&["plugin", "logs", SCENARIO]);
    let line = logs.lines().find(|line| line.contains("note left")).unwrap_or_else(|| panic!("{logs}"));
    assert!(line.contains(&request) && line.contains("count=1"), "{line}");

    assert_eq!(place.get(&format!("/s/{SCENARIO}/")).await.body, "你好! 1 notes so far.");
    place.zt(&["setting", "set", SCENARIO, "greeting", "欢迎"]);
    assert_eq!(place.get(&format!("/s/{SCENARIO}/")).await.body, "欢迎! 1 notes so far.");
    place.zt(&["setting", "unset", SCENARIO, "greeting"]);
    assert_eq!(place.get(&format!("/s/{SCENARIO}/")).await.body, "你好! 1 notes so far.");

    place.zt(&["plugin", "remove", SCENARIO]);
    place.get(&format!("/s/{SCENARIO}/")).await.scenario_problem(404, "not-found");
    assert!(place.refused(&["plugin", "remove", SCENARIO]).contains("is not deployed"));
}

#[tokio::test]
async fn every_decision_is_on_record_with_its_reasons_policy_request_and_component() {
    let place = Place::start();
    let hello = Plugin::fixture("hello");
    place.install(&hello);
    let reply = place.get(&hello.path("/credit/91350100M000100Y43")).await;
    assert_eq!(reply.status, 200, "{reply:?}");

    let component = Digest::of(&std::fs::read(&hello.component).unwrap()).to_string();
    let id = reply.header("x-request-id");
    let invoked = place.audit(&format!("{id}/0")).await;
    let checked = place.audit(&format!("{id}/1")).await;
    assert_eq!((&invoked["action"], &checked["action"]), (&"scenario:invoke".into(), &"credit:check".into()));
    assert_eq!(invoked["reasons"], serde_json::json!(["scenario-public"]));
    assert_eq!(checked["reasons"], serde_json::json!(["credit-verdict-for-declared-purpose"]));
    assert_eq!(checked["purpose"], "bench");
    let records = support::json_lines(&place.host.audit());
    for record in [&invoked, &checked] {
        assert_eq!((&record["event"], &record["effect"]), (&"decision".into(), &"allow".into()), "{record}");
        assert_eq!(record["scenario"], "441802-test/hello");
        let caller = &records[record["caller"].as_u64().unwrap() as usize];
        assert_eq!((&caller["event"], &caller["component"]), (&"caller".into(), &component.as_str().into()));
        assert_eq!(record["policy"].as_str().map(str::len), Some("sha256:".len() + 64), "{record}");
    }
    assert_eq!(invoked["policy"], checked["policy"]);
}

#[tokio::test]
async fn what_an_operator_does_is_on_record_before_it_is_done() {
    let place = Place::start();
    let hello = Plugin::fixture("hello");
    place.install(&hello);
    place.zt(&["plugin", "remove", &hello.scenario]);
    let acts = support::json_lines(&place.host.audit());
    let of = |action: &str| acts.iter().find(|act| act["action"] == action).unwrap_or_else(|| panic!("{action}"));
    for (action, target) in [
        ("grant:add", "441802-test/hello credit"),
        ("release:deploy", "441802-test/hello sha256:"),
        ("release:remove", "441802-test/hello"),
    ] {
        let act = of(action);
        assert!(act["target"].as_str().unwrap().starts_with(target), "{act}");
        assert_eq!((&act["event"], &act["outcome"]), (&"act".into(), &"begun".into()));
        assert_eq!(act["actor"], of("grant:add")["actor"], "the operator's account");
    }
}

#[tokio::test]
async fn the_host_answers_health_checks_and_counts_requests_on_both_sides_of_the_firewall() {
    let place = Place::start();
    for listener in [&place.host.public, &place.host.admin] {
        for path in ["healthz", "readyz"] {
            let reply = Reply::of(place.http.get(format!("{listener}/{path}"))).await;
            assert_eq!((reply.status, reply.body.as_str()), (200, "ok\n"), "{listener}/{path}");
        }
    }
    let hello = Plugin::fixture("hello");
    place.install(&hello);
    assert_eq!(place.get(&hello.path("/")).await.body, "hello");
    eventually("the request in the metrics", async || {
        let metrics = Reply::of(place.http.get(format!("{}/metrics", place.host.admin))).await.body;
        let counted = metrics.lines().find(|line| {
            line.starts_with("zhongtai_responses_total{") && line.contains("hello") && line.ends_with(" 1")
        });
        counted.map(drop)
    })
    .await;
    assert_eq!(place.get("/metrics").await.status, 404, "figures are not for the public");
}
