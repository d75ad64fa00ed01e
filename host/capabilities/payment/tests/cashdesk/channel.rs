//! What the channel does when everything is as it should be, and when a process dies.

use jiff::SignedDuration;
use zhongtai_cap_payment::{
    Callback, CallbackAnswer, Fen, Gateway, GatewayError, GatewayState, Order, OrderId, RefundId, RefundOrder,
    RefundState, contract,
};
use zhongtai_kernel::Timestamp;

use crate::desk::Real;

pub(crate) fn order(fen: i64) -> Order {
    Order {
        id: OrderId::generate(),
        amount: Fen::new(fen).unwrap(),
        subject: "道路挖掘修复费 <4418023001>".to_owned(),
        expires_at: Timestamp::now() + SignedDuration::from_hours(1),
    }
}

#[tokio::test]
async fn the_cash_desk_keeps_the_contract() {
    contract::holds(&Real::start().await).await;
}

#[tokio::test]
async fn a_payment_is_told_after_the_desk_was_killed_before_it_could() {
    let real = Real::start().await;
    real.faults(r#"{ "hold": true }"#).await;
    let order = order(24_050);
    let qr = real.channel.prepay(&order).await.unwrap().qr;
    real.press(&qr, "pay").await;
    real.process.kill();
    assert!(real.receiver.is_empty().await, "nobody was told before");
    assert!(matches!(real.channel.query(&order.id).await, Err(GatewayError::Unavailable(_))));
    real.process.start_again();
    let (headers, body) = real.receiver.next().await;
    let Callback::Paid { order: told, payment } = real.channel.callback(&headers, &body).await.unwrap() else {
        panic!("a payment is told as something else")
    };
    assert_eq!((told, payment.amount), (order.id.to_string(), 24_050));
    assert_eq!(real.channel.query(&order.id).await.unwrap(), GatewayState::Paid(payment));
}

#[tokio::test]
async fn a_callback_that_was_not_taken_comes_again_signed_anew() {
    let real = Real::start().await;
    real.receiver.answer(CallbackAnswer { status: 503, content_type: "text/plain", body: Vec::new() });
    let order = order(100);
    let qr = real.channel.prepay(&order).await.unwrap().qr;
    real.press(&qr, "pay").await;
    let (first, body) = real.receiver.next().await;
    real.receiver.answer(real.channel.accepted());
    let (second, again) = real.receiver.next().await;
    assert_eq!(body, again);
    assert_ne!(first.get("cashdesk-nonce"), second.get("cashdesk-nonce"));
    for headers in [&first, &second] {
        assert!(matches!(real.channel.callback(headers, &body).await.unwrap(), Callback::Paid { .. }));
    }
}

#[tokio::test]
async fn a_refund_is_told_and_a_cancelled_order_changes_nothing() {
    let real = Real::start().await;
    let order = order(1_000);
    let qr = real.channel.prepay(&order).await.unwrap().qr;
    real.press(&qr, "pay").await;
    let told = real.receiver.next().await;
    let refund = RefundOrder {
        id: RefundId::generate(),
        order: order.id,
        amount: Fen::new(400).unwrap(),
        total: order.amount,
        reason: "面积核减".to_owned(),
    };
    let done = real.channel.refund(&refund).await.unwrap();
    let (headers, body) = real.receiver.next().await;
    let callback = real.channel.callback(&headers, &body).await.unwrap();
    assert_eq!(callback, Callback::Refund { refund: refund.id.to_string(), state: done });
    assert!(matches!(real.channel.callback(&told.0, &told.1).await.unwrap(), Callback::Paid { .. }), "late, but true");

    let cancelled = self::order(1_000);
    let qr = real.channel.prepay(&cancelled).await.unwrap().qr;
    real.press(&qr, "cancel").await;
    let (headers, body) = real.receiver.next().await;
    assert_eq!(real.channel.callback(&headers, &body).await.unwrap(), Callback::Nothing);
    assert_eq!(real.channel.query(&cancelled.id).await.unwrap(), GatewayState::Closed);
    real.press(&qr, "pay").await;
    assert_eq!(real.channel.query(&cancelled.id).await.unwrap(), GatewayState::Closed);
}

#[tokio::test]
async fn an_order_of_another_amount_is_another_order() {
    let real = Real::start().await;
    let first = order(1_000);
    real.channel.prepay(&first).await.unwrap();
    let other = Order { amount: Fen::new(999).unwrap(), ..first };
    let refused = real.channel.prepay(&other).await.unwrap_err();
    assert!(matches!(refused, GatewayError::Refused { code } if code == "order-differs"));
}

#[tokio::test]
async fn what_expired_can_not_be_paid() {
    let real = Real::start().await;
    let order = Order { expires_at: Timestamp::now() - SignedDuration::from_secs(1), ..order(100) };
    let refused = real.channel.prepay(&order).await.unwrap_err();
    assert!(matches!(refused, GatewayError::Refused { code } if code == "order-closed"));
    assert_eq!(real.channel.query(&order.id).await.unwrap(), GatewayState::Closed);
    let refund = RefundOrder {
        id: RefundId::generate(),
        order: order.id,
        amount: order.amount,
        total: order.amount,
        reason: "x".to_owned(),
    };
    assert_eq!(real.channel.refund(&refund).await.unwrap(), RefundState::Failed("order-not-paid".to_owned()));
}

#[tokio::test]
async fn a_day_that_has_not_begun_has_no_bill() {
    let real = Real::start().await;
    let tomorrow = contract::Desk::today(&real).tomorrow().unwrap();
    assert!(matches!(real.channel.bill(tomorrow).await, Err(GatewayError::NoBill)));
}

/// Orders are paid while the desk is killed again and again: whatever a payer was told to be paid is paid, and is told
/// at last.
#[tokio::test]
async fn no_paid_order_is_lost_when_the_desk_is_killed_at_any_moment() {
    let real = std::sync::Arc::new(Real::start().await);
    let mut paid = std::collections::BTreeSet::new();
    for round in 0..6_u64 {
        let orders: Vec<Order> = (0..4).map(|_| order(100)).collect();
        let mut codes = Vec::new();
        for order in &orders {
            codes.push((order.id, real.channel.prepay(order).await.unwrap().qr));
        }
        let (payer, url) = (real.clone(), codes.clone());
        let paying = tokio::spawn(async move {
            for (_, qr) in &url {
                payer.try_to_pay(qr).await;
            }
        });
        // Later in each round: before, while and after somebody pays.
        tokio::time::sleep(std::time::Duration::from_millis(7 * round)).await;
        real.process.kill();
        paying.await.unwrap();
        real.process.start_again();
        for (id, qr) in codes {
            if matches!(real.channel.query(&id).await.unwrap(), GatewayState::Open) {
                real.press(&qr, "pay").await;
            }
            paid.insert(id.to_string());
        }
    }
    let mut told = std::collections::BTreeSet::new();
    while told.len() < paid.len() {
        let (headers, body) = real.receiver.next().await;
        if let Callback::Paid { order, .. } = real.channel.callback(&headers, &body).await.unwrap() {
            told.insert(order);
        }
    }
    assert_eq!(told, paid);
    for id in &paid {
        let state = real.channel.query(&id.parse().unwrap()).await.unwrap();
        assert!(matches!(state, GatewayState::Paid(payment) if payment.amount == 100));
    }
}

// === impl Real ===

impl Real {
    /// The page may be gone in the middle.
    pub(crate) async fn try_to_pay(&self, qr: &str) {
        let path = qr.strip_prefix(&self.process.url).unwrap();
        let form = zhongtai_outbound::Request::post(path, "application/x-www-form-urlencoded", "act=pay");
        let _ = self.try_send(form).await;
    }
}
