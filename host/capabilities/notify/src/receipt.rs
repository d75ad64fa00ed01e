//! What carriers say later about messages that they took.

use async_trait::async_trait;

use crate::{CarrierId, ChannelKind, FailureKind, NotifyError};

/// What a carrier says about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The id that the carrier gave it.
    pub id: CarrierId,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived.
    Delivered,
    /// It never will. The reason is a code or our own words.
    Failed(FailureKind, String),
}

/// Takes receipts: the outbox. A receipt may come twice, late, or before the attempt that it is about has been
/// recorded; one that is known already changes nothing.
#[async_trait]
pub trait Receipts: Send + Sync + 'static {
    /// Keeps what a carrier said.
    async fn receipt(&self, channel: ChannelKind, receipt: Receipt) -> Result<(), NotifyError>;
}
