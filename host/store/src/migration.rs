use sqlx::AssertSqlSafe;

use crate::{Backend, Store, StoreError};

/// A step of a crate's schema. Never edited once released.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The crate that owns the tables.
    pub owner: &'static str,
    /// From 1, without gaps, within the owner.
    pub version: i64,
    /// Statements in the portable subset.
    pub sql: &'static str,
}

const APPLIED: &str = "CREATE TABLE IF NOT EXISTS applied_migrations \
    (owner TEXT NOT NULL, version BIGINT NOT NULL, sql TEXT NOT NULL, PRIMARY KEY (owner, version))";

/// An arbitrary number that all hosts share: only one migrates at a time.
const POSTGRES_LOCK: &str = "SELECT pg_advisory_xact_lock(20210414)";

/// Applies what is missing, all or nothing.
pub(crate) async fn apply(store: &Store, migrations: &[Migration]) -> Result<(), StoreError> {
    let mut write = store.begin_write().await?;
    if store.backend() == Backend::Postgres {
        sqlx::raw_sql(POSTGRES_LOCK).execute(&mut *write).await?;
    }
    sqlx::raw_sql(APPLIED).execute(&mut *write).await?;
    for migration in migrations {
        let applied: Option<String> =
            sqlx::query_scalar("SELECT sql FROM applied_migrations WHERE owner = $1 AND version = $2")
                .bind(migration.owner)
                .bind(migration.version)
                .fetch_optional(&mut *write)
                .await?;
        match applied {
            Some(sql) if sql == migration.sql => continue,
            Some(_) => {
                return Err(StoreError::MigrationChanged {
                    owner: migration.owner.to_owned(),
                    version: migration.version,
                });
            }
            None => run(store.backend(), &mut write, migration).await?,
        }
    }
    write.commit().await?;
    Ok(())
}

async fn run(backend: Backend, write: &mut crate::WriteTransaction, migration: &Migration) -> Result<(), StoreError> {
    tracing::info!(owner = migration.owner, version = migration.version, "migrating");
    // The one difference between the two that a table definition needs.
    let sql = match backend {
        Backend::Sqlite => migration.sql.replace("BYTEA", "BLOB"),
        Backend::Postgres => migration.sql.to_owned(),
    };
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **write).await?;
    sqlx::query("INSERT INTO applied_migrations (owner, version, sql) VALUES ($1, $2, $3)")
        .bind(migration.owner)
        .bind(migration.version)
        .bind(migration.sql)
        .execute(&mut **write)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    const FIRST: Migration = Migration { owner: "t", version: 1, sql: "CREATE TABLE a (id TEXT)" };

    #[tokio::test]
    async fn a_migration_runs_once_and_must_not_change() {
        for database in testing::both(&[FIRST]).await {
            apply(&database.store, &[FIRST]).await.unwrap();
            let edited = Migration { sql: "CREATE TABLE a (id BIGINT)", ..FIRST };
            let error = apply(&database.store, &[edited]).await.unwrap_err();
            assert!(matches!(error, StoreError::MigrationChanged { version: 1, .. }), "{error}");
        }
    }

    #[tokio::test]
    async fn a_failing_migration_leaves_nothing_behind() {
        for database in testing::both(&[]).await {
            let store = &database.store;
            let broken = Migration { owner: "t", version: 2, sql: "CREATE TABLE b (id TEXT); SELECT nonsense" };
            apply(store, &[FIRST, broken]).await.unwrap_err();
            let table = sqlx::query("SELECT id FROM a").fetch_all(store.pool()).await;
            assert!(table.is_err(), "the first migration must be rolled back too");
        }
    }
}
