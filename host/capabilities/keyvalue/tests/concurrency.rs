//! Many writers at once, on several hosts: nothing is lost, and nobody overshoots the quota.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's own helpers"
)]

use std::sync::Arc;

use tokio::task::JoinSet;
use zhongtai_cap_keyvalue::{
    Change, EmbeddedKeyValue, Expectation, KeyValueError, MIGRATIONS,
    contract::{apply, get},
};
use zhongtai_kernel::{ScenarioId, SystemClock};
use zhongtai_store::{
    Store,
    testing::{self, TestDatabase},
};

const WRITERS: u64 = 6;
const ROUNDS: u64 = 10;

fn scenario() -> ScenarioId {
    "441802-chengguan/pothole".parse().unwrap()
}

/// Two hosts: each has a pool of its own over the same database.
async fn hosts(database: &TestDatabase, quota: u64) -> [Arc<EmbeddedKeyValue>; 2] {
    let other = Store::open(&database.url, MIGRATIONS).await.unwrap();
    [database.store.clone(), other]
        .map(|store| Arc::new(EmbeddedKeyValue::with_quota(store, Arc::new(SystemClock), quota)))
}

fn put(key: &str, expected: Expectation, value: Vec<u8>) -> Vec<Change> {
    vec![Change { key: key.parse().unwrap(), expected, value: Some(value) }]
}

/// Reads the counter, adds 1, and tries again when somebody was faster. Returns how often that was.
async fn increment(provider: &EmbeddedKeyValue, scenario: &ScenarioId) -> u64 {
    let mut conflicts = 0;
    loop {
        let (count, expected) = match get(provider, scenario, "counter").await {
            Some(entry) => {
                let bytes: [u8; 8] = entry.value.try_into().unwrap();
                (u64::from_le_bytes(bytes), Expectation::Version(entry.version))
            }
            None => (0, Expectation::Absent),
        };
        let next = (count + 1).to_le_bytes().to_vec();
        match apply(provider, scenario, put("counter", expected, next)).await {
            Ok(_) => return conflicts,
            Err(KeyValueError::Conflict(_)) => conflicts += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_compare_and_set_loses_no_increment_on_both_databases() {
    for database in testing::both(MIGRATIONS).await {
        let hosts = hosts(&database, 1 << 20).await;
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let provider = hosts[writer as usize % 2].clone();
            writers.spawn(async move {
                let mut conflicts = 0;
                for _ in 0..ROUNDS {
                    conflicts += increment(&provider, &scenario()).await;
                }
                conflicts
            });
        }
        let conflicts: u64 = writers.join_all().await.into_iter().sum();
        let entry = get(&*hosts[0], &scenario(), "counter").await.unwrap();
        let backend = database.store.backend();
        assert_eq!(entry.value, (WRITERS * ROUNDS).to_le_bytes(), "{backend:?}");
        assert_eq!(entry.version, WRITERS * ROUNDS, "{backend:?}");
        assert!(conflicts > 0, "{backend:?}: the writers must have met");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_writers_do_not_overshoot_the_quota_on_both_databases() {
    for database in testing::both(MIGRATIONS).await {
        // Each key has 2 bytes and each value 98: ten fit.
        let hosts = hosts(&database, 1_000).await;
        let mut writers = JoinSet::new();
        for writer in 10..30 {
            let provider = hosts[writer % 2].clone();
            writers.spawn(async move {
                let changes = put(&writer.to_string(), Expectation::Any, vec![0; 98]);
                apply(&*provider, &scenario(), changes).await
            });
        }
        let (stored, refused): (Vec<_>, Vec<_>) = writers.join_all().await.into_iter().partition(Result::is_ok);
        let backend = database.store.backend();
        assert_eq!((stored.len(), refused.len()), (10, 10), "{backend:?}");
        for error in refused {
            assert!(matches!(error, Err(KeyValueError::QuotaExceeded(1_000))), "{backend:?}: {error:?}");
        }
        assert_eq!(hosts[0].usage(&scenario()).await.unwrap(), 1_000, "{backend:?}");
    }
}
