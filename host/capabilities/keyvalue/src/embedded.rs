use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use zhongtai_kernel::{Clock, ScenarioId};
use zhongtai_store::{Store, StoreError};

use crate::{
    Change, Changes, Entry, Key, KeyQuery, KeyValueConfig, KeyValueError, KeyValueProvider,
    rows::{self, Row, Scope},
};

/// How long the version of a deleted key is remembered. A key that is made again within this time goes on with the
/// next version; later it begins with 1, and a version that somebody kept all the while could match again.
pub const VERSION_MEMORY: Duration = Duration::from_hours(30 * 24);

/// Data in the platform's own database.
pub struct EmbeddedKeyValue {
    store: Store,
    clock: Arc<dyn Clock>,
    quota: u64,
}

// === impl EmbeddedKeyValue ===

impl EmbeddedKeyValue {
    /// The provider over a store that has [`crate::MIGRATIONS`].
    pub fn new(store: Store, clock: Arc<dyn Clock>, config: KeyValueConfig) -> Self {
        Self::with_quota(store, clock, config.quota_bytes())
    }

    /// The provider with a quota per scenario in bytes.
    pub fn with_quota(store: Store, clock: Arc<dyn Clock>, quota: u64) -> Self {
        Self { store, clock, quota }
    }

    /// Bytes that a scenario holds: keys and values, remembered keys too.
    pub async fn usage(&self, scenario: &ScenarioId) -> Result<u64, KeyValueError> {
        Ok(rows::usage(self.store.pool(), scenario).await?.try_into().unwrap_or(0))
    }

    /// Growth beyond the quota is refused; a scenario that is beyond it already may shrink.
    fn check_quota(&self, before: i64, after: i64) -> Result<(), KeyValueError> {
        let is_beyond = u64::try_from(after).is_ok_and(|after| after > self.quota);
        if is_beyond && after > before { Err(KeyValueError::QuotaExceeded(self.quota)) } else { Ok(()) }
    }
}

#[async_trait]
impl KeyValueProvider for EmbeddedKeyValue {
    async fn get(&self, scenario: &ScenarioId, key: &Key) -> Result<Option<Entry>, KeyValueError> {
        Ok(rows::entry(self.store.pool(), scenario, key).await?)
    }

    async fn keys(&self, scenario: &ScenarioId, query: &KeyQuery) -> Result<Vec<Key>, KeyValueError> {
        Ok(rows::keys(self.store.pool(), scenario, query).await?)
    }

    async fn apply(&self, scenario: &ScenarioId, changes: Changes) -> Result<Vec<u64>, KeyValueError> {
        let now = self.clock.now().as_millisecond();
        let mut write = self.store.begin_write().await?;
        let mut scope = Scope { write: &mut write, scenario };
        // The lock: whoever changes this scenario's data next, on whichever host, waits here until we are done.
        let before = scope.lock_usage().await?;
        let (mut bytes, mut versions, mut deletes) = (before, Vec::new(), false);
        for change in changes.into_inner() {
            deletes |= change.value.is_none();
            let (version, grown) = apply_one(&mut scope, change, now).await?;
            versions.push(version);
            bytes += grown;
        }
        if deletes {
            // Who deletes also clears what was deleted long ago, so that nothing has to sweep.
            bytes -= scope.forget(now.saturating_sub(VERSION_MEMORY.as_millis() as i64)).await?;
        }
        self.check_quota(before, bytes)?;
        scope.set_usage(bytes).await?;
        write.commit().await.map_err(StoreError::from)?;
        Ok(versions)
    }
}

/// Makes one change. Returns the version to answer, and by how many bytes the scenario grew.
async fn apply_one(scope: &mut Scope<'_>, change: Change, now: i64) -> Result<(u64, i64), KeyValueError> {
    let found = scope.row(&change.key).await?;
    let existing = found.as_ref().filter(|row| !row.is_deleted).map(|row| row.version);
    if !change.expected.holds(existing) {
        return Err(KeyValueError::Conflict(change.key));
    }
    let held = found.as_ref().map_or(0, |row| row.bytes(&change.key));
    let version = found.map_or(1, |row| row.version + 1);
    let row = |value: i64| Row { version, value_bytes: value, is_deleted: false }.bytes(&change.key);
    match change.value {
        Some(value) => {
            let size = i64::try_from(value.len()).unwrap_or(i64::MAX);
            scope.put(&change.key, value, version, None).await?;
            Ok((version, row(size) - held))
        }
        // Deleting what is not there changes nothing, so it makes no version.
        None if existing.is_none() => Ok((0, 0)),
        None => {
            scope.put(&change.key, Vec::new(), version, Some(now)).await?;
            Ok((0, row(0) - held))
        }
    }
}
