//! The durable outbox: the embedded provider, and what delivers from it.

use std::{ops::AddAssign, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};
use zhongtai_kernel::{Clock, ScenarioId, Timestamp};
use zhongtai_store::{Store, StoreError};

use crate::{
    ChannelKind, Channels, Delivery, DeliveryError, MessageId, NewMessage, NotifyError, NotifyProvider, Schedule,
    rows::{self, Claim, End},
};

/// How long an attempt may take.
const ATTEMPT: Duration = Duration::from_secs(30);
/// How long a claim keeps other hosts away: an attempt, its record in the database, and hosts whose clocks differ.
const LEASE_MS: i64 = 90_000;
/// How often a host looks for messages of other hosts.
const POLL: Duration = Duration::from_secs(1);
/// Messages that one host delivers at the same time.
const BATCH: u32 = 16;
/// Dead messages that an operator gets to see at once.
const LISTED: u32 = 1_000;

/// Messages in the platform's database, delivered at least once. A clone is the same outbox.
#[derive(Clone)]
pub struct Outbox(Arc<Shared>);

struct Shared {
    store: Store,
    clock: Arc<dyn Clock>,
    channels: Channels,
    schedule: Schedule,
    wake: Notify,
}

/// What one round of deliveries did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Accepted by their channel.
    pub delivered: u32,
    /// To be tried again.
    pub postponed: u32,
    /// Given up.
    pub dead: u32,
}

/// A message that was given up. Says nothing of whom it was for or what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadMessage {
    /// What `replay` takes.
    pub id: MessageId,
    /// Who sent it.
    pub scenario: ScenarioId,
    /// How it was to travel.
    pub channel: ChannelKind,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Why the last attempt failed.
    pub last_error: String,
}

// === impl Outbox ===

impl Outbox {
    /// The outbox over a store that has [`crate::MIGRATIONS`].
    pub fn new(store: Store, clock: Arc<dyn Clock>, channels: Channels, schedule: Schedule) -> Self {
        Self(Arc::new(Shared { store, clock, channels, schedule, wake: Notify::new() }))
    }

    /// Delivers until `shutdown` is true, or its sender is gone. What is under way then is ended first.
    pub async fn run(self, mut shutdown: watch::Receiver<bool>) {
        while !*shutdown.borrow_and_update() {
            match self.deliver_due(BATCH).await {
                Ok(report) if report.total() >= BATCH => continue,
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "messages can't be delivered"),
            }
            tokio::select! {
                changed = shutdown.changed() => if changed.is_err() { return },
                () = self.0.wake.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Tries messages that are due, `limit` at most and all at the same time.
    pub async fn deliver_due(&self, limit: u32) -> Result<Report, NotifyError> {
        let mut attempts = JoinSet::new();
        for id in rows::due(self.0.store.pool(), self.now(), limit).await? {
            let now = self.now();
            match rows::claim(self.0.store.pool(), id, now, now.saturating_add(LEASE_MS)).await {
                Ok(Some(claim)) => drop(attempts.spawn(self.clone().attempt(claim))),
                // Another host was faster.
                Ok(None) => {}
                // One row that can't be read must not keep the others.
                Err(error @ StoreError::Corrupt { .. }) => tracing::error!(%error, "a message can't be read"),
                Err(error) => return Err(error.into()),
            }
        }
        let mut report = Report::default();
        while let Some(done) = attempts.join_next().await {
            match done {
                Ok(Ok(one)) => report += one,
                // The lease ends by itself, and the message is tried again.
                Ok(Err(error)) => tracing::error!(%error, "an attempt can't be recorded"),
                Err(_) => tracing::error!("an attempt was lost"),
            }
        }
        Ok(report)
    }

    /// The latest thousand messages that were given up, the newest first.
    pub async fn dead(&self) -> Result<Vec<DeadMessage>, NotifyError> {
        let rows = rows::dead(self.0.store.pool(), LISTED).await?;
        Ok(rows.into_iter().map(dead_message).collect::<Result<_, _>>()?)
    }

    /// Tries a dead message again, from the first attempt on.
    pub async fn replay(&self, id: MessageId) -> Result<(), NotifyError> {
        if !rows::replay(self.0.store.pool(), id, self.now()).await? {
            return Err(NotifyError::NotDead(id));
        }
        self.0.wake.notify_one();
        Ok(())
    }

    /// Sends, then records. A host that dies in between leaves the lease to run out: the message is sent twice.
    async fn attempt(self, claim: Claim) -> Result<Report, NotifyError> {
        let outcome = match self.0.schedule.is_overdue(claim.attempt) {
            // Each attempt before took its host down, or it would have been the last.
            true => Err(DeliveryError::Permanent("no attempt came to an end".to_owned())),
            false => self.send_once(&claim).await,
        };
        let end = self.judge(&claim, outcome);
        let is_ours = rows::end(self.0.store.pool(), &claim, &end).await?;
        log(&claim, &end, is_ours);
        Ok(if is_ours { Report::of(&end) } else { Report::default() })
    }

    async fn send_once(&self, claim: &Claim) -> Result<(), DeliveryError> {
        let Some(channel) = self.0.channels.get(claim.message.address.channel()) else {
            return Err(DeliveryError::Temporary("the channel is not set up".to_owned()));
        };
        let timeout = |_| Err(DeliveryError::Temporary("the attempt took too long".to_owned()));
        tokio::time::timeout(ATTEMPT, channel.deliver(&claim.message)).await.unwrap_or_else(timeout)
    }

    fn judge(&self, claim: &Claim, outcome: Result<(), DeliveryError>) -> End {
        match outcome {
            Ok(()) => End::Delivered,
            Err(DeliveryError::Permanent(reason)) => End::Dead { reason },
            Err(DeliveryError::Temporary(reason)) if self.0.schedule.is_last(claim.attempt) => End::Dead { reason },
            Err(DeliveryError::Temporary(reason)) => {
                let pause = self.0.schedule.pause(claim.message.id, claim.attempt).as_millis();
                let at = self.now().saturating_add(i64::try_from(pause).unwrap_or(i64::MAX));
                End::Again { at, reason }
            }
        }
    }

    fn now(&self) -> i64 {
        self.0.clock.now().as_millisecond()
    }
}

#[async_trait]
impl NotifyProvider for Outbox {
    async fn send(&self, message: NewMessage) -> Result<MessageId, NotifyError> {
        let kind = message.address.channel();
        if self.0.channels.get(kind).is_none() {
            return Err(NotifyError::NoChannel(kind));
        }
        let (id, is_new) = rows::insert(self.0.store.pool(), message, self.now()).await?;
        if is_new {
            self.0.wake.notify_one();
        }
        Ok(id)
    }

    async fn state(&self, scenario: &ScenarioId, id: MessageId) -> Result<Option<Delivery>, NotifyError> {
        Ok(rows::state(self.0.store.pool(), scenario, id).await?)
    }
}

// === impl Report ===

impl Report {
    fn of(end: &End) -> Self {
        match end {
            End::Delivered => Self { delivered: 1, ..Self::default() },
            End::Again { .. } => Self { postponed: 1, ..Self::default() },
            End::Dead { .. } => Self { dead: 1, ..Self::default() },
        }
    }

    fn total(self) -> u32 {
        self.delivered + self.postponed + self.dead
    }
}

impl AddAssign for Report {
    fn add_assign(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.postponed += other.postponed;
        self.dead += other.dead;
    }
}

/// Ids, counts and reasons; never an address or a text.
fn log(claim: &Claim, end: &End, is_ours: bool) {
    let (id, scenario, attempt) = (claim.message.id, &claim.scenario, claim.attempt);
    let channel = claim.message.address.channel().as_str();
    match end {
        _ if !is_ours => tracing::warn!(message = %id, %scenario, channel, attempt, "the lease was lost"),
        End::Delivered => tracing::info!(message = %id, %scenario, channel, attempt, "message delivered"),
        End::Again { reason, .. } => {
            tracing::info!(message = %id, %scenario, channel, attempt, reason, "message postponed");
        }
        End::Dead { reason } => tracing::warn!(message = %id, %scenario, channel, attempt, reason, "message given up"),
    }
}

fn dead_message(row: rows::DeadRow) -> Result<DeadMessage, StoreError> {
    let (id, scenario, channel, attempts, created_at, last_error) = row;
    Ok(DeadMessage {
        id: rows::message_id(&id)?,
        scenario: scenario.parse().map_err(|error| StoreError::corrupt("notify_outbox.scenario", error))?,
        channel: channel.parse().map_err(|error| StoreError::corrupt("notify_outbox.channel", error))?,
        attempts: attempts.try_into().unwrap_or(u32::MAX),
        sent_at: Timestamp::from_millisecond(created_at)
            .map_err(|error| StoreError::corrupt("notify_outbox.created_at", error))?,
        last_error: last_error.unwrap_or_default(),
    })
}
