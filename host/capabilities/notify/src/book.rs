use async_trait::async_trait;
use zhongtai_kernel::{AccountId, DepartmentId};

use crate::{Address, ChannelKind, NotifyError};

/// Knows how to reach people and desks. The server wires it to accounts and configuration.
#[async_trait]
pub trait AddressBook: Send + Sync + 'static {
    /// How the account that asks is reached.
    async fn asker(&self, account: AccountId) -> Result<Option<Reach>, NotifyError>;

    /// How a subject is reached, by the handle that `department` was given for it.
    async fn subject(&self, handle: &str, department: &DepartmentId) -> Result<Option<Reach>, NotifyError>;

    /// How a department's desk is reached.
    async fn desk(&self, department: &DepartmentId, name: &str) -> Result<Option<Reach>, NotifyError>;
}

/// How somebody is reached: one address for each channel at most. Personal data: `Debug` tells the channels only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The addresses; of two of a channel the first counts.
    pub addresses: Vec<Address>,
    /// The channel that the person chose.
    pub preferred: Option<ChannelKind>,
}

// === impl Reach ===

impl Reach {
    /// By one address only.
    pub fn by(address: Address) -> Self {
        Self { addresses: vec![address], preferred: None }
    }

    /// The address of a channel.
    pub fn address(&self, channel: ChannelKind) -> Option<&Address> {
        self.addresses.iter().find(|address| address.channel() == channel)
    }
}
