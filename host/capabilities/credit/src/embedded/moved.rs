//! Records of before they were sealed: SQL alone can't move them.

use zhongtai_store::StoreError;

use super::{EmbeddedCredit, find};
use crate::{CreditError, CreditRecord, CreditSubject, Gravity, NewRecord, State};

/// `source`, `id`, `code`, `category`, `since`, `until`, `detail`.
type Row = (String, String, String, String, String, Option<String>, String);

/// Two hosts that start at once move the same rows twice, which changes nothing the second time.
pub(super) async fn take_over(host: &EmbeddedCredit) -> Result<u64, CreditError> {
    let mut moved = 0;
    loop {
        let sql = "SELECT source, id, code, category, since, until, detail FROM credit_records \
                   ORDER BY source, id LIMIT 500";
        let rows: Vec<Row> = sqlx::query_as(sql).fetch_all(host.store().pool()).await?;
        if rows.is_empty() {
            return Ok(moved);
        }
        let keys: Vec<_> = rows.iter().map(|row| (row.0.clone(), row.1.clone())).collect();
        let records = rows.into_iter().map(record).collect::<Result<Vec<_>, StoreError>>()?;
        moved += records.len() as u64;
        host.upsert(records, "the platform").await?;
        let mut write = host.store().begin_write().await?;
        for (source, id) in keys {
            let sql = "DELETE FROM credit_records WHERE source = $1 AND id = $2";
            sqlx::query(sql).bind(source).bind(id).execute(&mut *write).await?;
        }
        write.commit().await?;
    }
}

fn record((source, id, code, category, since, until, detail): Row) -> Result<NewRecord, StoreError> {
    let code = code.parse().map_err(|error| StoreError::corrupt("credit_records.code", error))?;
    Ok(NewRecord {
        whom: CreditSubject::Enterprise(code),
        record: CreditRecord {
            key: None,
            id,
            source,
            department: None,
            category: category.parse().map_err(|error| StoreError::corrupt("credit_records.category", error))?,
            gravity: Gravity::General,
            since: find::day(&since)?,
            until: until.as_deref().map(find::day).transpose()?,
            state: State::Published,
            held: false,
            detail,
        },
    })
}
