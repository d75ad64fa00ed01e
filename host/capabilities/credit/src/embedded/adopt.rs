//! Many records at once: staged in short transactions, then taken over in one. Nobody sees half a file.

use serde::Serialize;
use sqlx::AssertSqlSafe;
use zhongtai_store::StoreError;

use super::{EmbeddedCredit, find, history};
use crate::{CreditError, NewRecord, RecordId};

/// Rows of one statement: 14 parameters each, far from what either database takes.
pub(crate) const BATCH: usize = 400;
/// Columns of `credit_staged`.
const COLUMNS: usize = 14;
/// How long rows may be staged, milliseconds: a day. What is older was left by a host that died.
const STAGED_MS: i64 = 24 * 3_600_000;

/// What became of the rows of a file that was taken over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Records that were not there.
    pub added: u64,
    /// Records that say something else now.
    pub changed: u64,
    /// Records that say what they said.
    pub unchanged: u64,
}

/// One import: what its rows and its records are marked with.
pub(crate) struct Import {
    pub(crate) id: String,
    /// What tells its file from others.
    pub(crate) digest: String,
    /// Who imports: an account.
    pub(crate) by: String,
    pub(crate) rejected: u64,
}

// === impl EmbeddedCredit ===

impl EmbeddedCredit {
    /// Stores records, all or none; one with the same source and id is replaced. Where a record stands is left as it is:
    /// what was repaired or withdrawn here is not brought back by a file.
    pub async fn upsert(&self, records: Vec<NewRecord>, by: &str) -> Result<Imported, CreditError> {
        let digest = self.vault().digest(&["upsert", &history::next_id()]);
        let import = Import { id: history::next_id(), digest, by: by.to_owned(), rejected: 0 };
        let mut line = 0;
        for batch in records.chunks(BATCH) {
            let batch: Vec<_> = batch.iter().map(|new| (line_after(&mut line), new.clone())).collect();
            if let Some(twice) = self.stage(&import.id, &batch).await?.first() {
                self.discard(&import.id).await?;
                return Err(CreditError::Import(format!("row {twice}: source and id are those of an earlier row")));
            }
        }
        self.adopt(&import).await
    }

    /// Puts rows aside, and says which of them have the source and id of an earlier one.
    pub(crate) async fn stage(&self, import: &str, batch: &[(i64, NewRecord)]) -> Result<Vec<i64>, CreditError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "INSERT INTO credit_staged (import, line, id, source, source_id, subject_index, subject_sealed, department, \
             category, gravity, since, until, detail_sealed, content) VALUES {} \
             ON CONFLICT (import, source, source_id) DO NOTHING RETURNING line",
            places(batch.len())
        );
        // What is put together is the number of places, and nothing of a file.
        let mut query = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql));
        for (line, new) in batch {
            let (record, place) = (&new.record, [&*new.record.source, &*new.record.id]);
            let seal = |column: &str, value: &str| self.vault().seal(&[column, place[0], place[1]], value);
            query = query
                .bind(import.to_owned())
                .bind(*line)
                .bind(RecordId::generate().to_string())
                .bind(record.source.clone())
                .bind(record.id.clone())
                .bind(self.vault().index(&new.whom))
                .bind(seal("subject", &new.whom.to_text())?)
                .bind(record.department.as_ref().map(|department| department.as_str().to_owned()))
                .bind(record.category.as_str())
                .bind(record.gravity.as_str())
                .bind(record.since.to_string())
                .bind(record.until.map(|day| day.to_string()))
                .bind(seal("detail", &record.detail)?)
                .bind(self.content(new));
        }
        let staged: Vec<i64> = query.fetch_all(self.store().pool()).await?;
        let staged: std::collections::HashSet<i64> = staged.into_iter().collect();
        Ok(batch.iter().map(|(line, _)| *line).filter(|line| !staged.contains(line)).collect())
    }

    /// Takes over what an import has staged, in one transaction.
    pub(crate) async fn adopt(&self, import: &Import) -> Result<Imported, CreditError> {
        let mut write = self.store().begin_write().await?;
        let sql = "SELECT COUNT(*), COUNT(e.id), COALESCE(SUM(CASE WHEN e.content = s.content THEN 1 ELSE 0 END), 0) \
                   FROM credit_staged s LEFT JOIN credit_entries e ON e.source = s.source AND e.source_id = s.source_id \
                   WHERE s.import = $1";
        let (all, known, same): (i64, i64, i64) = sqlx::query_as(sql).bind(&import.id).fetch_one(&mut *write).await?;
        let now = self.now().as_millisecond();
        let actor = format!("import {} by {}", import.id, import.by);
        for sql in [REMEMBER, ADOPT] {
            sqlx::query(sql).bind(&import.id).bind(now).bind(&actor).execute(&mut *write).await?;
        }
        sqlx::query("DELETE FROM credit_staged WHERE import = $1").bind(&import.id).execute(&mut *write).await?;
        let sql =
            "INSERT INTO credit_imports (id, digest, accepted, rejected, at, actor) VALUES ($1, $2, $3, $4, $5, $6)";
        sqlx::query(sql)
            .bind(&import.id)
            .bind(&import.digest)
            .bind(all)
            .bind(i64::try_from(import.rejected).unwrap_or(i64::MAX))
            .bind(now)
            .bind(&import.by)
            .execute(&mut *write)
            .await?;
        write.commit().await.map_err(StoreError::from)?;
        self.kept.clear();
        let number = |count: i64| u64::try_from(count).unwrap_or_default();
        Ok(Imported { added: number(all - known), changed: number(known - same), unchanged: number(same) })
    }

    /// Forgets what an import has staged, and what others left behind long ago.
    pub(crate) async fn discard(&self, import: &str) -> Result<(), CreditError> {
        let now = u64::try_from(self.now().as_millisecond() - STAGED_MS).unwrap_or_default();
        let oldest = ulid::Ulid::from_parts(now, 0).to_string();
        let sql = "DELETE FROM credit_staged WHERE import = $1 OR import < $2";
        sqlx::query(sql).bind(import).bind(oldest).execute(self.store().pool()).await?;
        Ok(())
    }

    /// When a file with this digest was imported.
    pub(crate) async fn imported_at(&self, digest: &str) -> Result<Option<zhongtai_kernel::Timestamp>, CreditError> {
        let sql = "SELECT at FROM credit_imports WHERE digest = $1 ORDER BY at DESC LIMIT 1";
        let at: Option<i64> = sqlx::query_scalar(sql).bind(digest).fetch_optional(self.store().pool()).await?;
        Ok(at.map(find::time).transpose()?)
    }

    /// What tells whether a record says something else than before.
    fn content(&self, new: &NewRecord) -> String {
        let record = &new.record;
        self.vault().digest(&[
            &new.whom.to_text(),
            record.department.as_ref().map_or("", |department| department.as_str()),
            record.category.as_str(),
            record.gravity.as_str(),
            &record.since.to_string(),
            &record.until.map(|day| day.to_string()).unwrap_or_default(),
            &record.detail,
        ])
    }
}

/// A line of history for each record that will say something else. Ids are those of the staged rows: nobody else's.
const REMEMBER: &str = "INSERT INTO credit_history (id, entry, at, what, actor, reason_sealed) \
    SELECT s.id, e.id, CAST($2 AS BIGINT), 'changed', CAST($3 AS TEXT), NULL FROM credit_staged s \
    JOIN credit_entries e ON e.source = s.source AND e.source_id = s.source_id \
    WHERE s.import = $1 AND e.content <> s.content";

const ADOPT: &str = "INSERT INTO credit_entries (id, source, source_id, subject_index, subject_sealed, department, \
    category, gravity, since, until, detail_sealed, content, state, held, recorded_at, recorded_by) \
    SELECT id, source, source_id, subject_index, subject_sealed, department, category, gravity, since, until, \
    detail_sealed, content, 'published', 0, CAST($2 AS BIGINT), CAST($3 AS TEXT) FROM credit_staged WHERE import = $1 \
    ON CONFLICT (source, source_id) DO UPDATE SET subject_index = excluded.subject_index, \
    subject_sealed = excluded.subject_sealed, department = excluded.department, category = excluded.category, \
    gravity = excluded.gravity, since = excluded.since, until = excluded.until, \
    detail_sealed = excluded.detail_sealed, content = excluded.content \
    WHERE credit_entries.content <> excluded.content";

/// `($1, $2, ...), ($15, ...)` for so many rows.
fn places(rows: usize) -> String {
    let row = |row: usize| {
        let places: Vec<String> = (1..=COLUMNS).map(|column| format!("${}", row * COLUMNS + column)).collect();
        format!("({})", places.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

fn line_after(line: &mut i64) -> i64 {
    *line += 1;
    *line
}
