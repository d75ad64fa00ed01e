//! What happened to a record: who, when, what, why. Lines are added and never changed.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use zhongtai_kernel::Timestamp;
use zhongtai_store::WriteTransaction;

use super::{EmbeddedCredit, find};
use crate::{CreditError, RecordId};

/// One thing that happened to a record.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// `recorded`, `changed`, `published`, `withdrawn`, `objection-filed`, `objection-upheld`, `objection-dismissed`,
    /// `repair-filed`, `repair-upheld` or `repair-dismissed`.
    pub what: String,
    /// An account, a scenario, or an import.
    pub by: String,
    /// Why, in the words of who did it.
    pub reason: Option<String>,
}

impl std::fmt::Debug for HistoryEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HistoryEntry").field("at", &self.at).field("what", &self.what).finish_non_exhaustive()
    }
}

/// `id`, `at`, `what`, `actor`, `reason_sealed`.
type Row = (String, i64, String, String, Option<Vec<u8>>);

/// What is to be remembered.
pub(super) struct Line<'a> {
    pub(super) what: &'a str,
    pub(super) by: &'a str,
    pub(super) reason: Option<&'a str>,
}

/// Adds a line. A reason may tell of somebody: it is sealed.
pub(super) async fn remember(
    host: &EmbeddedCredit,
    write: &mut WriteTransaction,
    entry: RecordId,
    line: Line<'_>,
) -> Result<(), CreditError> {
    let id = next_id();
    let reason = line.reason.map(|reason| host.vault().seal(&["history", &id], reason)).transpose()?;
    let sql = "INSERT INTO credit_history (id, entry, at, what, actor, reason_sealed) VALUES ($1, $2, $3, $4, $5, $6)";
    sqlx::query(sql)
        .bind(id)
        .bind(entry.to_string())
        .bind(host.now().as_millisecond())
        .bind(line.what)
        .bind(line.by)
        .bind(reason)
        .execute(&mut **write)
        .await?;
    Ok(())
}

/// The line of its coming in is kept with the record itself.
pub(super) async fn of(host: &EmbeddedCredit, id: RecordId) -> Result<Vec<HistoryEntry>, CreditError> {
    let entry = find::entry(host, id).await?.ok_or(CreditError::NotFound("record"))?;
    let sql = "SELECT id, at, what, actor, reason_sealed FROM credit_history WHERE entry = $1 ORDER BY at, id";
    let rows: Vec<Row> = sqlx::query_as(sql).bind(id.to_string()).fetch_all(host.store().pool()).await?;
    let (at, by) = (entry.recorded_at, entry.recorded_by);
    let mut lines = vec![HistoryEntry { at, what: "recorded".to_owned(), by, reason: None }];
    for (id, at, what, by, reason) in rows {
        let reason = reason.map(|sealed| host.vault().open(&["history", &id], &sealed)).transpose()?;
        lines.push(HistoryEntry { at: find::time(at)?, what, by, reason });
    }
    Ok(lines)
}

/// Ids in the order in which this host wrote them: things happen in one millisecond, too.
pub(crate) fn next_id() -> String {
    static IDS: Mutex<ulid::Generator> = Mutex::new(ulid::Generator::new());
    let mut ids = IDS.lock().unwrap_or_else(PoisonError::into_inner);
    // After 2^80 in one millisecond the order is lost, and nothing else.
    ids.generate().unwrap_or_else(|_| ulid::Ulid::generate()).to_string()
}
