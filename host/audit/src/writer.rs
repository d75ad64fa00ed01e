//! The log as requests see it, and the thread that writes it.

use std::{
    fmt,
    future::Future,
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;
use zhongtai_kernel::{AuditUnavailable, Clock, Record, Recorder, SystemClock};

use crate::{
    checkpoint,
    keys::AuditKeys,
    ledger::Ledger,
    recover::{self, OpenError},
    retention::Retention,
};

/// How the log is written.
#[derive(Clone)]
pub struct Options {
    /// The longest time a record waits for its group.
    pub interval: Duration,
    /// The most records that may wait; one more is refused.
    pub capacity: usize,
    /// The longest time a record on disk waits for a checkpoint that covers it. What nobody has signed yet can be
    /// altered unseen, so: a second or so.
    pub checkpoint_every: Duration,
    /// Bytes after which another file is begun. A file is read as a whole when the host starts.
    pub segment_bytes: u64,
    /// How long records are kept.
    pub retention: Retention,
    /// Says what day it is, for retention.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(10),
            // A disk may take a second or two for one sync under load; at 70,000 records a second this many wait for it.
            capacity: 262_144,
            checkpoint_every: Duration::from_secs(1),
            segment_bytes: 64 << 20,
            retention: Retention::default(),
            clock: Arc::new(SystemClock),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("interval", &self.interval)
            .field("capacity", &self.capacity)
            .field("checkpoint_every", &self.checkpoint_every)
            .field("segment_bytes", &self.segment_bytes)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}

/// The audit log of this host. Cheap to clone; the last clone dropped writes and signs what is left.
#[derive(Clone)]
pub struct AuditLog {
    shared: Arc<Shared>,
    _writer: Arc<Writer>,
}

struct Shared {
    dir: PathBuf,
    buffer: Mutex<Buffer>,
    /// Wakes the writer before its interval is over.
    wake: Condvar,
    healthy: AtomicBool,
    progress: watch::Sender<Progress>,
    capacity: usize,
}

/// How many records of those taken since the log was opened are on disk, and under a checkpoint.
#[derive(Default)]
struct Progress {
    committed: u64,
    signed: u64,
}

#[derive(Default)]
struct Buffer {
    records: Vec<Record>,
    taken: u64,
    wanted: Wanted,
}

/// What others want of the writer, beside what it does by itself.
#[derive(Default, Clone, Copy)]
struct Wanted {
    /// Not to wait for the interval.
    hurry: bool,
    /// A checkpoint now.
    checkpoint: bool,
    /// To end.
    close: bool,
}

struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

// === impl AuditLog ===

impl AuditLog {
    /// Opens the log in `dir`, or begins one, and starts its writer. A log that does not go on where its last
    /// checkpoint ends is refused.
    pub fn open(dir: &Path, keys: AuditKeys, options: Options) -> Result<Self, OpenError> {
        let (interval, capacity) = (options.interval, options.capacity);
        let ledger = recover::open(dir, keys, options)?;
        let shared = Arc::new(Shared {
            dir: dir.to_owned(),
            buffer: Mutex::default(),
            wake: Condvar::new(),
            healthy: AtomicBool::new(true),
            progress: watch::Sender::new(Progress::default()),
            capacity,
        });
        let for_thread = shared.clone();
        let thread = std::thread::spawn(move || run(&for_thread, ledger, interval));
        let writer = Writer { shared: shared.clone(), thread: Mutex::new(Some(thread)) };
        Ok(Self { shared, _writer: Arc::new(writer) })
    }

    /// False once a write failed: the log then refuses records until the host is started again.
    pub fn is_healthy(&self) -> bool {
        self.shared.healthy.load(Ordering::Acquire)
    }

    /// Where the log lies.
    pub fn dir(&self) -> &Path {
        &self.shared.dir
    }

    /// A checkpoint that covers everything taken so far: a signed note, to keep where this host can't reach it.
    pub async fn checkpoint(&self) -> Result<String, AuditUnavailable> {
        let wanted = self.want(|wanted| wanted.checkpoint = true);
        self.wait_until(|progress| progress.signed >= wanted).await?;
        let path = self.shared.dir.join(checkpoint::FILE);
        std::fs::read_to_string(&path).map_err(|error| AuditUnavailable(format!("{}: {error}", path.display())))
    }

    /// Wakes the writer; gives back how many records were taken.
    fn want(&self, want: impl FnOnce(&mut Wanted)) -> u64 {
        let mut buffer = self.shared.buffer.lock();
        buffer.wanted.hurry = true;
        want(&mut buffer.wanted);
        self.shared.wake.notify_one();
        buffer.taken
    }

    async fn wait_until(&self, reached: impl Fn(&Progress) -> bool) -> Result<(), AuditUnavailable> {
        let mut progress = self.shared.progress.subscribe();
        let waited = progress.wait_for(|progress| reached(progress) || !self.is_healthy()).await;
        if waited.is_ok_and(|progress| reached(&progress)) { Ok(()) } else { Err(failed()) }
    }
}

impl Recorder for AuditLog {
    fn record(&self, record: Record) -> Result<(), AuditUnavailable> {
        if !self.is_healthy() {
            return Err(failed());
        }
        let mut buffer = self.shared.buffer.lock();
        if buffer.records.len() >= self.shared.capacity {
            return Err(AuditUnavailable("more records wait than fit".to_owned()));
        }
        buffer.records.push(record);
        buffer.taken += 1;
        Ok(())
    }

    fn committed(&self) -> Pin<Box<dyn Future<Output = Result<(), AuditUnavailable>> + Send + '_>> {
        Box::pin(async {
            let wanted = self.want(|_| ());
            self.wait_until(|progress| progress.committed >= wanted).await
        })
    }
}

fn failed() -> AuditUnavailable {
    AuditUnavailable("a write failed".to_owned())
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.buffer.lock().wanted.close = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

/// The writer thread: until the log is closed or a write fails.
fn run(shared: &Shared, mut ledger: Ledger, interval: Duration) {
    let mut batch = Vec::new();
    loop {
        let wanted = take_batch(shared, interval, &mut batch);
        if let Err(error) = write(shared, &mut ledger, &mut batch, wanted) {
            tracing::error!(%error, "the audit log can't be written; irreversible acts and reads are refused");
            shared.healthy.store(false, Ordering::Release);
            shared.progress.send_modify(|_| ());
            return;
        }
        if wanted.close {
            return;
        }
    }
}

/// Writes a group, tells those who wait for it, and signs when it is time.
fn write(shared: &Shared, ledger: &mut Ledger, batch: &mut Vec<Record>, wanted: Wanted) -> io::Result<()> {
    let records = batch.len() as u64;
    if records > 0 {
        ledger.append(batch.drain(..))?;
        shared.progress.send_modify(|progress| progress.committed += records);
    }
    let every = if wanted.checkpoint || wanted.close { Duration::ZERO } else { ledger.options.checkpoint_every };
    if ledger.is_due(every) {
        ledger.sign()?;
    }
    if ledger.is_signed() {
        shared.progress.send_if_modified(|progress| {
            let before = std::mem::replace(&mut progress.signed, progress.committed);
            before != progress.signed
        });
    }
    Ok(())
}

/// Waits for the interval or for somebody in a hurry, and moves what there is into `batch`.
fn take_batch(shared: &Shared, interval: Duration, batch: &mut Vec<Record>) -> Wanted {
    let mut buffer = shared.buffer.lock();
    if !buffer.wanted.hurry && !buffer.wanted.close {
        shared.wake.wait_for(&mut buffer, interval);
    }
    std::mem::swap(&mut buffer.records, batch);
    std::mem::take(&mut buffer.wanted)
}
