//! What nobody told us the end of: a worker asks. After a crash of host or gateway everything goes on from here.

use zhongtai_kernel::chain;

use super::{Payments, ask};
use crate::{GatewayState, LateMoney, OrderRecord, OrderStanding, PaymentError, Standing, TicketKind};

/// Orders and refunds that are looked at in one go.
const MOST: i64 = 50;

/// What a go did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Worked {
    /// Orders that were asked about.
    pub orders: usize,
    /// Refunds that were sent or asked about.
    pub refunds: usize,
    /// Notices that were closed because their days are over.
    pub closed: usize,
}

// === impl Worked ===

impl Worked {
    /// True when there was nothing to do.
    pub fn is_idle(self) -> bool {
        self == Self::default()
    }
}

// === impl Payments ===

impl Payments {
    /// Looks at everything that is due. Hosts may do so at the same time: each takes its own.
    pub async fn work(&self) -> Result<Worked, PaymentError> {
        let mut worked = Worked::default();
        for order in self.treasury.take_orders(MOST).await? {
            worked.orders += 1;
            if let Err(error) = self.look_at(&order).await {
                tracing::warn!(order = %order.id, error = %chain(&error), "an order still waits for its gateway");
                self.treasury.order_later(&order).await?;
            }
        }
        for number in self.treasury.expired(MOST).await? {
            match self.close_by(None, &number, "expired").await {
                Ok(_) => worked.closed += 1,
                // Somebody paid at the last moment.
                Err(PaymentError::NotAllowedWhile(_)) => {}
                Err(error) => tracing::warn!(notice = %number, error = %chain(&error), "a notice can't be closed yet"),
            }
        }
        for refund in self.treasury.take_refunds(MOST).await? {
            worked.refunds += 1;
            if let Err(error) = self.send_refund(&refund).await {
                tracing::warn!(refund = %refund.id, error = %chain(&error), "a refund still waits for its gateway");
                self.treasury.refund_later(&refund).await?;
            }
        }
        Ok(worked)
    }

    async fn look_at(&self, order: &OrderRecord) -> Result<(), PaymentError> {
        match order.standing {
            OrderStanding::Late => self.give_back(order).await,
            OrderStanding::Paid | OrderStanding::Closed => Ok(()),
            OrderStanding::Preparing | OrderStanding::Open => self.ask_about(order).await,
        }
    }

    async fn ask_about(&self, order: &OrderRecord) -> Result<(), PaymentError> {
        let notice = self.treasury.find(&order.notice).await?.ok_or(PaymentError::NotFound("notice"))?;
        if notice.standing != Standing::Due || order.expires_at <= self.treasury.now() {
            return self.retire(order).await;
        }
        let gateway = self.gateway(&order.channel)?;
        let state = gateway.query(&order.id).await;
        match state.map_err(|error| PaymentError::channel(&order.channel, error))? {
            GatewayState::Paid(payment) => {
                if self.take(gateway.name(), &order.id.to_string(), &payment).await?.is_none() {
                    // A ticket was opened: the next answer may fit.
                    self.treasury.order_later(order).await?;
                }
                Ok(())
            }
            GatewayState::Closed => self.treasury.order_closed(order).await,
            // Some gateways know an order only once somebody scanned its code.
            GatewayState::Open | GatewayState::Unknown => self.treasury.order_later(order).await,
        }
    }

    /// Money that came too late goes back by itself (`payment:return`), or somebody looks at it.
    async fn give_back(&self, order: &OrderRecord) -> Result<(), PaymentError> {
        let id = order.id.to_string();
        if self.config.late_money == LateMoney::Ticket {
            let amounts = (0, order.amount.get());
            let detail = "money came when the notice was not due any more";
            self.ticket(&order.channel, (TicketKind::LateMoney, &id), amounts, detail).await?;
            return self.treasury.order_never(order).await;
        }
        let notice = self.treasury.find(&order.notice).await?.ok_or(PaymentError::NotFound("notice"))?;
        let mut host = ask::the_host(&notice.scenario, self.services.clone())?;
        ask::notice(&mut host, "payment:return", &notice, None).await?;
        host.committed().await?;
        self.treasury.return_late(order).await.map(drop)
    }
}
