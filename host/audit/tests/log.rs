//! The log as its users see it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

use std::{fs, time::Duration};

use zhongtai_audit::{AuditLog, Options};
use zhongtai_kernel::{Event, Record, Recorder, RequestId, Timestamp};

fn act(target: &str) -> Record {
    let event =
        Event::Act { actor: "cli".into(), action: "release:deploy", target: target.into(), outcome: "ok".into() };
    Record { at: Timestamp::UNIX_EPOCH, request: RequestId::from_bytes([0; 16]), sequence: 0, event }
}

fn lines(dir: &std::path::Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(dir.join("audit.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_committed_record_is_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let slow = Options { interval: Duration::from_secs(3600), ..Options::default() };
    let log = AuditLog::open(dir.path(), slow).unwrap();
    log.record(act("a")).unwrap();
    log.committed().await.unwrap();
    let line = &lines(dir.path())[0];
    assert_eq!(line["target"], "a");
    assert_eq!(line["reference"], "00000000000000000000000000/0");
}

#[tokio::test]
async fn numbers_go_on_after_a_restart_and_a_torn_record_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(dir.path(), Options::default()).unwrap();
    log.record(act("a")).unwrap();
    drop(log);
    let path = dir.path().join("audit.jsonl");
    let torn = format!("{}{{\"number\":1,\"torn", fs::read_to_string(&path).unwrap());
    fs::write(&path, torn).unwrap();

    let log = AuditLog::open(dir.path(), Options::default()).unwrap();
    log.record(act("b")).unwrap();
    drop(log);
    let numbers: Vec<_> = lines(dir.path()).iter().map(|line| line["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [0, 1]);
}

#[tokio::test]
async fn a_full_buffer_refuses_instead_of_forgetting() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { interval: Duration::from_secs(3600), capacity: 1 };
    let log = AuditLog::open(dir.path(), options).unwrap();
    // The writer may swap the buffer once when it starts.
    let refused = (0..3).any(|_| log.record(act("a")).is_err());
    assert!(refused);
}

#[tokio::test]
async fn a_full_disk_refuses_everything_that_follows() {
    let dir = tempfile::tempdir().unwrap();
    // Every write to /dev/full fails with ENOSPC.
    std::os::unix::fs::symlink("/dev/full", dir.path().join("audit.jsonl")).unwrap();
    let log = AuditLog::open(dir.path(), Options::default()).unwrap();
    log.record(act("a")).unwrap();
    assert!(log.committed().await.is_err());
    assert!(log.record(act("b")).is_err());
}
