//! Receipts, as an SMSC sends them.

use serde_json::{Value, json};
use zhongtai_cap_notify::{FailureKind, Outcome};

use crate::support::{Running, Smsc, config};

/// A receipt in the words of appendix B.
fn text(id: &str, stat: &str) -> Value {
    let text =
        format!("id:{id} sub:001 dlvrd:001 submit date:2601050200 done date:2601050201 stat:{stat} err:000 text:hello");
    json!({ "esm_class": 4, "source_addr": "8613800138123", "short_message": text })
}

async fn bound(smsc: &Smsc) {
    smsc.eventually("bound", |seen| seen["sessions"] == 1 && !seen["binds"].as_array().unwrap().is_empty()).await;
}

#[tokio::test]
async fn a_receipt_is_kept_before_it_is_answered() {
    let smsc = Smsc::start();
    let running = Running::start(&config(smsc.port));
    bound(&smsc).await;
    let ok = json!({ "status": 0 });
    assert_eq!(smsc.control("deliver", text("m-0", "DELIVRD")).await, ok);
    assert_eq!(smsc.control("deliver", text("m-0", "DELIVRD")).await, ok, "twice");
    assert_eq!(smsc.control("deliver", text("m-1", "EXPIRED")).await, ok);
    let by_parameters = json!({
        "esm_class": 4, "source_addr": "8613800138123", "receipted_message_id": "m-2", "message_state": 5
    });
    assert_eq!(smsc.control("deliver", by_parameters).await, ok);
    let read: Vec<(String, Outcome)> = running
        .kept
        .receipts
        .lock()
        .iter()
        .map(|receipt| (receipt.id.as_str().to_owned(), receipt.outcome.clone()))
        .collect();
    let failed = |kind, reason: &str| Outcome::Failed(kind, reason.to_owned());
    let expected = [
        ("m-0".to_owned(), Outcome::Delivered),
        ("m-0".to_owned(), Outcome::Delivered),
        ("m-1".to_owned(), failed(FailureKind::Expired, "receipt, EXPIRED 000")),
        ("m-2".to_owned(), failed(FailureKind::Carrier, "receipt, UNDELIV")),
    ];
    assert_eq!(read, expected);
}

#[tokio::test]
async fn a_receipt_that_can_not_be_kept_is_refused_so_that_it_comes_again() {
    let smsc = Smsc::start();
    let running = Running::start(&config(smsc.port));
    bound(&smsc).await;
    *running.kept.failures.lock() = 1;
    assert_eq!(smsc.control("deliver", text("m-0", "DELIVRD")).await, json!({ "status": 0x64 }));
    assert!(running.kept.receipts.lock().is_empty());
    assert_eq!(smsc.control("deliver", text("m-0", "DELIVRD")).await, json!({ "status": 0 }));
    assert_eq!(running.kept.receipts.lock().len(), 1);
}

#[tokio::test]
async fn what_is_no_receipt_is_taken_and_passed_over() {
    let smsc = Smsc::start();
    let running = Running::start(&config(smsc.port));
    bound(&smsc).await;
    let ok = json!({ "status": 0 });
    let message = json!({ "source_addr": "8613800138123", "short_message": "id:m-0 stat:DELIVRD" });
    assert_eq!(smsc.control("deliver", message).await, ok, "somebody writes to us");
    assert_eq!(smsc.control("deliver", text("m-0", "ENROUTE")).await, ok, "still on its way");
    assert_eq!(smsc.control("deliver", text("", "DELIVRD")).await, ok, "of nothing");
    assert!(running.kept.receipts.lock().is_empty());
}
