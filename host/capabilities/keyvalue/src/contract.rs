//! What every key-value provider must do.
#![expect(clippy::expect_used, clippy::panic, reason = "a contract that does not hold must stop the test")]

use zhongtai_kernel::ScenarioId;

use crate::{Change, Changes, Entry, Expectation, Key, KeyQuery, KeyValueError, KeyValueProvider};

/// A change; no value deletes.
pub fn change(key: &str, expected: Expectation, value: Option<&str>) -> Change {
    let value = value.map(|text| text.as_bytes().to_vec());
    Change { key: key.parse().expect("a key"), expected, value }
}

/// Applies changes that are valid by themselves.
pub async fn apply(
    provider: &dyn KeyValueProvider,
    scenario: &ScenarioId,
    changes: Vec<Change>,
) -> Result<Vec<u64>, KeyValueError> {
    provider.apply(scenario, Changes::new(changes).expect("valid changes")).await
}

/// The entry under a key.
pub async fn get(provider: &dyn KeyValueProvider, scenario: &ScenarioId, key: &str) -> Option<Entry> {
    provider.get(scenario, &key.parse().expect("a key")).await.expect("an answer")
}

/// The keys of a listing.
pub async fn keys(
    provider: &dyn KeyValueProvider,
    scenario: &ScenarioId,
    prefix: &str,
    after: Option<&str>,
    limit: u32,
) -> Vec<String> {
    let query = KeyQuery::new(prefix.to_owned(), after.map(str::to_owned), limit).expect("a query");
    let keys = provider.keys(scenario, &query).await.expect("keys");
    keys.into_iter().map(String::from).collect()
}

/// Holds when an empty provider keeps the whole contract.
pub async fn holds(provider: &dyn KeyValueProvider) {
    let scenario = |name: &str| -> ScenarioId { format!("441802-chengguan/{name}").parse().expect("a scenario") };
    versions_begin_with_1_and_never_repeat(provider, &scenario("versions")).await;
    all_changes_happen_or_none(provider, &scenario("atomic")).await;
    keys_come_in_byte_order_and_a_prefix_is_literal(provider, &scenario("order")).await;
    a_scenario_sees_its_own_data_only(provider, &scenario("mine"), &scenario("yours")).await;
}

async fn versions_begin_with_1_and_never_repeat(provider: &dyn KeyValueProvider, scenario: &ScenarioId) {
    let step = |expected, value| apply(provider, scenario, vec![change("k", expected, value)]);
    assert_eq!(get(provider, scenario, "k").await, None);
    assert_eq!(step(Expectation::Absent, Some("一")).await.expect("a new key"), [1]);
    assert_eq!(step(Expectation::Version(1), Some("二")).await.expect("a change"), [2]);
    assert_eq!(get(provider, scenario, "k").await, Some(Entry { value: "二".into(), version: 2 }));
    assert_eq!(step(Expectation::Version(2), None).await.expect("a deletion"), [0]);
    assert_eq!(get(provider, scenario, "k").await, None);
    assert_eq!(step(Expectation::Any, None).await.expect("nothing to delete is no error"), [0]);
    assert_conflict(step(Expectation::Version(3), Some("x")).await, "k");
    assert_eq!(step(Expectation::Absent, Some("三")).await.expect("made again"), [4], "the deletion was 3");
    assert_conflict(step(Expectation::Version(2), Some("x")).await, "k");
}

async fn all_changes_happen_or_none(provider: &dyn KeyValueProvider, scenario: &ScenarioId) {
    let put = |key, expected| change(key, expected, Some("x"));
    let two = vec![put("b", Expectation::Any), put("a", Expectation::Absent)];
    assert_eq!(apply(provider, scenario, two).await.expect("both"), [1, 1]);
    let failing = vec![
        put("c", Expectation::Absent),
        change("b", Expectation::Any, None),
        put("a", Expectation::Absent),
        put("d", Expectation::Any),
    ];
    assert_conflict(apply(provider, scenario, failing).await, "a");
    assert_eq!(keys(provider, scenario, "", None, 10).await, ["a", "b"]);
    assert!(apply(provider, scenario, vec![]).await.expect("no changes").is_empty());
}

async fn keys_come_in_byte_order_and_a_prefix_is_literal(provider: &dyn KeyValueProvider, scenario: &ScenarioId) {
    let sorted = ["A", "B", "a", "a%", "a%1", "a/1", "aX", "a_1", "b", "é", "中", "中文", "😀"];
    let shuffled = sorted.iter().rev().map(|key| change(key, Expectation::Any, Some("x"))).collect();
    apply(provider, scenario, shuffled).await.expect("keys");
    assert_eq!(keys(provider, scenario, "", None, 1_000).await, sorted);
    assert_eq!(keys(provider, scenario, "a%", None, 10).await, ["a%", "a%1"]);
    assert_eq!(keys(provider, scenario, "a_", None, 10).await, ["a_1"]);
    assert_eq!(keys(provider, scenario, "中", None, 10).await, ["中", "中文"]);
    assert_eq!(keys(provider, scenario, "a", Some("a/1"), 10).await, ["aX", "a_1"]);
    assert_eq!(keys(provider, scenario, "a", Some("A"), 2).await, ["a", "a%"]);
    assert!(keys(provider, scenario, "a", Some("b"), 10).await.is_empty());
    assert!(keys(provider, scenario, "", None, 0).await.is_empty());
    apply(provider, scenario, vec![change("a%", Expectation::Any, None)]).await.expect("a deletion");
    assert_eq!(keys(provider, scenario, "a%", None, 10).await, ["a%1"], "a deleted key is not listed");
}

async fn a_scenario_sees_its_own_data_only(provider: &dyn KeyValueProvider, mine: &ScenarioId, yours: &ScenarioId) {
    apply(provider, mine, vec![change("k", Expectation::Any, Some("mine"))]).await.expect("mine");
    assert_eq!(get(provider, yours, "k").await, None);
    assert!(keys(provider, yours, "", None, 10).await.is_empty());
    apply(provider, yours, vec![change("k", Expectation::Absent, Some("yours"))]).await.expect("yours");
    apply(provider, yours, vec![change("k", Expectation::Any, None)]).await.expect("yours, deleted");
    assert_eq!(get(provider, mine, "k").await, Some(Entry { value: "mine".into(), version: 1 }));
}

fn assert_conflict(outcome: Result<Vec<u64>, KeyValueError>, key: &str) {
    let key: Key = key.parse().expect("a key");
    match outcome {
        Err(KeyValueError::Conflict(found)) => assert_eq!(found, key, "the key whose expectation did not hold"),
        other => panic!("expected a conflict, got {other:?}"),
    }
}
