//! Tells events to their scenarios until each was heard.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::Deserialize;
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};
use zhongtai_kernel::{Clock, ScenarioId, Timestamp};
use zhongtai_store::{Store, StoreError};

use crate::{
    Event, EventError, EventId,
    rows::{self, Claim, End},
};

/// How long a claim keeps other hosts away: longer than a manifest lets a request run, with room for its record.
const LEASE_MS: i64 = 90_000;
/// How often a host looks for what happened.
const POLL: Duration = Duration::from_millis(500);
/// Events that one host tells at the same time.
const BATCH: u32 = 16;
/// Dead events that an operator gets to see at once.
const LISTED: u32 = 1_000;
/// How long it is known that an event was told.
const KEPT_MS: i64 = 30 * 24 * 3_600_000;
/// Each pause is this many times the one before.
const FACTOR: u32 = 3;

/// Who passes events on to scenarios.
#[async_trait]
pub trait Listener: Send + Sync + 'static {
    /// Tells one event once.
    async fn hear(&self, event: &Event) -> Heard;
}

/// How telling an event ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The scenario took note of it.
    Handled,
    /// The scenario listens to no events.
    Unheard,
    /// Nobody is there at the moment; does not count as an attempt.
    Absent(String),
    /// The scenario failed, or asked for it to be told again.
    Failed(String),
}

/// When an event that was not handled is told again: the `[events]` table of `zt.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// Attempts until an event is given up.
    pub max_attempts: NonZeroU32,
    /// The pause after the first attempt, seconds; each one after that is three times as long.
    pub first_pause_s: u32,
    /// The longest pause, seconds.
    pub longest_pause_s: u32,
}

impl Default for Schedule {
    /// Twelve attempts in about six hours: time to mend a release.
    fn default() -> Self {
        Self { max_attempts: NonZeroU32::MIN.saturating_add(11), first_pause_s: 2, longest_pause_s: 60 * 60 }
    }
}

/// What one round did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Handled, or of no concern to their scenario.
    pub done: u32,
    /// To be told again.
    pub postponed: u32,
    /// Given up.
    pub dead: u32,
}

/// An event that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadEvent {
    /// What `replay` takes.
    pub id: EventId,
    /// Whom it concerns.
    pub scenario: ScenarioId,
    /// What happened.
    pub kind: String,
    /// What it happened to.
    pub about: String,
    /// How often it was told.
    pub attempts: u32,
    /// When it happened.
    pub at: Timestamp,
    /// Why the last attempt failed.
    pub last_error: String,
}

/// The events in the platform's database. A clone is the same queue.
#[derive(Clone)]
pub struct Events(Arc<Shared>);

struct Shared {
    store: Store,
    clock: Arc<dyn Clock>,
    schedule: Schedule,
    wake: Notify,
}

// === impl Events ===

impl Events {
    /// The queue over a store that has [`crate::MIGRATIONS`].
    pub fn new(store: Store, clock: Arc<dyn Clock>, schedule: Schedule) -> Self {
        Self(Arc::new(Shared { store, clock, schedule, wake: Notify::new() }))
    }

    /// Says that something was put: it is told at once instead of at the next look.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Tells events until `shutdown` is true, or its sender is gone. What is under way then is ended first.
    pub async fn run(self, listener: Arc<dyn Listener>, mut shutdown: watch::Receiver<bool>) {
        while !*shutdown.borrow_and_update() {
            match self.tell_due(&listener, BATCH).await {
                Ok(report) if report.total() >= BATCH => continue,
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "events can't be told"),
            }
            tokio::select! {
                changed = shutdown.changed() => if changed.is_err() { return },
                () = self.0.wake.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Tells events that are due, `limit` at most and all at the same time.
    pub async fn tell_due(&self, listener: &Arc<dyn Listener>, limit: u32) -> Result<Report, EventError> {
        let mut attempts = JoinSet::new();
        let pool = self.0.store.pool();
        for id in rows::due(pool, self.now(), limit).await? {
            let now = self.now();
            match rows::claim(pool, &id, now, now.saturating_add(LEASE_MS)).await {
                Ok(Some(claim)) => drop(attempts.spawn(self.clone().tell(claim, listener.clone()))),
                // Another host was faster.
                Ok(None) => {}
                // One row that can't be read must not keep the others.
                Err(error @ StoreError::Corrupt { .. }) => tracing::error!(%error, "an event can't be read"),
                Err(error) => return Err(error.into()),
            }
        }
        let mut report = Report::default();
        while let Some(done) = attempts.join_next().await {
            match done {
                Ok(Ok(Some(end))) => report.count(&end),
                Ok(Ok(None)) => {}
                // The lease ends by itself, and the event is told again.
                Ok(Err(error)) => tracing::error!(%error, "an event's end can't be recorded"),
                Err(_) => tracing::error!("telling an event was lost"),
            }
        }
        Ok(report)
    }

    /// Forgets events that were told a month ago.
    pub async fn forget_old(&self) -> Result<u64, EventError> {
        Ok(rows::forget(self.0.store.pool(), self.now().saturating_sub(KEPT_MS)).await?)
    }

    /// The latest thousand events that were given up, the newest first.
    pub async fn dead(&self) -> Result<Vec<DeadEvent>, EventError> {
        let rows = rows::dead(self.0.store.pool(), LISTED).await?;
        Ok(rows.into_iter().map(dead_event).collect::<Result<_, _>>()?)
    }

    /// Tells a dead event again, from the first attempt on.
    pub async fn replay(&self, id: EventId) -> Result<(), EventError> {
        if !rows::replay(self.0.store.pool(), id, self.now()).await? {
            return Err(EventError::NotDead(id));
        }
        self.wake();
        Ok(())
    }

    /// Nothing when the lease was lost.
    async fn tell(self, claim: Claim, listener: Arc<dyn Listener>) -> Result<Option<End>, StoreError> {
        let heard = match claim.event.attempt > self.0.schedule.max_attempts.get() {
            // Each attempt before took its host down, or it would have been the last.
            true => Heard::Failed("no attempt came to an end".to_owned()),
            false => listener.hear(&claim.event).await,
        };
        let end = self.judge(claim.event.attempt, heard);
        let is_ours = rows::end(self.0.store.pool(), &claim, &end).await?;
        log(&claim.event, &end, is_ours);
        Ok(is_ours.then_some(end))
    }

    fn judge(&self, attempt: u32, heard: Heard) -> End {
        let again = |reason, counts| {
            let pause = self.0.schedule.pause(attempt).as_millis();
            let at = self.now().saturating_add(i64::try_from(pause).unwrap_or(i64::MAX));
            End::Again { at, reason, counts }
        };
        match heard {
            Heard::Handled => End::Done("handled"),
            Heard::Unheard => End::Done("unheard"),
            Heard::Absent(reason) => again(reason, false),
            Heard::Failed(reason) if attempt >= self.0.schedule.max_attempts.get() => End::Dead { reason },
            Heard::Failed(reason) => again(reason, true),
        }
    }

    fn now(&self) -> i64 {
        self.0.clock.now().as_millisecond()
    }
}

// === impl Schedule ===

impl Schedule {
    /// The pause after attempt number `attempt`, from 1.
    fn pause(&self, attempt: u32) -> Duration {
        let pause = FACTOR
            .checked_pow(attempt.saturating_sub(1))
            .and_then(|times| self.first_pause_s.checked_mul(times))
            .map_or(self.longest_pause_s, |pause| pause.min(self.longest_pause_s));
        Duration::from_secs(u64::from(pause))
    }
}

// === impl Report ===

impl Report {
    fn count(&mut self, end: &End) {
        match end {
            End::Done(_) => self.done += 1,
            End::Again { .. } => self.postponed += 1,
            End::Dead { .. } => self.dead += 1,
        }
    }

    fn total(self) -> u32 {
        self.done + self.postponed + self.dead
    }
}

/// Ids and reasons; never the facts.
fn log(event: &Event, end: &End, is_ours: bool) {
    let Event { id, scenario, kind, attempt, .. } = event;
    match end {
        _ if !is_ours => tracing::warn!(event = %id, %scenario, kind, attempt, "the lease of an event was lost"),
        End::Done(state) => tracing::debug!(event = %id, %scenario, kind, attempt, state, "event told"),
        End::Again { reason, .. } => {
            tracing::info!(event = %id, %scenario, kind, attempt, reason, "event to be told again");
        }
        End::Dead { reason } => tracing::warn!(event = %id, %scenario, kind, attempt, reason, "event given up"),
    }
}

fn dead_event(row: rows::DeadRow) -> Result<DeadEvent, StoreError> {
    let (id, scenario, kind, about, attempts, at, last_error) = row;
    Ok(DeadEvent {
        id: rows::event_id(&id)?,
        scenario: scenario.parse().map_err(|error| StoreError::corrupt("events.scenario", error))?,
        kind,
        about,
        attempts: attempts.try_into().unwrap_or(u32::MAX),
        at: rows::time(at)?,
        last_error: last_error.unwrap_or_default(),
    })
}
