//! Two hosts on one PostgreSQL database: what is done through one holds on the other.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use serde_json::json;
use support::{Place, Plugin, Reply, answering, eventually, note_box};
use zhongtai_store::testing;

const SCENARIO: &str = "441802-test/note-box";

/// Two hosts; the second has the first one's platform key, as every host of a database must.
fn two_hosts(url: &str) -> (Place, Place) {
    let one = Place::start_with(|setup, _| setup.store_url = url.to_owned());
    let key = one.host.data().join("platform.key");
    let other = Place::start_with(|setup, _| {
        std::fs::create_dir_all(&setup.data).unwrap();
        std::fs::copy(key, setup.data.join("platform.key")).unwrap();
        setup.store_url = url.to_owned();
    });
    (one, other)
}

async fn answers(place: &Place, path: &str, status: u16, body: &str) {
    eventually(&format!("{path}: {status} {body}"), async || {
        let reply = place.get(path).await;
        (reply.status == status && reply.body.contains(body)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deployed_set_and_removed_through_one_host_holds_on_the_other() {
    let database = testing::postgres(&[]).await;
    let (one, other) = two_hosts(&database.url);
    let folder = note_box(one.dir.path());
    let root = format!("/s/{SCENARIO}/");

    assert!(one.refused(&["plugin", "deploy", folder.to_str().unwrap()]).contains("zt grant add"));
    one.zt(&["grant", "add", SCENARIO, "keyvalue"]);
    one.zt(&["plugin", "deploy", folder.to_str().unwrap()]);
    answers(&other, &root, 200, "你好! 0 notes so far.").await;

    let left = Reply::of(one.http.post(one.public(&format!("{root}notes"))).json(&json!({"text": "路灯坏了"}))).await;
    assert_eq!(left.status, 201, "{left:?}");
    let read = other.get(&format!("{root}notes/{}", left.json()["number"].as_str().unwrap())).await;
    assert_eq!(read.json(), left.json(), "one database");

    one.zt(&["setting", "set", SCENARIO, "greeting", "欢迎"]);
    answers(&other, &root, 200, "欢迎! 1 notes so far.").await;
    one.zt(&["plugin", "remove", SCENARIO]);
    answers(&other, &root, 404, "not-found").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_tokens_and_releases_are_one_for_all_hosts() {
    let database = testing::postgres(&[]).await;
    let (one, other) = two_hosts(&database.url);
    assert!(!other.host.data().join("operator.token").exists(), "there is one operator's account, made once");

    let service = |version: &str, text: &str| Plugin::made(one.dir.path(), "service", version, &answering(text));
    let root = "/s/441802-test/service/";
    one.deploy(&service("0.1.0", "first"), &[]);
    answers(&other, root, 200, "first").await;
    one.deploy(&service("0.2.0", "second"), &[]);
    answers(&other, root, 200, "second").await;
    // An operator of one host is an operator of all.
    let url = other.admin("plugins/441802-test/service/rollback");
    let back = Reply::of(other.http.post(url).bearer_auth(one.operator_token()).json(&())).await;
    assert_eq!(back.status, 200, "{back:?}");
    answers(&one, root, 200, "first").await;

    one.add_user("zhang", &["--kind", "natural-person"]);
    let token = one.token("zhang", &[]);
    let get = async || Reply::of(other.http.get(other.public(root)).bearer_auth(&token)).await;
    assert_eq!(get().await.status, 200);
    one.zt(&["user", "disable", "zhang"]);
    eventually("the token is refused", async || (get().await.status == 401).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_at_one_host_count_at_the_other() {
    let database = testing::postgres(&[]).await;
    let (one, other) = two_hosts(&database.url);
    one.add_user("zhang", &["--kind", "natural-person"]);
    let guess = async |place: &Place| {
        let request = place.http.post(place.public("/api/v1/sign-in"));
        Reply::of(request.json(&json!({"login": "zhang", "password": "a wrong guess"}))).await
    };
    for place in [&one, &other, &one, &other, &one] {
        guess(place).await.problem(401, "account");
    }
    guess(&other).await.problem(503, "account");
}
