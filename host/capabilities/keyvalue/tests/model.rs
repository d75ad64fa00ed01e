//! Random changes, against a map in memory that is obviously right.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's own helpers"
)]

use std::{collections::BTreeMap, sync::Arc};

use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any, prop_oneof},
    test_runner::{Config, TestRunner},
};
use tokio::runtime::Runtime;
use zhongtai_cap_keyvalue::{
    Change, Changes, EmbeddedKeyValue, Expectation, KeyQuery, KeyValueError, KeyValueProvider, MIGRATIONS,
};
use zhongtai_kernel::{ScenarioId, SystemClock};
use zhongtai_store::testing;

const QUOTA: usize = 60;
const KEYS: [&str; 6] = ["a", "A", "a%", "a_", "中", "中文"];

/// Every key that ever was: its last version, and its value unless it is deleted.
#[derive(Default, Clone)]
struct Model(BTreeMap<String, (u64, Option<Vec<u8>>)>);

#[derive(Debug, PartialEq)]
enum Outcome {
    Done(Vec<u64>),
    Conflict(String),
    Quota,
}

impl Model {
    fn bytes(&self) -> usize {
        self.0.iter().map(|(key, (_, value))| key.len() + value.as_ref().map_or(0, Vec::len)).sum()
    }

    fn live(&self) -> impl Iterator<Item = (&String, u64, &Vec<u8>)> {
        self.0.iter().filter_map(|(key, (version, value))| value.as_ref().map(|value| (key, *version, value)))
    }

    fn apply(&mut self, changes: &[Change]) -> Outcome {
        let mut next = self.clone();
        let mut versions = Vec::new();
        for change in changes {
            let key = change.key.as_str().to_owned();
            let last = next.0.get(&key).cloned().unwrap_or((0, None));
            let existing = last.1.is_some().then_some(last.0);
            let holds = match change.expected {
                Expectation::Any => true,
                Expectation::Absent => existing.is_none(),
                Expectation::Version(version) => existing == Some(version),
            };
            if !holds {
                return Outcome::Conflict(key);
            }
            versions.push(if change.value.is_some() { last.0 + 1 } else { 0 });
            if change.value.is_some() || existing.is_some() {
                next.0.insert(key, (last.0 + 1, change.value.clone()));
            }
        }
        if next.bytes() > QUOTA && next.bytes() > self.bytes() {
            return Outcome::Quota;
        }
        *self = next;
        Outcome::Done(versions)
    }
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let expected = prop_oneof![
        3 => Just(Expectation::Any),
        1 => Just(Expectation::Absent),
        2 => (1..5u64).prop_map(Expectation::Version),
    ];
    let change = (0..KEYS.len(), expected, option::weighted(0.7, vec(any::<u8>(), 0..20)))
        .prop_map(|(key, expected, value)| Change { key: KEYS[key].parse().unwrap(), expected, value });
    vec(change, 0..4).prop_map(|mut changes| {
        // A second change of the same key is refused before it gets to a provider.
        let mut seen = Vec::new();
        changes.retain(|change| {
            !seen.contains(&change.key) && {
                seen.push(change.key.clone());
                true
            }
        });
        changes
    })
}

async fn outcome(provider: &EmbeddedKeyValue, scenario: &ScenarioId, changes: Vec<Change>) -> Outcome {
    match provider.apply(scenario, Changes::new(changes).unwrap()).await {
        Ok(versions) => Outcome::Done(versions),
        Err(KeyValueError::Conflict(key)) => Outcome::Conflict(key.into()),
        Err(KeyValueError::QuotaExceeded(limit)) if limit == QUOTA as u64 => Outcome::Quota,
        Err(error) => panic!("{error:?}"),
    }
}

async fn run(provider: &EmbeddedKeyValue, scenario: &ScenarioId, history: Vec<Vec<Change>>) {
    let mut model = Model::default();
    for changes in history {
        let expected = model.apply(&changes);
        assert_eq!(outcome(provider, scenario, changes.clone()).await, expected, "{changes:?}");
    }
    for key in KEYS {
        let entry = provider.get(scenario, &key.parse().unwrap()).await.unwrap();
        let expected = model.live().find(|(live, ..)| *live == key);
        assert_eq!(entry.as_ref().map(|e| (e.version, &e.value)), expected.map(|(_, version, value)| (version, value)));
    }
    let query = KeyQuery::new(String::new(), None, 100).unwrap();
    let keys: Vec<String> = provider.keys(scenario, &query).await.unwrap().into_iter().map(String::from).collect();
    assert_eq!(keys, model.live().map(|(key, ..)| key.clone()).collect::<Vec<_>>());
    assert_eq!(provider.usage(scenario).await.unwrap(), model.bytes() as u64);
}

#[test]
fn apply_does_what_a_map_in_memory_does_on_both_databases() {
    let tokio = Runtime::new().unwrap();
    for database in tokio.block_on(testing::both(MIGRATIONS)) {
        let provider = EmbeddedKeyValue::with_quota(database.store.clone(), Arc::new(SystemClock), QUOTA as u64);
        let case = std::cell::Cell::new(0);
        let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
        let histories = vec(changes(), 1..12);
        runner
            .run(&histories, |history| {
                case.set(case.get() + 1);
                let scenario = format!("441802-chengguan/case-{}", case.get()).parse().unwrap();
                tokio.block_on(run(&provider, &scenario, history));
                Ok(())
            })
            .unwrap();
    }
}
