//! Messages as another implementation reads them.

use std::sync::Arc;

use serde_json::{Value, json};
use zhongtai_cap_notify::{Accepted, Channel as _, DeliveryError, FailureKind};
use zhongtai_conn_notify_smpp::{Alphabet, SmppConfig};

use crate::support::{Running, Smsc, config, to};

const NUMBER: &str = "13800138123";

fn ids(accepted: Accepted) -> Vec<String> {
    let Accepted::Sent(ids) = accepted else { panic!("receipts will come") };
    ids.iter().map(|id| id.as_str().to_owned()).collect()
}

/// What the SMSC read, put together.
fn whole(seen: &Value) -> String {
    seen["messages"].as_array().unwrap().iter().map(|part| part["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_short_message_arrives_as_it_was_written() {
    let smsc = Smsc::start();
    let running = Running::start(&config(smsc.port));
    let chinese = "您好，人民路的坑洞已修复。";
    assert_eq!(ids(running.channel.deliver(&to(NUMBER, chinese)).await.unwrap()), ["m-0"]);
    let latin = "Pothole repaired [€ 5] @ {Renmin Lu} ~ Ñandú";
    running.channel.deliver(&to("+85291234567", latin.replace("ú", "ù").as_str())).await.unwrap();
    let seen = smsc.seen().await;
    let message = &seen["messages"][0];
    assert_eq!((&message["text"], &message["coding"]), (&json!(chinese), &json!(8)));
    assert_eq!((&message["to"], &message["from"]), (&json!("8613800138123"), &json!("10690000")));
    assert_eq!((&message["ton"], &message["wants"]), (&json!([0, 1]), &json!(1)));
    let message = &seen["messages"][1];
    assert_eq!((&message["text"], &message["coding"]), (&json!(latin.replace("ú", "ù")), &json!(0)));
    let bound = json!([{ "system_id": "qingcheng", "system_type": "zhongtai", "version": 0x34 }]);
    assert_eq!(seen["binds"], bound);
}

#[tokio::test]
async fn a_long_message_travels_in_parts_that_belong_together() {
    for (text, alphabet, parts) in [
        ("人民路的坑洞已修复。".repeat(20), Alphabet::Gsm7, 3),
        ("𠮷".repeat(67), Alphabet::Gsm7, 3),
        ("Pothole [repaired] ".repeat(20), Alphabet::Gsm7, 3),
        ("plain ".repeat(20), Alphabet::Ucs2, 2),
    ] {
        let smsc = Smsc::start();
        let running = Running::start(&SmppConfig { alphabet, ..config(smsc.port) });
        assert_eq!(ids(running.channel.deliver(&to(NUMBER, &text)).await.unwrap()).len(), parts, "{text}");
        let seen = smsc.seen().await;
        assert_eq!(whole(&seen), text);
        let mut references = Vec::new();
        for (number, part) in (1..).zip(seen["messages"].as_array().unwrap()) {
            assert_eq!(part["esm"], 0x40, "it has a header");
            let header: Vec<u64> = part["udh"][0].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
            let [0, 3, reference, count, which] = header[..] else { panic!("{header:?}") };
            assert_eq!((count, which), (parts as u64, number));
            references.push(reference);
        }
        references.dedup();
        assert_eq!(references.len(), 1);
    }
}

#[tokio::test]
async fn what_the_smsc_says_no_to_has_a_kind_and_says_whether_to_come_again() {
    let smsc = Smsc::start();
    let running = Running::start(&config(smsc.port));
    for (status, expected) in [
        (0x58, DeliveryError::temporary(FailureKind::Throttled, "SMPP 0x00000058")),
        (0x14, DeliveryError::temporary(FailureKind::Throttled, "SMPP 0x00000014")),
        (0x0b, DeliveryError::permanent(FailureKind::NoSuchAddress, "SMPP 0x0000000b")),
        (0x0a, DeliveryError::temporary(FailureKind::Account, "SMPP 0x0000000a")),
        (0x08, DeliveryError::temporary(FailureKind::Carrier, "SMPP 0x00000008")),
    ] {
        smsc.control("mode", json!({ "status": status, "times": 1 })).await;
        assert_eq!(running.channel.deliver(&to(NUMBER, "a")).await, Err(expected));
    }
    assert!(running.channel.deliver(&to(NUMBER, "a")).await.is_ok(), "the connection is still good");
    let long = running.channel.deliver(&to(NUMBER, &"中".repeat(67 * 256))).await;
    assert_eq!(long, Err(DeliveryError::permanent(FailureKind::Content, "the text needs more than 255 parts")));
}

#[tokio::test]
async fn no_more_messages_wait_for_their_answer_than_the_window_has() {
    let smsc = Smsc::start();
    let running = Running::start(&SmppConfig { window: 3, ..config(smsc.port) });
    smsc.control("mode", json!({ "hold": true })).await;
    let send = |_| {
        let channel = running.channel.clone();
        tokio::spawn(async move { channel.deliver(&to(NUMBER, "a")).await })
    };
    let tasks: Vec<_> = (0..12).map(send).collect();
    smsc.eventually("three are under way", |seen| seen["held"] == 3).await;
    // Answered bit by bit: each answer lets one more in.
    for _ in 0..100 {
        let seen = smsc.seen().await;
        if seen["messages"].as_array().unwrap().len() == 12 {
            break;
        }
        smsc.control("release", json!({})).await;
        smsc.eventually("more come", |seen| {
            seen["held"].as_u64() > Some(0) || seen["messages"].as_array().unwrap().len() == 12
        })
        .await;
    }
    for task in tasks {
        assert!(task.await.unwrap().is_ok());
    }
    assert_eq!(smsc.seen().await["most"], 3);
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_nobody_elses() {
    let smsc = Smsc::start();
    let running = Running::start(&SmppConfig { response_ms: 200, ..config(smsc.port) });
    smsc.control("mode", json!({ "hold": true })).await;
    let late = running.channel.deliver(&to(NUMBER, "late")).await;
    let in_time = "the SMSC does not answer in time";
    assert_eq!(late, Err(DeliveryError::temporary(FailureKind::Unreachable, in_time)));
    smsc.control("release", json!({})).await;
    smsc.control("mode", json!({ "hold": false })).await;
    assert_eq!(
        ids(running.channel.deliver(&to(NUMBER, "next")).await.unwrap()),
        ["m-1"],
        "its own, not the late one's"
    );
}

#[tokio::test]
async fn many_at_once_get_their_own_answers() {
    let smsc = Smsc::start();
    let running = Arc::new(Running::start(&config(smsc.port)));
    let send = |n: usize| {
        let running = running.clone();
        tokio::spawn(async move { (n, ids(running.channel.deliver(&to(NUMBER, &format!("no {n}"))).await.unwrap())) })
    };
    let mut answers = Vec::new();
    for task in (0..40).map(send).collect::<Vec<_>>() {
        answers.push(task.await.unwrap());
    }
    let seen = smsc.seen().await;
    for (n, ids) in answers {
        let message = seen["messages"].as_array().unwrap().iter().find(|one| one["id"] == ids[0].as_str()).unwrap();
        assert_eq!(message["text"], format!("no {n}"));
    }
}
