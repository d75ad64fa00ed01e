//! The SQL of deliveries. A claim is one statement whose condition only one host can meet, and raises the fence; whoever
//! has the claim ends it under that number, so that a host that was away for longer than its lease changes nothing.

pub(crate) mod ends;
pub(crate) mod lists;
pub(crate) mod receipts;
pub(crate) mod spent;

use sqlx::{Any, Executor};
use zhongtai_kernel::ScenarioId;
use zhongtai_store::{Backend, Store, StoreError};

use crate::{ChannelKind, Delivery, MessageId, Progress};

/// A delivery to keep.
pub(crate) struct NewRow<'r> {
    pub id: MessageId,
    pub channel: ChannelKind,
    pub scenario: &'r ScenarioId,
    pub key: Option<&'r str>,
    pub template: &'r str,
    pub version: &'r str,
    pub recipient: String,
    pub urgent: bool,
    pub state: Delivery,
    pub now: i64,
    pub due: i64,
    pub sealed: Vec<u8>,
}

/// Keeps a delivery. False when the scenario has a message with its key.
pub(crate) async fn insert<'e>(to: impl Executor<'e, Database = Any>, row: NewRow<'_>) -> Result<bool, StoreError> {
    let inserted = sqlx::query(
        "INSERT INTO notify_deliveries (message, channel, scenario, department, idempotency_key, template, version, \
             recipient, urgent, state, attempts, fence, counted, created_at, changed_at, due_at, sealed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, $11, $11, $12, $13) \
         ON CONFLICT (scenario, idempotency_key) DO NOTHING",
    )
    .bind(row.id.to_string())
    .bind(row.channel.as_str())
    .bind(row.scenario.as_str().to_owned())
    .bind(row.scenario.department().as_str().to_owned())
    .bind(row.key.map(str::to_owned))
    .bind(row.template.to_owned())
    .bind(row.version.to_owned())
    .bind(row.recipient)
    .bind(i64::from(row.urgent))
    .bind(row.state.as_str())
    .bind(row.now)
    .bind(row.due)
    .bind(row.sealed)
    .execute(to)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The message that a scenario sent with a key.
pub(crate) async fn by_key(store: &Store, scenario: &ScenarioId, key: &str) -> Result<Option<MessageId>, StoreError> {
    let sql = "SELECT message FROM notify_deliveries WHERE scenario = $1 AND idempotency_key = $2";
    let found: Option<String> =
        sqlx::query_scalar(sql).bind(scenario.as_str()).bind(key).fetch_optional(store.pool()).await?;
    found.map(|id| message_id(&id)).transpose()
}

pub(crate) async fn deliveries(
    store: &Store,
    scenario: &ScenarioId,
    id: MessageId,
) -> Result<Vec<Progress>, StoreError> {
    let sql = "SELECT channel, state, failure FROM notify_deliveries WHERE message = $1 AND scenario = $2 \
               ORDER BY channel";
    let rows: Vec<(String, String, Option<String>)> =
        sqlx::query_as(sql).bind(id.to_string()).bind(scenario.as_str()).fetch_all(store.pool()).await?;
    rows.iter().map(|(channel, state, failure)| progress(channel, state, failure.as_deref())).collect()
}

pub(crate) fn progress(channel: &str, state: &str, failure: Option<&str>) -> Result<Progress, StoreError> {
    let corrupt = |column, error: String| StoreError::corrupt(column, error);
    Ok(Progress {
        channel: channel.parse().map_err(|error: crate::InvalidAddress| corrupt("channel", error.to_string()))?,
        state: state.parse().map_err(|error| corrupt("state", error))?,
        failure: failure.map(|kind| kind.parse().map_err(|error| corrupt("failure", error))).transpose()?,
    })
}

/// A delivery that this host alone may attempt until its lease is over.
pub(crate) struct Claim {
    pub id: MessageId,
    pub channel: ChannelKind,
    pub scenario: String,
    pub department: String,
    pub recipient: String,
    /// How many attempts there were, with this one.
    pub attempt: u32,
    /// The number of this claim; no other of the delivery has it.
    pub fence: i64,
    /// It was taken off the limits already.
    pub is_counted: bool,
    pub sealed: Vec<u8>,
}

type Claimed = (String, String, String, String, i64, i64, i64, Option<Vec<u8>>);

/// Claims what is due on a channel, the longest waiting first, `limit` at most.
pub(crate) async fn claim(
    store: &Store,
    channel: ChannelKind,
    (now, lease): (i64, i64),
    only_urgent: bool,
    limit: u32,
) -> Result<Vec<Claim>, StoreError> {
    // Without the lock, two hosts would pick the same ones, and one of them would get none.
    let lock = match store.backend() {
        Backend::Sqlite => "",
        Backend::Postgres => "FOR UPDATE SKIP LOCKED",
    };
    let sql = format!(
        "UPDATE notify_deliveries SET state = 'sending', due_at = $3, attempts = attempts + 1, fence = fence + 1, \
             changed_at = $2 \
         WHERE channel = $1 AND due_at <= $2 AND message IN ( \
             SELECT message FROM notify_deliveries WHERE channel = $1 AND due_at <= $2 AND urgent >= $4 \
             ORDER BY due_at, message LIMIT $5 {lock}) \
         RETURNING message, scenario, department, recipient, attempts, fence, counted, sealed"
    );
    let rows: Vec<Claimed> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(channel.as_str())
        .bind(now)
        .bind(lease)
        .bind(i64::from(only_urgent))
        .bind(i64::from(limit))
        .fetch_all(store.pool())
        .await?;
    rows.into_iter().map(|row| claimed(channel, row)).collect()
}

fn claimed(channel: ChannelKind, row: Claimed) -> Result<Claim, StoreError> {
    let (id, scenario, department, recipient, attempts, fence, counted, sealed) = row;
    Ok(Claim {
        id: message_id(&id)?,
        channel,
        scenario,
        department,
        recipient,
        attempt: attempts.try_into().unwrap_or(u32::MAX),
        fence,
        is_counted: counted != 0,
        sealed: sealed.unwrap_or_default(),
    })
}

/// True when something is due on a channel. Cheaper than a claim that finds nothing: it takes no lock.
pub(crate) async fn is_due(store: &Store, channel: ChannelKind, now: i64) -> Result<bool, StoreError> {
    let sql = "SELECT message FROM notify_deliveries WHERE channel = $1 AND due_at <= $2 LIMIT 1";
    let found: Option<String> =
        sqlx::query_scalar(sql).bind(channel.as_str()).bind(now).fetch_optional(store.pool()).await?;
    Ok(found.is_some())
}

/// Lets everything that is due and not urgent wait for the end of quiet hours.
pub(crate) async fn hold_quiet(store: &Store, channel: ChannelKind, now: i64, until: i64) -> Result<u64, StoreError> {
    let sql = "UPDATE notify_deliveries SET state = 'held-quiet', due_at = $3, fence = fence + 1, changed_at = $2 \
               WHERE channel = $1 AND due_at <= $2 AND urgent = 0";
    let held = sqlx::query(sql).bind(channel.as_str()).bind(now).bind(until).execute(store.pool()).await?;
    Ok(held.rows_affected())
}

pub(crate) fn message_id(text: &str) -> Result<MessageId, StoreError> {
    text.parse().map_err(|error: &'static str| StoreError::corrupt("a message's id", error))
}
