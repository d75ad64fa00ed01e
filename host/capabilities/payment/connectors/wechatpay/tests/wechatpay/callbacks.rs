//! Callbacks that are not what they say.

use zhongtai_cap_payment::{Callback, CallbackError, Gateway, Headers};

use crate::real::Real;

#[tokio::test]
async fn a_callback_with_anything_wrong_is_refused_for_what_is_wrong() {
    let real = Real::start().await;
    let order = real.paid(12_345).await;
    let cases = [
        ("signature", CallbackError::Forged),
        ("byte", CallbackError::Forged),
        ("serial", CallbackError::Forged),
        ("probe", CallbackError::Forged),
        ("old", CallbackError::Stale),
        ("future", CallbackError::Stale),
        ("tag", CallbackError::Malformed),
        ("associated", CallbackError::Malformed),
        ("truncated", CallbackError::Malformed),
        ("html", CallbackError::Malformed),
        ("merchant", CallbackError::Malformed),
        ("app", CallbackError::Malformed),
        ("float", CallbackError::Malformed),
    ];
    let mut taken = Vec::new();
    for (wrong, why) in cases {
        let (headers, body) = real.made(&order, wrong).await;
        let outcome = real.channel.callback(&headers, &body).await;
        if outcome != Err(why) {
            taken.push((wrong, outcome));
        }
        assert!(real.channel.refused(why).status >= 400, "{wrong}: so that it comes again");
    }
    assert_eq!(taken, []);
    let (headers, body) = real.made(&order, "").await;
    assert!(matches!(real.channel.callback(&headers, &body).await, Ok(Callback::Paid { .. })), "the true one is good");
}

#[tokio::test]
async fn another_amount_or_currency_is_told_as_it_is_for_the_ledger_to_refuse() {
    let real = Real::start().await;
    let order = real.paid(12_345).await;
    for (wrong, amount, currency) in [("amount", 12_346, "CNY"), ("currency", 12_345, "USD")] {
        let (headers, body) = real.made(&order, wrong).await;
        let Callback::Paid { payment, .. } = real.channel.callback(&headers, &body).await.unwrap() else {
            panic!("it is signed")
        };
        assert_eq!((payment.amount, payment.currency.as_str()), (amount, currency));
    }
}

#[tokio::test]
async fn a_nonce_is_taken_once() {
    let real = Real::start().await;
    let order = real.paid(12_345).await;
    let (headers, body) = real.made(&order, "").await;
    assert!(real.channel.callback(&headers, &body).await.is_ok());
    assert_eq!(real.channel.callback(&headers, &body).await, Err(CallbackError::Stale));
    let (headers, body) = real.made(&order, "").await;
    assert!(real.channel.callback(&headers, &body).await.is_ok(), "the gateway itself may say it again");
}

#[tokio::test]
async fn a_callback_without_a_header_or_with_two_is_forged() {
    let real = Real::start().await;
    let order = real.paid(12_345).await;
    let (headers, body) = real.made(&order, "").await;
    let names = ["wechatpay-serial", "wechatpay-timestamp", "wechatpay-nonce", "wechatpay-signature"];
    for changed in names {
        let rest = names.iter().filter(|name| **name != changed);
        let rest = Headers::new(rest.map(|name| (*name, headers.get(name).unwrap())));
        assert_eq!(real.channel.callback(&rest, &body).await, Err(CallbackError::Forged), "{changed}");
        let twice = names.iter().chain([&changed]).map(|name| (*name, headers.get(name).unwrap()));
        assert_eq!(real.channel.callback(&Headers::new(twice), &body).await, Err(CallbackError::Forged), "{changed}");
    }
}
