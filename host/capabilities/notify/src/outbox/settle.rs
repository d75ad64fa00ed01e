//! How a delivery ends: by an attempt, by a receipt, by a limit. Each in one transaction.

use zhongtai_store::{StoreError, WriteTransaction};

use super::{
    Outbox,
    work::{Became, Done, End},
};
use crate::{
    Accepted, CarrierId, ChannelKind, Delivery, Failure, NotifyError, Receipt,
    payload::Payload,
    rows::{
        Claim,
        ends::{self, Held},
        receipts::{self, Kept},
        spent,
    },
};

// === impl Outbox ===

impl Outbox {
    pub(super) async fn settle(&self, write: &mut WriteTransaction, done: &Done) -> Result<Became, NotifyError> {
        let (held, now) = (done.claim.held(), self.now());
        let ours = |is_ours: bool, became| if is_ours { became } else { Became::Lost };
        match &done.end {
            End::Accepted(Accepted::Delivered) => {
                let is_ours = ends::accepted(write, held, (Delivery::Delivered, false), now).await?;
                Ok(ours(is_ours, Became::Delivered))
            }
            End::Accepted(Accepted::Sent(ids)) => {
                let is_ours = ends::accepted(write, held, (Delivery::Sent, !ids.is_empty()), now).await?;
                if is_ours { self.expect(write, held, ids).await } else { Ok(Became::Lost) }
            }
            End::Again { at, failure } => {
                Ok(ours(ends::again(write, held, (*at, failure), now).await?, Became::Queued))
            }
            End::Over(failure) => self.over(write, held, Delivery::Sending, done.payload.as_ref(), failure).await,
        }
    }

    /// The delivery waits for its receipts, some of which may have come already.
    async fn expect(&self, write: &mut WriteTransaction, held: Held, ids: &[CarrierId]) -> Result<Became, NotifyError> {
        for id in ids {
            receipts::expect(write, held, id, self.now()).await?;
        }
        if ids.is_empty() { Ok(Became::Sent) } else { self.conclude(write, held).await }
    }

    /// Looks at what the receipts of a delivery say together.
    async fn conclude(&self, write: &mut WriteTransaction, held: Held) -> Result<Became, NotifyError> {
        // Locked first: two receipts that come at once must not each miss the other.
        let Some(sealed) = ends::awaiting(write, held, self.now()).await? else { return Ok(Became::Lost) };
        match receipts::verdict(write, held).await? {
            None => Ok(Became::Sent),
            Some(Ok(())) => {
                ends::arrived(write, held, self.now()).await?;
                Ok(Became::Delivered)
            }
            Some(Err(failure)) => {
                // A receipt can come when the text is erased already: then nothing else is tried.
                let payload = sealed.and_then(|sealed| Payload::open(&self.0.vault, held.id, held.channel, &sealed));
                self.over(write, held, Delivery::Sent, payload.as_ref(), &failure).await
            }
        }
    }

    /// A delivery failed for good: the next way takes over, or it is dead.
    async fn over(
        &self,
        write: &mut WriteTransaction,
        held: Held,
        from: Delivery,
        payload: Option<&Payload>,
        failure: &Failure,
    ) -> Result<Became, NotifyError> {
        let now = self.now();
        if !ends::over(write, held, (from, Delivery::Dead), failure, now).await? {
            return Ok(Became::Lost);
        }
        let mut rest = payload.cloned();
        while let Some((next, other)) = rest.as_ref().and_then(Payload::next) {
            if self.is_set_up(next) && self.take_over(write, held, next, &other).await? {
                ends::over(write, held, (Delivery::Dead, Delivery::Failed), failure, now).await?;
                return Ok(Became::Failed(next));
            }
            rest = rest.map(|rest| rest.skip());
        }
        Ok(Became::Dead)
    }

    /// False when the message has a delivery on that channel, or its address can't be read.
    async fn take_over(
        &self,
        write: &mut WriteTransaction,
        held: Held,
        next: ChannelKind,
        payload: &Payload,
    ) -> Result<bool, NotifyError> {
        let Some(address) = payload.address(next) else { return Ok(false) };
        let sealed = payload.seal(&self.0.vault, held.id, next)?;
        let (from, to) = ((held.id, held.channel), (self.0.vault.index(&address), sealed));
        Ok(ends::fall_back(write, from, next, to, self.now()).await?)
    }

    pub(super) async fn take_receipt(&self, channel: ChannelKind, receipt: &Receipt) -> Result<(), NotifyError> {
        let mut write = self.0.store.begin_write().await?;
        let kept = receipts::keep(&mut write, channel, receipt, self.now()).await?;
        let became = match &kept {
            Kept::About(held) => Some((*held, self.conclude(&mut write, *held).await?)),
            Kept::Known | Kept::Early => None,
        };
        write.commit().await.map_err(StoreError::from)?;
        if let Some((held, became)) = became {
            tracing::info!(message = %held.id, channel = channel.as_str(), ?became, "a receipt came");
            if let Became::Failed(next) = became {
                self.wake(next);
            }
        }
        Ok(())
    }

    /// Takes a message off the limits; holds it until there is a new budget when one is used up.
    pub(super) async fn is_within_limits(&self, claim: &Claim) -> Result<bool, NotifyError> {
        let now = self.now();
        let budgets = self.0.options.limits.budgets(claim.channel, &claim.recipient, &claim.department, now);
        if claim.is_counted || budgets.is_empty() {
            return Ok(true);
        }
        let mut write = self.0.store.begin_write().await?;
        let Some(until) = spent::take(&mut write, &budgets).await? else {
            let is_ours = ends::count(&mut write, claim.held()).await?;
            if is_ours {
                write.commit().await.map_err(StoreError::from)?;
            }
            return Ok(is_ours);
        };
        // What was taken of the other budgets is given back.
        write.rollback().await.map_err(StoreError::from)?;
        let mut write = self.0.store.begin_write().await?;
        ends::hold_rate(&mut write, claim.held(), until, now).await?;
        write.commit().await.map_err(StoreError::from)?;
        tracing::info!(message = %claim.id, channel = claim.channel.as_str(), "message held by a limit");
        Ok(false)
    }
}
