//! The database: one pool type over SQLite (embedded) and PostgreSQL (several hosts), and the migrations of every
//! crate that owns tables.
//!
//! SQL is written once, in the subset both understand: `$1` parameters, `TEXT`, `BIGINT` and `BYTEA` columns
//! (`BLOB` on SQLite), `ON CONFLICT`. Times are milliseconds since 1970, booleans 0 or 1.
//!
//! ```no_run
//! # async fn example() -> Result<(), zhongtai_store::StoreError> {
//! use zhongtai_store::{Migration, Store};
//!
//! const NOTES: Migration = Migration { owner: "notes", version: 1, sql: "CREATE TABLE notes (id TEXT PRIMARY KEY)" };
//! let store = Store::open("sqlite://notes.db?mode=rwc", &[NOTES]).await?;
//! let mut write = store.begin_write().await?;
//! sqlx::query("INSERT INTO notes (id) VALUES ($1)").bind("a").execute(&mut *write).await?;
//! write.commit().await?;
//! # Ok(()) }
//! ```

mod error;
mod migration;
#[cfg(feature = "testing")]
pub mod testing;

pub use error::StoreError;
pub use migration::Migration;

use std::time::Duration;

use sqlx::{AnyPool, any::AnyPoolOptions};

/// A transaction that may write.
pub type WriteTransaction = sqlx::Transaction<'static, sqlx::Any>;

/// Which database answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// Embedded, one host.
    Sqlite,
    /// A server, several hosts.
    Postgres,
}

/// The database, migrated and ready. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: AnyPool,
    backend: Backend,
}

// === impl Store ===

impl Store {
    /// Opens `sqlite://path?mode=rwc` or `postgres://...` and applies the migrations it has not seen.
    pub async fn open(url: &str, migrations: &[Migration]) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let backend = backend_of(url)?;
        let pool = pool_options(backend).connect(url).await?;
        let store = Self { pool, backend };
        migration::apply(&store, migrations).await?;
        Ok(store)
    }

    /// The pool, for reads and single statements.
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// Which database answers.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Begins a transaction that will write. SQLite takes its write lock at once: a lock taken later, after a
    /// read, can't wait and fails.
    pub async fn begin_write(&self) -> Result<WriteTransaction, StoreError> {
        let begin = match self.backend {
            Backend::Sqlite => "BEGIN IMMEDIATE",
            Backend::Postgres => "BEGIN",
        };
        Ok(self.pool.begin_with(begin).await?)
    }

    /// Answers when the database does.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Closes every connection, when in-flight queries are done.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

fn backend_of(url: &str) -> Result<Backend, StoreError> {
    match url.split(':').next() {
        Some("sqlite") => Ok(Backend::Sqlite),
        Some("postgres" | "postgresql") => Ok(Backend::Postgres),
        scheme => Err(StoreError::Url(scheme.unwrap_or_default().to_owned())),
    }
}

fn pool_options(backend: Backend) -> AnyPoolOptions {
    let options = AnyPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(5));
    if backend == Backend::Postgres {
        return options;
    }
    options.after_connect(|connection, _| {
        Box::pin(async move {
            // synchronous=FULL: what was answered is on disk, also after a power cut.
            let pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                           PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON";
            sqlx::raw_sql(pragmas).execute(connection).await?;
            Ok(())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_url_of_another_database_is_refused_by_its_scheme() {
        let error = Store::open("mysql://localhost/x", &[]).await.unwrap_err();
        assert_eq!(error.to_string(), "unknown database `mysql`: expected sqlite:// or postgres://");
    }

    #[tokio::test]
    async fn bytes_numbers_and_texts_come_back_on_both_databases() {
        const T: Migration =
            Migration { owner: "test", version: 1, sql: "CREATE TABLE t (id TEXT PRIMARY KEY, n BIGINT, b BYTEA)" };
        for database in testing::both(&[T]).await {
            let store = &database.store;
            sqlx::query("INSERT INTO t (id, n, b) VALUES ($1, $2, $3)")
                .bind("甲")
                .bind(i64::MAX)
                .bind(vec![0u8, 255])
                .execute(store.pool())
                .await
                .unwrap();
            let row: (String, i64, Vec<u8>) = sqlx::query_as("SELECT id, n, b FROM t WHERE id = $1")
                .bind("甲")
                .fetch_one(store.pool())
                .await
                .unwrap();
            assert_eq!(row, ("甲".into(), i64::MAX, vec![0, 255]), "{:?}", store.backend());
        }
    }
}
