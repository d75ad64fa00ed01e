//! What the tests of the log share: keys, records, and a log written to its end.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use zhongtai_audit::{AuditKeys, AuditLog, Options, PublicKeys, Reader, VerifyReport, verify};
use zhongtai_kernel::{
    Access, AccountId, Assurance, Caller, Channel, Decision, Digest, Effect, Event, ManualClock, Record, Recorder,
    Release, RequestId, Subject, SubjectKind, Timestamp,
};

pub fn keys() -> AuditKeys {
    AuditKeys::derive("zhongtai.audit/test", &[7; 32]).unwrap()
}

pub fn public() -> PublicKeys {
    keys().public()
}

/// The day on which the tests' records are made.
pub fn today() -> Timestamp {
    at("2026-01-05T10:00:00Z")
}

pub fn options() -> Options {
    Options { clock: Arc::new(ManualClock::at(today())), ..Options::default() }
}

pub fn open(dir: &Path) -> AuditLog {
    AuditLog::open(dir, keys(), options()).unwrap()
}

/// Only writes and signs when it is closed or asked to.
pub fn slow() -> Options {
    Options { interval: Duration::from_secs(3600), checkpoint_every: Duration::from_secs(3600), ..options() }
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn act(target: &str) -> Record {
    act_at(target, today())
}

pub fn act_at(target: &str, at: Timestamp) -> Record {
    let event =
        Event::Act { actor: "cli".into(), action: "release:deploy", target: target.into(), outcome: "ok".into() };
    Record { at, request: RequestId::from_bytes([0; 16]), sequence: 0, event }
}

pub fn account(n: u8) -> AccountId {
    AccountId::from_bytes([n; 16])
}

pub fn caller(subject: Option<AccountId>) -> Arc<Caller> {
    let manifest = "[plugin]\nname = \"pothole\"\nversion = \"1\"\ndepartment = \"441802-chengguan\"\n\
                    title = \"t\"\naccess = \"public\"\npurposes = [\"road-repair\"]";
    let release = Arc::new(Release::parse(Digest::of(b"component"), manifest).unwrap());
    let subject = subject.map(|account| {
        let (kind, assurance) = (SubjectKind::NaturalPerson, Assurance::Low);
        Arc::new(Subject { account, kind, assurance, department: None, roles: Vec::new(), clearance: 1, agent: None })
    });
    Arc::new(Caller::new(release, subject, Channel::Web))
}

pub fn decision(caller: &Arc<Caller>, field: &str, at: Timestamp) -> Record {
    let access = Access::declared("credit:check", "Field", field).for_purpose("road-repair");
    let mut decision = Decision::new((&access).into(), Effect::Allow, Arc::from("sha256:test"));
    decision.reasons.push(Arc::from("credit.permit"));
    let event = Event::Decision { caller: caller.clone(), decision: Arc::new(decision) };
    Record { at, request: RequestId::from_bytes([1; 16]), sequence: 3, event }
}

/// A closed log of `records` acts, `per_file` of them in each file.
pub fn written(records: u64, per_file: u64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let line = 190;
    let log = AuditLog::open(dir.path(), keys(), Options { segment_bytes: per_file * line, ..slow() }).unwrap();
    for n in 0..records {
        log.record(act(&format!("{n:040}"))).unwrap();
    }
    drop(log);
    dir
}

pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    files
}

pub fn lines(dir: &Path) -> Vec<String> {
    Reader::new(dir).lines(0, u64::MAX).unwrap().map(|line| line.unwrap().text).collect()
}

pub fn values(dir: &Path) -> Vec<serde_json::Value> {
    lines(dir).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn check(dir: &Path) -> VerifyReport {
    verify(dir, &public(), None).unwrap()
}

/// Rewrites the lines of a file.
pub fn rewrite(file: &Path, change: impl FnOnce(&mut Vec<String>)) {
    let mut lines: Vec<String> = fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect();
    change(&mut lines);
    lines.push(String::new());
    fs::write(file, lines.join("\n")).unwrap();
}

/// Flips a bit of a file.
pub fn flip(file: &Path, offset: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[offset] ^= 1;
    fs::write(file, bytes).unwrap();
}
