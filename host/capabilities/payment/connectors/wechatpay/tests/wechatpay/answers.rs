//! Answers that are not what they say.

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
        ("serial", "unknown key"),
        ("old", "too old"),
        ("unsigned", "without a signature"),
        ("html", "without a signature"),
        ("truncated", "can't be read"),
        ("other-order", "another order"),
        ("other-merchant", "another order"),
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
async fn a_gateway_that_can_not_answer_now_is_asked_later() {
    let real = Real::start().await;
    let order = order(1);
    for fault in ["down", "busy"] {
        real.faults(&[fault]).await;
        assert!(matches!(real.channel.prepay(&order).await, Err(GatewayError::Unavailable(_))), "{fault}");
    }
    assert!(real.channel.prepay(&order).await.is_ok());
}

#[tokio::test]
async fn an_empty_answer_is_verified_as_well() {
    let real = Real::start().await;
    for fault in ["signature", "old", "unsigned"] {
        let order = order(1);
        real.channel.prepay(&order).await.unwrap();
        real.faults(&[fault]).await;
        assert!(matches!(real.channel.close(&order.id).await, Err(GatewayError::Untrusted(_))), "{fault}");
        assert_eq!(real.channel.close(&order.id).await.unwrap(), GatewayState::Closed, "and it is asked again");
    }
}

#[tokio::test]
async fn a_bill_of_another_hash_is_not_read() {
    let real = Real::start().await;
    real.paid(100).await;
    real.faults(&["", "byte"]).await;
    let refused = real.channel.bill(real.today()).await.unwrap_err();
    assert!(matches!(&refused, GatewayError::Untrusted(why) if why.contains("hash")), "{refused}");
    assert_eq!(real.channel.bill(real.today()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_host_whose_clock_is_wrong_is_refused_and_says_so() {
    let clock = Arc::new(ManualClock::at(Timestamp::now() - SignedDuration::from_mins(6)));
    let real = Real::with(false, clock.clone()).await;
    let refused = real.channel.prepay(&order(1)).await.unwrap_err();
    assert!(matches!(&refused, GatewayError::Untrusted(why) if why.contains("401")), "{refused}");
    clock.advance(std::time::Duration::from_secs(360));
    assert!(real.channel.prepay(&order(1)).await.is_ok());
}
