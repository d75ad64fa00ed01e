//! The outbox's SQL. A claim is one statement whose condition only one host can meet; whoever has the claim ends it
//! under the same condition, so that a host that was away for longer than its lease changes nothing.

use sqlx::AnyPool;
use zhongtai_kernel::ScenarioId;
use zhongtai_store::StoreError;

use crate::{Address, Delivery, MessageId, NewMessage, Outgoing, Rendered};

/// A message that this host alone may try to deliver until `lease`.
pub(crate) struct Claim {
    pub message: Outgoing,
    pub scenario: String,
    /// How many attempts there were, with this one.
    pub attempt: u32,
    /// The lease's end; no other claim of the message has the same.
    pub lease: i64,
}

/// How an attempt ended.
pub(crate) enum End {
    Delivered,
    Again { at: i64, reason: String },
    Dead { reason: String },
}

/// Keeps the message, unless the scenario has one with its key. Returns the id of the one that is kept.
pub(crate) async fn insert(pool: &AnyPool, message: NewMessage, now: i64) -> Result<(MessageId, bool), StoreError> {
    let id = MessageId::generate();
    let key = message.idempotency_key.as_ref().map(|key| key.as_str().to_owned());
    let inserted = sqlx::query(
        "INSERT INTO notify_outbox (id, scenario, idempotency_key, channel, address, title, body, state, attempts, \
             created_at, next_attempt_at, lease_until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', 0, $8, $8, 0) \
         ON CONFLICT (scenario, idempotency_key) DO NOTHING",
    )
    .bind(id.to_string())
    .bind(message.scenario.as_str())
    .bind(key.clone())
    .bind(message.address.channel().as_str())
    .bind(message.address.as_text())
    .bind(message.text.title)
    .bind(message.text.body)
    .bind(now)
    .execute(pool)
    .await?;
    if inserted.rows_affected() == 1 {
        return Ok((id, true));
    }
    let first: String = sqlx::query_scalar("SELECT id FROM notify_outbox WHERE scenario = $1 AND idempotency_key = $2")
        .bind(message.scenario.as_str())
        .bind(key)
        .fetch_one(pool)
        .await?;
    Ok((message_id(&first)?, false))
}

pub(crate) async fn state(
    pool: &AnyPool,
    scenario: &ScenarioId,
    id: MessageId,
) -> Result<Option<Delivery>, StoreError> {
    let state: Option<String> = sqlx::query_scalar("SELECT state FROM notify_outbox WHERE id = $1 AND scenario = $2")
        .bind(id.to_string())
        .bind(scenario.as_str())
        .fetch_optional(pool)
        .await?;
    state.map(|state| state.parse().map_err(|error| StoreError::corrupt("notify_outbox.state", error))).transpose()
}

/// Messages that are due and nobody's, the longest waiting first.
pub(crate) async fn due(pool: &AnyPool, now: i64, limit: u32) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM notify_outbox WHERE state = 'queued' AND next_attempt_at <= $1 AND lease_until < $1 \
               ORDER BY next_attempt_at, id LIMIT $2";
    Ok(sqlx::query_scalar(sql).bind(now).bind(i64::from(limit)).fetch_all(pool).await?)
}

type Row = (String, String, String, String, String, i64);

/// Claims a message; nothing when another host was faster.
pub(crate) async fn claim(pool: &AnyPool, id: String, now: i64, lease: i64) -> Result<Option<Claim>, StoreError> {
    let sql = "UPDATE notify_outbox SET lease_until = $3, attempts = attempts + 1 \
               WHERE id = $1 AND state = 'queued' AND next_attempt_at <= $2 AND lease_until < $2 \
               RETURNING scenario, channel, address, title, body, attempts";
    let row: Option<Row> = sqlx::query_as(sql).bind(&id).bind(now).bind(lease).fetch_optional(pool).await?;
    let Some((scenario, channel, address, title, body, attempts)) = row else { return Ok(None) };
    let corrupt = |error| StoreError::corrupt("notify_outbox.address", error);
    let address = Address::parse(channel.parse().map_err(corrupt)?, &address).map_err(corrupt)?;
    let message = Outgoing { id: message_id(&id)?, address, text: Rendered { title, body } };
    Ok(Some(Claim { message, scenario, attempt: attempts.try_into().unwrap_or(u32::MAX), lease }))
}

/// Ends a claim. False when the lease was lost: somebody else has the message now.
pub(crate) async fn end(pool: &AnyPool, claim: &Claim, end: &End) -> Result<bool, StoreError> {
    // What was delivered is no longer needed, and it is personal: it is erased.
    let delivered = "UPDATE notify_outbox SET state = 'delivered', lease_until = 0, last_error = NULL, \
                     address = '', title = '', body = '' WHERE id = $1 AND lease_until = $2";
    let again = "UPDATE notify_outbox SET lease_until = 0, last_error = $3, next_attempt_at = $4 \
                 WHERE id = $1 AND lease_until = $2";
    let dead = "UPDATE notify_outbox SET state = 'dead', lease_until = 0, last_error = $3 \
                WHERE id = $1 AND lease_until = $2";
    let sql = match end {
        End::Delivered => delivered,
        End::Again { .. } => again,
        End::Dead { .. } => dead,
    };
    let query = sqlx::query(sql).bind(claim.message.id.to_string()).bind(claim.lease);
    let query = match end {
        End::Delivered => query,
        End::Again { at, reason } => query.bind(reason.clone()).bind(*at),
        End::Dead { reason } => query.bind(reason.clone()),
    };
    Ok(query.execute(pool).await?.rows_affected() == 1)
}

pub(crate) type DeadRow = (String, String, String, i64, i64, Option<String>);

pub(crate) async fn dead(pool: &AnyPool, limit: u32) -> Result<Vec<DeadRow>, StoreError> {
    let sql = "SELECT id, scenario, channel, attempts, created_at, last_error FROM notify_outbox \
               WHERE state = 'dead' ORDER BY id DESC LIMIT $1";
    Ok(sqlx::query_as(sql).bind(i64::from(limit)).fetch_all(pool).await?)
}

/// Queues a dead message anew. False when it is not dead.
pub(crate) async fn replay(pool: &AnyPool, id: MessageId, now: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE notify_outbox SET state = 'queued', attempts = 0, next_attempt_at = $2, lease_until = 0 \
               WHERE id = $1 AND state = 'dead'";
    Ok(sqlx::query(sql).bind(id.to_string()).bind(now).execute(pool).await?.rows_affected() == 1)
}

pub(crate) fn message_id(text: &str) -> Result<MessageId, StoreError> {
    text.parse().map_err(|error| StoreError::corrupt("notify_outbox.id", error))
}
