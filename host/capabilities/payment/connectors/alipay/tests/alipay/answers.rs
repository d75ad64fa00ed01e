//! Answers that are not what they say, and answers that are, in every way that they may be written.

use std::sync::Arc;

use jiff::SignedDuration;
use zhongtai_cap_payment::{Gateway, GatewayError, GatewayState, contract::Desk};
use zhongtai_kernel::{ManualClock, Timestamp};

use crate::real::{Real, order};

#[tokio::test]
async fn no_answer_is_believed_that_the_gateway_did_not_sign_for_this() {
    let real = Real::start().await;
    let paid = real.paid(12_345).await;
    let cases = [
        ("signature", "signature is wrong"),
        ("byte", "signature is wrong"),
        ("unsigned", "not signed"),
        ("html", "can't be read"),
        ("truncated", "can't be read"),
        ("other-order", "another order"),
    ];
    let mut believed = Vec::new();
    for (fault, why) in cases {
        real.faults(&[fault]).await;
        match real.channel.query(&paid.id).await {
            Err(GatewayError::Untrusted(reason)) if reason.contains(why) => {}
            other => believed.push(format!("{fault}: {other:?}")),
        }
    }
    assert_eq!(believed, Vec::<String>::new());
    assert!(matches!(real.channel.query(&paid.id).await, Ok(GatewayState::Paid(_))), "the true answer is still good");
}

#[tokio::test]
async fn what_is_signed_is_taken_as_it_was_sent_however_it_was_written() {
    let real = Real::start().await;
    let paid = real.paid(12_345).await;
    for way in ["ascii", "slashes", "spaces", "sign-first"] {
        real.faults(&[way]).await;
        assert!(matches!(real.channel.query(&paid.id).await, Ok(GatewayState::Paid(_))), "{way}");
    }
}

#[tokio::test]
async fn a_second_part_of_the_same_name_does_not_pass_under_the_first_one_s_signature() {
    let real = Real::start().await;
    let order = order(100);
    real.channel.prepay(&order).await.unwrap();
    real.hand("scan", serde_json::json!({ "order": order.id.to_string() })).await;
    real.faults(&["twice"]).await;
    match real.channel.query(&order.id).await {
        Ok(GatewayState::Open) | Err(GatewayError::Untrusted(_)) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_gateway_that_can_not_answer_now_is_asked_later() {
    let real = Real::start().await;
    let order = order(1);
    for fault in ["down", "system"] {
        real.faults(&[fault]).await;
        assert!(matches!(real.channel.prepay(&order).await, Err(GatewayError::Unavailable(_))), "{fault}");
    }
    assert!(real.channel.prepay(&order).await.is_ok());
}

#[tokio::test]
async fn a_bill_that_is_cut_off_is_not_read() {
    let real = Real::start().await;
    real.paid(100).await;
    real.faults(&["", "broken-bill"]).await;
    assert!(matches!(real.channel.bill(real.today()).await, Err(GatewayError::Untrusted(_))));
    assert_eq!(real.channel.bill(real.today()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_that_nobody_signed_is_not_believed() {
    let clock = Arc::new(ManualClock::at(Timestamp::now() - SignedDuration::from_mins(16)));
    let real = Real::with_clock(clock.clone()).await;
    assert!(matches!(real.channel.prepay(&order(1)).await, Err(GatewayError::Untrusted(_))), "its time is refused");
    clock.advance(std::time::Duration::from_secs(960));
    assert!(real.channel.prepay(&order(1)).await.is_ok());
}
