//! Claims what is due, tries it, and records how it ended. Each channel has a lane of its own: one that hangs does not
//! hold the others up.

use std::{ops::AddAssign, sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
};
use zhongtai_store::StoreError;

use super::Outbox;
use crate::{
    Accepted, Address, ChannelKind, DeliveryError, Failure, FailureKind, NotifyError, Outgoing,
    payload::Payload,
    rows::{self, Claim, ends::Held},
};

/// How long an attempt may take.
const ATTEMPT: Duration = Duration::from_secs(30);
/// How long a claim keeps other hosts away: an attempt, its record in the database, and hosts whose clocks differ.
const LEASE_MS: i64 = 90_000;
/// How often a host looks for messages of other hosts.
const POLL: Duration = Duration::from_secs(1);
/// Messages that one host delivers at the same time on one channel.
const UNDER_WAY: u32 = 32;

/// What one round of deliveries did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The recipient's side has them.
    pub delivered: u32,
    /// Accepted by their carrier.
    pub sent: u32,
    /// To be tried again.
    pub postponed: u32,
    /// Held back by a limit.
    pub held: u32,
    /// Failed for good, and another channel took over.
    pub failed: u32,
    /// Given up.
    pub dead: u32,
}

/// How an attempt ended.
pub(super) enum End {
    Accepted(Accepted),
    Again { at: i64, failure: Failure },
    Over(Failure),
}

/// An attempt that has to be recorded.
pub(super) struct Done {
    pub(super) claim: Claim,
    pub(super) payload: Option<Payload>,
    pub(super) end: End,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Became {
    Delivered,
    Sent,
    Queued,
    Failed(ChannelKind),
    Dead,
    /// Somebody else has it: nothing was changed.
    Lost,
}

// === impl Claim ===

impl Claim {
    pub(super) fn held(&self) -> Held {
        Held { id: self.id, channel: self.channel, fence: self.fence }
    }
}

// === impl Outbox ===

impl Outbox {
    /// Delivers until `shutdown` is true, or its sender is gone. What is under way then is ended first.
    pub async fn run(self, shutdown: watch::Receiver<bool>) {
        let mut work = JoinSet::new();
        for kind in ChannelKind::ALL {
            work.spawn(self.clone().lane(kind, shutdown.clone()));
        }
        for (_, channel) in self.0.channels.all() {
            let (channel, receipts, stop) = (channel.clone(), Arc::new(self.clone()), shutdown.clone());
            work.spawn(async move { channel.run(receipts, stop).await });
        }
        work.spawn(self.clone().sweep_now_and_then(shutdown));
        while let Some(ended) = work.join_next().await {
            if ended.is_err() {
                tracing::error!("a part of the outbox was lost");
            }
        }
    }

    /// One channel's deliveries.
    async fn lane(self, kind: ChannelKind, mut shutdown: watch::Receiver<bool>) {
        let mut under_way: JoinSet<Done> = JoinSet::new();
        let Some(wake) = self.0.wakes.get(&kind) else { return };
        let mut is_stopping = false;
        while !is_stopping || !under_way.is_empty() {
            let room = UNDER_WAY.saturating_sub(u32::try_from(under_way.len()).unwrap_or(UNDER_WAY));
            if !is_stopping && room > 0 {
                match self.claim(kind, room).await {
                    Ok((claims, _)) => {
                        claims.into_iter().for_each(|claim| drop(under_way.spawn(self.clone().attempt(claim))))
                    }
                    Err(error) => tracing::error!(channel = kind.as_str(), %error, "messages can't be claimed"),
                }
            }
            let is_full = u32::try_from(under_way.len()).unwrap_or(UNDER_WAY) >= UNDER_WAY;
            tokio::select! {
                Some(done) = under_way.join_next() => drop(self.record_finished(done, &mut under_way).await),
                () = stop(&mut shutdown), if !is_stopping => is_stopping = true,
                () = wake.notified(), if !is_stopping && !is_full => {}
                () = tokio::time::sleep(POLL), if !is_stopping && !is_full => {}
            }
        }
    }

    /// Tries messages that are due, `limit` at most of each channel and all at the same time.
    pub async fn deliver_due(&self, limit: u32) -> Result<Report, NotifyError> {
        let mut report = Report::default();
        let mut under_way = JoinSet::new();
        for kind in ChannelKind::ALL {
            let (claims, held) = self.claim(kind, limit).await?;
            report.held += held;
            claims.into_iter().for_each(|claim| drop(under_way.spawn(self.clone().attempt(claim))));
        }
        while let Some(done) = under_way.join_next().await {
            report += self.record_finished(done, &mut under_way).await;
        }
        Ok(report)
    }

    /// What may be tried now on a channel, and how many were held back by a limit.
    async fn claim(&self, kind: ChannelKind, limit: u32) -> Result<(Vec<Claim>, u32), NotifyError> {
        let (store, now) = (&self.0.store, self.now());
        if !rows::is_due(store, kind, now).await? {
            return Ok((Vec::new(), 0));
        }
        let quiet = self.0.options.quiet.until(kind, now);
        if let Some(until) = quiet {
            rows::hold_quiet(store, kind, now, until).await?;
        }
        let times = (now, now.saturating_add(LEASE_MS));
        let claims = rows::claim(store, kind, times, quiet.is_some(), limit).await?;
        let (mut allowed, mut held) = (Vec::with_capacity(claims.len()), 0);
        for claim in claims {
            match self.is_within_limits(&claim).await {
                Ok(true) => allowed.push(claim),
                Ok(false) => held += 1,
                // Its lease ends by itself.
                Err(error) => tracing::error!(message = %claim.id, %error, "a message can't be counted"),
            }
        }
        Ok((allowed, held))
    }

    async fn attempt(self, claim: Claim) -> Done {
        let payload = Payload::open(&self.0.vault, claim.id, claim.channel, &claim.sealed);
        let outcome = match (&payload, self.0.options.schedule.is_overdue(claim.attempt)) {
            // Each attempt before took its host down, or it would have been the last.
            (_, true) => Err(DeliveryError::permanent(FailureKind::Interrupted, "no attempt came to an end")),
            (Some(payload), false) => self.send_once(&claim, payload.clone()).await,
            (None, false) => {
                tracing::error!(message = %claim.id, "a message can't be read");
                Err(DeliveryError::permanent(FailureKind::Other, "the message can't be read"))
            }
        };
        let end = self.judge(&claim, outcome);
        Done { claim, payload, end }
    }

    async fn send_once(&self, claim: &Claim, payload: Payload) -> Result<Accepted, DeliveryError> {
        let unreadable = || DeliveryError::permanent(FailureKind::NoSuchAddress, "the address can't be read");
        let message = payload.into_outgoing(claim.id, claim.channel).ok_or_else(unreadable)?;
        if let Address::Inbox(account) = message.address {
            return self.put(account, &claim.scenario, &message).await;
        }
        let Some(channel) = self.0.channels.get(claim.channel) else {
            return Err(DeliveryError::temporary(FailureKind::NotSetUp, "the channel is not set up"));
        };
        let timeout = |_| Err(DeliveryError::temporary(FailureKind::Unreachable, "the attempt took too long"));
        tokio::time::timeout(ATTEMPT, channel.deliver(&message)).await.unwrap_or_else(timeout)
    }

    async fn put(
        &self,
        account: zhongtai_kernel::AccountId,
        scenario: &str,
        message: &Outgoing,
    ) -> Result<Accepted, DeliveryError> {
        match self.0.inbox.put(account, scenario, message.id, &message.text).await {
            Ok(()) => Ok(Accepted::Delivered),
            Err(error) => {
                tracing::error!(message = %message.id, %error, "a message can't be put into an inbox");
                Err(DeliveryError::temporary(FailureKind::Carrier, "the inbox can't be written"))
            }
        }
    }

    fn judge(&self, claim: &Claim, outcome: Result<Accepted, DeliveryError>) -> End {
        let schedule = &self.0.options.schedule;
        match outcome {
            Ok(accepted) => End::Accepted(accepted),
            Err(DeliveryError::Permanent(kind, reason)) => End::Over(Failure { kind, reason }),
            Err(DeliveryError::Temporary(kind, reason)) if schedule.is_last(claim.attempt) => {
                End::Over(Failure { kind, reason })
            }
            Err(DeliveryError::Temporary(kind, reason)) => {
                let pause = schedule.pause(claim.id, claim.attempt).as_millis();
                let at = self.now().saturating_add(i64::try_from(pause).unwrap_or(i64::MAX));
                End::Again { at, failure: Failure { kind, reason } }
            }
        }
    }

    /// Records an attempt that finished, and in the same transaction those that have finished meanwhile.
    async fn record_finished(&self, first: Result<Done, JoinError>, under_way: &mut JoinSet<Done>) -> Report {
        let mut finished = vec![first];
        while let Some(done) = under_way.try_join_next() {
            finished.push(done);
        }
        let mut done = Vec::with_capacity(finished.len());
        for one in finished {
            match one {
                Ok(one) => done.push(one),
                // The lease ends by itself, and the message is tried again.
                Err(_) => tracing::error!("an attempt was lost"),
            }
        }
        let mut report = Report::default();
        match self.record(&done).await {
            Ok(all) => done.iter().zip(all).for_each(|(one, became)| report += note(one, became)),
            // One that can't be recorded must not keep the others.
            Err(_) => {
                for one in done {
                    match self.record(std::slice::from_ref(&one)).await {
                        Ok(became) => became.into_iter().for_each(|became| report += note(&one, became)),
                        Err(error) => tracing::error!(message = %one.claim.id, %error, "an attempt can't be recorded"),
                    }
                }
            }
        }
        report
    }

    async fn record(&self, done: &[Done]) -> Result<Vec<Became>, NotifyError> {
        let mut write = self.0.store.begin_write().await?;
        let mut became = Vec::with_capacity(done.len());
        for one in done {
            became.push(self.settle(&mut write, one).await?);
        }
        write.commit().await.map_err(StoreError::from)?;
        for one in &became {
            if let Became::Failed(next) = one {
                self.wake(*next);
            }
        }
        Ok(became)
    }
}

/// Waits until work is to end, or whoever could say so is gone.
async fn stop(shutdown: &mut watch::Receiver<bool>) {
    drop(shutdown.wait_for(|stop| *stop).await);
}

// === impl Report ===

impl AddAssign for Report {
    fn add_assign(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.sent += other.sent;
        self.postponed += other.postponed;
        self.held += other.held;
        self.failed += other.failed;
        self.dead += other.dead;
    }
}

/// Logs what became of an attempt and counts it: ids, counts and reasons; never an address or a text.
fn note(done: &Done, became: Became) -> Report {
    let Claim { id, scenario, attempt, .. } = &done.claim;
    let channel = done.claim.channel.as_str();
    let (kind, reason) = match &done.end {
        End::Again { failure, .. } | End::Over(failure) => (failure.kind.as_str(), failure.reason.as_str()),
        End::Accepted(_) => ("", ""),
    };
    let mut report = Report::default();
    match became {
        Became::Lost => tracing::warn!(message = %id, %scenario, channel, attempt, "the lease was lost"),
        Became::Delivered => {
            tracing::info!(message = %id, %scenario, channel, attempt, "message delivered");
            report.delivered = 1;
        }
        Became::Sent => {
            tracing::info!(message = %id, %scenario, channel, attempt, "message sent");
            report.sent = 1;
        }
        Became::Queued => {
            tracing::info!(message = %id, %scenario, channel, attempt, kind, reason, "message postponed");
            report.postponed = 1;
        }
        Became::Failed(next) => {
            let next = next.as_str();
            tracing::warn!(message = %id, %scenario, channel, attempt, kind, reason, next, "message goes another way");
            report.failed = 1;
        }
        Became::Dead => {
            tracing::warn!(message = %id, %scenario, channel, attempt, kind, reason, "message given up");
            report.dead = 1;
        }
    }
    report
}
