//! The inbox (站内信): messages on the platform, read by whoever signs in.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zhongtai_kernel::{AccountId, Clock, ScenarioId, Timestamp};
use zhongtai_store::{Store, StoreError};

use crate::{MessageId, NotifyError, Rendered, rows::message_id, vault::Vault};

/// Messages that somebody gets to see at once, at most.
const LISTED: u32 = 100;

/// The messages of every account, encrypted at rest. A clone is the same inbox.
#[derive(Clone)]
pub struct Inbox {
    store: Store,
    clock: Arc<dyn Clock>,
    vault: Arc<Vault>,
}

/// A message of an inbox. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct InboxMessage {
    /// The message's id: the same as on other channels.
    pub id: MessageId,
    /// Who sent it.
    pub scenario: ScenarioId,
    /// One line.
    pub title: String,
    /// Plain text.
    pub body: String,
    /// When it came.
    pub sent_at: Timestamp,
    /// When it was read first.
    pub read_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    title: String,
    body: String,
}

type Row = (String, String, Vec<u8>, i64, Option<i64>);

// === impl Inbox ===

impl Inbox {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>, vault: Arc<Vault>) -> Self {
        Self { store, clock, vault }
    }

    /// Puts a message in; the same one twice is there once.
    pub(crate) async fn put(
        &self,
        account: AccountId,
        scenario: &str,
        id: MessageId,
        text: &Rendered,
    ) -> Result<(), NotifyError> {
        let sealed = Sealed { title: text.title.clone(), body: text.body.clone() };
        let json = serde_json::to_vec(&sealed).map_err(|_| NotifyError::Fault("a message can't be written"))?;
        sqlx::query(
            "INSERT INTO notify_inbox (account, id, scenario, sealed, created_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (account, id) DO NOTHING",
        )
        .bind(account.to_string())
        .bind(id.to_string())
        .bind(scenario.to_owned())
        .bind(self.vault.seal(id, &place(account), &json)?)
        .bind(self.clock.now().as_millisecond())
        .execute(self.store.pool())
        .await?;
        Ok(())
    }

    /// An account's messages before one of them, the newest first, a hundred at most.
    pub async fn list(
        &self,
        account: AccountId,
        before: Option<MessageId>,
        only_unread: bool,
        limit: u32,
    ) -> Result<Vec<InboxMessage>, NotifyError> {
        let sql = "SELECT id, scenario, sealed, created_at, read_at FROM notify_inbox \
                   WHERE account = $1 AND ($2 = '' OR id < $2) AND ($3 = 0 OR read_at IS NULL) \
                   ORDER BY id DESC LIMIT $4";
        let rows: Vec<Row> = sqlx::query_as(sql)
            .bind(account.to_string())
            .bind(before.map_or_else(String::new, |id| id.to_string()))
            .bind(i64::from(only_unread))
            .bind(i64::from(limit.clamp(1, LISTED)))
            .fetch_all(self.store.pool())
            .await?;
        Ok(rows.into_iter().map(|row| self.open(account, row)).collect::<Result<_, _>>()?)
    }

    /// How many messages an account has not read.
    pub async fn unread(&self, account: AccountId) -> Result<u64, NotifyError> {
        let sql = "SELECT COUNT(*) FROM notify_inbox WHERE account = $1 AND read_at IS NULL";
        let count: i64 = sqlx::query_scalar(sql).bind(account.to_string()).fetch_one(self.store.pool()).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Notes that an account's message was read; the first time counts. An error when the account has no such message:
    /// the same for one of somebody else's.
    pub async fn mark_read(&self, account: AccountId, id: MessageId) -> Result<(), NotifyError> {
        let sql = "UPDATE notify_inbox SET read_at = COALESCE(read_at, $3) WHERE account = $1 AND id = $2";
        let now = self.clock.now().as_millisecond();
        let query = sqlx::query(sql).bind(account.to_string()).bind(id.to_string()).bind(now);
        match query.execute(self.store.pool()).await?.rows_affected() {
            0 => Err(NotifyError::NoMessage(id)),
            _ => Ok(()),
        }
    }

    fn open(&self, account: AccountId, row: Row) -> Result<InboxMessage, StoreError> {
        let (id, scenario, sealed, created_at, read_at) = row;
        let id = message_id(&id)?;
        let json = self.vault.open(id, &place(account), &sealed)?;
        let Sealed { title, body } = serde_json::from_slice(&json)
            .map_err(|_| StoreError::corrupt("notify_inbox.sealed", "it is no message"))?;
        let time = |millis| {
            Timestamp::from_millisecond(millis).map_err(|error| StoreError::corrupt("notify_inbox.created_at", error))
        };
        Ok(InboxMessage {
            id,
            scenario: scenario.parse().map_err(|error| StoreError::corrupt("notify_inbox.scenario", error))?,
            title,
            body,
            sent_at: time(created_at)?,
            read_at: read_at.map(time).transpose()?,
        })
    }
}

fn place(account: AccountId) -> String {
    format!("inbox {account}")
}
