//! How attempts and deliveries end. Every statement names the fence, or the state that it leaves.

use zhongtai_store::{StoreError, WriteTransaction};

use crate::{ChannelKind, Delivery, Failure, MessageId};

/// A delivery, as one claim knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    pub id: MessageId,
    pub channel: ChannelKind,
    pub fence: i64,
}

/// Ends an attempt that the carrier accepted. What is no longer needed is personal: it is erased, unless a receipt may
/// still send the message another way. False when the lease was lost.
pub(crate) async fn accepted(
    write: &mut WriteTransaction,
    held: Held,
    (state, keeps): (Delivery, bool),
    now: i64,
) -> Result<bool, StoreError> {
    let sql = "UPDATE notify_deliveries SET state = $4, due_at = NULL, failure = NULL, last_error = NULL, \
                   changed_at = $5, sealed = CASE WHEN $6 = 1 THEN sealed ELSE NULL END \
               WHERE message = $1 AND channel = $2 AND state = 'sending' AND fence = $3";
    let done = sqlx::query(sql)
        .bind(held.id.to_string())
        .bind(held.channel.as_str())
        .bind(held.fence)
        .bind(state.as_str())
        .bind(now)
        .bind(i64::from(keeps))
        .execute(&mut **write)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends an attempt that is made again at `at`. False when the lease was lost.
pub(crate) async fn again(
    write: &mut WriteTransaction,
    held: Held,
    (at, failure): (i64, &Failure),
    now: i64,
) -> Result<bool, StoreError> {
    let sql = "UPDATE notify_deliveries SET state = 'queued', due_at = $4, failure = $5, last_error = $6, \
                   changed_at = $7 \
               WHERE message = $1 AND channel = $2 AND state = 'sending' AND fence = $3";
    let done = sqlx::query(sql)
        .bind(held.id.to_string())
        .bind(held.channel.as_str())
        .bind(held.fence)
        .bind(at)
        .bind(failure.kind.as_str())
        .bind(failure.reason.clone())
        .bind(now)
        .execute(&mut **write)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a claim without an attempt: a limit is used up until `until`. False when the lease was lost.
pub(crate) async fn hold_rate(
    write: &mut WriteTransaction,
    held: Held,
    until: i64,
    now: i64,
) -> Result<bool, StoreError> {
    let sql = "UPDATE notify_deliveries SET state = 'held-rate', due_at = $4, attempts = attempts - 1, changed_at = $5 \
               WHERE message = $1 AND channel = $2 AND state = 'sending' AND fence = $3";
    let done = sqlx::query(sql)
        .bind(held.id.to_string())
        .bind(held.channel.as_str())
        .bind(held.fence)
        .bind(until)
        .bind(now)
        .execute(&mut **write)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that a delivery was taken off the limits. False when the lease was lost.
pub(crate) async fn count(write: &mut WriteTransaction, held: Held) -> Result<bool, StoreError> {
    let sql = "UPDATE notify_deliveries SET counted = 1 \
               WHERE message = $1 AND channel = $2 AND state = 'sending' AND fence = $3";
    let query = sqlx::query(sql).bind(held.id.to_string()).bind(held.channel.as_str()).bind(held.fence);
    Ok(query.execute(&mut **write).await?.rows_affected() == 1)
}

/// The delivery is over on its channel: `failed` or `dead`. What is dead keeps its text, for an operator to replay.
/// `from` is the state that it must be in. False when it is not, or under another fence.
pub(crate) async fn over(
    write: &mut WriteTransaction,
    held: Held,
    (from, to): (Delivery, Delivery),
    failure: &Failure,
    now: i64,
) -> Result<bool, StoreError> {
    let sql = "UPDATE notify_deliveries SET state = $5, due_at = NULL, failure = $6, last_error = $7, changed_at = $8, \
                   sealed = CASE WHEN $5 = 'dead' THEN sealed ELSE NULL END \
               WHERE message = $1 AND channel = $2 AND fence = $3 AND state = $4";
    let done = sqlx::query(sql)
        .bind(held.id.to_string())
        .bind(held.channel.as_str())
        .bind(held.fence)
        .bind(from.as_str())
        .bind(to.as_str())
        .bind(failure.kind.as_str())
        .bind(failure.reason.clone())
        .bind(now)
        .execute(&mut **write)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// A delivery that takes over from another. False when the message has one on this channel.
pub(crate) async fn fall_back(
    write: &mut WriteTransaction,
    (id, from): (MessageId, ChannelKind),
    to: ChannelKind,
    (recipient, sealed): (String, Vec<u8>),
    now: i64,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO notify_deliveries (message, channel, scenario, department, template, version, recipient, \
                   urgent, state, attempts, fence, counted, created_at, changed_at, due_at, sealed) \
               SELECT message, $3, scenario, department, template, version, $4, urgent, 'queued', 0, 0, 0, $5, $5, $5, \
                   $6 \
               FROM notify_deliveries WHERE message = $1 AND channel = $2 \
               ON CONFLICT (message, channel) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(id.to_string())
        .bind(from.as_str())
        .bind(to.as_str())
        .bind(recipient)
        .bind(now)
        .bind(sealed)
        .execute(&mut **write)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Locks a delivery that waits for receipts and returns what it says. Nothing when it waits for none, or for another
/// attempt's.
pub(crate) async fn awaiting(
    write: &mut WriteTransaction,
    held: Held,
    now: i64,
) -> Result<Option<Option<Vec<u8>>>, StoreError> {
    let sql = "UPDATE notify_deliveries SET changed_at = $4 \
               WHERE message = $1 AND channel = $2 AND fence = $3 AND state = 'sent' RETURNING sealed";
    let row: Option<(Option<Vec<u8>>,)> = sqlx::query_as(sql)
        .bind(held.id.to_string())
        .bind(held.channel.as_str())
        .bind(held.fence)
        .bind(now)
        .fetch_optional(&mut **write)
        .await?;
    Ok(row.map(|(sealed,)| sealed))
}

/// A receipt says that it arrived.
pub(crate) async fn arrived(write: &mut WriteTransaction, held: Held, now: i64) -> Result<(), StoreError> {
    let sql = "UPDATE notify_deliveries SET state = 'delivered', changed_at = $4, sealed = NULL \
               WHERE message = $1 AND channel = $2 AND fence = $3 AND state = 'sent'";
    let query = sqlx::query(sql).bind(held.id.to_string()).bind(held.channel.as_str()).bind(held.fence).bind(now);
    query.execute(&mut **write).await?;
    Ok(())
}
