//! From a draft to what decides, and back: who may do it, and what is on record.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::path::PathBuf;

use serde_json::{Value, json};
use support::{Place, Plugin, Reply, eventually};

/// Closes one scenario. The cases of the policies in force hold still.
const CLOSED: &str = "@id(\"closed-for-repair\")\nforbid (\n  principal in Plugin::\"441802-test/hello\",\n  action == \
                      Action::\"scenario:invoke\",\n  resource\n);\n";

/// A host with `hello`, and a second security administrator whose token lies beside the first one's.
fn start() -> (Place, Plugin) {
    let place = Place::start();
    let hello = Plugin::fixture("hello");
    place.install(&hello);
    place.zt_as("security", &["user", "add", "wang", "--kind", "officer", "--role", "security"]);
    let token = place.zt_as("security", &["user", "token", "wang", "--scope", "admin"]);
    std::fs::write(place.host.data().join("wang.token"), token).unwrap();
    (place, hello)
}

/// The texts in force in a folder, to be changed.
fn draft(place: &Place, name: &str) -> PathBuf {
    let folder = place.dir.path().join(name);
    place.zt_as("security", &["policy", "pull", folder.to_str().unwrap()]);
    folder
}

fn closing(place: &Place, name: &str) -> PathBuf {
    let folder = draft(place, name);
    std::fs::write(folder.join("scenario/closed.cedar"), CLOSED).unwrap();
    folder
}

fn propose(place: &Place, folder: &std::path::Path) -> String {
    place.zt_as("security", &["policy", "propose", folder.to_str().unwrap(), "--reason", "the gateway is repaired"])
}

async fn answers(place: &Place, hello: &Plugin, status: u16) {
    eventually("the answer", async || (place.get(&hello.path("/")).await.status == status).then_some(())).await;
}

#[tokio::test]
async fn a_draft_is_proved_approved_by_another_put_in_force_and_taken_back() {
    let (place, hello) = start();
    let told = propose(&place, &closing(&place, "draft"));
    assert!(told.contains("Another security administrator approves it: zt policy approve 2"), "{told}");
    let own = place.refused_as("security", &["policy", "approve", "2"]);
    assert!(own.contains("somebody else must approve it"), "{own}");
    let early = place.refused_as("wang", &["policy", "activate", "2"]);
    assert!(early.contains("version 2 is proposed, not approved"), "{early}");
    place.zt_as("wang", &["policy", "approve", "2"]);
    answers(&place, &hello, 200).await;
    place.zt_as("security", &["policy", "activate", "2"]);
    answers(&place, &hello, 403).await;

    let denied = place.get(&hello.path("/")).await;
    let record = place.audit(&format!("{}/0", denied.header("x-request-id"))).await;
    assert_eq!(record["reasons"], json!(["closed-for-repair"]), "{record}");
    let why = place.zt_as("security", &["policy", "explain", record["reference"].as_str().unwrap()]);
    assert!(why.contains("closed-for-repair"), "{why}");

    place.zt_as("wang", &["policy", "rollback", "--reason", "the repair is done"]);
    answers(&place, &hello, 200).await;
    let history = place.zt_as("auditor", &["policy", "history"]);
    let lines: Vec<_> = history.lines().collect();
    assert!(lines[1].starts_with("2        replaced") && lines[1].contains("proved  security"), "{history}");
    assert!(lines[1].contains("wang") && lines[2].starts_with("1        in force"), "{history}");
    let acts = support::json_lines(&place.host.audit());
    for action in ["policy:propose", "policy:approve", "policy:activate", "policy:rollback"] {
        let outcomes: Vec<_> =
            acts.iter().filter(|act| act["action"] == action).map(|act| act["outcome"].clone()).collect();
        assert!(outcomes.contains(&json!("begun")) && outcomes.contains(&json!("ok")), "{action}: {outcomes:?}");
    }
}

#[tokio::test]
async fn what_grants_something_new_needs_a_reason_from_who_approves_it() {
    let (place, _hello) = start();
    let folder = draft(&place, "draft");
    let file = folder.join("credit/credit.cedar");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("principal.subject.assurance >= 2", "principal.subject.assurance >= 1"))
        .unwrap();
    let broken = place.refused_as("security", &["policy", "propose", folder.to_str().unwrap(), "--reason", "x"]);
    assert!(broken.contains("cases fail"), "a draft must keep its own cases: {broken}");
    std::fs::remove_dir_all(folder.join("credit/tests")).unwrap();
    let told = propose(&place, &folder);
    assert!(told.contains("NEW ACCESS") && told.contains("credit:read-detail"), "{told}");
    let silent = place.refused_as("wang", &["policy", "approve", "2"]);
    assert!(silent.contains("not proved to grant nothing new (counterexample)"), "{silent}");
    place.zt_as("wang", &["policy", "approve", "2", "--reason", "ordered by the bureau"]);
    let version: Value = serde_json::from_str(&place.zt_as("security", &["--json", "policy", "history"])).unwrap();
    let approval = version[0]["events"].as_array().unwrap().iter().find(|event| event["act"] == "approve").unwrap();
    assert_eq!((&approval["actor"], &approval["reason"]), (&"wang".into(), &"ordered by the bureau".into()));
}

#[tokio::test]
async fn a_draft_made_from_an_older_version_is_stale_and_one_that_does_not_validate_is_refused_with_its_line() {
    let (place, hello) = start();
    propose(&place, &closing(&place, "one"));
    let two = closing(&place, "two");
    std::fs::write(two.join("scenario/note.cedar"), CLOSED.replace("closed-for-repair", "closed-again")).unwrap();
    propose(&place, &two);
    for version in ["2", "3"] {
        place.zt_as("wang", &["policy", "approve", version]);
    }
    place.zt_as("wang", &["policy", "activate", "2"]);
    answers(&place, &hello, 403).await;
    let stale = place.refused_as("wang", &["policy", "activate", "3"]);
    assert!(stale.contains("made from version 1, but version 2 is in force"), "{stale}");

    let bad = draft(&place, "bad");
    std::fs::write(bad.join("scenario/bad.cedar"), "// one\npermit (principal, action, resource) when { nonsense };\n")
        .unwrap();
    let arguments = ["policy", "propose", bad.to_str().unwrap(), "--reason", "x"];
    let refused = place.refused_as("security", &arguments);
    assert!(refused.contains("scenario/bad.cedar:2"), "{refused}");
    let huge = draft(&place, "huge");
    std::fs::write(huge.join("scenario/huge.cedar"), format!("// {}\n", "x".repeat(5 << 20))).unwrap();
    let refused = place.refused_as("security", &["policy", "propose", huge.to_str().unwrap(), "--reason", "x"]);
    assert!(refused.contains("bytes together, more than"), "{refused}");
}

#[tokio::test]
async fn none_of_the_three_administrators_does_anothers_acts() {
    let (place, hello) = start();
    for (who, arguments) in [
        ("operator", &["policy", "rollback", "--reason", "x"][..]),
        ("auditor", &["policy", "rollback", "--reason", "x"]),
        ("operator", &["policy", "approve", "1"]),
        ("security", &["plugin", "list"]),
        ("auditor", &["plugin", "list"]),
        ("security", &["grant", "add", &hello.scenario, "notify"]),
        ("security", &["setting", "set", &hello.scenario, "a", "b"]),
        ("auditor", &["data", "import", "credit", "x.csv"]),
        ("operator", &["audit", "list"]),
        ("security", &["audit", "list"]),
        ("operator", &["user", "add", "mole", "--kind", "officer", "--role", "auditor"]),
        ("security", &["user", "add", "mole", "--kind", "officer"]),
        ("operator", &["user", "token", "wang", "--scope", "admin"]),
        ("operator", &["user", "disable", "wang"]),
    ] {
        if arguments[0] == "data" {
            std::fs::write(place.dir.path().join("x.csv"), "").unwrap();
        }
        let mut command = place.host.command_as(who, arguments);
        let output = command.current_dir(place.dir.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{who} {arguments:?}: {}", support::printed(&output));
        let told = support::printed(&output);
        assert!(told.contains("of an account with the role") || told.contains("looked after by"), "{who}: {told}");
    }
    let both = ["user", "add", "both", "--kind", "officer", "--role", "operator", "--role", "security"];
    assert!(place.refused_as("operator", &both).contains("one of the roles"));
    assert!(place.zt_as("auditor", &["audit", "list", "--limit", "1"]).starts_with("{\"number\":0"));
}

#[tokio::test]
async fn an_edited_file_is_not_in_force_until_it_was_proposed() {
    let place = Place::start_with(|setup, dir| {
        support::copy(&zhongtai_e2e::repository().join("policies"), &dir.join("policies"));
        setup.policies = vec![dir.join("policies")];
    });
    let hello = Plugin::fixture("hello");
    place.install(&hello);
    std::fs::write(place.dir.path().join("policies/scenario/closed.cedar"), CLOSED).unwrap();
    let setup = place.host.setup().clone();
    let Place { host, dir, http } = place;
    host.terminate().unwrap();
    let host = zhongtai_e2e::Host::start(&setup).unwrap();
    let place = Place { host, dir, http };
    assert_eq!(place.get(&hello.path("/")).await.status, 200);
    assert!(place.host.log().contains("propose them with `zt policy propose`"));
}

#[tokio::test]
async fn a_draft_is_asked_what_was_asked_before_and_what_is_asked_now() {
    let (place, hello) = start();
    for _ in 0..5 {
        assert_eq!(place.get(&hello.path("/")).await.status, 200);
    }
    let folder = closing(&place, "draft");
    let replayed = place.zt_as("security", &["policy", "replay", folder.to_str().unwrap(), "--days", "1"]);
    assert!(replayed.starts_with("5 decisions replayed: 5 would flip"), "{replayed}");
    propose(&place, &folder);
    place.zt_as("security", &["policy", "shadow", "2"]);
    for _ in 0..3 {
        assert_eq!(place.get(&hello.path("/")).await.status, 200, "a draft in shadow decides nothing");
    }
    eventually("the differences", async || {
        let report: Value = serde_json::from_str(&place.zt_as("auditor", &["--json", "policy", "shadow"])).unwrap();
        (report["shadow"]["compared"] == 3 && report["shadow"]["flips"][0]["count"] == 3).then_some(())
    })
    .await;
    place.zt_as("security", &["policy", "shadow", "--end"]);
    assert!(place.refused_as("security", &["policy", "shadow"]).contains("there is no draft in shadow"));
}

#[tokio::test]
async fn the_log_is_checked_elsewhere_and_one_changed_byte_is_found_by_its_record() {
    let (place, hello) = start();
    let id = place.get(&hello.path("/")).await.header("x-request-id").to_owned();
    let number = place.audit(&format!("{id}/0")).await["number"].to_string();
    let keys = place.dir.path().join("keys");
    std::fs::write(&keys, place.zt_as("auditor", &["audit", "keys"])).unwrap();
    let (copy, keys) = (place.dir.path().join("copy"), keys.to_str().unwrap());
    place.zt_as("auditor", &["audit", "export", copy.to_str().unwrap()]);
    place.zt_as("auditor", &["audit", "verify", copy.to_str().unwrap(), "--keys", keys]);

    let proof = place.dir.path().join("proof.json");
    std::fs::write(&proof, place.zt_as("auditor", &["audit", "prove", &number])).unwrap();
    let told = place.zt_as("auditor", &["audit", "verify", proof.to_str().unwrap(), "--keys", keys]);
    assert!(told.contains(&format!("record {number} is in the log")) && told.contains(&id), "{told}");

    let file = copy.join("audit-00000000000000000000.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace(&id, &id.replace(&id[25..], if id.ends_with('0') { "1" } else { "0" })))
        .unwrap();
    let found = place.refused_as("auditor", &["audit", "verify", copy.to_str().unwrap(), "--keys", keys]);
    assert!(found.contains(&number) && found.contains("the log is not as it was signed"), "{found}");
}

#[tokio::test]
async fn a_person_sees_who_read_the_own_data_and_nobody_elses() {
    let place = Place::start();
    let hello = Plugin::fixture("hello");
    place.install(&hello);
    let mut tokens = Vec::new();
    for login in ["zhang", "li"] {
        place.add_user(login, &["--kind", "natural-person"]);
        tokens.push(place.token(login, &[]));
    }
    let get = |path: String, token: &str| Reply::of(place.http.get(path).bearer_auth(token));
    let asked = get(place.public(&hello.path("/credit/91350100M000100Y43")), &tokens[0]).await;
    place.audit(&format!("{}/1", asked.header("x-request-id"))).await;
    let own: Value = serde_json::from_str(&get(place.public("/api/v1/me/readings"), &tokens[0]).await.body).unwrap();
    let actions: Vec<_> =
        own["readings"].as_array().unwrap().iter().map(|reading| reading["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["credit:check", "scenario:invoke"], "{own}");
    assert_eq!(
        (&own["readings"][0]["purpose"], &own["readings"][0]["department"]),
        (&"bench".into(), &"441802-test".into())
    );
    let other: Value = serde_json::from_str(&get(place.public("/api/v1/me/readings"), &tokens[1]).await.body).unwrap();
    assert_eq!(other["readings"], json!([]));
    assert_eq!(place.get("/api/v1/me/readings").await.status, 401);
}
