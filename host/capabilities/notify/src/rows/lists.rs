//! What an operator sees and does, and what is forgotten.

use zhongtai_kernel::DepartmentId;
use zhongtai_store::{Store, StoreError};

use crate::{ChannelKind, Delivery, MessageId};

/// id, channel, scenario, template, version, state, failure, last error, attempts, created, changed, due, sealed.
pub(crate) type Row = (
    String,
    String,
    String,
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    i64,
    i64,
    i64,
    Option<i64>,
    Option<Vec<u8>>,
);

const COLUMNS: &str = "message, channel, scenario, template, version, state, failure, last_error, attempts, \
                       created_at, changed_at, due_at, sealed";

/// The latest ones in a state, before one of them, the newest first.
pub(crate) async fn in_state(
    store: &Store,
    state: Delivery,
    department: Option<&DepartmentId>,
    before: Option<MessageId>,
    limit: u32,
) -> Result<Vec<Row>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM notify_deliveries \
         WHERE state = $1 AND ($2 = '' OR department = $2) AND ($3 = '' OR message < $3) \
         ORDER BY message DESC, channel LIMIT $4"
    );
    let rows = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(state.as_str())
        .bind(department.map_or_else(String::new, ToString::to_string))
        .bind(before.map_or_else(String::new, |id| id.to_string()))
        .bind(i64::from(limit))
        .fetch_all(store.pool())
        .await?;
    Ok(rows)
}

pub(crate) async fn of_message(store: &Store, id: MessageId) -> Result<Vec<Row>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM notify_deliveries WHERE message = $1 ORDER BY channel");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.to_string()).fetch_all(store.pool()).await?)
}

/// Which dead deliveries: of a message, or of a department.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Dead<'d> {
    Message(MessageId, Option<ChannelKind>),
    Department(&'d DepartmentId),
}

// === impl Dead ===

impl Dead<'_> {
    /// Of one message, of one channel, of one department; empty is any.
    fn parts(self) -> [String; 3] {
        match self {
            Self::Message(id, channel) => {
                [id.to_string(), channel.map_or_else(String::new, |kind| kind.as_str().to_owned()), String::new()]
            }
            Self::Department(department) => [String::new(), String::new(), department.to_string()],
        }
    }
}

const WHICH: &str = "state = 'dead' AND ($1 = '' OR message = $1) AND ($2 = '' OR channel = $2) \
                     AND ($3 = '' OR department = $3)";

/// Queues dead deliveries anew, from the first attempt on. Their channels.
pub(crate) async fn replay(store: &Store, dead: Dead<'_>, now: i64) -> Result<Vec<String>, StoreError> {
    let sql = format!(
        "UPDATE notify_deliveries SET state = 'queued', attempts = 0, due_at = $4, changed_at = $4 \
         WHERE {WHICH} AND sealed IS NOT NULL RETURNING channel"
    );
    let [message, channel, department] = dead.parts();
    let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(message).bind(channel).bind(department).bind(now);
    Ok(query.fetch_all(store.pool()).await?)
}

/// Gives dead deliveries up for good, and erases them. How many there were.
pub(crate) async fn abandon(store: &Store, dead: Dead<'_>, now: i64) -> Result<u64, StoreError> {
    let sql = format!("UPDATE notify_deliveries SET state = 'failed', sealed = NULL, changed_at = $4 WHERE {WHICH}");
    let [message, channel, department] = dead.parts();
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(message).bind(channel).bind(department).bind(now);
    Ok(query.execute(store.pool()).await?.rows_affected())
}

/// What is older than this is forgotten.
pub(crate) struct Cutoffs {
    /// Deliveries with nothing left to do: messages before this one.
    pub deliveries: MessageId,
    /// Texts that a receipt might still need: sent before this time.
    pub receipts: i64,
    /// What the carriers said: before this time.
    pub carriers: i64,
    /// Messages of the inbox before this one.
    pub inbox: MessageId,
    pub now: i64,
}

/// Forgets. How many deliveries, texts and messages of the inbox.
pub(crate) async fn sweep(store: &Store, cutoffs: &Cutoffs) -> Result<(u64, u64, u64), StoreError> {
    let pool = store.pool();
    let deliveries = sqlx::query("DELETE FROM notify_deliveries WHERE message < $1 AND due_at IS NULL")
        .bind(cutoffs.deliveries.to_string())
        .execute(pool)
        .await?;
    let texts = "UPDATE notify_deliveries SET sealed = NULL \
                 WHERE state = 'sent' AND sealed IS NOT NULL AND changed_at < $1";
    let texts = sqlx::query(texts).bind(cutoffs.receipts).execute(pool).await?;
    sqlx::query("DELETE FROM notify_receipts WHERE at < $1").bind(cutoffs.carriers).execute(pool).await?;
    sqlx::query("DELETE FROM notify_spent WHERE until < $1").bind(cutoffs.now).execute(pool).await?;
    let inbox = sqlx::query("DELETE FROM notify_inbox WHERE id < $1").bind(cutoffs.inbox.to_string());
    let inbox = inbox.execute(pool).await?;
    Ok((deliveries.rows_affected(), texts.rows_affected(), inbox.rows_affected()))
}
