//! What carries messages.
//!
//! A channel is one of ours ([`Smtp`], [`Webhook`], the inbox), or a connector's in a crate of its own below
//! `connectors/`, which depends on this one: it implements [`Channel`], and the server puts it into [`Channels`].

mod callback;
mod dkim;
mod smtp;
mod webhook;

pub use callback::{Callback, CallbackAnswer, CallbackError};
pub use smtp::Smtp;
pub use webhook::Webhook;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::{Address, ChannelKind, FailureKind, MessageId, Receipt, Receipts, Rendered};

/// Carries messages to the addresses of one kind.
#[async_trait]
pub trait Channel: Send + Sync + 'static {
    /// Tries once. The same message can come again: when an answer is lost, nobody knows that it arrived. It is
    /// dropped after 30 seconds.
    async fn deliver(&self, message: &Outgoing) -> Result<Accepted, DeliveryError>;

    /// Work beside deliveries, until `shutdown` is true or its sender is gone: a connection that is kept, receipts that
    /// come over it. The outbox runs it once on each host. By default there is none.
    async fn run(&self, _receipts: Arc<dyn Receipts>, _shutdown: watch::Receiver<bool>) {}

    /// Verifies a callback of the carrier and reads its receipts. The outbox applies them, and only then the carrier
    /// gets the answer. By default a channel takes none.
    fn callback(&self, _callback: &Callback) -> Result<(Vec<Receipt>, CallbackAnswer), CallbackError> {
        Err(CallbackError::NotExpected)
    }
}

/// A message on its way. Personal data: no `Debug`.
pub struct Outgoing {
    /// The same for each attempt: a receiver knows a message by it.
    pub id: MessageId,
    /// Where it goes.
    pub address: Address,
    /// What it says. For a short message the body is the template's short text, and the title empty.
    pub text: Rendered,
}

/// A carrier took a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// The recipient's own side has it: there is nothing left to learn.
    Delivered,
    /// It is on its way. With ids, receipts come under them ([`Receipts`]): one id for each part of a long message.
    /// Without, nobody will tell what became of it.
    Sent(Vec<CarrierId>),
}

/// The id that a carrier gave to a message: 1 to 128 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CarrierId(String);

/// A text that is no [`CarrierId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a carrier's id has 1 to 128 printable ASCII characters")]
pub struct InvalidCarrierId;

// === impl CarrierId ===

impl CarrierId {
    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CarrierId {
    type Error = InvalidCarrierId;

    fn try_from(text: String) -> Result<Self, InvalidCarrierId> {
        let is_valid = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_valid { Ok(Self(text)) } else { Err(InvalidCarrierId) }
    }
}

/// An attempt failed. The reason is a status or our own words: what a server answers may quote an address or a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Later may work.
    #[error("{1}")]
    Temporary(FailureKind, String),
    /// It will never work.
    #[error("{1}")]
    Permanent(FailureKind, String),
}

// === impl DeliveryError ===

impl DeliveryError {
    /// Later may work.
    pub fn temporary(kind: FailureKind, reason: impl Into<String>) -> Self {
        Self::Temporary(kind, reason.into())
    }

    /// It will never work.
    pub fn permanent(kind: FailureKind, reason: impl Into<String>) -> Self {
        Self::Permanent(kind, reason.into())
    }

    /// An address of another channel. Cannot happen while the outbox chooses the channel by the address.
    pub fn wrong_address() -> Self {
        Self::permanent(FailureKind::Other, "the address is another channel's")
    }
}

/// The channels that an operator has set up. The inbox needs no setting up: the outbox has it.
#[derive(Clone, Default)]
pub struct Channels {
    /// For mailboxes.
    pub email: Option<Arc<dyn Channel>>,
    /// For URLs.
    pub webhook: Option<Arc<dyn Channel>>,
    /// For phone numbers: a connector.
    pub sms: Option<Arc<dyn Channel>>,
}

// === impl Channels ===

impl Channels {
    /// The channel of a kind.
    pub fn get(&self, kind: ChannelKind) -> Option<&Arc<dyn Channel>> {
        match kind {
            ChannelKind::Email => self.email.as_ref(),
            ChannelKind::Webhook => self.webhook.as_ref(),
            ChannelKind::Sms => self.sms.as_ref(),
            ChannelKind::Inbox => None,
        }
    }

    /// Everything that is set up.
    pub(crate) fn all(&self) -> impl Iterator<Item = (ChannelKind, &Arc<dyn Channel>)> {
        ChannelKind::ALL.into_iter().filter_map(|kind| Some((kind, self.get(kind)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carriers_id_is_printable_ascii() {
        assert!(CarrierId::try_from("7f3a-01/9".to_owned()).is_ok());
        for text in [String::new(), "a b".to_owned(), "a\0".to_owned(), "号".to_owned(), "x".repeat(129)] {
            assert_eq!(CarrierId::try_from(text), Err(InvalidCarrierId));
        }
    }
}
