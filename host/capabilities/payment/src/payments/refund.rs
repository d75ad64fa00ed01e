//! Refunds: asked for by one, decided by another, sent through the gateway.

use zhongtai_runtime::Asker;

use super::{Payments, ask};
use crate::{
    Act, ActKey, Fen, GatewayError, NewRefund, Notice, NoticeNumber, PaymentError, RefundId, RefundOrder, RefundRecord,
    RefundStanding, RefundState, TicketKind, item::check_line,
};

// === impl Payments ===

impl Payments {
    /// Asks for a refund of some or all of what was paid (`payment:request-refund`).
    pub async fn request_refund(
        &self,
        asker: &mut Asker,
        number: &NoticeNumber,
        (amount, reason, key): (i64, String, ActKey),
    ) -> Result<RefundRecord, PaymentError> {
        let amount = Fen::try_from(amount).map_err(|error| PaymentError::invalid("amount", error.to_string()))?;
        check_line("reason", &reason, 80)?;
        let parts = ["refund", number.as_str(), &amount.get().to_string(), &reason];
        let act = Act::new(asker.scenario().as_str(), key, &parts);
        let notice = self.asked_of(asker, "payment:request-refund", number).await?;
        let requester = asker.account();
        self.treasury.request_refund(&act, &notice.number, NewRefund { amount, reason, requester }).await
    }

    async fn asked_of(
        &self,
        asker: &mut Asker,
        action: &'static str,
        number: &NoticeNumber,
    ) -> Result<Notice, PaymentError> {
        let Some(notice) = self.treasury.find(number).await? else {
            ask::unknown(asker, action).await?;
            return Err(PaymentError::NotFound("notice"));
        };
        ask::notice(asker, action, &notice, None).await?;
        Ok(notice)
    }

    /// The refunds of a notice (`payment:read`).
    pub async fn refunds(&self, asker: &mut Asker, number: &NoticeNumber) -> Result<Vec<RefundRecord>, PaymentError> {
        self.readable(asker, number).await?;
        self.treasury.refunds(number).await
    }

    /// A cashier decides on a refund (`payment:refund`): the money goes back, or not. Who asked for it can't.
    pub async fn decide_refund(
        &self,
        asker: &mut Asker,
        id: RefundId,
        is_approved: bool,
    ) -> Result<RefundRecord, PaymentError> {
        let Some(refund) = self.treasury.refund(id).await? else {
            ask::unknown(asker, "payment:refund").await?;
            return Err(PaymentError::NotFound("refund"));
        };
        let notice = self.treasury.find(&refund.notice).await?.ok_or(PaymentError::NotFound("notice"))?;
        let approver = asker.account().ok_or(PaymentError::Anonymous)?;
        if refund.standing != RefundStanding::Requested {
            // Decided before: the same decision has the same answer, and nothing happens.
            ask::notice(asker, "payment:read", &notice, None).await?;
            return self.treasury.decide_refund(id, approver, is_approved).await;
        }
        ask::notice(asker, "payment:refund", &notice, Some(&refund)).await?;
        asker.committed().await?;
        let refund = self.treasury.decide_refund(id, approver, is_approved).await?;
        if refund.standing != RefundStanding::Sending {
            return Ok(refund);
        }
        // What the gateway does not answer now, the worker asks again.
        if let Err(error) = self.send_refund(&refund).await {
            tracing::warn!(refund = %id, %error, "a refund waits for its gateway");
        }
        self.treasury.refund(id).await?.ok_or(PaymentError::NotFound("refund"))
    }

    /// Asks the gateway for a refund, or what became of it.
    pub(super) async fn send_refund(&self, refund: &RefundRecord) -> Result<(), PaymentError> {
        let gateway = self.gateway(&refund.channel)?;
        let order = RefundOrder {
            id: refund.id,
            order: refund.order,
            amount: refund.amount,
            total: refund.total,
            reason: refund.reason.clone(),
        };
        let known = match refund.checks {
            0 => RefundState::Unknown,
            _ => gateway.query_refund(&order).await.map_err(|error| PaymentError::channel(&refund.channel, error))?,
        };
        let state = match known {
            RefundState::Unknown => match gateway.refund(&order).await {
                Ok(state) => state,
                Err(GatewayError::Refused { code }) => RefundState::Failed(code),
                Err(error) => return Err(PaymentError::channel(&refund.channel, error)),
            },
            known => known,
        };
        self.refund_is(refund, state).await
    }

    /// A gateway says what became of a refund.
    pub(super) async fn refund_is(&self, refund: &RefundRecord, state: RefundState) -> Result<(), PaymentError> {
        let (id, channel) = (refund.id.to_string(), &refund.channel);
        match state {
            RefundState::Done(refunded) if refund.standing == RefundStanding::Failed => {
                let amounts = (0, refunded.amount);
                let detail = "it was given back after the gateway had said that it never would be";
                self.ticket(channel, (TicketKind::RefundDiffers, &id), amounts, detail).await
            }
            RefundState::Done(refunded) if refunded.amount == refund.amount.get() => {
                self.treasury.refund_done(refund, &refunded).await
            }
            RefundState::Done(refunded) => {
                let amounts = (refund.amount.get(), refunded.amount);
                self.ticket(channel, (TicketKind::RefundDiffers, &id), amounts, "another amount was given back")
                    .await?;
                self.treasury.refund_later(refund).await
            }
            RefundState::Failed(why) => {
                let why: String = why.chars().filter(|c| !c.is_control()).take(200).collect();
                let amounts = (refund.amount.get(), 0);
                let detail = format!("the gateway will not give it back: {why}");
                self.ticket(channel, (TicketKind::RefundFailed, &id), amounts, &detail).await?;
                self.treasury.refund_failed(refund).await
            }
            RefundState::Processing | RefundState::Unknown => self.treasury.refund_later(refund).await,
        }
    }
}
