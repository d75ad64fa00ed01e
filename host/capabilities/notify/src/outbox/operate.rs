//! What an operator sees of messages, and does with those that were given up.

use zhongtai_kernel::{DepartmentId, ScenarioId, Timestamp};
use zhongtai_store::StoreError;

use super::Outbox;
use crate::{
    ChannelKind, Delivery, FailureKind, MessageId, NotifyError,
    payload::Payload,
    rows::{
        self,
        lists::{self, Dead},
    },
};

/// Deliveries that an operator gets to see at once, at most.
const LISTED: u32 = 1_000;

/// A delivery as an operator sees it: nothing of what it says, and its recipient masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What `replay` takes.
    pub id: MessageId,
    /// How it travels.
    pub channel: ChannelKind,
    /// Who sent it.
    pub scenario: ScenarioId,
    /// The manifest's template.
    pub template: String,
    /// The release that the template is of.
    pub version: String,
    /// How far it is.
    pub state: Delivery,
    /// What went wrong at last.
    pub failure: Option<FailureKind>,
    /// The same in a few words; empty when nothing did.
    pub last_error: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When its state changed.
    pub changed_at: Timestamp,
    /// When it is looked at again.
    pub due_at: Option<Timestamp>,
    /// Whom it is for, masked; absent when that is erased.
    pub recipient: Option<String>,
}

/// How many deliveries are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed(pub u64);

/// How many deliveries were dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped(pub u64);

// === impl Outbox ===

impl Outbox {
    /// The latest deliveries in a state, of one department or of all, the newest first; before a message, for the next
    /// page.
    pub async fn list(
        &self,
        state: Delivery,
        department: Option<&DepartmentId>,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<Listed>, NotifyError> {
        let limit = limit.clamp(1, LISTED);
        let rows = lists::in_state(&self.0.store, state, department, before, limit).await?;
        Ok(rows.into_iter().map(|row| self.listed(row)).collect::<Result<_, _>>()?)
    }

    /// Every delivery of a message.
    pub async fn look(&self, id: MessageId) -> Result<Vec<Listed>, NotifyError> {
        let rows = lists::of_message(&self.0.store, id).await?;
        if rows.is_empty() {
            return Err(NotifyError::NoMessage(id));
        }
        Ok(rows.into_iter().map(|row| self.listed(row)).collect::<Result<_, _>>()?)
    }

    /// Tries a dead message again, from the first attempt on; on one channel, or on each where it is dead.
    pub async fn replay(&self, id: MessageId, channel: Option<ChannelKind>) -> Result<Replayed, NotifyError> {
        match self.replay_dead(Dead::Message(id, channel)).await? {
            Replayed(0) => Err(NotifyError::NotDead(id)),
            replayed => Ok(replayed),
        }
    }

    /// Tries every dead message of a department again.
    pub async fn replay_department(&self, department: &DepartmentId) -> Result<Replayed, NotifyError> {
        self.replay_dead(Dead::Department(department)).await
    }

    /// Gives a dead message up for good, and erases whom it was for and what it said.
    pub async fn abandon(&self, id: MessageId, channel: Option<ChannelKind>) -> Result<Dropped, NotifyError> {
        match lists::abandon(&self.0.store, Dead::Message(id, channel), self.now()).await? {
            0 => Err(NotifyError::NotDead(id)),
            count => Ok(Dropped(count)),
        }
    }

    async fn replay_dead(&self, dead: Dead<'_>) -> Result<Replayed, NotifyError> {
        let channels = lists::replay(&self.0.store, dead, self.now()).await?;
        channels.iter().filter_map(|channel| channel.parse().ok()).for_each(|kind| self.wake(kind));
        Ok(Replayed(u64::try_from(channels.len()).unwrap_or(u64::MAX)))
    }

    fn listed(&self, row: lists::Row) -> Result<Listed, StoreError> {
        let (id, channel, scenario, template, version, state, failure, error, attempts, created, changed, due, sealed) =
            row;
        let (id, progress) = (rows::message_id(&id)?, rows::progress(&channel, &state, failure.as_deref())?);
        let time = |millis| {
            Timestamp::from_millisecond(millis).map_err(|error| StoreError::corrupt("notify_deliveries", error))
        };
        let payload = sealed.and_then(|sealed| Payload::open(&self.0.vault, id, progress.channel, &sealed));
        Ok(Listed {
            id,
            channel: progress.channel,
            scenario: scenario.parse().map_err(|error| StoreError::corrupt("notify_deliveries.scenario", error))?,
            template,
            version,
            state: progress.state,
            failure: progress.failure,
            last_error: error.unwrap_or_default(),
            attempts: attempts.try_into().unwrap_or(u32::MAX),
            sent_at: time(created)?,
            changed_at: time(changed)?,
            due_at: due.map(time).transpose()?,
            recipient: payload.and_then(|payload| Some(payload.address(progress.channel)?.masked())),
        })
    }
}
