//! The log as those who write it see it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on must stop"
)]

mod support;

use std::{fs, sync::Arc, time::Duration};

use support::{account, act, act_at, at, caller, check, decision, files, keys, lines, open, options, slow, values};
use zhongtai_audit::{AuditLog, OpenError, Options, Retention};
use zhongtai_kernel::{Clock, ManualClock, Recorder};

#[tokio::test]
async fn a_committed_record_is_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(dir.path(), keys(), slow()).unwrap();
    log.record(act("a")).unwrap();
    log.committed().await.unwrap();
    let line = &values(dir.path())[0];
    assert_eq!(line["target"], "a");
    assert_eq!(line["reference"], "00000000000000000000000000/0");
}

#[tokio::test]
async fn a_checkpoint_on_demand_covers_everything_taken() {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(dir.path(), keys(), slow()).unwrap();
    for _ in 0..300 {
        log.record(act("a")).unwrap();
    }
    let note = log.checkpoint().await.unwrap();
    assert_eq!(note.lines().nth(1), Some("300"), "{note}");
    // Nothing new: the same one again.
    assert_eq!(log.checkpoint().await.unwrap(), note);
}

#[tokio::test]
async fn a_checkpoint_comes_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(dir.path(), keys(), Options { checkpoint_every: Duration::ZERO, ..options() });
    let log = log.unwrap();
    log.record(act("a")).unwrap();
    for _ in 0..1_000 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if check(dir.path()).signed == 1 {
            return;
        }
    }
    unreachable!("no checkpoint in ten seconds");
}

#[tokio::test]
async fn numbers_and_tree_go_on_after_a_restart_and_a_torn_record_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    log.record(act("a")).unwrap();
    drop(log);
    let path = &files(dir.path())[0];
    let torn = format!("{}{{\"number\":1,\"torn", fs::read_to_string(path).unwrap());
    fs::write(path, torn).unwrap();

    let log = open(dir.path());
    log.record(act("b")).unwrap();
    drop(log);
    let numbers: Vec<_> = values(dir.path()).iter().map(|line| line["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [0, 1]);
    let report = check(dir.path());
    assert!(report.is_ok() && report.signed == 2, "{report}");
}

#[test]
fn the_tree_grows_over_many_restarts_as_over_one_run() {
    let (many, one) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // Sizes around those at which a tile is full.
    for size in [1, 254, 255, 256, 257, 511, 512, 700] {
        let log = open(many.path());
        let begin = lines(many.path()).len();
        (begin..size).for_each(|n| log.record(act(&n.to_string())).unwrap());
    }
    let log = open(one.path());
    (0..700).for_each(|n| log.record(act(&n.to_string())).unwrap());
    drop(log);
    let (many, one) = (check(many.path()), check(one.path()));
    assert!(many.is_ok(), "{many}");
    assert_eq!((many.signed, many.root), (one.signed, one.root));
}

#[tokio::test]
async fn records_of_many_threads_are_all_there_and_each_threads_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(dir.path(), keys(), Options { segment_bytes: 50_000, ..options() }).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let log = log.clone();
            scope.spawn(move || (0..1_000).for_each(|n| log.record(act(&format!("{thread}/{n}"))).unwrap()));
        }
    });
    drop(log);
    let targets: Vec<String> = values(dir.path()).iter().map(|v| v["target"].as_str().unwrap().to_owned()).collect();
    for thread in 0..4 {
        let own: Vec<&String> = targets.iter().filter(|target| target.starts_with(&format!("{thread}/"))).collect();
        let expected: Vec<String> = (0..1_000).map(|n| format!("{thread}/{n}")).collect();
        assert_eq!(own, expected.iter().collect::<Vec<_>>());
    }
    assert!(files(dir.path()).len() > 5);
    assert!(check(dir.path()).is_ok());
}

#[test]
fn a_caller_is_introduced_once_in_each_file_and_decisions_refer_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let (nobody, citizen) = (caller(None), caller(Some(account(1))));
    let (monday, tuesday) = (at("2026-01-05T10:00:00Z"), at("2026-01-06T10:00:00Z"));
    log.record(decision(&nobody, "credit.detail", monday)).unwrap();
    log.record(decision(&citizen, "credit.detail", monday)).unwrap();
    log.record(decision(&citizen, "credit.score", monday)).unwrap();
    log.record(decision(&citizen, "credit.score", tuesday)).unwrap();
    drop(log);
    let values = values(dir.path());
    let events: Vec<&str> = values.iter().map(|value| value["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["caller", "decision", "caller", "decision", "decision", "caller", "decision"]);
    let callers: Vec<_> = values.iter().map(|value| value["caller"].as_u64()).collect();
    assert_eq!(callers, [None, Some(0), None, Some(2), Some(2), None, Some(5)]);
    let last = lines(dir.path()).pop().unwrap();
    assert_eq!(
        last,
        "{\"number\":6,\"at\":\"2026-01-06T10:00:00Z\",\"reference\":\"01040G2081040G2081040G2081/3\",\
         \"event\":\"decision\",\"caller\":5,\"scenario\":\"441802-chengguan/pothole\",\
         \"subject\":\"01040G2081040G2081040G2081\",\"action\":\"credit:check\",\"kind\":\"Field\",\
         \"id\":\"credit.score\",\"purpose\":\"road-repair\",\"effect\":\"allow\",\"reasons\":[\"credit.permit\"],\
         \"policy\":\"sha256:test\"}"
    );
}

#[test]
fn a_file_ends_with_its_day_and_with_its_size() {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(dir.path(), keys(), Options { segment_bytes: 400, ..options() }).unwrap();
    for (n, day) in ["05", "05", "05", "05", "06", "05", "07"].iter().enumerate() {
        log.record(act_at(&n.to_string(), at(&format!("2026-01-{day}T10:00:00Z")))).unwrap();
    }
    drop(log);
    let names: Vec<String> =
        files(dir.path()).iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    // Three records fill a file; a record that comes late on the next day stays where it comes.
    let expected = [0, 3, 4, 6].map(|first: u64| format!("audit-{first:020}.jsonl"));
    assert_eq!(names, expected);
    assert!(check(dir.path()).is_ok());
}

#[test]
fn records_past_their_time_are_removed_recorded_and_what_remains_is_still_proved() {
    let dir = tempfile::tempdir().unwrap();
    let begin = at("2026-01-05T10:00:00Z");
    let clock = Arc::new(ManualClock::at(begin));
    let with_clock = || Options { clock: clock.clone(), ..options() };
    let log = AuditLog::open(dir.path(), keys(), with_clock()).unwrap();
    (0..300).for_each(|n| log.record(act_at(&n.to_string(), begin)).unwrap());
    log.record(act_at("next day", at("2026-01-06T10:00:00Z"))).unwrap();
    drop(log);

    // On the last day of their time nothing happens.
    clock.advance(Duration::from_secs(199 * 86_400));
    drop(AuditLog::open(dir.path(), keys(), with_clock()).unwrap());
    assert_eq!(lines(dir.path()).len(), 301);
    clock.advance(Duration::from_secs(86_400 * 2 + 1));
    let log = AuditLog::open(dir.path(), keys(), with_clock()).unwrap();
    log.record(act_at("today", clock.now())).unwrap();
    drop(log);

    let targets: Vec<String> =
        values(dir.path()).iter().map(|v| format!("{} {}", v["action"], v["target"]).replace('"', "")).collect();
    assert_eq!(targets, ["release:deploy next day", "audit:expire 0-299", "release:deploy today"]);
    let report = check(dir.path());
    assert!(report.is_ok(), "{report}");
    assert_eq!((report.first, report.signed), (300, 303));
    for number in 300..303 {
        let proof = zhongtai_audit::prove(dir.path(), number).unwrap();
        zhongtai_audit::check_proof(&proof, &support::public()).unwrap();
    }
    assert!(matches!(zhongtai_audit::prove(dir.path(), 7), Err(zhongtai_audit::ProofError::Gone(7))));
}

#[test]
fn a_running_host_removes_records_when_a_day_begins() {
    let dir = tempfile::tempdir().unwrap();
    let begin = at("2026-01-05T10:00:00Z");
    let clock = Arc::new(ManualClock::at(begin));
    let log = AuditLog::open(dir.path(), keys(), Options { clock: clock.clone(), ..options() }).unwrap();
    for day in [0, 1, 202] {
        clock.advance(Duration::from_secs(if day == 202 { 201 * 86_400 } else { day * 86_400 }));
        log.record(act_at(&day.to_string(), clock.now())).unwrap();
    }
    drop(log);
    assert_eq!(values(dir.path()).last().unwrap()["target"], "0-0");
    assert!(check(dir.path()).is_ok());
}

#[test]
fn less_than_six_months_is_refused() {
    assert!(Retention::days(182).unwrap_err().to_string().contains("set 183 or more"));
    assert_eq!(Retention::days(183), Ok(Retention::MIN));
}

#[tokio::test]
async fn a_full_buffer_refuses_instead_of_forgetting() {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(dir.path(), keys(), Options { capacity: 1, ..slow() }).unwrap();
    // The writer may swap the buffer once when it starts.
    let refused = (0..3).any(|_| log.record(act("a")).is_err());
    assert!(refused);
}

#[tokio::test]
async fn a_full_disk_refuses_everything_that_follows() {
    let dir = tempfile::tempdir().unwrap();
    // Every write to /dev/full fails with ENOSPC.
    let file = dir.path().join("audit-00000000000000000000.jsonl");
    std::os::unix::fs::symlink("/dev/full", file).unwrap();
    let log = open(dir.path());
    log.record(act("a")).unwrap();
    let committed = tokio::time::timeout(Duration::from_secs(60), log.committed()).await;
    assert!(committed.expect("whoever waits is told").is_err());
    assert!(log.record(act("b")).is_err());
    assert!(!log.is_healthy());
}

#[tokio::test]
async fn a_tree_that_cannot_be_stored_refuses_everything_that_follows() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("tiles")).unwrap();
    let log = AuditLog::open(dir.path(), keys(), slow()).unwrap();
    std::os::unix::fs::symlink("/dev/full", dir.path().join("tiles/0")).unwrap();
    log.record(act("a")).unwrap();
    log.committed().await.unwrap();
    let signed = tokio::time::timeout(Duration::from_secs(60), log.checkpoint()).await;
    assert!(signed.expect("whoever waits is told").is_err());
    assert!(log.record(act("b")).is_err());
}

#[test]
fn two_writers_of_one_log_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    assert!(matches!(AuditLog::open(dir.path(), keys(), options()), Err(OpenError::Locked(_))));
    drop(log);
    drop(open(dir.path()));
}

#[test]
fn only_its_owner_may_read_the_log() {
    use std::os::unix::fs::PermissionsExt;
    let dir = support::written(300, 100);
    for file in files(dir.path()).into_iter().chain(["checkpoint", "tiles/0", "tiles/1"].map(|f| dir.path().join(f))) {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}
