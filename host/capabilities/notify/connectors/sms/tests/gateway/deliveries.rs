//! Sending: what the gateway takes, and what becomes of what it does not.

use serde_json::json;
use zhongtai_cap_notify::{Accepted, Channel as _, DeliveryError, FailureKind};

use crate::support::{KEY, Process, gateway, to};

#[tokio::test]
async fn the_gateway_is_told_whom_what_and_under_which_sign() {
    let process = Process::start();
    let gateway = gateway(process.address.port(), KEY);
    let message = to("13800138000".replace("8000", "8123").as_str());
    let Accepted::Sent(ids) = gateway.deliver(&message).await.unwrap() else { panic!("a receipt will come") };
    assert_eq!(ids.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["M-0"]);
    let seen = process.control("seen", json!({})).await;
    let told = &seen["messages"][message.id.to_string()];
    assert_eq!((&told["to"], &told["sign"]), (&json!("+8613800138123"), &json!("清城政务")));
    assert_eq!(told["text"], "您好，人民路的坑洞已修复。");
    assert_eq!(seen["refused"], json!([]), "the gateway took the signature");
}

#[tokio::test]
async fn a_message_whose_answer_got_lost_is_one_message() {
    let process = Process::start();
    let gateway = gateway(process.address.port(), KEY);
    let message = to("13800138123");
    process.control("mode", json!({ "drop": 1 })).await;
    let lost = gateway.deliver(&message).await.unwrap_err();
    assert!(matches!(lost, DeliveryError::Temporary(FailureKind::Unreachable, _)), "{lost}");
    let Accepted::Sent(ids) = gateway.deliver(&message).await.unwrap() else { panic!("a receipt will come") };
    assert_eq!(ids[0].as_str(), "M-0");
    let seen = process.control("seen", json!({})).await;
    assert_eq!(seen["messages"][message.id.to_string()]["times"], 2);
    assert_eq!(seen["messages"].as_object().unwrap().len(), 1);
    assert_eq!(seen["refused"], json!([]), "signed anew each time");
}

#[tokio::test]
async fn what_the_gateway_says_no_to_has_a_kind_and_says_whether_to_come_again() {
    let process = Process::start();
    let gateway = gateway(process.address.port(), KEY);
    let permanent = |kind, reason: &str| DeliveryError::permanent(kind, reason);
    let temporary = |kind, reason: &str| DeliveryError::temporary(kind, reason);
    let error = gateway.deliver(&to("13800130000")).await.unwrap_err();
    assert_eq!(error, permanent(FailureKind::NoSuchAddress, "HTTP 422, no-such-number"));
    let error = gateway.deliver(&to("13800131111")).await.unwrap_err();
    assert_eq!(error, permanent(FailureKind::Refused, "HTTP 422, opted-out"));
    for (status, code, expected) in [
        (422, "content", permanent(FailureKind::Content, "HTTP 422, content")),
        (400, "what", permanent(FailureKind::Other, "HTTP 400, what")),
        (402, "balance", temporary(FailureKind::Account, "HTTP 402, balance")),
        (403, "account", temporary(FailureKind::Account, "HTTP 403, account")),
        (429, "throttled", temporary(FailureKind::Throttled, "HTTP 429, throttled")),
        (503, "busy", temporary(FailureKind::Carrier, "HTTP 503, busy")),
        (500, "to +8613800138123", temporary(FailureKind::Carrier, "HTTP 500, no code")),
        (301, "moved", temporary(FailureKind::Unreachable, "")),
    ] {
        process.control("mode", json!({ "status": status, "code": code })).await;
        let error = gateway.deliver(&to("13800138123")).await.unwrap_err();
        match status {
            301 => assert!(matches!(error, DeliveryError::Temporary(FailureKind::Unreachable, _)), "{error}"),
            _ => assert_eq!(error, expected),
        }
    }
}

#[tokio::test]
async fn an_answer_that_the_gateway_did_not_sign_is_not_believed() {
    let process = Process::start();
    let unsigned = |status: u16| {
        DeliveryError::temporary(FailureKind::Account, format!("HTTP {status}, not signed by the gateway"))
    };
    process.control("mode", json!({ "forge": 1 })).await;
    let error = gateway(process.address.port(), KEY).deliver(&to("13800138123")).await.unwrap_err();
    assert_eq!(error, unsigned(200));
    let wrong = gateway(process.address.port(), "another key, and a long one too: 32");
    assert_eq!(wrong.deliver(&to("13800138123")).await.unwrap_err(), unsigned(401));
    assert_eq!(process.control("seen", json!({})).await["refused"], json!(["bad-signature"]));
}
