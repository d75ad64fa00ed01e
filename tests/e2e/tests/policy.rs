//! Policies are files: what they say is what happens.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::path::PathBuf;

use support::{Place, Plugin, Reply, answering, copy, eventually, manifest};
use zhongtai_e2e::repository;

/// A host with policies of its own, `hello` deployed; the folder of its policies.
fn start() -> (Place, Plugin, PathBuf) {
    let place = Place::start_with(|setup, dir| {
        copy(&repository().join("policies"), &dir.join("policies"));
        setup.policies = vec![dir.join("policies")];
        setup.follow_files = true;
    });
    let hello = Plugin::fixture("hello");
    place.install(&hello);
    let policies = place.dir.path().join("policies");
    (place, hello, policies)
}

#[tokio::test]
async fn an_edited_policy_is_in_force_within_two_seconds_and_its_denials_are_on_record() {
    let (place, hello, policies) = start();
    assert_eq!(place.get(&hello.path("/")).await.status, 200);
    let before = place.audit(&format!("{}/0", place.get(&hello.path("/")).await.header("x-request-id"))).await;
    let file = policies.join("scenario/closed.cedar");
    std::fs::write(
        &file,
        "@id(\"closed-for-repair\")\nforbid (principal, action == Action::\"scenario:invoke\", resource);\n",
    )
    .unwrap();
    let denied = eventually("the denial", async || {
        let reply = place.get(&hello.path("/")).await;
        (reply.status != 200).then_some(reply)
    })
    .await;
    let problem = denied.scenario_problem(403, "access-denied");
    let reference = format!("{}/0", denied.header("x-request-id"));
    assert!(problem["detail"].as_str().unwrap().contains(&reference), "{problem}");
    assert!(!denied.body.contains("closed-for-repair"), "the public learns the reference, not the policy");
    let record = place.audit(&reference).await;
    assert_eq!((&record["effect"], &record["reasons"]), (&"deny".into(), &serde_json::json!(["closed-for-repair"])));
    assert_ne!(record["policy"], before["policy"], "another set of policies has another hash");

    std::fs::remove_file(file).unwrap();
    eventually("it is open again", async || (place.get(&hello.path("/")).await.status == 200).then_some(())).await;
    let after = place.audit(&format!("{}/0", place.get(&hello.path("/")).await.header("x-request-id"))).await;
    assert_eq!(after["policy"], before["policy"], "the same set has the same hash");
}

#[tokio::test]
async fn a_denied_read_inside_a_scenario_is_on_record_with_the_guardrail_that_denied_it() {
    let (place, hello, policies) = start();
    let file = policies.join("credit/credit.cedar");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("when { principal.purposes.contains(context.purpose) }", "when { false }"))
        .unwrap();
    let path = hello.path("/credit/91350100M000100Y43");
    let denied = eventually("the denial", async || {
        let reply = place.get(&path).await;
        (reply.status != 200).then_some(reply)
    })
    .await;
    assert_eq!(denied.status, 403, "{denied:?}");
    let record = place.audit(&format!("{}/1", denied.header("x-request-id"))).await;
    assert_eq!((&record["action"], &record["effect"]), (&"credit:check".into(), &"deny".into()));
    assert_eq!(record["reasons"], serde_json::json!([]), "nothing permits it");
    assert_eq!(place.get(&hello.path("/")).await.status, 200, "the scenario itself is open");
}

#[tokio::test]
async fn a_policy_that_does_not_parse_or_validate_is_logged_with_its_line_and_changes_nothing() {
    let (place, hello, policies) = start();
    for (name, text, line) in [
        ("syntax.cedar", "// one\n@id(\"broken\")\nforbid (principal, action, resource\n", "syntax.cedar:"),
        (
            "type.cedar",
            "// one\n// two\n@id(\"broken\")\nforbid (principal, action == Action::\"scenario:invoke\", resource) when { resource.colour == \"red\" };\n",
            "type.cedar:4",
        ),
    ] {
        let file = policies.join("scenario").join(name);
        std::fs::write(&file, text).unwrap();
        let told = eventually("the complaint", async || {
            let log = place.log();
            let told = |line: &&serde_json::Value| {
                line["message"].as_str().unwrap_or_default().contains("the active set stays")
                    && line["error"].as_str().unwrap_or_default().contains(name)
            };
            log.iter().find(told).cloned()
        })
        .await;
        assert!(told["error"].as_str().unwrap().contains(line), "{told}");
        assert_eq!(place.get(&hello.path("/")).await.status, 200, "the old set is in force");
        std::fs::remove_file(file).unwrap();
    }
    // A folder without any policy denies nothing either: it is not put in force.
    std::fs::rename(&policies, policies.with_extension("away")).unwrap();
    eventually("the complaint", async || place.host.log().contains("/policies").then_some(())).await;
    assert_eq!(place.get(&hello.path("/")).await.status, 200);
}

#[tokio::test]
async fn a_host_does_not_start_without_sound_policies() {
    let dir = tempfile::tempdir().unwrap();
    copy(&repository().join("policies"), &dir.path().join("policies"));
    std::fs::write(dir.path().join("policies/scenario/broken.cedar"), "permit (").unwrap();
    let mut setup = Place::setup(&dir);
    setup.policies = vec![dir.path().join("policies")];
    let error = zhongtai_e2e::Host::start(&setup).expect_err("no host").to_string();
    assert!(error.contains("the policies can't be put in force") && error.contains("broken.cedar"), "{error}");
}

#[tokio::test]
async fn a_scenario_for_officers_refuses_everybody_else() {
    let place = Place::start();
    let deploy = |access: &str| {
        let text = manifest(access, "0.1.0", access, "");
        let plugin = Plugin::with_manifest(place.dir.path(), access, &text, &answering("inside"));
        place.deploy(&plugin, &[]);
        plugin.path("/")
    };
    let (officer, signed_in, public) = (deploy("officer"), deploy("signed-in"), deploy("public"));
    place.add_user("citizen", &["--kind", "natural-person", "--assurance", "high"]);
    place.add_user("company", &["--kind", "legal-person"]);
    place.add_user("li", &["--kind", "officer", "--department", "441802-test"]);
    let [citizen, company, li] = ["citizen", "company", "li"].map(|login| place.token(login, &[]));
    for (path, nobody, person, legal, desk) in
        [(&officer, 403, 403, 403, 200), (&signed_in, 403, 200, 200, 200), (&public, 200, 200, 200, 200)]
    {
        let anonymous = place.get(path).await;
        assert_eq!(anonymous.status, nobody, "{path}: {anonymous:?}");
        for (token, status) in [(&citizen, person), (&company, legal), (&li, desk)] {
            let reply = Reply::of(place.http.get(place.public(path)).bearer_auth(token)).await;
            assert_eq!(reply.status, status, "{path}: {reply:?}");
            if status == 403 {
                reply.scenario_problem(403, "access-denied");
            } else {
                assert_eq!(reply.body, "inside");
            }
        }
    }
    let reply = Reply::of(place.http.get(place.public(&officer)).bearer_auth(&li)).await;
    let record = place.audit(&format!("{}/0", reply.header("x-request-id"))).await;
    assert_eq!(record["reasons"], serde_json::json!(["scenario-officer"]));
    assert!(record["subject"].as_str().is_some(), "the account is on record: {record}");
}
