use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use quick_cache::sync::Cache;
use zhongtai_kernel::CreditCode;
use zhongtai_store::{Store, StoreError};

use crate::{CreditError, CreditProvider, CreditRecord};

/// How long records may be answered from memory: what another host imports is seen within this time.
const FRESH: Duration = Duration::from_secs(1);

/// Codes whose records are kept in memory.
const KEPT: usize = 100_000;

/// Records in the platform's own database, imported from files.
pub struct EmbeddedCredit {
    store: Store,
    kept: Cache<CreditCode, Kept>,
}

#[derive(Clone)]
struct Kept {
    read: Instant,
    records: Arc<[CreditRecord]>,
}

type Row = (String, String, String, String, String, Option<String>, String);

// === impl EmbeddedCredit ===

impl EmbeddedCredit {
    /// The provider over a store that has [`crate::MIGRATIONS`].
    pub fn new(store: Store) -> Self {
        Self { store, kept: Cache::new(KEPT) }
    }

    /// Stores records, all or none; one with the same source and id is replaced.
    pub async fn upsert(&self, records: &[CreditRecord]) -> Result<(), CreditError> {
        let mut write = self.store.begin_write().await?;
        for record in records {
            sqlx::query(
                "INSERT INTO credit_records (source, id, code, category, since, until, detail) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) \
                 ON CONFLICT (source, id) DO UPDATE SET code = excluded.code, category = excluded.category, \
                 since = excluded.since, until = excluded.until, detail = excluded.detail",
            )
            .bind(&record.source)
            .bind(&record.id)
            .bind(record.code.as_str())
            .bind(record.category.as_str())
            .bind(record.since.to_string())
            .bind(record.until.map(|day| day.to_string()))
            .bind(&record.detail)
            .execute(&mut *write)
            .await?;
        }
        write.commit().await.map_err(StoreError::from)?;
        self.kept.clear();
        Ok(())
    }
}

#[async_trait]
impl CreditProvider for EmbeddedCredit {
    fn at_hand(&self, code: &CreditCode) -> Option<Arc<[CreditRecord]>> {
        self.kept.get(code).filter(|kept| kept.read.elapsed() < FRESH).map(|kept| kept.records)
    }

    async fn records(&self, code: &CreditCode) -> Result<Arc<[CreditRecord]>, CreditError> {
        let read = Instant::now();
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT source, id, code, category, since, until, detail FROM credit_records WHERE code = $1 ORDER BY source, id",
        )
        .bind(code.as_str())
        .fetch_all(self.store.pool())
        .await?;
        let records: Arc<[CreditRecord]> = rows.into_iter().map(record).collect::<Result<_, _>>()?;
        self.kept.insert(code.clone(), Kept { read, records: records.clone() });
        Ok(records)
    }
}

fn record((source, id, code, category, since, until, detail): Row) -> Result<CreditRecord, StoreError> {
    let day = |text: String| text.parse().map_err(|error| StoreError::corrupt("credit_records date", error));
    Ok(CreditRecord {
        id,
        code: code.parse().map_err(|error| StoreError::corrupt("credit_records.code", error))?,
        category: category.parse().map_err(|error| StoreError::corrupt("credit_records.category", error))?,
        source,
        since: day(since)?,
        until: until.map(day).transpose()?,
        detail,
    })
}
