//! The connection: how it begins, is kept, comes back and ends.

use serde_json::json;
use zhongtai_cap_notify::{Channel as _, DeliveryError, FailureKind};
use zhongtai_conn_notify_smpp::{Smpp, SmppConfig, SmppTls};

use crate::support::{Running, Smsc, config, to};

const NUMBER: &str = "13800138123";

#[tokio::test]
async fn a_wrong_password_is_the_accounts_fault_and_is_tried_again() {
    let smsc = Smsc::with(json!({ "password": "other" }));
    let running = Running::start(&config(smsc.port));
    smsc.eventually("it is tried again", |seen| seen["binds"].as_array().unwrap().len() >= 2).await;
    let refused = running.channel.deliver(&to(NUMBER, "a")).await;
    let reason = "the SMSC does not let us in: SMPP 0x0000000e";
    assert_eq!(refused, Err(DeliveryError::temporary(FailureKind::Account, reason)));
}

#[tokio::test]
async fn without_a_connection_a_message_goes_back_to_the_outbox() {
    let port = Smsc::start().port;
    let running = Running::start(&config(port));
    let gone = running.channel.deliver(&to(NUMBER, "a")).await;
    assert_eq!(gone, Err(DeliveryError::temporary(FailureKind::Unreachable, "no connection to the SMSC")));
}

#[tokio::test]
async fn a_lost_connection_comes_back_and_what_was_under_way_is_tried_again() {
    let smsc = Smsc::start();
    let running = Running::start(&config(smsc.port));
    assert!(running.channel.deliver(&to(NUMBER, "a")).await.is_ok());
    smsc.control("mode", json!({ "hold": true })).await;
    let channel = running.channel.clone();
    let under_way = tokio::spawn(async move { channel.deliver(&to(NUMBER, "b")).await });
    smsc.eventually("it is under way", |seen| seen["held"] == 1).await;
    smsc.control("drop", json!({})).await;
    let lost = DeliveryError::temporary(FailureKind::Unreachable, "the connection to the SMSC is lost");
    assert_eq!(under_way.await.unwrap(), Err(lost));
    smsc.control("mode", json!({ "hold": false })).await;
    smsc.eventually("bound again", |seen| seen["binds"].as_array().unwrap().len() == 2).await;
    assert!(running.channel.deliver(&to(NUMBER, "b")).await.is_ok());
}

#[tokio::test]
async fn an_smsc_that_was_started_anew_is_found_again() {
    let first = Smsc::start();
    let port = first.port;
    let running = Running::start(&config(port));
    assert!(running.channel.deliver(&to(NUMBER, "a")).await.is_ok());
    drop(first);
    let second = Smsc::with(json!({ "password": "geheim", "port": port }));
    second.eventually("bound", |seen| seen["binds"].as_array().unwrap().len() == 1).await;
    assert!(running.channel.deliver(&to(NUMBER, "b")).await.is_ok());
    assert_eq!(second.seen().await["messages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_silent_connection_is_tried_and_given_up_when_nobody_answers() {
    let smsc = Smsc::start();
    let _running = Running::start(&SmppConfig { enquire_ms: 100, response_ms: 200, ..config(smsc.port) });
    smsc.eventually("it is tried", |seen| seen["enquiries"].as_u64() >= Some(3)).await;
    assert_eq!(smsc.seen().await["binds"].as_array().unwrap().len(), 1, "it is the same connection");
    smsc.control("mode", json!({ "mute": true })).await;
    smsc.eventually("another connection", |seen| seen["binds"].as_array().unwrap().len() >= 2).await;
}

#[tokio::test]
async fn the_smscs_own_questions_are_answered() {
    let smsc = Smsc::start();
    let running = Running::start(&config(smsc.port));
    assert!(running.channel.deliver(&to(NUMBER, "a")).await.is_ok());
    assert_eq!(smsc.control("enquire", json!({})).await, json!({ "status": 0 }));
    assert_eq!(smsc.control("query", json!({})).await, json!({ "status": 3 }), "a command that is none of ours");
    assert_eq!(smsc.control("goodbye", json!({})).await, json!({}));
    smsc.eventually("bound again", |seen| seen["binds"].as_array().unwrap().len() == 2).await;
}

#[tokio::test]
async fn what_is_no_smpp_ends_the_connection_and_nothing_else() {
    let smsc = Smsc::start();
    let running = Running::start(&config(smsc.port));
    for (binds, hex) in [(2, "ffffffff00000005000000000000000100"), (3, "00000004")] {
        assert!(running.channel.deliver(&to(NUMBER, "a")).await.is_ok());
        smsc.control("raw", json!({ "hex": format!("{hex}{}", "00".repeat(16)) })).await;
        smsc.eventually("bound again", |seen| seen["binds"].as_array().unwrap().len() == binds).await;
    }
    assert!(running.channel.deliver(&to(NUMBER, "a")).await.is_ok());
}

#[tokio::test]
async fn a_host_that_stops_says_goodbye() {
    let smsc = Smsc::start();
    let running = Running::start(&config(smsc.port));
    assert!(running.channel.deliver(&to(NUMBER, "a")).await.is_ok());
    running.stop().await;
    let seen = smsc.eventually("goodbye", |seen| seen["unbinds"] == 1 && seen["sessions"] == 0).await;
    assert_eq!(seen["binds"].as_array().unwrap().len(), 1);
}

/// A certificate for `localhost`, and its key.
fn certificate() -> (tempfile::TempDir, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    let made = zhongtai_test_tools::tool("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", &key, "-out", &cert])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (folder, cert, key)
}

#[tokio::test]
async fn over_tls_the_smsc_must_be_who_it_says() {
    let (_folder, cert, key) = certificate();
    let smsc = Smsc::with(json!({ "password": "geheim", "cert": cert, "key": key }));
    let trusting = SmppConfig {
        host: "localhost".to_owned(),
        tls: SmppTls::Tls,
        ca_file: Some(cert.clone().into()),
        ..config(smsc.port)
    };
    let running = Running::start(&trusting);
    assert!(running.channel.deliver(&to(NUMBER, "您好")).await.is_ok());
    running.stop().await;

    let (_folder, other, _) = certificate();
    let mut refused = tokio::task::JoinSet::new();
    for config in [
        SmppConfig { ca_file: Some(other.into()), ..trusting.clone() },
        SmppConfig { ca_file: None, ..trusting.clone() },
        SmppConfig { host: "127.0.0.1".to_owned(), ..trusting.clone() },
        SmppConfig { tls: SmppTls::None, ca_file: None, ..trusting.clone() },
    ] {
        refused.spawn(async move {
            let running = Running::start(&SmppConfig { response_ms: 500, ..config });
            running.channel.deliver(&to(NUMBER, "a")).await.unwrap_err()
        });
    }
    for error in refused.join_all().await {
        assert!(matches!(error, DeliveryError::Temporary(FailureKind::Unreachable, _)), "{error}");
    }
    assert_eq!(smsc.seen().await["binds"].as_array().unwrap().len(), 1, "the password was told once");
    let missing = SmppConfig { ca_file: Some("/nowhere".into()), ..trusting };
    let error = Smpp::new(&missing).err().unwrap().to_string();
    assert_eq!(error, "notify.sms.smpp.ca_file: expected a file of certificates (PEM)");
}
