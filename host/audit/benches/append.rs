//! What a record costs, with tree, checkpoints and syncs: prints one JSON object. Run by `cargo xtask bench`.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use zhongtai_audit::{AuditKeys, AuditLog, Options, prove, verify};
use zhongtai_kernel::{
    Access, AccountId, Assurance, Caller, Channel, Decision, Digest, Effect, Event, Record, Recorder, Release,
    RequestId, Subject, SubjectKind, Timestamp,
};

/// Records per measurement.
const RECORDS: usize = 400_000;
/// Threads that record.
const THREADS: usize = 2;
/// Callers that take turns.
const CALLERS: u8 = 200;

fn main() {
    let folder = std::env::var_os("ZHONGTAI_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let dir = tempfile::tempdir_in(folder).expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let keys = AuditKeys::derive("zhongtai.audit/bench", &[7; 32]).expect("keys");
    let public = keys.public();
    let log = AuditLog::open(dir.path(), keys, Options::default()).expect("a log");

    let callers: Vec<Arc<Caller>> = (0..CALLERS).map(caller).collect();
    let (mut appends, mut record_ns, mut cpu_us) = (0_f64, f64::MAX, f64::MAX);
    // The best of five runs, as others use the machine too.
    for _ in 0..5 {
        let (begun, cpu) = (Instant::now(), cpu_seconds());
        let spent = append(&log, &callers);
        runtime.block_on(log.committed()).expect("committed");
        appends = appends.max(RECORDS as f64 / begun.elapsed().as_secs_f64());
        record_ns = record_ns.min(spent.as_nanos() as f64 / RECORDS as f64);
        cpu_us = cpu_us.min((cpu_seconds() - cpu) * 1e6 / RECORDS as f64);
    }
    let (wait_us, checkpoint_us) = runtime.block_on(waits(&log, &callers));
    drop(log);

    let begun = Instant::now();
    let report = verify(dir.path(), &public, None).expect("a log");
    assert!(report.is_ok(), "{report}");
    let verified = report.checked as f64 / begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    prove(dir.path(), report.signed / 2).expect("a proof");
    let prove_ms = begun.elapsed().as_secs_f64() * 1e3;
    let begun = Instant::now();
    let keys = AuditKeys::derive("zhongtai.audit/bench", &[7; 32]).expect("keys");
    drop(AuditLog::open(dir.path(), keys, Options::default()).expect("a log"));
    let open_ms = begun.elapsed().as_secs_f64() * 1e3;
    println!(
        "{{\"appends a second, on disk\": {appends:.0}, \"taking a record, ns of the request\": {record_ns:.0}, \
         \"all work for a record, us of a core\": {cpu_us:.1}, \"waiting for the commit, us\": {wait_us:.0}, \"a checkpoint, us\": {checkpoint_us:.0}, \
         \"bytes a record\": {:.0}, \"verified a second\": {verified:.0}, \"a proof, ms\": {prove_ms:.1}, \
         \"open {} records, ms\": {open_ms:.1}}}",
        bytes(dir.path()) as f64 / report.signed as f64,
        report.signed
    );
}

/// What all threads of this process have used, in seconds; Linux counts in hundredths (proc(5), `stat`).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

fn caller(n: u8) -> Arc<Caller> {
    let manifest = "[plugin]\nname = \"pothole\"\nversion = \"1\"\ndepartment = \"441802-chengguan\"\n\
                    title = \"t\"\naccess = \"public\"\npurposes = [\"road-repair\"]";
    let release = Arc::new(Release::parse(Digest::of(b"component"), manifest).expect("a manifest"));
    let (account, kind, assurance) = (AccountId::from_bytes([n; 16]), SubjectKind::NaturalPerson, Assurance::Low);
    let subject = Subject { account, kind, assurance, department: None, roles: Vec::new(), clearance: 1, agent: None };
    Arc::new(Caller::new(release, Some(Arc::new(subject)), Channel::Web))
}

/// Records from some threads at once; gives back the time spent in `record`.
fn append(log: &AuditLog, callers: &[Arc<Caller>]) -> Duration {
    let access = Access::declared("credit:check", "Field", "credit.detail").for_purpose("road-repair");
    let mut decision = Decision::new((&access).into(), Effect::Allow, Arc::from(Digest::of(b"policies").to_string()));
    decision.reasons.push(Arc::from("credit/permits.cedar:3"));
    let decision = Arc::new(decision);
    let work = || {
        let mut spent = Duration::ZERO;
        for caller in callers.iter().cycle().take(RECORDS / THREADS) {
            let event = Event::Decision { caller: caller.clone(), decision: decision.clone() };
            let mut record = Record { at: Timestamp::now(), request: RequestId::generate(), sequence: 1, event };
            let begun = Instant::now();
            // Full: the disk is behind, and a request would be refused here.
            while let Err(_full) = log.record(record.clone()) {
                std::thread::sleep(Duration::from_millis(1));
                record.sequence += 1;
            }
            spent += begun.elapsed();
        }
        spent
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends")).sum()
    })
}

/// Microseconds until an irreversible act may happen, and until a checkpoint covers it: medians.
async fn waits(log: &AuditLog, callers: &[Arc<Caller>]) -> (f64, f64) {
    let (mut commits, mut checkpoints) = (Vec::new(), Vec::new());
    for caller in callers {
        let decision = Arc::new(Decision::new(
            (&Access::declared("seal:sign", "Seal", "s")).into(),
            Effect::Allow,
            Arc::from("bench"),
        ));
        let event = Event::Decision { caller: caller.clone(), decision };
        let record = Record { at: Timestamp::now(), request: RequestId::generate(), sequence: 0, event };
        log.record(record).expect("it is taken");
        let begun = Instant::now();
        log.committed().await.expect("committed");
        commits.push(begun.elapsed());
        let begun = Instant::now();
        log.checkpoint().await.expect("signed");
        checkpoints.push(begun.elapsed());
    }
    (median_us(commits), median_us(checkpoints))
}

fn median_us(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e6)
}

/// Bytes of everything in the folder.
fn bytes(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.map(|path| if path.is_dir() { bytes(&path) } else { path.metadata().expect("a file").len() }).sum()
}
