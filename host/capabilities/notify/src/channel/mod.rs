//! What carries messages.

mod smtp;
mod webhook;

pub use smtp::Smtp;
pub use webhook::Webhook;

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Address, ChannelKind, MessageId, Rendered};

/// Carries messages to the addresses of one kind.
#[async_trait]
pub trait Channel: Send + Sync + 'static {
    /// Tries once. The same message can come again: when an answer is lost, nobody knows that it arrived.
    async fn deliver(&self, message: &Outgoing) -> Result<(), DeliveryError>;
}

/// A message on its way. Personal data: no `Debug`.
pub struct Outgoing {
    /// The same for each attempt: a receiver knows a message by it.
    pub id: MessageId,
    /// Where it goes.
    pub address: Address,
    /// What it says.
    pub text: Rendered,
}

/// An attempt failed. The reason is a status or our own words: what a server answers may quote an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Later may work.
    #[error("{0}")]
    Temporary(String),
    /// It will never work.
    #[error("{0}")]
    Permanent(String),
}

/// The channels that an operator has set up.
#[derive(Clone, Default)]
pub struct Channels {
    /// For mailboxes.
    pub email: Option<Arc<dyn Channel>>,
    /// For URLs.
    pub webhook: Option<Arc<dyn Channel>>,
}

// === impl Channels ===

impl Channels {
    /// The channel of a kind.
    pub fn get(&self, kind: ChannelKind) -> Option<&Arc<dyn Channel>> {
        match kind {
            ChannelKind::Email => self.email.as_ref(),
            ChannelKind::Webhook => self.webhook.as_ref(),
        }
    }
}
