//! Fresh databases for tests: a SQLite file, and a database on a real PostgreSQL server.
//!
//! The server is the one that `ZHONGTAI_TEST_POSTGRES` names: `cargo xtask test` starts one for the whole run,
//! `cargo xtask postgres` one that stays up for tests run one by one.
#![expect(clippy::expect_used, reason = "test support: a broken fixture must stop the test")]

use tempfile::TempDir;

use crate::{Migration, Store};

/// A database that is gone when this is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    /// The opened store.
    pub store: Store,
    /// How to open it once more.
    pub url: String,
    _dir: Option<TempDir>,
}

/// One fresh database of each kind, migrated.
pub async fn both(migrations: &[Migration]) -> [TestDatabase; 2] {
    [sqlite(migrations).await, postgres(migrations).await]
}

/// A fresh SQLite database.
pub async fn sqlite(migrations: &[Migration]) -> TestDatabase {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let url = format!("sqlite://{}?mode=rwc", dir.path().join("test.db").display());
    let store = Store::open(&url, migrations).await.expect("a SQLite database");
    TestDatabase { store, url, _dir: Some(dir) }
}

/// A fresh database on the test's PostgreSQL server.
pub async fn postgres(migrations: &[Migration]) -> TestDatabase {
    let server = server_url();
    let name = format!("t{}", unique());
    let admin = Store::open(&format!("{server}/postgres"), &[]).await.expect("the test's PostgreSQL server");
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(create).execute(admin.pool()).await.expect("a database of its own");
    admin.close().await;
    let url = format!("{server}/{name}");
    let store = Store::open(&url, migrations).await.expect("a PostgreSQL database");
    TestDatabase { store, url, _dir: None }
}

fn unique() -> String {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    format!("{}_{nanos}_{count}", std::process::id())
}

fn server_url() -> String {
    std::env::var("ZHONGTAI_TEST_POSTGRES").expect(
        "ZHONGTAI_TEST_POSTGRES names no PostgreSQL server: run `cargo xtask test`, or `cargo xtask postgres` and \
         export what it prints",
    )
}
