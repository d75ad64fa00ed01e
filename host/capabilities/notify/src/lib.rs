//! Messages to people and desks (消息通知), from templates, through a durable outbox.
//!
//! A plugin names a template of its manifest and whom to tell: who asks, a subject by its handle, or a desk of its
//! department. It never sees an address. Policy decides (`notify:send`), the [`AddressBook`] knows the address, and
//! the [`Outbox`] delivers: at least once, retried, and given up in the end for an operator to replay.

mod address;
mod channel;
mod config;
#[cfg(feature = "testing")]
pub mod contract;
mod error;
mod host;
mod migration;
mod outbox;
mod provider;
mod rows;
mod schedule;
mod template;

pub use address::{Address, AddressBook, ChannelKind, InvalidAddress, WebhookUrl};
pub use channel::{Channel, Channels, DeliveryError, Outgoing, Smtp, Webhook};
pub use config::{ConfigError, NotifyConfig, SmtpConfig, SmtpTls, WebhookConfig};
pub use error::NotifyError;
pub use migration::MIGRATIONS;
pub use outbox::{DeadMessage, Outbox, Report};
pub use provider::{Delivery, IdempotencyKey, MessageId, NewMessage, NotifyProvider};
pub use schedule::Schedule;
pub use template::{Rendered, Template, Variables, check_settings};

use std::{collections::BTreeMap, sync::Arc};

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The capability: some provider, and who knows the addresses.
pub struct Notify {
    /// Takes messages, usually the [`Outbox`].
    pub provider: Arc<dyn NotifyProvider>,
    /// Knows the addresses of subjects and desks.
    pub addresses: Arc<dyn AddressBook>,
}

impl Capability for Notify {
    fn name(&self) -> &'static str {
        "notify"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, services: &mut Services) {
        services.add(self.provider.clone());
        services.add(self.addresses.clone());
    }

    fn check_settings(&self, settings: &BTreeMap<String, serde_json::Value>) -> Result<(), String> {
        check_settings(settings)
    }
}
