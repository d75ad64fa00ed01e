use std::{fmt, str::FromStr};

use async_trait::async_trait;
use zhongtai_kernel::ScenarioId;

use crate::{Address, NotifyError, Rendered};

/// What takes messages.
#[async_trait]
pub trait NotifyProvider: Send + Sync + 'static {
    /// Keeps a message for delivery. A second one of the scenario with the same idempotency key is not kept, and
    /// the first one's id returned.
    async fn send(&self, message: NewMessage) -> Result<MessageId, NotifyError>;

    /// How far a message of the scenario is; nothing for another scenario's.
    async fn state(&self, scenario: &ScenarioId, id: MessageId) -> Result<Option<Delivery>, NotifyError>;
}

/// A message to keep.
pub struct NewMessage {
    /// Who sends it.
    pub scenario: ScenarioId,
    /// Sends once.
    pub idempotency_key: Option<IdempotencyKey>,
    /// Where it goes.
    pub address: Address,
    /// What it says.
    pub text: Rendered,
}

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Waiting for its next attempt.
    Queued,
    /// The channel accepted it.
    Delivered,
    /// Given up.
    Dead,
}

// === impl Delivery ===

impl Delivery {
    /// The word used in the database and the CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

impl FromStr for Delivery {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Queued, Self::Delivered, Self::Dead]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not queued, delivered or dead"))
    }
}

/// A message's id, a ULID.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(ulid::Ulid);

// === impl MessageId ===

impl MessageId {
    /// A new id.
    pub fn generate() -> Self {
        Self(ulid::Ulid::generate())
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
