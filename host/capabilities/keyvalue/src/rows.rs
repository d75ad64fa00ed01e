//! The SQL of the embedded provider. Keys are bound as bytes, so that both databases compare and sort them alike, and
//! a prefix is a range of bytes, in which `%` and `_` mean nothing.

use sqlx::AnyPool;
use zhongtai_kernel::ScenarioId;
use zhongtai_store::{StoreError, WriteTransaction};

use crate::{Entry, Key, KeyQuery};

/// How many forgotten keys one transaction clears: more than it can delete, so the rest shrinks.
const FORGET_AT_ONCE: i64 = 128;

/// A byte that no UTF-8 text has: greater than every key.
const BEYOND_ALL: u8 = 0xff;

/// The row of a key, without its value.
pub(crate) struct Row {
    pub version: u64,
    pub value_bytes: i64,
    pub is_deleted: bool,
}

// === impl Row ===

impl Row {
    /// What the row counts against the quota.
    pub fn bytes(&self, key: &Key) -> i64 {
        self.value_bytes + i64::try_from(key.as_str().len()).unwrap_or(i64::MAX)
    }
}

/// One scenario's rows in a transaction.
pub(crate) struct Scope<'a> {
    pub write: &'a mut WriteTransaction,
    pub scenario: &'a ScenarioId,
}

// === impl Scope ===

impl Scope<'_> {
    /// Locks the scenario until the transaction ends, and reads how many bytes it holds.
    pub async fn lock_usage(&mut self) -> Result<i64, StoreError> {
        let sql = "INSERT INTO keyvalue_usage (scenario, bytes) VALUES ($1, 0) \
                   ON CONFLICT (scenario) DO UPDATE SET bytes = keyvalue_usage.bytes RETURNING bytes";
        Ok(sqlx::query_scalar(sql).bind(self.scenario.as_str()).fetch_one(&mut **self.write).await?)
    }

    pub async fn set_usage(&mut self, bytes: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE keyvalue_usage SET bytes = $2 WHERE scenario = $1")
            .bind(self.scenario.as_str())
            .bind(bytes)
            .execute(&mut **self.write)
            .await?;
        Ok(())
    }

    pub async fn row(&mut self, key: &Key) -> Result<Option<Row>, StoreError> {
        let sql = "SELECT version, CAST(length(value) AS BIGINT), deleted_at FROM keyvalue \
                   WHERE scenario = $1 AND key = $2";
        let row: Option<(i64, i64, Option<i64>)> = sqlx::query_as(sql)
            .bind(self.scenario.as_str())
            .bind(key.as_str().as_bytes().to_vec())
            .fetch_optional(&mut **self.write)
            .await?;
        row.map(|(number, value_bytes, deleted_at)| {
            Ok(Row { version: version(number)?, value_bytes, is_deleted: deleted_at.is_some() })
        })
        .transpose()
    }

    pub async fn put(
        &mut self,
        key: &Key,
        value: Vec<u8>,
        version: u64,
        deleted_at: Option<i64>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO keyvalue (scenario, key, value, version, deleted_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (scenario, key) DO UPDATE SET \
             value = excluded.value, version = excluded.version, deleted_at = excluded.deleted_at",
        )
        .bind(self.scenario.as_str())
        .bind(key.as_str().as_bytes().to_vec())
        .bind(value)
        .bind(i64::try_from(version).map_err(|error| StoreError::corrupt("keyvalue.version", error))?)
        .bind(deleted_at)
        .execute(&mut **self.write)
        .await?;
        Ok(())
    }

    /// Forgets keys that were deleted before `time`. Returns the bytes that this frees.
    pub async fn forget(&mut self, time: i64) -> Result<i64, StoreError> {
        let sql = "DELETE FROM keyvalue WHERE scenario = $1 AND key IN (\
                       SELECT key FROM keyvalue WHERE scenario = $1 AND deleted_at < $2 \
                       ORDER BY deleted_at LIMIT $3) \
                   RETURNING CAST(length(key) AS BIGINT)";
        let freed: Vec<i64> = sqlx::query_scalar(sql)
            .bind(self.scenario.as_str())
            .bind(time)
            .bind(FORGET_AT_ONCE)
            .fetch_all(&mut **self.write)
            .await?;
        Ok(freed.into_iter().sum())
    }
}

pub(crate) async fn usage(pool: &AnyPool, scenario: &ScenarioId) -> Result<i64, StoreError> {
    let bytes: Option<i64> = sqlx::query_scalar("SELECT bytes FROM keyvalue_usage WHERE scenario = $1")
        .bind(scenario.as_str())
        .fetch_optional(pool)
        .await?;
    Ok(bytes.unwrap_or(0))
}

pub(crate) async fn entry(pool: &AnyPool, scenario: &ScenarioId, key: &Key) -> Result<Option<Entry>, StoreError> {
    let sql = "SELECT value, version FROM keyvalue WHERE scenario = $1 AND key = $2 AND deleted_at IS NULL";
    let row: Option<(Vec<u8>, i64)> =
        sqlx::query_as(sql).bind(scenario.as_str()).bind(key.as_str().as_bytes().to_vec()).fetch_optional(pool).await?;
    row.map(|(value, number)| Ok(Entry { value, version: version(number)? })).transpose()
}

pub(crate) async fn keys(pool: &AnyPool, scenario: &ScenarioId, query: &KeyQuery) -> Result<Vec<Key>, StoreError> {
    // No key is empty, so `key > ''` is true of all.
    let sql = "SELECT key FROM keyvalue \
               WHERE scenario = $1 AND key >= $2 AND key > $3 AND key < $4 AND deleted_at IS NULL \
               ORDER BY key LIMIT $5";
    let rows: Vec<Vec<u8>> = sqlx::query_scalar(sql)
        .bind(scenario.as_str())
        .bind(query.prefix().as_bytes().to_vec())
        .bind(query.after().as_bytes().to_vec())
        .bind(end_of(query.prefix()))
        .bind(i64::from(query.limit()))
        .fetch_all(pool)
        .await?;
    rows.into_iter().map(key).collect()
}

/// The first bytes after everything that begins with `prefix`. Bytes of UTF-8 are below 0xff, so the last one can
/// always be raised.
fn end_of(prefix: &str) -> Vec<u8> {
    let mut end = prefix.as_bytes().to_vec();
    match end.last_mut() {
        Some(last) => *last = last.saturating_add(1),
        None => end.push(BEYOND_ALL),
    }
    end
}

fn key(bytes: Vec<u8>) -> Result<Key, StoreError> {
    let text = String::from_utf8(bytes).map_err(|_| StoreError::corrupt("keyvalue.key", "not UTF-8"))?;
    text.try_into().map_err(|error| StoreError::corrupt("keyvalue.key", error))
}

fn version(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|error| StoreError::corrupt("keyvalue.version", error))
}
