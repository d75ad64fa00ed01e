//! Notifications that are not what they say.

use zhongtai_cap_payment::{Callback, CallbackError, Gateway, Headers};

use crate::real::Real;

#[tokio::test]
async fn a_notification_with_anything_wrong_is_refused_for_what_is_wrong() {
    let real = Real::start().await;
    let order = real.paid(12_345).await;
    let cases = [
        ("signature", CallbackError::Forged),
        ("field", CallbackError::Forged),
        ("added", CallbackError::Forged),
        ("type", CallbackError::Forged),
        ("unsigned", CallbackError::Forged),
        ("html", CallbackError::Forged),
        ("truncated", CallbackError::Forged),
        ("twice", CallbackError::Malformed),
        ("app", CallbackError::Malformed),
        ("seller", CallbackError::Malformed),
        ("odd-amount", CallbackError::Malformed),
        ("no-time", CallbackError::Malformed),
        ("no-payment-time", CallbackError::Malformed),
        ("old", CallbackError::Stale),
    ];
    let mut taken = Vec::new();
    for (wrong, why) in cases {
        let (headers, body) = real.made(&order, wrong).await;
        let outcome = real.channel.callback(&headers, &body).await;
        if outcome != Err(why) {
            taken.push((wrong, outcome));
        }
        assert_ne!(real.channel.refused(why).body, b"success", "{wrong}: so that it comes again");
    }
    assert_eq!(taken, []);
    let (headers, body) = real.made(&order, "").await;
    assert!(matches!(real.channel.callback(&headers, &body).await, Ok(Callback::Paid { .. })), "the true one is good");
    assert_eq!(real.channel.accepted().body, b"success");
}

#[tokio::test]
async fn another_amount_is_told_as_it_is_for_the_ledger_to_refuse() {
    let real = Real::start().await;
    let order = real.paid(12_345).await;
    let (headers, body) = real.made(&order, "amount").await;
    let Callback::Paid { payment, .. } = real.channel.callback(&headers, &body).await.unwrap() else {
        panic!("it is signed")
    };
    assert_eq!(payment.amount, 12_346);
}

#[tokio::test]
async fn what_is_true_and_no_payment_changes_nothing() {
    let real = Real::start().await;
    let order = real.paid(12_345).await;
    for what in ["waiting", "closed", "refund"] {
        let (headers, body) = real.made(&order, what).await;
        assert_eq!(real.channel.callback(&headers, &body).await, Ok(Callback::Nothing), "{what}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_form_are_refused() {
    let real = Real::start().await;
    for body in [&b""[..], b"\xff\xfe\x00", b"{}", b"sign=&sign_type=RSA2", b"sign=%%%&sign_type=RSA2&a=1"] {
        assert_eq!(real.channel.callback(&Headers::default(), body).await, Err(CallbackError::Forged));
    }
}
