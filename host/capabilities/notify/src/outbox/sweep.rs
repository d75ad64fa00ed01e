//! Forgets what was kept long enough, and takes over what an older version of the outbox left.

use std::time::Duration;

use tokio::sync::watch;
use zhongtai_store::{StoreError, WriteTransaction};

use super::Outbox;
use crate::{
    Address, ChannelKind, Delivery, MessageId, NotifyError, Texts,
    payload::Payload,
    route::Route,
    rows::{self, NewRow, lists::Cutoffs},
};

const HOUR: Duration = Duration::from_secs(60 * 60);
const HOUR_MS: i64 = 60 * 60 * 1_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// How long what a carrier said is kept.
const CARRIERS_DAYS: i64 = 30;
/// Messages of an older version that are taken over in one round.
const ADOPTED: i64 = 500;

/// What was forgotten.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    /// Deliveries.
    pub deliveries: u64,
    /// Texts that waited for a receipt for too long.
    pub texts: u64,
    /// Messages of the inbox.
    pub inbox: u64,
}

/// id, scenario, key, channel, address, title, body, state, created, next attempt.
type Old = (String, String, Option<String>, String, String, String, String, String, i64, i64);

// === impl Outbox ===

impl Outbox {
    pub(super) async fn sweep_now_and_then(self, mut shutdown: watch::Receiver<bool>) {
        loop {
            if let Err(error) = self.adopt().await {
                tracing::error!(%error, "messages of an older version can't be taken over");
            }
            match self.sweep().await {
                Ok(swept) if swept != Swept::default() => tracing::info!(?swept, "old messages were forgotten"),
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "old messages can't be forgotten"),
            }
            tokio::select! {
                _ = shutdown.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(HOUR) => {}
            }
        }
    }

    /// Forgets what was kept as long as the configuration says.
    pub async fn sweep(&self) -> Result<Swept, NotifyError> {
        let (now, options) = (self.now(), &self.0.options);
        let days = |days: u32| now.saturating_sub(i64::from(days) * DAY_MS);
        let cutoffs = Cutoffs {
            deliveries: MessageId::first_of(days(options.retain_days.get())),
            receipts: now.saturating_sub(i64::from(options.receipt_wait_h.get()) * HOUR_MS),
            carriers: now.saturating_sub(CARRIERS_DAYS * DAY_MS),
            inbox: MessageId::first_of(days(options.inbox_retain_days.get())),
            now,
        };
        let (deliveries, texts, inbox) = rows::lists::sweep(&self.0.store, &cutoffs).await?;
        Ok(Swept { deliveries, texts, inbox })
    }

    /// Takes over what lies in the table of the version before, which kept texts as they are. How many messages.
    pub async fn adopt(&self) -> Result<usize, NotifyError> {
        let mut adopted = 0;
        loop {
            let mut write = self.0.store.begin_write().await?;
            // Deleted and kept in one transaction: two hosts never both have one.
            let sql = "DELETE FROM notify_outbox WHERE id IN ( \
                           SELECT id FROM notify_outbox WHERE lease_until < $1 ORDER BY id LIMIT $2) \
                       RETURNING id, scenario, idempotency_key, channel, address, title, body, state, created_at, \
                           next_attempt_at";
            let old: Vec<Old> = sqlx::query_as(sql).bind(self.now()).bind(ADOPTED).fetch_all(&mut *write).await?;
            for one in &old {
                self.adopt_one(&mut write, one).await?;
            }
            write.commit().await.map_err(StoreError::from)?;
            adopted += old.len();
            if old.is_empty() {
                return Ok(adopted);
            }
        }
    }

    async fn adopt_one(&self, write: &mut WriteTransaction, old: &Old) -> Result<(), NotifyError> {
        let (id, scenario, key, channel, address, title, body, state, created, next) = old;
        let corrupt = |column, error: String| StoreError::corrupt(column, error);
        let id = rows::message_id(id)?;
        let scenario = scenario.parse().map_err(|error| StoreError::corrupt("notify_outbox.scenario", error))?;
        let channel: ChannelKind = channel
            .parse()
            .map_err(|error: crate::InvalidAddress| corrupt("notify_outbox.channel", error.to_string()))?;
        // What was delivered had been erased: nobody can say to whom it went.
        let to = Address::parse(channel, address).ok();
        let texts = Texts { title: title.clone(), body: body.clone(), sms: None };
        let sealed = match &to {
            Some(to) => {
                Payload::new(&Route { to: to.clone(), fallback: Vec::new() }, texts).seal(&self.0.vault, id, channel)?
            }
            None => Vec::new(),
        };
        let state = match state.as_str() {
            "delivered" => Delivery::Sent,
            "dead" => Delivery::Dead,
            _ => Delivery::Queued,
        };
        let row = NewRow {
            id,
            channel,
            scenario: &scenario,
            key: key.as_deref(),
            template: "",
            version: "",
            recipient: to.map(|to| self.0.vault.index(&to)).unwrap_or_default(),
            urgent: false,
            state,
            now: *created,
            due: *next,
            sealed,
        };
        rows::insert(&mut **write, row).await?;
        if state != Delivery::Queued {
            let sql = "UPDATE notify_deliveries SET due_at = NULL WHERE message = $1 AND channel = $2";
            sqlx::query(sql).bind(id.to_string()).bind(channel.as_str()).execute(&mut **write).await?;
        }
        Ok(())
    }
}
