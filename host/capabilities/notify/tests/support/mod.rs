//! Channels and clocks that a test holds in its hand.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use zhongtai_cap_notify::{
    Accepted, Channel, Channels, DeliveryError, MessageId, Outbox, OutboxOptions, Outgoing, Rendered,
};
use zhongtai_kernel::{Clock, ManualClock, ScenarioId};
use zhongtai_store::Store;

pub fn scenario() -> ScenarioId {
    "441802-chengguan/pothole".parse().unwrap()
}

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-01-05T08:00:00Z".parse().unwrap()))
}

/// What every host of a database has.
pub const KEY: [u8; 32] = [7; 32];

/// Longer than any pause and any lease.
pub const LATER: Duration = Duration::from_secs(7 * 60 * 60);

/// A channel that notes what it gets, and answers as told; then with success.
#[derive(Default)]
pub struct Recording {
    pub got: Mutex<Vec<MessageId>>,
    pub texts: Mutex<Vec<Rendered>>,
    pub answers: Mutex<VecDeque<Result<Accepted, DeliveryError>>>,
    /// Takes a message and never comes back, as a host does that is killed before it can record the success.
    pub hangs: Mutex<bool>,
}

impl Recording {
    pub fn answering(answers: impl IntoIterator<Item = DeliveryError>) -> Arc<Self> {
        Self::accepting(answers.into_iter().map(Err))
    }

    pub fn accepting(answers: impl IntoIterator<Item = Result<Accepted, DeliveryError>>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() })
    }

    pub fn got(&self) -> Vec<MessageId> {
        self.got.lock().unwrap().clone()
    }
}

#[async_trait]
impl Channel for Recording {
    async fn deliver(&self, message: &Outgoing) -> Result<Accepted, DeliveryError> {
        self.got.lock().unwrap().push(message.id);
        self.texts.lock().unwrap().push(message.text.clone());
        let hangs = *self.hangs.lock().unwrap();
        if hangs {
            std::future::pending::<()>().await;
        }
        // Others get their turn: a message that two hosts have is then sent twice.
        tokio::time::sleep(Duration::from_millis(2)).await;
        self.answers.lock().unwrap().pop_front().unwrap_or(Ok(Accepted::Delivered))
    }
}

pub fn outbox(store: &Store, clock: Arc<dyn Clock>, channel: Arc<dyn Channel>) -> Outbox {
    outbox_with(store, clock, channel, OutboxOptions::default())
}

/// The same channel for mail, webhooks and short messages.
pub fn outbox_with(store: &Store, clock: Arc<dyn Clock>, channel: Arc<dyn Channel>, options: OutboxOptions) -> Outbox {
    let channels = Channels { email: Some(channel.clone()), webhook: Some(channel.clone()), sms: Some(channel) };
    Outbox::new(store.clone(), clock, &KEY, channels, options)
}
