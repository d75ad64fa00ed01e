//! Messages to people and desks (消息通知), from templates, through a durable outbox.
//!
//! A plugin names a template of its manifest and whom to tell: who asks, a subject by its handle, or a desk of its
//! department. It never sees an address. Policy decides (`notify:send`), the [`AddressBook`] knows the addresses, the
//! template, the person and the operator choose the channels, and the [`Outbox`] delivers: at least once, retried, by
//! another channel where one fails, and given up in the end for an operator to replay.

mod address;
mod book;
mod channel;
mod config;
#[cfg(feature = "testing")]
pub mod contract;
mod error;
mod failure;
mod host;
mod inbox;
mod limits;
mod migration;
mod outbox;
mod payload;
mod provider;
mod quiet;
mod receipt;
mod route;
mod rows;
mod schedule;
mod sms;
mod template;
mod vault;

pub use address::{Address, ChannelKind, InvalidAddress, PhoneNumber, WebhookUrl};
pub use book::{AddressBook, Reach};
pub use channel::{
    Accepted, Callback, CallbackAnswer, CallbackError, CarrierId, Channel, Channels, DeliveryError, InvalidCarrierId,
    Outgoing, Smtp, Webhook,
};
pub use config::{ConfigError, DkimConfig, NoSms, NotifyConfig, OutboxOptions, SmtpConfig, SmtpTls, WebhookConfig};
pub use error::NotifyError;
pub use failure::{Failure, FailureKind};
pub use inbox::{Inbox, InboxMessage};
pub use limits::{Limit, Limits};
pub use migration::MIGRATIONS;
pub use outbox::{Dropped, Listed, Outbox, Replayed, Report, Swept};
pub use provider::{Delivery, IdempotencyKey, MessageId, NewMessage, NotifyProvider, Progress};
pub use quiet::{Quiet, QuietHours};
pub use receipt::{Outcome, Receipt, Receipts};
pub use schedule::Schedule;
pub use sms::{Encoding, Segments};
pub use template::{Choice, Rendered, Template, Texts, Variables, check_settings};

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
