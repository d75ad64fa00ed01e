//! Money that a gateway says it took or gave back: held against the order, authorised as the host, recorded, settled.

use super::{Payments, ask};
use crate::{
    CURRENCY, Callback, CallbackAnswer, CallbackError, Gateway, Headers, NewTicket, OrderId, OrderRecord,
    OrderStanding, Payment, PaymentError, RefundId, RefundState, TicketKind, Took,
};

// === impl Payments ===

impl Payments {
    /// What came to `/api/v1/payments/callbacks/{channel}`, and what it is answered with. `None`: there is no such
    /// channel. Everything about it may be a lie: it is verified, and then held against the ledger.
    pub async fn on_callback(&self, channel: &str, headers: &Headers, body: &[u8]) -> Option<CallbackAnswer> {
        let gateway = self.gateway(channel).ok()?;
        let told = match gateway.callback(headers, body).await {
            Ok(told) => told,
            Err(why) => {
                tracing::warn!(channel, why = why.code(), "a payment callback was not taken");
                return Some(gateway.refused(why));
            }
        };
        let done = match told {
            Callback::Paid { order, payment } => self.take(gateway.name(), &order, &payment).await.map(drop),
            Callback::Refund { refund, state } => self.refund_told(gateway.as_ref(), &refund, state).await,
            Callback::Nothing => Ok(()),
        };
        Some(match done {
            Ok(()) => gateway.accepted(),
            Err(error) => {
                tracing::error!(channel, error = %zhongtai_kernel::chain(&error), "a payment callback can't be kept");
                gateway.refused(CallbackError::Unavailable)
            }
        })
    }

    /// Money that a gateway says it took for an order, by a callback, an answer or a bill. What does not fit opens a
    /// ticket and settles nothing; `None` then.
    pub(super) async fn take(
        &self,
        channel: &str,
        order: &str,
        payment: &Payment,
    ) -> Result<Option<Took>, PaymentError> {
        let Some(order) = self.order_of(channel, order).await? else {
            let told = cut(order);
            self.ticket(channel, (TicketKind::UnknownOrder, &told), (0, payment.amount), "money for no order of ours")
                .await?;
            return Ok(None);
        };
        let id = order.id.to_string();
        let fits = payment.amount == order.amount.get() && payment.currency == CURRENCY;
        if !fits || !is_transaction(&payment.transaction) {
            let detail = "the amount, the currency or the number of the payment is not what it must be";
            let amounts = (order.amount.get(), payment.amount);
            self.ticket(channel, (TicketKind::AmountDiffers, &id), amounts, detail).await?;
            return Ok(None);
        }
        if is_known(&order, payment) {
            return Ok(Some(Took::Again));
        }
        let notice = self.treasury.find(&order.notice).await?.ok_or(PaymentError::NotFound("notice"))?;
        let mut host = ask::the_host(&notice.scenario, self.services.clone())?;
        ask::notice(&mut host, "payment:settle", &notice, None).await?;
        host.committed().await?;
        let took = self.treasury.paid(&order, payment).await?;
        let amounts = (order.amount.get(), payment.amount);
        match took {
            Took::Twice => {
                let detail = format!("a second payment of the order: {}", payment.transaction);
                self.ticket(channel, (TicketKind::PaidTwice, &id), amounts, &detail).await?;
            }
            Took::Reused => {
                let detail = format!("the payment {} is another order's already", payment.transaction);
                self.ticket(channel, (TicketKind::TransactionReused, &id), amounts, &detail).await?;
            }
            Took::Settled | Took::Again | Took::Late => {}
        }
        tracing::info!(channel, order = id, notice = %order.notice, ?took, "a payment came");
        Ok(Some(took))
    }

    /// An order of ours at this channel.
    async fn order_of(&self, channel: &str, order: &str) -> Result<Option<OrderRecord>, PaymentError> {
        let Ok(id) = order.parse::<OrderId>() else { return Ok(None) };
        Ok(self.treasury.order(id).await?.filter(|order| order.channel == channel))
    }

    /// A callback about a refund. It is not believed about how much: the gateway is asked.
    async fn refund_told(&self, gateway: &dyn Gateway, refund: &str, state: RefundState) -> Result<(), PaymentError> {
        let found = match refund.parse::<RefundId>() {
            Ok(id) => self.treasury.refund(id).await?.filter(|refund| refund.channel == gateway.name()),
            Err(_) => None,
        };
        let Some(refund) = found else {
            let told = cut(refund);
            let amount = if let RefundState::Done(refunded) = &state { refunded.amount } else { 0 };
            let what = (TicketKind::UnknownOrder, told.as_str());
            return self.ticket(gateway.name(), what, (0, amount), "a refund that is none of ours").await;
        };
        self.refund_is(&refund, state).await
    }

    pub(super) async fn ticket(
        &self,
        channel: &str,
        (kind, about): (TicketKind, &str),
        (ours, theirs): (i64, i64),
        detail: &str,
    ) -> Result<(), PaymentError> {
        let (channel, about, detail) = (channel.to_owned(), about.to_owned(), detail.to_owned());
        self.treasury.open_ticket(&NewTicket { kind, channel, about, day: None, ours, theirs, detail }).await
    }
}

fn is_known(order: &OrderRecord, payment: &Payment) -> bool {
    let came = matches!(order.standing, OrderStanding::Paid | OrderStanding::Late);
    came && order.transaction.as_deref() == Some(&*payment.transaction)
}

fn is_transaction(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// A gateway's text in a record of ours.
fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}
