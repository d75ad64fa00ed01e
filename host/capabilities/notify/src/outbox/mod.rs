//! The durable outbox: the embedded provider, and what delivers from it.

mod operate;
mod settle;
mod sweep;
mod work;

pub use operate::{Dropped, Listed, Replayed};
pub use sweep::Swept;
pub use work::Report;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use tokio::sync::Notify;
use zhongtai_kernel::{Clock, ScenarioId};
use zhongtai_store::Store;

use crate::{
    Callback, CallbackAnswer, CallbackError, ChannelKind, Channels, Delivery, Inbox, MessageId, NewMessage,
    NotifyError, NotifyProvider, OutboxOptions, Progress, Receipt, Receipts,
    payload::Payload,
    route::{Route, routes},
    rows::{self, NewRow},
    vault::Vault,
};

/// Messages in the platform's database, delivered at least once. A clone is the same outbox.
#[derive(Clone)]
pub struct Outbox(Arc<Shared>);

struct Shared {
    store: Store,
    clock: Arc<dyn Clock>,
    vault: Arc<Vault>,
    channels: Channels,
    inbox: Inbox,
    options: OutboxOptions,
    /// Wakes the lane of a channel.
    wakes: BTreeMap<ChannelKind, Notify>,
}

// === impl Outbox ===

impl Outbox {
    /// The outbox over a store that has [`crate::MIGRATIONS`]. Every host of a database needs the same key.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        key: &[u8; 32],
        channels: Channels,
        options: OutboxOptions,
    ) -> Self {
        let vault = Arc::new(Vault::new(key));
        let inbox = Inbox::new(store.clone(), clock.clone(), vault.clone());
        let wakes = ChannelKind::ALL.into_iter().map(|kind| (kind, Notify::new())).collect();
        Self(Arc::new(Shared { store, clock, vault, channels, inbox, options, wakes }))
    }

    /// The messages on the platform.
    pub fn inbox(&self) -> &Inbox {
        &self.0.inbox
    }

    /// Takes a carrier's callback: the channel verifies it, and what it says is kept before the carrier is answered.
    pub async fn callback(&self, channel: ChannelKind, callback: &Callback) -> Result<CallbackAnswer, NotifyError> {
        let carrier = self.0.channels.get(channel).ok_or(CallbackError::NotExpected)?;
        let (receipts, answer) = carrier.callback(callback)?;
        for receipt in receipts {
            self.receipt(channel, receipt).await?;
        }
        Ok(answer)
    }

    fn now(&self) -> i64 {
        self.0.clock.now().as_millisecond()
    }

    fn is_set_up(&self, kind: ChannelKind) -> bool {
        kind == ChannelKind::Inbox || self.0.channels.get(kind).is_some()
    }

    fn wake(&self, kind: ChannelKind) {
        if let Some(wake) = self.0.wakes.get(&kind) {
            wake.notify_one();
        }
    }

    fn routes(&self, message: &NewMessage) -> Result<Vec<Route>, NotifyError> {
        let routes = routes(&message.to, &message.choice, &self.0.options.order, |kind| self.is_set_up(kind));
        match message.to.addresses.first() {
            _ if !routes.is_empty() => Ok(routes),
            Some(address) => Err(NotifyError::NoChannel(address.channel())),
            None => Err(NotifyError::NoAddress),
        }
    }

    /// The row of a message's delivery. The first one of a message carries its key.
    fn row<'r>(
        &self,
        message: &'r NewMessage,
        id: MessageId,
        route: &Route,
        is_first: bool,
    ) -> Result<NewRow<'r>, NotifyError> {
        let (now, channel) = (self.now(), route.to.channel());
        let held = match message.choice.urgent {
            true => None,
            false => self.0.options.quiet.until(channel, now),
        };
        let key = message.idempotency_key.as_ref().map(|key| key.as_str()).filter(|_| is_first);
        Ok(NewRow {
            id,
            channel,
            scenario: &message.scenario,
            key,
            template: &message.template,
            version: &message.version,
            recipient: self.0.vault.index(&route.to),
            urgent: message.choice.urgent,
            state: if held.is_some() { Delivery::HeldQuiet } else { Delivery::Queued },
            now,
            due: held.unwrap_or(now),
            sealed: Payload::new(route, message.texts.clone()).seal(&self.0.vault, id, channel)?,
        })
    }

    /// Keeps every delivery of a message, or none. False when the scenario has a message with its key.
    async fn keep(&self, message: &NewMessage, id: MessageId, routes: &[Route]) -> Result<bool, NotifyError> {
        // The usual one: a single statement needs no transaction.
        if let [route] = routes {
            return Ok(rows::insert(self.0.store.pool(), self.row(message, id, route, true)?).await?);
        }
        let mut write = self.0.store.begin_write().await?;
        for (at, route) in routes.iter().enumerate() {
            let is_kept = rows::insert(&mut *write, self.row(message, id, route, at == 0)?).await?;
            if !is_kept {
                return Ok(false);
            }
        }
        write.commit().await?;
        Ok(true)
    }
}

#[async_trait]
impl NotifyProvider for Outbox {
    async fn send(&self, message: NewMessage) -> Result<MessageId, NotifyError> {
        let routes = self.routes(&message)?;
        let id = MessageId::at(self.now());
        if self.keep(&message, id, &routes).await? {
            routes.iter().for_each(|route| self.wake(route.to.channel()));
            return Ok(id);
        }
        let key = message.idempotency_key.as_ref().map_or("", |key| key.as_str());
        let first = rows::by_key(&self.0.store, &message.scenario, key).await?;
        // It was there a moment ago, and is not any more: it was too old to be kept.
        first.ok_or(NotifyError::Fault("the first message with this key has just been forgotten"))
    }

    async fn deliveries(&self, scenario: &ScenarioId, id: MessageId) -> Result<Vec<Progress>, NotifyError> {
        Ok(rows::deliveries(&self.0.store, scenario, id).await?)
    }
}

#[async_trait]
impl Receipts for Outbox {
    async fn receipt(&self, channel: ChannelKind, receipt: Receipt) -> Result<(), NotifyError> {
        self.take_receipt(channel, &receipt).await
    }
}
