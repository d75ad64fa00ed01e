//! Paying: an order is begun, and the gateway asked to take the money.

use zhongtai_runtime::Asker;

use super::{Payments, ask};
use crate::{
    Act, ActKey, Begin, Closing, GatewayError, GatewayState, Notice, NoticeNumber, Order, OrderRecord, OrderStanding,
    PaymentError, Standing,
};

/// Orders of a notice that are closed on the way to a new one, or to its end; somebody who makes them as fast gets a
/// refusal.
const TRIES: u32 = 3;

// === impl Payments ===

impl Payments {
    /// Begins to pay a notice by a channel (`payment:pay`), for its payer.
    pub async fn pay(
        &self,
        asker: &mut Asker,
        number: &NoticeNumber,
        (channel, key): (&str, ActKey),
    ) -> Result<OrderRecord, PaymentError> {
        let account = asker.account().map(|account| account.to_string()).unwrap_or_default();
        let gateway = self.gateway(channel)?.name().to_owned();
        let scope = format!("{} {account}", asker.scenario());
        let act = Act::new(scope, key, &["pay", number.as_str(), &gateway]);
        let Some(notice) = self.treasury.find(number).await? else {
            ask::unknown(asker, "payment:pay").await?;
            return Err(PaymentError::NotFound("notice"));
        };
        if let Some(known) = self.treasury.known(&act).await? {
            ask::notice(asker, "payment:read", &notice, None).await?;
            let id = known.parse().map_err(|_| PaymentError::Fault("a key stands for no order".to_owned()))?;
            let order = self.treasury.order(id).await?.ok_or(PaymentError::NotFound("order"))?;
            if order.standing != OrderStanding::Preparing {
                return Ok(order);
            }
        }
        ask::notice(asker, "payment:pay", &notice, None).await?;
        asker.committed().await?;
        for _ in 0..TRIES {
            match self.treasury.begin_order(&act, number, &gateway).await? {
                Begin::Order(order) => return self.open(*order).await,
                Begin::Live(order) => self.retire(&order).await?,
            }
        }
        Err(PaymentError::channel(
            &gateway,
            GatewayError::Unavailable("other orders of the notice are live".to_owned()),
        ))
    }

    /// Asks the gateway for a code, where there is none yet.
    async fn open(&self, order: OrderRecord) -> Result<OrderRecord, PaymentError> {
        if order.standing != OrderStanding::Preparing {
            return Ok(order);
        }
        let gateway = self.gateway(&order.channel)?;
        let asked = Order {
            id: order.id,
            amount: order.amount,
            subject: format!("非税缴款 {}", order.notice),
            expires_at: order.expires_at,
        };
        match gateway.prepay(&asked).await {
            Ok(prepaid) if (1..=512).contains(&prepaid.qr.chars().count()) => {
                let order = self.treasury.opened(&order, &prepaid.qr).await?;
                // It was given up while the gateway was asked: its code is nobody's.
                if order.standing == OrderStanding::Closed {
                    return Err(PaymentError::channel(
                        &order.channel,
                        GatewayError::Unavailable("the order was closed meanwhile".to_owned()),
                    ));
                }
                Ok(order)
            }
            Ok(_) => Err(PaymentError::channel(
                &order.channel,
                GatewayError::Untrusted("its code is empty, or longer than a QR code".to_owned()),
            )),
            Err(GatewayError::Refused { code }) => self.refused(order, code).await,
            Err(error) => Err(PaymentError::channel(&order.channel, error)),
        }
    }

    /// The gateway will not open the order: it may be paid already, by a code that was lost on the way here.
    async fn refused(&self, order: OrderRecord, code: String) -> Result<OrderRecord, PaymentError> {
        let gateway = self.gateway(&order.channel)?;
        match gateway.query(&order.id).await {
            Ok(GatewayState::Paid(payment)) => {
                self.take(gateway.name(), &order.id.to_string(), &payment).await?;
            }
            Ok(GatewayState::Closed | GatewayState::Unknown) => self.treasury.order_closed(&order).await?,
            Ok(GatewayState::Open) | Err(_) => {}
        }
        let now = self.treasury.order(order.id).await?.ok_or(PaymentError::NotFound("order"))?;
        match now.standing {
            OrderStanding::Paid | OrderStanding::Late => Ok(now),
            _ => Err(PaymentError::channel(&order.channel, GatewayError::Refused { code })),
        }
    }

    /// Takes an order out of the way: closed at the gateway first, then here. Was it paid meanwhile, its money counts.
    pub(super) async fn retire(&self, order: &OrderRecord) -> Result<(), PaymentError> {
        let gateway = self.gateway(&order.channel)?;
        let closed = gateway.close(&order.id).await;
        match closed.map_err(|error| PaymentError::channel(&order.channel, error))? {
            GatewayState::Paid(payment) => self.take(gateway.name(), &order.id.to_string(), &payment).await.map(drop),
            // One that the gateway does not know may be on its way there: its code is given to nobody once it is closed
            // here, and money that comes all the same is late money.
            GatewayState::Closed | GatewayState::Unknown => self.treasury.order_closed(order).await,
            GatewayState::Open => {
                let problem = "it did not close an order".to_owned();
                Err(PaymentError::channel(&order.channel, GatewayError::Unavailable(problem)))
            }
        }
    }

    /// Closes a notice, its live order first.
    pub(super) async fn close_by(
        &self,
        act: Option<&Act>,
        number: &NoticeNumber,
        why: &'static str,
    ) -> Result<Notice, PaymentError> {
        for _ in 0..TRIES {
            match self.treasury.close(act, number, why).await? {
                Closing::Closed(notice) => return Ok(*notice),
                Closing::Live(order) => self.retire(&order).await?,
            }
        }
        Err(PaymentError::NotAllowedWhile(Standing::Due))
    }
}
