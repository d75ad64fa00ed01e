//! The queue's SQL. A claim is one statement whose condition only one host can meet, and it is ended under the same
//! condition, as in the outbox of messages.

use sqlx::AnyPool;
use zhongtai_kernel::Timestamp;
use zhongtai_store::{StoreError, WriteTransaction};

use crate::{Event, EventError, EventId, NewEvent};

/// Facts, not documents.
const MOST_BYTES: usize = 4 << 10;

/// An event that this host alone may tell until `lease`.
pub(crate) struct Claim {
    pub event: Event,
    /// The lease's end; no other claim of the event has the same.
    pub lease: i64,
}

/// What becomes of a claim.
pub(crate) enum End {
    /// `handled` or `unheard`.
    Done(&'static str),
    /// To be told again. `counts` is false when nobody was there to hear it.
    Again {
        at: i64,
        reason: String,
        counts: bool,
    },
    Dead {
        reason: String,
    },
}

/// Keeps an event in the transaction of what happened.
pub async fn put(write: &mut WriteTransaction, event: &NewEvent) -> Result<EventId, EventError> {
    let data = event.data.to_string();
    if data.len() > MOST_BYTES {
        return Err(EventError::TooLong { bytes: data.len(), most: MOST_BYTES });
    }
    let id = EventId::generate();
    let at = event.at.as_millisecond();
    sqlx::query(
        "INSERT INTO events (id, scenario, kind, about, sequence, case_id, data, happened_at, state, attempts, \
             next_attempt_at, lease_until) \
         SELECT $1, $2, $3, $4, COALESCE(MAX(sequence), 0) + 1, $5, $6, $7, 'waiting', 0, $7, 0 \
         FROM events WHERE scenario = $2 AND about = $4",
    )
    .bind(id.to_string())
    .bind(event.scenario.as_str())
    .bind(event.kind)
    .bind(&event.about)
    .bind(event.case.clone())
    .bind(data)
    .bind(at)
    .execute(&mut **write)
    .await?;
    Ok(id)
}

/// Events that are due, nobody's, and the first that waits of those about the same thing.
pub(crate) async fn due(pool: &AnyPool, now: i64, limit: u32) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM events AS one WHERE state = 'waiting' AND next_attempt_at <= $1 AND lease_until < $1 \
               AND NOT EXISTS (SELECT 1 FROM events AS earlier WHERE earlier.scenario = one.scenario \
                   AND earlier.about = one.about AND earlier.sequence < one.sequence AND earlier.state = 'waiting') \
               ORDER BY next_attempt_at, id LIMIT $2";
    Ok(sqlx::query_scalar(sql).bind(now).bind(i64::from(limit)).fetch_all(pool).await?)
}

type Row = (String, String, String, Option<String>, String, i64, i64);

/// Claims an event; nothing when another host was faster.
pub(crate) async fn claim(pool: &AnyPool, id: &str, now: i64, lease: i64) -> Result<Option<Claim>, StoreError> {
    let sql = "UPDATE events SET lease_until = $3, attempts = attempts + 1 \
               WHERE id = $1 AND state = 'waiting' AND next_attempt_at <= $2 AND lease_until < $2 \
               RETURNING scenario, kind, about, case_id, data, happened_at, attempts";
    let row: Option<Row> = sqlx::query_as(sql).bind(id).bind(now).bind(lease).fetch_optional(pool).await?;
    let Some((scenario, kind, about, case, data, at, attempts)) = row else { return Ok(None) };
    let event = Event {
        id: event_id(id)?,
        scenario: scenario.parse().map_err(|error| StoreError::corrupt("events.scenario", error))?,
        kind,
        about,
        case,
        data,
        at: time(at)?,
        attempt: attempts.try_into().unwrap_or(u32::MAX),
    };
    Ok(Some(Claim { event, lease }))
}

/// Ends a claim. False when the lease was lost: somebody else has the event now.
pub(crate) async fn end(pool: &AnyPool, claim: &Claim, end: &End) -> Result<bool, StoreError> {
    let (id, lease) = (claim.event.id.to_string(), claim.lease);
    let query = match end {
        End::Done(state) => {
            let sql = "UPDATE events SET state = $3, lease_until = 0, last_error = NULL \
                       WHERE id = $1 AND lease_until = $2";
            sqlx::query(sql).bind(id).bind(lease).bind(*state)
        }
        End::Again { at, reason, counts } => {
            let sql = "UPDATE events SET lease_until = 0, last_error = $3, next_attempt_at = $4, \
                       attempts = attempts - $5 WHERE id = $1 AND lease_until = $2";
            sqlx::query(sql).bind(id).bind(lease).bind(reason.clone()).bind(*at).bind(i64::from(!counts))
        }
        End::Dead { reason } => {
            let sql = "UPDATE events SET state = 'dead', lease_until = 0, last_error = $3 \
                       WHERE id = $1 AND lease_until = $2";
            sqlx::query(sql).bind(id).bind(lease).bind(reason.clone())
        }
    };
    Ok(query.execute(pool).await?.rows_affected() == 1)
}

pub(crate) type DeadRow = (String, String, String, String, i64, i64, Option<String>);

pub(crate) async fn dead(pool: &AnyPool, limit: u32) -> Result<Vec<DeadRow>, StoreError> {
    let sql = "SELECT id, scenario, kind, about, attempts, happened_at, last_error FROM events \
               WHERE state = 'dead' ORDER BY id DESC LIMIT $1";
    Ok(sqlx::query_as(sql).bind(i64::from(limit)).fetch_all(pool).await?)
}

/// Queues a dead event anew. False when it is not dead.
pub(crate) async fn replay(pool: &AnyPool, id: EventId, now: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE events SET state = 'waiting', attempts = 0, next_attempt_at = $2, lease_until = 0 \
               WHERE id = $1 AND state = 'dead'";
    Ok(sqlx::query(sql).bind(id.to_string()).bind(now).execute(pool).await?.rows_affected() == 1)
}

/// Forgets what was told, or concerned nobody, before `until`.
pub(crate) async fn forget(pool: &AnyPool, until: i64) -> Result<u64, StoreError> {
    let sql = "DELETE FROM events WHERE state IN ('handled', 'unheard') AND happened_at < $1";
    Ok(sqlx::query(sql).bind(until).execute(pool).await?.rows_affected())
}

pub(crate) fn event_id(text: &str) -> Result<EventId, StoreError> {
    text.parse().map_err(|error| StoreError::corrupt("events.id", error))
}

pub(crate) fn time(at: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(at).map_err(|error| StoreError::corrupt("events.happened_at", error))
}
