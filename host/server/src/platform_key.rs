//! The key that seals what is in the database. Every host of one database has a copy of it: a host that came with
//! another would write what the others can't read, so it does not start.

use std::path::Path;

use anyhow::{Context, bail};
use zhongtai_runtime::HostKey;
use zhongtai_store::{Migration, Store};

/// Remembers whose key the database knows, by a fingerprint that says nothing about the key.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    owner: "server",
    version: 1,
    sql: "CREATE TABLE platform_key (id BIGINT PRIMARY KEY, fingerprint TEXT NOT NULL)",
}];

/// Reads `platform.key` in `data`, or makes it, and holds it against the database.
pub(crate) async fn open(data: &Path, store: &Store) -> anyhow::Result<HostKey> {
    let path = data.join("platform.key");
    let key = HostKey::load_or_create(&path).with_context(|| format!("{} can't be read", path.display()))?;
    let fingerprint: String = key.derive("fingerprint").iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    sqlx::query("INSERT INTO platform_key (id, fingerprint) VALUES (1, $1) ON CONFLICT (id) DO NOTHING")
        .bind(&fingerprint)
        .execute(store.pool())
        .await?;
    let known: String =
        sqlx::query_scalar("SELECT fingerprint FROM platform_key WHERE id = 1").fetch_one(store.pool()).await?;
    if known != fingerprint {
        bail!(
            "{} is not the key of this database: copy platform.key from the data folder of a host that uses it",
            path.display()
        );
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_host_with_another_key_does_not_start_on_the_same_database() {
        let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for database in zhongtai_store::testing::both(MIGRATIONS).await {
            let first = open(ours.path(), &database.store).await.unwrap();
            let again = open(ours.path(), &database.store).await.unwrap();
            assert_eq!(first.derive("x"), again.derive("x"));
            let error = open(theirs.path(), &database.store).await.err().unwrap().to_string();
            assert!(error.contains("copy platform.key"), "{error}");
        }
    }
}
