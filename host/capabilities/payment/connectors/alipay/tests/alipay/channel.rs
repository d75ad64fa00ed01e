//! What the connector does when everything is as it should be, and what another implementation says of it.

use std::{io::Write, process::Stdio, sync::Arc};

use jiff::SignedDuration;
use serde_json::{Value, json};
use zhongtai_cap_payment::{
    Callback, Fen, Gateway, GatewayError, GatewayState, Order, OrderId, RefundId, RefundOrder, RefundState, contract,
    contract::Desk,
};
use zhongtai_conn_payment_alipay::{Alipay, AlipayConfig};
use zhongtai_kernel::{SystemClock, Timestamp};
use zhongtai_outbound::{Outbound, OutboundConfig};

use crate::real::{Real, beside, config, order};

#[tokio::test]
async fn alipay_keeps_the_contract_and_every_signature_is_the_sdk_s() {
    let real = Real::start().await;
    contract::holds(&real).await;
    // Signatures of this kind are deterministic: the SDK would have sent the very same ones. Counted since the restart
    // in the suite.
    let judged = real.hand("judged", json!({})).await;
    assert!(judged["checked"].as_u64() > Some(0) && judged["checked"] == judged["equal"], "{judged}");
}

#[tokio::test]
async fn the_sdk_believes_the_same_gateway_and_the_same_notification() {
    let real = Real::start().await;
    let order = real.paid(24_050).await;
    let own = OrderId::generate();
    let (headers, body) = real.made(&order, "").await;
    let mut sdk = zhongtai_test_tools::python();
    sdk.arg(beside("sdk.py")).arg(&real.process.url).arg(real.path()).arg(own.to_string());
    let mut sdk = sdk.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    sdk.stdin.take().unwrap().write_all(&body).unwrap();
    let said = sdk.wait_with_output().unwrap();
    let said: Value = serde_json::from_slice(&said.stdout).expect("the SDK believes the gateway");
    assert_eq!(said["placed"]["out_trade_no"], own.to_string());
    assert_eq!(said["believed"], true);

    // The same notification, and one that the SDK signed.
    for (headers, body) in [(headers, body), real.made(&order, "sdk").await] {
        let Callback::Paid { order: told, payment } = real.channel.callback(&headers, &body).await.unwrap() else {
            panic!("a payment")
        };
        assert_eq!((told, payment.amount), (order.id.to_string(), 24_050));
        assert_eq!(said["read"]["trade_no"], payment.transaction);
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
async fn an_order_is_known_there_once_its_code_was_scanned() {
    let real = Real::start().await;
    let order = order(100);
    real.channel.prepay(&order).await.unwrap();
    assert_eq!(real.channel.query(&order.id).await.unwrap(), GatewayState::Unknown);
    real.hand("scan", json!({ "order": order.id.to_string() })).await;
    assert_eq!(real.channel.query(&order.id).await.unwrap(), GatewayState::Open);
    assert_eq!(real.channel.close(&order.id).await.unwrap(), GatewayState::Closed);
    assert_eq!(real.channel.query(&order.id).await.unwrap(), GatewayState::Closed);
}

#[tokio::test]
async fn a_code_that_nobody_scanned_is_dead_once_its_order_is_closed() {
    let real = Real::start().await;
    let order = order(100);
    real.channel.prepay(&order).await.unwrap();
    assert_eq!(real.channel.close(&order.id).await.unwrap(), GatewayState::Closed);
    let paid = real.hand("pay", json!({ "order": order.id.to_string() })).await;
    assert_eq!(paid["paid"], false);
    let refused = real.channel.prepay(&order).await.unwrap_err();
    assert!(matches!(refused, GatewayError::Refused { code } if code == "ACQ.TRADE_HAS_CLOSE"));
}

#[tokio::test]
async fn refusals_are_told_from_faults() {
    let real = Real::start().await;
    let first = order(1_000);
    real.channel.prepay(&first).await.unwrap();
    let other = Order { amount: Fen::new(999).unwrap(), ..first.clone() };
    let refused = real.channel.prepay(&other).await.unwrap_err();
    assert!(matches!(refused, GatewayError::Refused { code } if code == "ACQ.CONTEXT_INCONSISTENT"));
    let late = Order { expires_at: Timestamp::now() - SignedDuration::from_mins(1), ..order(1) };
    let refused = real.channel.prepay(&late).await.unwrap_err();
    assert!(matches!(refused, GatewayError::Refused { code } if code == "ACQ.INVALID_PARAMETER"));
    let refund = RefundOrder {
        id: RefundId::generate(),
        order: OrderId::generate(),
        amount: Fen::new(1).unwrap(),
        total: Fen::new(1).unwrap(),
        reason: "x".to_owned(),
    };
    let failed = RefundState::Failed("ACQ.TRADE_NOT_EXIST".to_owned());
    assert_eq!(real.channel.refund(&refund).await.unwrap(), failed);
    assert_eq!(real.channel.query_refund(&refund).await.unwrap(), RefundState::Unknown);
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
    std::fs::write(folder.path().join("app.pem"), "AAAA").unwrap();
    std::fs::write(folder.path().join("alipay.pub"), "AAAA").unwrap();
    let outbound = Outbound::new(&OutboundConfig::default(), Arc::new(SystemClock)).unwrap();
    let refused = |change: fn(&mut AlipayConfig)| {
        let callback = "https://pay.example.gov.cn/api/v1/payments/callbacks/alipay";
        let mut config = config(folder.path(), "http://127.0.0.1:1", callback);
        change(&mut config);
        Alipay::new("alipay", &config, &outbound, Arc::new(SystemClock)).err().expect("a refusal").to_string()
    };
    assert!(refused(|config| config.app_id = "wx".to_owned()).starts_with("payment.gateways.alipay.app_id: "));
    assert!(refused(|config| config.seller_id.clear()).contains(".seller_id: "));
    assert!(refused(|config| config.callback_url = "nowhere".to_owned()).contains(".callback_url: "));
    assert!(refused(|config| config.alipay_key_file = "/nowhere".into()).contains(".alipay_key_file: /nowhere"));
    assert!(refused(|config| config.bill_url = "ftp://x".to_owned()).contains("payment.gateways.alipay.bills"));
    assert!(refused(|_| ()).contains(".app_key: "));
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    let text = "app_id = '1'\nseller_id = '2'\napp_key = { file = '/k' }\nalipay_key_file = '/p'\n\
        callback_url = 'https://x/y'\nbase_url = 'https://openapi.alipay.com'\n";
    let config: AlipayConfig = toml::from_str(text).unwrap();
    assert_eq!(config.bill_url, "https://dwbillcenter.alipay.com");
    let error = toml::from_str::<AlipayConfig>(&format!("{text}sellerid = 'x'")).unwrap_err().to_string();
    assert!(error.contains("unknown field `sellerid`"), "{error}");
}
