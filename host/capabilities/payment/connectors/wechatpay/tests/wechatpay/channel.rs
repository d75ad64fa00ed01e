//! What the connector does when everything is as it should be, and what another implementation says of it.

use std::{io::Write, process::Stdio, sync::Arc};

use jiff::SignedDuration;
use serde_json::{Value, json};
use zhongtai_cap_payment::{
    Callback, CallbackError, Fen, Gateway, GatewayConfigError, GatewayError, GatewayState, Order, OrderId, RefundId,
    RefundOrder, RefundState, contract, contract::Desk,
};
use zhongtai_conn_payment_wechatpay::{WechatPay, WechatPayConfig};
use zhongtai_kernel::{ManualClock, SystemClock, Timestamp};
use zhongtai_outbound::{Outbound, OutboundConfig, SecretSource};

use crate::real::{Real, beside, config, order};

#[tokio::test]
async fn wechat_pay_keeps_the_contract_and_every_signature_is_the_sdk_s() {
    let real = Real::start().await;
    contract::holds(&real).await;
    // Signatures of this kind are deterministic: `wechatpayv3` would have sent the very same ones. Counted since the
    // restart in the suite.
    let judged = real.hand("judged", json!({})).await;
    assert!(judged["checked"].as_u64() > Some(0) && judged["checked"] == judged["equal"], "{judged}");
}

#[tokio::test]
async fn wechat_pay_with_a_public_key_keeps_the_contract() {
    contract::holds(&Real::with(true, Arc::new(SystemClock)).await).await;
}

#[tokio::test]
async fn the_sdk_believes_the_same_gateway_and_reads_the_same_callback() {
    let real = Real::start().await;
    let order = real.paid(24_050).await;
    let made = real.hand("callback", json!({ "order": order.id.to_string() })).await;
    let own = OrderId::generate();
    let mut sdk = zhongtai_test_tools::python();
    sdk.arg(beside("sdk.py")).arg(&real.process.url).arg(real.path()).arg(own.to_string());
    let mut sdk = sdk.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    sdk.stdin.take().unwrap().write_all(made.to_string().as_bytes()).unwrap();
    let said = sdk.wait_with_output().unwrap();
    let said: Value = serde_json::from_slice(&said.stdout).expect("the SDK believes the gateway");
    assert_eq!(said["status"], 200);
    assert_eq!(said["read"]["resource"]["out_trade_no"], order.id.to_string());
    assert_eq!(real.channel.query(&own).await.unwrap(), GatewayState::Open, "the order that the SDK made");

    // The same callback, and one that the SDK signed.
    for (headers, body) in [real.made(&order, "").await, real.made(&order, "sdk").await] {
        let Callback::Paid { order: told, payment } = real.channel.callback(&headers, &body).await.unwrap() else {
            panic!("a payment")
        };
        assert_eq!((told, payment.amount), (order.id.to_string(), 24_050));
        assert_eq!(said["read"]["resource"]["transaction_id"], payment.transaction);
    }
}

#[tokio::test]
async fn a_payment_is_told_after_the_gateway_was_killed_before_it_could() {
    let real = Real::start().await;
    real.faults(&["hold"]).await;
    let order = order(24_050);
    let qr = real.channel.prepay(&order).await.unwrap().qr;
    real.pay(&order.id, &qr).await;
    real.process.kill();
    assert!(real.receiver.is_empty().await);
    assert!(matches!(real.channel.query(&order.id).await, Err(GatewayError::Unavailable(_))));
    real.process.start_again();
    let (headers, body) = real.receiver.next().await;
    let Callback::Paid { payment, .. } = real.channel.callback(&headers, &body).await.unwrap() else {
        panic!("a payment")
    };
    assert_eq!(real.channel.query(&order.id).await.unwrap(), GatewayState::Paid(payment));
}

#[tokio::test]
async fn certificates_are_rotated_in_the_middle() {
    let clock = Arc::new(ManualClock::at(Timestamp::now()));
    let real = Real::with(false, clock.clone()).await;
    let first = real.paid(100).await;
    // Both are good for a while, then the old one is gone.
    for forget in [false, true] {
        let before = real.made(&first, "").await;
        real.hand("rotate", json!({ "forget": forget })).await;
        // Anybody can name a certificate that nobody knows: it is asked for once a minute at most.
        clock.advance(std::time::Duration::from_secs(61));
        let (headers, body) = real.made(&first, "").await;
        assert!(matches!(real.channel.callback(&headers, &body).await, Ok(Callback::Paid { .. })), "{forget}");
        let (headers, body) = before;
        let old = real.channel.callback(&headers, &body).await;
        if forget {
            assert_eq!(old, Err(CallbackError::Forged), "what was signed with a certificate that is gone");
        } else {
            assert!(matches!(old, Ok(Callback::Paid { .. })));
        }
        assert!(matches!(real.channel.query(&first.id).await, Ok(GatewayState::Paid(_))));
    }
}

#[tokio::test]
async fn certificates_are_not_asked_for_at_anybody_s_pace() {
    let clock = Arc::new(ManualClock::at(Timestamp::now()));
    let real = Real::with(false, clock.clone()).await;
    let order = real.paid(100).await;
    let count = async || real.hand("judged", json!({})).await["checked"].as_u64().unwrap();
    let before = count().await;
    for _ in 0..5 {
        let (headers, body) = real.made(&order, "serial").await;
        assert_eq!(real.channel.callback(&headers, &body).await, Err(CallbackError::Forged));
    }
    assert_eq!(count().await, before, "they were fetched a moment ago");
    clock.advance(std::time::Duration::from_secs(61));
    for _ in 0..5 {
        let (headers, body) = real.made(&order, "serial").await;
        real.channel.callback(&headers, &body).await.unwrap_err();
    }
    assert_eq!(count().await, before + 1, "once a minute");
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_not_believed() {
    let clock = Arc::new(ManualClock::at(Timestamp::now()));
    let real = Real::with(false, clock).await;
    real.hand("rotate", json!({ "forget": true, "days": [-30, -1] })).await;
    assert!(matches!(real.channel.prepay(&order(100)).await, Err(GatewayError::Untrusted(_))));
}

#[tokio::test]
async fn a_certificate_that_expires_is_believed_no_longer() {
    let clock = Arc::new(ManualClock::at(Timestamp::now()));
    let real = Real::with(false, clock.clone()).await;
    // For 43 seconds.
    real.hand("rotate", json!({ "forget": true, "days": [-1, 0.0005] })).await;
    let order = real.paid(100).await;
    assert!(matches!(real.channel.query(&order.id).await, Ok(GatewayState::Paid(_))));
    clock.advance(std::time::Duration::from_secs(61));
    assert!(matches!(real.channel.query(&order.id).await, Err(GatewayError::Untrusted(_))));
}

#[tokio::test]
async fn a_callback_waits_for_certificates_that_can_not_be_had() {
    let real = Real::start().await;
    let qr = real.channel.prepay(&order(1)).await.unwrap().qr;
    assert!(!qr.is_empty());
    let order = real.paid(100).await;
    let (headers, body) = real.made(&order, "").await;
    let outbound = Outbound::new(&OutboundConfig::default(), Arc::new(SystemClock)).unwrap();
    let config = config(real.path(), &real.process.url, &real.receiver.url, false);
    let fresh = WechatPay::new("wechat", &config, &outbound, Arc::new(SystemClock)).unwrap();
    real.process.kill();
    assert_eq!(fresh.callback(&headers, &body).await, Err(CallbackError::Unverifiable));
    assert_eq!(fresh.refused(CallbackError::Unverifiable).status, 503, "so that it comes again");
    real.process.start_again();
    assert!(matches!(fresh.callback(&headers, &body).await, Ok(Callback::Paid { .. })));
}

#[tokio::test]
async fn a_refund_is_told_with_its_own_amount() {
    let real = Real::start().await;
    let order = real.paid(1_000).await;
    let refund = RefundOrder {
        id: RefundId::generate(),
        order: order.id,
        amount: Fen::new(400).unwrap(),
        total: order.amount,
        reason: "面积核减".to_owned(),
    };
    assert_eq!(real.channel.refund(&refund).await.unwrap(), RefundState::Processing);
    let (headers, body) = real.receiver.next().await;
    let told = real.channel.callback(&headers, &body).await.unwrap();
    let state = real.channel.query_refund(&refund).await.unwrap();
    assert!(matches!(&state, RefundState::Done(done) if done.amount == 400));
    assert_eq!(told, Callback::Refund { refund: refund.id.to_string(), state });
}

#[tokio::test]
async fn refusals_are_told_from_faults() {
    let real = Real::start().await;
    let first = order(1_000);
    real.channel.prepay(&first).await.unwrap();
    let other = Order { amount: Fen::new(999).unwrap(), ..first.clone() };
    let refused = real.channel.prepay(&other).await.unwrap_err();
    assert!(matches!(refused, GatewayError::Refused { code } if code == "OUT_TRADE_NO_USED"));
    let late = Order { expires_at: Timestamp::now() - SignedDuration::from_mins(1), ..order(1) };
    let refused = real.channel.prepay(&late).await.unwrap_err();
    assert!(matches!(refused, GatewayError::Refused { code } if code == "PARAM_ERROR"));
}

#[tokio::test]
async fn a_day_that_has_not_ended_may_have_no_bill_and_a_quiet_day_has_an_empty_one() {
    let real = Real::start().await;
    let today = real.today();
    assert!(matches!(real.channel.bill(today.tomorrow().unwrap()).await, Err(GatewayError::NoBill)));
    assert!(matches!(real.channel.bill(today).await, Err(GatewayError::NoBill)));
    let quiet = today.checked_sub(jiff::Span::new().days(3)).unwrap();
    assert_eq!(real.channel.bill(quiet).await.unwrap(), []);
}

#[test]
fn a_configuration_that_can_not_be_is_refused_by_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("api.key", "too short");
    write("merchant.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    let outbound = Outbound::new(&OutboundConfig::default(), Arc::new(SystemClock)).unwrap();
    let refused = |change: fn(&mut WechatPayConfig)| {
        let callback = "https://pay.example.gov.cn/api/v1/payments/callbacks/wechat";
        let mut config = config(folder.path(), "http://127.0.0.1:1", callback, false);
        change(&mut config);
        let error = WechatPay::new("wechat", &config, &outbound, Arc::new(SystemClock)).err().expect("a refusal");
        assert_eq!(GatewayConfigError::kind(&error), zhongtai_kernel::ErrorKind::Invalid);
        error.to_string()
    };
    assert!(refused(|config| config.app_id.clear()).starts_with("payment.gateways.wechat.app_id: "));
    assert!(refused(|config| config.merchant = "a b".to_owned()).contains(".merchant: "));
    assert!(refused(|config| config.merchant_serial = "xyz".to_owned()).contains(".merchant_serial: "));
    assert!(refused(|config| config.callback_url = "nowhere".to_owned()).contains(".callback_url: "));
    assert!(refused(|config| config.callback_url += "?a=b").contains(".callback_url: "));
    assert!(refused(|_| ()).contains(".merchant_key: "));
    let missing = |config: &mut WechatPayConfig| config.merchant_key = SecretSource::File("/nowhere".into());
    assert!(refused(missing).contains(".merchant_key: /nowhere"));
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    let text = "app_id = 'wx'\nmerchant = '1'\nmerchant_serial = 'A'\nmerchant_key = { file = '/k' }\n\
        api_key = { env = 'K' }\ncallback_url = 'https://x/y'\nbase_url = 'https://api.mch.weixin.qq.com'\n";
    let config: WechatPayConfig = toml::from_str(text).unwrap();
    assert_eq!(config.system.base_url, "https://api.mch.weixin.qq.com");
    let error = toml::from_str::<WechatPayConfig>(&format!("{text}apikey = 'x'")).unwrap_err().to_string();
    assert!(error.contains("unknown field `apikey`"), "{error}");
}
