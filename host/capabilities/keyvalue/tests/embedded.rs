//! The embedded provider over both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's own helpers"
)]

use std::{sync::Arc, time::Duration};

use zhongtai_cap_keyvalue::{
    EmbeddedKeyValue, Expectation, KeyValueConfig, KeyValueError, MIGRATIONS, VERSION_MEMORY,
    contract::{self, apply, change, get},
};
use zhongtai_kernel::{ManualClock, ScenarioId, SystemClock};
use zhongtai_store::{Store, testing};

fn scenario() -> ScenarioId {
    "441802-chengguan/pothole".parse().unwrap()
}

fn provider(store: &Store, quota: u64) -> EmbeddedKeyValue {
    EmbeddedKeyValue::with_quota(store.clone(), Arc::new(SystemClock), quota)
}

/// What the tables hold, counted anew.
async fn counted(store: &Store) -> i64 {
    let sql = "SELECT COALESCE(SUM(CAST(length(key) + length(value) AS BIGINT)), 0) FROM keyvalue";
    let sql = sqlx::AssertSqlSafe(format!("SELECT CAST(({sql}) AS BIGINT)"));
    sqlx::query_scalar(sql).fetch_one(store.pool()).await.unwrap()
}

#[tokio::test]
async fn the_embedded_provider_keeps_the_contract_on_both_databases() {
    for database in testing::both(MIGRATIONS).await {
        let clock = Arc::new(SystemClock);
        contract::holds(&EmbeddedKeyValue::new(database.store.clone(), clock, KeyValueConfig::default())).await;
    }
}

#[tokio::test]
async fn keys_are_in_byte_order_whatever_the_databases_collation() {
    let server = testing::postgres(&[]).await;
    let name = server.url.rsplit('/').next().unwrap().to_owned() + "_icu";
    let create = format!("CREATE DATABASE {name} LOCALE_PROVIDER icu ICU_LOCALE 'zh' TEMPLATE template0");
    sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(server.store.pool()).await.unwrap();
    let store = Store::open(&format!("{}_icu", server.url), MIGRATIONS).await.unwrap();
    let linguistic: bool = sqlx::query_scalar("SELECT 'a' < 'B'").fetch_one(store.pool()).await.unwrap();
    assert!(linguistic, "the database under test must not sort by bytes by itself");
    contract::holds(&provider(&store, 1 << 20)).await;
}

#[tokio::test]
async fn the_quota_is_exact_and_a_refused_change_changes_nothing() {
    for database in testing::both(MIGRATIONS).await {
        let (scenario, provider) = (scenario(), provider(&database.store, 10));
        let put = |value| apply(&provider, &scenario, vec![change("key", Expectation::Any, Some(value))]);
        put("7 bytes").await.unwrap();
        let error = put("8 bytes!").await.unwrap_err();
        assert!(matches!(error, KeyValueError::QuotaExceeded(10)), "{error}");
        assert_eq!(get(&provider, &scenario, "key").await.unwrap().value, b"7 bytes");
        assert_eq!(provider.usage(&scenario).await.unwrap(), 10);
        let swap = vec![change("key", Expectation::Any, None), change("k", Expectation::Absent, Some("6 byte"))];
        apply(&provider, &scenario, swap).await.unwrap();
        assert_eq!(provider.usage(&scenario).await.unwrap(), 10, "the deleted key's name is still remembered");
        assert_eq!(counted(&database.store).await, 10);
    }
}

#[tokio::test]
async fn a_scenario_beyond_a_lowered_quota_may_shrink_only() {
    let database = testing::sqlite(MIGRATIONS).await;
    let scenario = scenario();
    let put = |value| vec![change("key", Expectation::Any, Some(value))];
    apply(&provider(&database.store, 100), &scenario, put("0123456789")).await.unwrap();
    let lowered = provider(&database.store, 5);
    apply(&lowered, &scenario, put("0123456789!")).await.unwrap_err();
    apply(&lowered, &scenario, put("012345678")).await.unwrap();
}

#[tokio::test]
async fn a_deleted_keys_version_is_forgotten_after_its_time_and_its_bytes_are_freed() {
    for database in testing::both(MIGRATIONS).await {
        let clock = Arc::new(ManualClock::at("2026-01-05T08:00:00Z".parse().unwrap()));
        let provider = EmbeddedKeyValue::new(database.store.clone(), clock.clone(), KeyValueConfig::default());
        let scenario = scenario();
        let put = |key| vec![change(key, Expectation::Any, Some("x"))];
        let delete = |key| vec![change(key, Expectation::Any, None)];
        apply(&provider, &scenario, put("old")).await.unwrap();
        apply(&provider, &scenario, delete("old")).await.unwrap();
        clock.advance(VERSION_MEMORY);
        apply(&provider, &scenario, delete("other")).await.unwrap();
        assert_eq!(provider.usage(&scenario).await.unwrap(), 3, "not older than that: still remembered");
        clock.advance(Duration::from_millis(1));
        apply(&provider, &scenario, delete("other")).await.unwrap();
        assert_eq!(provider.usage(&scenario).await.unwrap(), 0);
        assert_eq!(counted(&database.store).await, 0);
        assert_eq!(apply(&provider, &scenario, put("old")).await.unwrap(), [1]);
    }
}
