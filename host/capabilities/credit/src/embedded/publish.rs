//! Publishing what was reported, and taking a record back.

use zhongtai_store::WriteTransaction;

use super::{
    EmbeddedCredit, Entry, find,
    history::{Line, remember},
};
use crate::{CreditError, PetitionState, RecordId};

pub(super) async fn publish(host: &EmbeddedCredit, id: RecordId, by: &str, reason: &str) -> Result<Entry, CreditError> {
    let mut write = host.store().begin_write().await?;
    let sql = "UPDATE credit_entries SET state = 'published', published_on = $2, published_by = $3 \
               WHERE id = $1 AND state = 'unpublished'";
    let done =
        sqlx::query(sql).bind(id.to_string()).bind(host.today().to_string()).bind(by).execute(&mut *write).await?;
    if done.rows_affected() == 0 {
        write.rollback().await?;
        return Err(as_it_is(host, id).await?);
    }
    remember(host, &mut write, id, Line { what: "published", by, reason: Some(reason) }).await?;
    write.commit().await?;
    changed(host, id).await
}

pub(super) async fn withdraw(
    host: &EmbeddedCredit,
    id: RecordId,
    by: &str,
    reason: &str,
) -> Result<Entry, CreditError> {
    let mut write = host.store().begin_write().await?;
    let sql = "UPDATE credit_entries SET state = 'withdrawn', held = 0 \
               WHERE id = $1 AND state IN ('unpublished', 'published')";
    let done = sqlx::query(sql).bind(id.to_string()).execute(&mut *write).await?;
    if done.rows_affected() == 0 {
        write.rollback().await?;
        return Err(as_it_is(host, id).await?);
    }
    remember(host, &mut write, id, Line { what: "withdrawn", by, reason: Some(reason) }).await?;
    close_petitions(host, &mut write, id, by).await?;
    write.commit().await?;
    changed(host, id).await
}

/// What is still open about a record that is withdrawn has nothing left to decide. Its history says so.
pub(super) async fn close_petitions(
    host: &EmbeddedCredit,
    write: &mut WriteTransaction,
    id: RecordId,
    by: &str,
) -> Result<(), CreditError> {
    const WHY: &str = "the record was withdrawn";
    let sql = "SELECT id, kind FROM credit_petitions WHERE entry = $1 AND state = 'open' ORDER BY id";
    let open: Vec<(String, String)> = sqlx::query_as(sql).bind(id.to_string()).fetch_all(&mut **write).await?;
    for (petition, kind) in open {
        let sql = "UPDATE credit_petitions SET state = $2, decided_at = $3, decided_by = $4, reason_sealed = $5 \
                   WHERE id = $1 AND state = 'open'";
        sqlx::query(sql)
            .bind(&petition)
            .bind(PetitionState::Dismissed.as_str())
            .bind(host.now().as_millisecond())
            .bind(by)
            .bind(host.vault().seal(&["decision", &petition], WHY)?)
            .execute(&mut **write)
            .await?;
        let what = format!("{kind}-dismissed");
        remember(host, write, id, Line { what: &what, by, reason: Some(WHY) }).await?;
    }
    Ok(())
}

/// The record after a change; what was kept of its subject is forgotten.
pub(super) async fn changed(host: &EmbeddedCredit, id: RecordId) -> Result<Entry, CreditError> {
    let entry = find::must(host, id).await?;
    host.forget(&entry.whom);
    Ok(entry)
}

/// Why nothing was changed: there is no such record, or it is in another state.
pub(super) async fn as_it_is(host: &EmbeddedCredit, id: RecordId) -> Result<CreditError, CreditError> {
    Ok(CreditError::State(find::must(host, id).await?.record.state))
}
