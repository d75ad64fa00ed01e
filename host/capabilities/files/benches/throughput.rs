//! Files in and out against a plain copy on the same disk: prints one JSON object. Run with
//! `cargo bench -p zhongtai-cap-files`.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{
    fs::File,
    io::{Read as _, Write as _},
    path::Path,
    sync::Arc,
    time::Instant,
};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use sm3::Sm3;
use zhongtai_cap_files::{
    Announced, EmbeddedFiles, FileRecord, FilesConfig, FilesProvider, MIGRATIONS, NewFile,
    contract::{pdf, wanted},
};
use zhongtai_kernel::SystemClock;
use zhongtai_store::Store;

/// Bytes of the file.
const SIZE: usize = 64 << 20;
/// What a browser sends at a time, about.
const PIECE: usize = 64 << 10;
/// The best of so many runs, as others use the machine too.
const RUNS: usize = 5;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let folder = std::env::var_os("ZHONGTAI_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let dir = tempfile::tempdir_in(folder).expect("a folder");
    let content = pdf(SIZE);
    let url = format!("sqlite://{}?mode=rwc", dir.path().join("bench.db").display());
    let store = Store::open(&url, MIGRATIONS).await.expect("a store");
    let files = dir.path().join("files");
    let host = EmbeddedFiles::open(store, Arc::new(SystemClock), FilesConfig::default(), &files, &[7; 32]);
    let host = host.expect("a provider");
    std::fs::write(dir.path().join("plain"), &content).expect("a file");

    let (mut copied, mut stored, mut fetched) = (0_f64, 0_f64, 0_f64);
    for _ in 0..RUNS {
        copied = copied.max(rate(|| copy(dir.path())));
        let begun = Instant::now();
        let record = receive(&host, &content).await;
        stored = stored.max(mib_per_second(begun));
        let begun = Instant::now();
        fetch(&host, &record).await;
        fetched = fetched.max(mib_per_second(begun));
        assert!(host.remove(&record.scenario, record.id).await.expect("an answer"));
    }
    let sha256 = (0..RUNS)
        .map(|_| {
            rate(|| {
                std::hint::black_box(Sha256::digest(&content));
            })
        })
        .fold(0_f64, f64::max);
    let sm3 = (0..RUNS)
        .map(|_| {
            rate(|| {
                std::hint::black_box(Sm3::digest(&content));
            })
        })
        .fold(0_f64, f64::max);
    println!(
        "{{\"file, MiB\": {}, \"plain copy with sync, MiB/s\": {copied:.0}, \"stored, MiB/s\": {stored:.0}, \
         \"stored / copy\": {:.2}, \"fetched, MiB/s\": {fetched:.0}, \"SHA-256 alone, MiB/s\": {sha256:.0}, \
         \"SM3 alone, MiB/s\": {sm3:.0}}}",
        SIZE >> 20,
        stored / copied,
    );
}

fn mib_per_second(begun: Instant) -> f64 {
    (SIZE >> 20) as f64 / begun.elapsed().as_secs_f64()
}

fn rate(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    mib_per_second(begun)
}

/// The baseline: read, write, sync, in pieces of the same size.
fn copy(dir: &Path) {
    let mut from = File::open(dir.join("plain")).expect("a file");
    let mut to = File::create(dir.join("copy")).expect("a file");
    let mut piece = vec![0; PIECE];
    loop {
        let read = from.read(&mut piece).expect("bytes");
        if read == 0 {
            break;
        }
        to.write_all(piece.get(..read).unwrap_or_default()).expect("room");
    }
    to.sync_all().expect("a disk");
}

async fn receive(host: &EmbeddedFiles, content: &Bytes) -> FileRecord {
    let new = NewFile { max_bytes: SIZE as u64, ..wanted("441802-chengguan/bench", "1") };
    let mut upload = host.begin_own(new, Announced::default()).await.expect("an upload");
    for start in (0..content.len()).step_by(PIECE) {
        upload.write(content.slice(start..content.len().min(start + PIECE))).await.expect("room");
    }
    let record = upload.complete().await.expect("a file");
    upload.publish().await.expect("a database");
    record
}

async fn fetch(host: &EmbeddedFiles, record: &FileRecord) {
    let (_, mut content) = host.open(&record.scenario, record.id).await.expect("an answer").expect("the file");
    let mut at = 0;
    while at < record.bytes {
        at += content.read(at, 256 << 10).await.expect("bytes").len() as u64;
    }
}
