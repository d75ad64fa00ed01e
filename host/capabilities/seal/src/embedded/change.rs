//! Taking seals out of use, and back.

use zhongtai_kernel::Timestamp;
use zhongtai_store::WriteTransaction;

use super::{EmbeddedSeals, credential, find};
use crate::{Cause, Seal, SealError, SealName, Status};

/// Turns a seal from one state to another. One that has the other already stays as it is.
pub(super) async fn turn(
    host: &EmbeddedSeals,
    name: &SealName,
    (from, to): (Status, Status),
    (what, by, reason): (&str, &str, &str),
) -> Result<Seal, SealError> {
    let (id, _) = find::with_id(host, name).await?.ok_or(SealError::NotFound("seal"))?;
    let mut write = host.store().begin_write().await?;
    let sql = "UPDATE seals SET state = $2 WHERE id = $1 AND state = $3";
    let done = sqlx::query(sql).bind(&id).bind(to.as_str()).bind(from.as_str()).execute(&mut *write).await?;
    if done.rows_affected() == 1 {
        remember(&mut write, &id, (what, by, Some(reason)), host.now()).await?;
        write.commit().await?;
        return find::must(host, name).await;
    }
    write.rollback().await?;
    let seal = find::must(host, name).await?;
    let status = seal.status(host.now());
    if seal.state == to { Ok(seal) } else { Err(SealError::Standing { what: "seal", status }) }
}

/// Takes a seal out of use for good; its certificates are on the lists in the same moment.
pub(super) async fn revoke(
    host: &EmbeddedSeals,
    name: &SealName,
    by: &str,
    (cause, reason): (Cause, &str),
) -> Result<Seal, SealError> {
    let (id, _) = find::with_id(host, name).await?.ok_or(SealError::NotFound("seal"))?;
    let mut write = host.store().begin_write().await?;
    let sql = "UPDATE seals SET state = 'revoked' WHERE id = $1 AND state <> 'revoked'";
    if sqlx::query(sql).bind(&id).execute(&mut *write).await?.rows_affected() == 1 {
        credential::revoke(host, &mut write, &id, cause).await?;
        let reason = format!("{cause}: {reason}");
        remember(&mut write, &id, ("revoked", by, Some(&reason)), host.now()).await?;
        write.commit().await?;
    } else {
        write.rollback().await?;
    }
    find::must(host, name).await
}

/// Adds a line to what happened to a seal or a key.
pub(super) async fn remember(
    write: &mut WriteTransaction,
    holder: &str,
    (what, by, reason): (&str, &str, Option<&str>),
    now: Timestamp,
) -> Result<(), SealError> {
    let sql = "INSERT INTO seal_events (id, holder, at, what, actor, reason) VALUES ($1, $2, $3, $4, $5, $6)";
    sqlx::query(sql)
        .bind(ulid::Ulid::generate().to_string())
        .bind(holder)
        .bind(now.as_millisecond())
        .bind(what)
        .bind(by)
        .bind(reason)
        .execute(&mut **write)
        .await?;
    Ok(())
}
