use std::{fmt, str::FromStr};

use async_trait::async_trait;
use zhongtai_kernel::ScenarioId;

use crate::{ChannelKind, Choice, FailureKind, NotifyError, Reach, Texts};

/// What takes messages.
#[async_trait]
pub trait NotifyProvider: Send + Sync + 'static {
    /// Keeps a message for delivery. A second one of the scenario with the same idempotency key is not kept, and
    /// the first one's id returned.
    async fn send(&self, message: NewMessage) -> Result<MessageId, NotifyError>;

    /// Every delivery of a message of the scenario, one for each channel; none for another scenario's.
    async fn deliveries(&self, scenario: &ScenarioId, id: MessageId) -> Result<Vec<Progress>, NotifyError>;

    /// How far a message of the scenario is: the furthest of its deliveries.
    async fn state(&self, scenario: &ScenarioId, id: MessageId) -> Result<Option<Delivery>, NotifyError> {
        Ok(self.deliveries(scenario, id).await?.into_iter().map(|progress| progress.state).max())
    }
}

/// A message to keep.
pub struct NewMessage {
    /// Who sends it.
    pub scenario: ScenarioId,
    /// The template's name.
    pub template: String,
    /// The release that the template is of, for people.
    pub version: String,
    /// Sends once.
    pub idempotency_key: Option<IdempotencyKey>,
    /// How the recipient is reached.
    pub to: Reach,
    /// How the template wants it to travel.
    pub choice: Choice,
    /// What it says.
    pub texts: Texts,
}

/// How far a message is on one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which channel.
    pub channel: ChannelKind,
    /// How far.
    pub state: Delivery,
    /// What went wrong, if something did.
    pub failure: Option<FailureKind>,
}

/// How far a delivery is. In the order of how much can be hoped for: of a message's deliveries the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Delivery {
    /// Given up, and no other channel was left; an operator can replay it.
    Dead,
    /// It will never arrive on this channel; another one took over, or an operator dropped it.
    Failed,
    /// Waits until the recipient, or the department, may be sent more.
    HeldRate,
    /// Waits until the channel's quiet hours are over.
    HeldQuiet,
    /// Waiting for its next attempt.
    Queued,
    /// An attempt is under way.
    Sending,
    /// The carrier accepted it.
    Sent,
    /// It arrived.
    Delivered,
}

// === impl Delivery ===

impl Delivery {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Dead,
        Self::Failed,
        Self::HeldRate,
        Self::HeldQuiet,
        Self::Queued,
        Self::Sending,
        Self::Sent,
        Self::Delivered,
    ];

    /// The word used in the database, the API and the CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Failed => "failed",
            Self::HeldRate => "held-rate",
            Self::HeldQuiet => "held-quiet",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
        }
    }
}

impl FromStr for Delivery {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| {
            let words: Vec<_> = Self::ALL.iter().map(|state| state.as_str()).collect();
            format!("`{text}` is no state: expected one of {}", words.join(", "))
        })
    }
}

/// A message's id, a ULID: the same on each channel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(ulid::Ulid);

// === impl MessageId ===

impl MessageId {
    /// A new id.
    pub fn generate() -> Self {
        Self(ulid::Ulid::generate())
    }

    /// A new id of a time, in milliseconds since 1970.
    pub(crate) fn at(millis: i64) -> Self {
        Self(ulid::Ulid::from_parts(u64::try_from(millis).unwrap_or(0), ulid::Ulid::generate().random()))
    }

    /// The id before any of a time's.
    pub(crate) fn first_of(millis: i64) -> Self {
        Self(ulid::Ulid::from_parts(u64::try_from(millis).unwrap_or(0), 0))
    }
}

impl FromStr for MessageId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| "a message's id has the 26 characters of a ULID")
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// 1 to 128 characters without control characters; the plugin chooses it.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

// === impl IdempotencyKey ===

impl IdempotencyKey {
    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for IdempotencyKey {
    type Error = NotifyError;

    fn try_from(text: String) -> Result<Self, NotifyError> {
        // PostgreSQL's text can't hold a NUL, and nobody could read the others.
        let is_valid = (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if is_valid { Ok(Self(text)) } else { Err(NotifyError::InvalidIdempotencyKey) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idempotency_key_is_1_to_128_characters_without_control_characters() {
        assert!(IdempotencyKey::try_from("办".repeat(128)).is_ok());
        for text in [String::new(), "a".repeat(129), "a\0".to_owned(), "a\n".to_owned()] {
            assert!(IdempotencyKey::try_from(text).is_err());
        }
    }
}
