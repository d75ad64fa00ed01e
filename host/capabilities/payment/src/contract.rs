//! What every payment channel must do, over a real process of it: `Desk` is the test's hand on that process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a suite for tests: what does not hold must stop the test"
)]

use async_trait::async_trait;
use jiff::{SignedDuration, civil::Date};
use zhongtai_kernel::Timestamp;

use crate::{
    BillKind, CURRENCY, Callback, CallbackError, Fen, Gateway, GatewayError, GatewayState, Headers, Order, OrderId,
    Payment, RefundId, RefundOrder, RefundState,
};

/// A payment channel's process, as a test holds it.
#[async_trait]
pub trait Desk: Send + Sync {
    /// The connector, to that process.
    fn gateway(&self) -> &dyn Gateway;
    /// A person pays an order, by its code.
    async fn pay(&self, order: &OrderId, qr: &str);
    /// The next callback that the process sent, as it was received over HTTP.
    async fn callback(&self) -> (Headers, Vec<u8>);
    /// Ends the process as a power cut does, and starts it again on its data.
    async fn restart(&self);
    /// The day of the process, UTC+8.
    fn today(&self) -> Date;
    /// The time of the process.
    fn now(&self) -> Timestamp;
}

/// Everything that holds for a channel.
pub async fn holds(desk: &dyn Desk) {
    an_order_is_paid_once_and_told(desk).await;
    the_same_order_again_is_the_same_order(desk).await;
    an_order_that_is_closed_can_not_be_paid(desk).await;
    an_unknown_order_is_unknown(desk).await;
    a_refund_happens_once_and_in_part(desk).await;
    more_than_was_paid_is_not_given_back(desk).await;
    a_callback_that_was_changed_is_forged(desk).await;
    the_bill_has_what_was_paid_and_given_back(desk).await;
    nothing_is_lost_when_the_process_is_killed(desk).await;
}

fn order(desk: &dyn Desk, fen: i64) -> Order {
    let expires_at = desk.now().checked_add(SignedDuration::from_hours(1)).expect("an hour from now");
    let amount = Fen::new(fen).expect("an amount");
    Order { id: OrderId::generate(), amount, subject: "非税缴款 4418023001".to_owned(), expires_at }
}

async fn paid(desk: &dyn Desk, order: &Order) -> Payment {
    let prepaid = desk.gateway().prepay(order).await.expect("a code");
    assert!((1..=512).contains(&prepaid.qr.chars().count()), "a QR code holds it");
    // Some gateways know an order only once its code was scanned.
    let before = desk.gateway().query(&order.id).await.expect("an answer");
    assert!(matches!(before, GatewayState::Open | GatewayState::Unknown), "{before:?}");
    desk.pay(&order.id, &prepaid.qr).await;
    match desk.gateway().query(&order.id).await.expect("an answer") {
        GatewayState::Paid(payment) => payment,
        other => panic!("a paid order is {other:?}"),
    }
}

fn check(payment: &Payment, order: &Order) {
    assert_eq!((payment.amount, payment.currency.as_str()), (order.amount.get(), CURRENCY));
    assert!((1..=64).contains(&payment.transaction.len()), "{payment:?}");
}

async fn an_order_is_paid_once_and_told(desk: &dyn Desk) {
    let order = order(desk, 24_050);
    let payment = paid(desk, &order).await;
    check(&payment, &order);
    let (headers, body) = desk.callback().await;
    match desk.gateway().callback(&headers, &body).await.expect("a callback of the gateway") {
        Callback::Paid { order: id, payment: told } => {
            assert_eq!(id, order.id.to_string());
            check(&told, &order);
            assert_eq!(told.transaction, payment.transaction);
        }
        other => panic!("a payment is told as {other:?}"),
    }
    let accepted = desk.gateway().accepted();
    assert!((200..300).contains(&accepted.status), "{accepted:?}");
}

async fn the_same_order_again_is_the_same_order(desk: &dyn Desk) {
    let order = order(desk, 100);
    desk.gateway().prepay(&order).await.expect("a code");
    let payment = paid(desk, &order).await;
    drop(desk.callback().await);
    // Paid is paid: the gateway refuses a code, or gives one that changes nothing.
    match desk.gateway().prepay(&order).await {
        Ok(_) | Err(GatewayError::Refused { .. }) => {}
        Err(other) => panic!("a paid order is prepaid again: {other}"),
    }
    let GatewayState::Paid(again) = desk.gateway().query(&order.id).await.expect("an answer") else {
        panic!("a paid order stays paid");
    };
    assert_eq!(again.transaction, payment.transaction);
    let closed = desk.gateway().close(&order.id).await.expect("an answer");
    assert!(matches!(closed, GatewayState::Paid(_)), "a paid order can't be closed: {closed:?}");
}

async fn an_order_that_is_closed_can_not_be_paid(desk: &dyn Desk) {
    let order = order(desk, 300);
    let prepaid = desk.gateway().prepay(&order).await.expect("a code");
    assert_eq!(desk.gateway().close(&order.id).await.expect("an answer"), GatewayState::Closed);
    assert_eq!(desk.gateway().close(&order.id).await.expect("the same answer"), GatewayState::Closed);
    desk.pay(&order.id, &prepaid.qr).await;
    let after = desk.gateway().query(&order.id).await.expect("an answer");
    assert!(matches!(after, GatewayState::Closed | GatewayState::Unknown), "{after:?}");
}

async fn an_unknown_order_is_unknown(desk: &dyn Desk) {
    let nobodys = OrderId::generate();
    assert_eq!(desk.gateway().query(&nobodys).await.expect("an answer"), GatewayState::Unknown);
    let closed = desk.gateway().close(&nobodys).await.expect("an answer");
    assert!(matches!(closed, GatewayState::Unknown | GatewayState::Closed), "{closed:?}");
}

fn refund_of(order: &Order, fen: i64) -> RefundOrder {
    RefundOrder {
        id: RefundId::generate(),
        order: order.id,
        amount: Fen::new(fen).expect("an amount"),
        total: order.amount,
        reason: "面积核减".to_owned(),
    }
}

/// A refund that is on its way is waited for: gateways take their time.
async fn ended(desk: &dyn Desk, refund: &RefundOrder) -> RefundState {
    for _ in 0..600 {
        match desk.gateway().query_refund(refund).await.expect("an answer") {
            RefundState::Processing => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            ended => return ended,
        }
    }
    panic!("a refund does not end within a minute");
}

async fn a_refund_happens_once_and_in_part(desk: &dyn Desk) {
    let order = order(desk, 1_000);
    paid(desk, &order).await;
    drop(desk.callback().await);
    let refund = refund_of(&order, 400);
    assert_eq!(desk.gateway().query_refund(&refund).await.expect("an answer"), RefundState::Unknown);
    for _ in 0..2 {
        let state = desk.gateway().refund(&refund).await.expect("a refund");
        assert!(matches!(state, RefundState::Done(_) | RefundState::Processing), "{state:?}");
    }
    let RefundState::Done(done) = ended(desk, &refund).await else { panic!("a refund of what was paid is done") };
    assert_eq!(done.amount, 400);
    // The rest is still there: the first refund happened once.
    let rest = refund_of(&order, 600);
    desk.gateway().refund(&rest).await.expect("a refund");
    assert!(matches!(ended(desk, &rest).await, RefundState::Done(done) if done.amount == 600));
    let after = desk.gateway().query(&order.id).await.expect("an answer");
    assert!(matches!(after, GatewayState::Paid(_)), "money that came has come: {after:?}");
}

async fn more_than_was_paid_is_not_given_back(desk: &dyn Desk) {
    let order = order(desk, 1_000);
    paid(desk, &order).await;
    drop(desk.callback().await);
    let first = refund_of(&order, 700);
    desk.gateway().refund(&first).await.expect("a refund");
    ended(desk, &first).await;
    match desk.gateway().refund(&refund_of(&order, 301)).await {
        Ok(RefundState::Failed(_)) | Err(GatewayError::Refused { .. }) => {}
        other => panic!("more than was paid is given back: {other:?}"),
    }
}

async fn a_callback_that_was_changed_is_forged(desk: &dyn Desk) {
    let order = order(desk, 500);
    paid(desk, &order).await;
    let (headers, body) = desk.callback().await;
    let mut changed = body.clone();
    let last = changed.len().saturating_sub(3);
    changed.get_mut(last).map(|byte| *byte ^= 1).expect("a body");
    let forged = desk.gateway().callback(&headers, &changed).await.expect_err("a changed body");
    assert!(matches!(forged, CallbackError::Forged | CallbackError::Malformed), "{forged}");
    let bare = desk.gateway().callback(&Headers::default(), b"").await.expect_err("nothing at all");
    assert!(matches!(bare, CallbackError::Forged | CallbackError::Malformed), "{bare}");
    let refused = desk.gateway().refused(CallbackError::Forged);
    assert!(!refused.body.is_empty() || refused.status >= 400, "{refused:?}");
    desk.gateway().callback(&headers, &body).await.expect("the true one is still good");
}

async fn the_bill_has_what_was_paid_and_given_back(desk: &dyn Desk) {
    let order = order(desk, 4_321);
    let payment = paid(desk, &order).await;
    drop(desk.callback().await);
    let refund = refund_of(&order, 321);
    desk.gateway().refund(&refund).await.expect("a refund");
    ended(desk, &refund).await;
    let bill = desk.gateway().bill(desk.today()).await.expect("today's bill");
    let row = |kind: &BillKind| bill.iter().find(|row| row.order == order.id.to_string() && row.kind == *kind);
    let paid = row(&BillKind::Payment).expect("the payment");
    assert_eq!((paid.amount, &paid.transaction), (4_321, &payment.transaction));
    let back = row(&BillKind::Refund(refund.id.to_string())).expect("the refund");
    assert_eq!(back.amount, 321);
}

async fn nothing_is_lost_when_the_process_is_killed(desk: &dyn Desk) {
    let order = order(desk, 800);
    let payment = paid(desk, &order).await;
    drop(desk.callback().await);
    desk.restart().await;
    let GatewayState::Paid(after) = desk.gateway().query(&order.id).await.expect("an answer") else {
        panic!("a paid order is paid after a crash");
    };
    assert_eq!(after, payment);
}
