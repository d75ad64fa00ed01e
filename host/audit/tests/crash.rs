//! The log after its writer was killed, and on a disk that fills up. The writer is this program, started again.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that can't go on must stop"
)]

mod support;

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use support::{act, check, keys, lines, open, options};
use zhongtai_audit::{AuditLog, Options};
use zhongtai_kernel::Recorder;

const FOLDER: &str = "ZHONGTAI_TEST_AUDIT_FOLDER";

/// Writes until it is killed or can't any more, and says after each group how many records are committed.
#[tokio::test]
#[ignore = "the other tests start it"]
async fn writer() {
    let Some(dir) = env::var_os(FOLDER) else { return };
    let quick = Options {
        interval: Duration::from_millis(1),
        checkpoint_every: Duration::from_millis(5),
        segment_bytes: 100_000,
        ..options()
    };
    let log = AuditLog::open(Path::new(&dir), keys(), quick).unwrap();
    let begin = lines(Path::new(&dir)).len();
    for group in 1.. {
        (0..50).for_each(|n| drop(log.record(act(&format!("{group}/{n}")))));
        let committed = log.committed().await;
        if committed.is_err() {
            assert!(log.record(act("after")).is_err() && !log.is_healthy());
            println!("\nrefused");
            return;
        }
        println!("\ncommitted {}", begin + group * 50);
    }
}

fn start(dir: &Path, shell: &str) -> Child {
    let test = env::current_exe().unwrap();
    Command::new("sh")
        .args(["-c", &format!("{shell} exec \"$0\" --ignored --exact writer --nocapture")])
        .arg(test)
        .env(FOLDER, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The numbers that the writer says.
fn says(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    said.filter(|line| line.starts_with("committed ") || line == "refused")
}

fn committed(line: &str) -> usize {
    line.strip_prefix("committed ").and_then(|count| count.parse().ok()).unwrap_or_default()
}

#[test]
fn a_killed_writer_loses_no_committed_record_and_the_tree_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut before = 0;
    for round in 0..12_u64 {
        let mut child = start(dir.path(), "");
        let mut said = says(&mut child);
        // At another moment in each round: after some groups, and then somewhere within the next.
        let first = committed(&said.by_ref().nth(round as usize % 5).unwrap());
        assert!(first > before);
        std::thread::sleep(Duration::from_micros(round * 1_337 % 9_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let last = said.map(|line| committed(&line)).max().unwrap_or_default().max(first);

        // As it was left: what is signed is right, whatever else was being written.
        let report = check(dir.path());
        assert!(report.is_ok(), "round {round}: {report}");
        drop(open(dir.path()));
        let report = check(dir.path());
        assert!(report.is_ok() && report.unsigned == 0, "round {round}: {report}");
        before = lines(dir.path()).len();
        assert!(before >= last, "round {round}: {before} records, {last} were committed");
        assert_eq!(report.signed, before as u64);
    }
}

#[test]
fn a_disk_that_fills_up_refuses_and_the_log_goes_on_when_there_is_room_again() {
    let dir = tempfile::tempdir().unwrap();
    // A write beyond this many blocks of 512 bytes fails, in the middle of a group.
    let mut child = start(dir.path(), "ulimit -f 120; trap '' XFSZ;");
    let said: Vec<String> = says(&mut child).collect();
    assert!(child.wait().unwrap().success());
    assert_eq!(said.last().map(String::as_str), Some("refused"));
    let last = said.iter().map(|line| committed(line)).max().unwrap();
    assert!(last > 0);

    let log = open(dir.path());
    log.record(act("there is room again")).unwrap();
    drop(log);
    let report = check(dir.path());
    assert!(report.is_ok(), "{report}");
    let lines = lines(dir.path());
    assert!(lines.len() > last && lines.last().unwrap().contains("there is room again"));
}
