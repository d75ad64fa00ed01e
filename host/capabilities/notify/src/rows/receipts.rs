use zhongtai_store::{StoreError, WriteTransaction};

use crate::{CarrierId, ChannelKind, Failure, FailureKind, Outcome, Receipt, rows::ends::Held};

/// Notes that a carrier gave this id to a delivery. What came before is kept; what an earlier message left under the
/// same id is not: carriers use their ids again.
pub(crate) async fn expect(
    write: &mut WriteTransaction,
    held: Held,
    id: &CarrierId,
    now: i64,
) -> Result<(), StoreError> {
    let kept = |column: &str| format!("CASE WHEN r.message IS NULL THEN r.{column} ELSE NULL END");
    let sql = format!(
        "INSERT INTO notify_receipts AS r (channel, carrier_id, message, fence, at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (channel, carrier_id) DO UPDATE SET message = $3, fence = $4, at = $5, outcome = {}, \
             failure = {}, reason = {}",
        kept("outcome"),
        kept("failure"),
        kept("reason"),
    );
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(held.channel.as_str())
        .bind(id.as_str().to_owned())
        .bind(held.id.to_string())
        .bind(held.fence)
        .bind(now)
        .execute(&mut **write)
        .await?;
    Ok(())
}

/// What keeping a receipt showed.
pub(crate) enum Kept {
    /// It was known.
    Known,
    /// No attempt under this id has been recorded yet.
    Early,
    /// It is about this delivery.
    About(Held),
}

/// Keeps a receipt. The first one of an id counts.
pub(crate) async fn keep(
    write: &mut WriteTransaction,
    channel: ChannelKind,
    receipt: &Receipt,
    now: i64,
) -> Result<Kept, StoreError> {
    let (outcome, failure, reason) = match &receipt.outcome {
        Outcome::Delivered => ("delivered", None, None),
        Outcome::Failed(kind, reason) => ("failed", Some(kind.as_str().to_owned()), Some(reason.clone())),
    };
    let sql = "INSERT INTO notify_receipts AS r (channel, carrier_id, outcome, failure, reason, at) \
               VALUES ($1, $2, $3, $4, $5, $6) \
               ON CONFLICT (channel, carrier_id) DO UPDATE SET outcome = $3, failure = $4, reason = $5, at = $6 \
               WHERE r.outcome IS NULL RETURNING message, fence";
    let row: Option<(Option<String>, Option<i64>)> = sqlx::query_as(sql)
        .bind(channel.as_str())
        .bind(receipt.id.as_str().to_owned())
        .bind(outcome)
        .bind(failure)
        .bind(reason)
        .bind(now)
        .fetch_optional(&mut **write)
        .await?;
    Ok(match row {
        None => Kept::Known,
        Some((Some(message), Some(fence))) => Kept::About(Held { id: super::message_id(&message)?, channel, fence }),
        Some(_) => Kept::Early,
    })
}

/// What the receipts of a delivery say together: it arrived when every part did, it failed when one did.
pub(crate) async fn verdict(
    write: &mut WriteTransaction,
    held: Held,
) -> Result<Option<Result<(), Failure>>, StoreError> {
    let sql = "SELECT outcome, failure, reason FROM notify_receipts \
               WHERE message = $1 AND channel = $2 AND fence = $3 ORDER BY carrier_id";
    let rows: Vec<(Option<String>, Option<String>, Option<String>)> = sqlx::query_as(sql)
        .bind(held.id.to_string())
        .bind(held.channel.as_str())
        .bind(held.fence)
        .fetch_all(&mut **write)
        .await?;
    let failed = rows.iter().find(|(outcome, ..)| outcome.as_deref() == Some("failed"));
    if let Some((_, failure, reason)) = failed {
        let kind = failure.as_deref().and_then(|kind| kind.parse().ok()).unwrap_or(FailureKind::Other);
        return Ok(Some(Err(Failure { kind, reason: reason.clone().unwrap_or_default() })));
    }
    let have_all_arrived = !rows.is_empty() && rows.iter().all(|(outcome, ..)| outcome.as_deref() == Some("delivered"));
    Ok(have_all_arrived.then_some(Ok(())))
}
