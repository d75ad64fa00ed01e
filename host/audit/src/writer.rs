use std::{
    future::Future,
    path::Path,
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
use zhongtai_kernel::{AuditUnavailable, Record, Recorder};

use crate::{
    line,
    segment::{OpenError, Segment},
};

/// How the log is written.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The longest time a record waits for its group.
    pub interval: Duration,
    /// The most records that may wait; one more is refused.
    pub capacity: usize,
}

impl Default for Options {
    fn default() -> Self {
        // A disk may take a second or two for one sync under load; at 70,000 records a second this many wait for it.
        Self { interval: Duration::from_millis(10), capacity: 262_144 }
    }
}

/// The audit log of this host. Cheap to clone; the last clone dropped writes what is left.
#[derive(Clone)]
pub struct AuditLog {
    shared: Arc<Shared>,
    _writer: Arc<Writer>,
}

struct Shared {
    buffer: Mutex<Buffer>,
    /// Wakes the writer before its interval is over.
    wake: Condvar,
    healthy: AtomicBool,
    /// How many records are on disk, of those taken since the log was opened.
    committed: watch::Sender<u64>,
    capacity: usize,
}

#[derive(Default)]
struct Buffer {
    records: Vec<Record>,
    taken: u64,
    hurry: bool,
    closed: bool,
}

struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

// === impl AuditLog ===

impl AuditLog {
    /// Opens the log in `dir` and starts its writer.
    pub fn open(dir: &Path, options: Options) -> Result<Self, OpenError> {
        let segment = Segment::open(dir)?;
        let shared = Arc::new(Shared {
            buffer: Mutex::default(),
            wake: Condvar::new(),
            healthy: AtomicBool::new(true),
            committed: watch::Sender::new(0),
            capacity: options.capacity,
        });
        let for_thread = shared.clone();
        let thread = std::thread::spawn(move || run(&for_thread, segment, options.interval));
        let writer = Writer { shared: shared.clone(), thread: Mutex::new(Some(thread)) };
        Ok(Self { shared, _writer: Arc::new(writer) })
    }

    /// False once a write failed: the log then refuses records until the host is started again.
    pub fn is_healthy(&self) -> bool {
        self.shared.healthy.load(Ordering::Acquire)
    }

    async fn wait_committed(&self) -> Result<(), AuditUnavailable> {
        let wanted = {
            let mut buffer = self.shared.buffer.lock();
            buffer.hurry = true;
            self.shared.wake.notify_one();
            buffer.taken
        };
        let mut committed = self.shared.committed.subscribe();
        let reached = committed.wait_for(|count| *count >= wanted || !self.is_healthy()).await;
        if reached.is_ok() && self.is_healthy() { Ok(()) } else { Err(AuditUnavailable("a write failed".to_owned())) }
    }
}

impl Recorder for AuditLog {
    fn record(&self, record: Record) -> Result<(), AuditUnavailable> {
        if !self.is_healthy() {
            return Err(AuditUnavailable("a write failed".to_owned()));
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
        Box::pin(self.wait_committed())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.buffer.lock().closed = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

/// The writer thread: swap, write, sync, tell; until the log is closed or a write fails.
fn run(shared: &Shared, mut segment: Segment, interval: Duration) {
    let mut batch = Vec::new();
    let mut lines = Vec::new();
    loop {
        let closed = take_batch(shared, interval, &mut batch);
        let records = batch.len() as u64;
        for (number, record) in (segment.records..).zip(batch.drain(..)) {
            line::write(&mut lines, number, &record);
        }
        if records > 0
            && let Err(error) = segment.append(&lines, records)
        {
            tracing::error!(%error, "the audit log can't be written; irreversible acts and reads are refused");
            shared.healthy.store(false, Ordering::Release);
            shared.committed.send_modify(|_| ());
            return;
        }
        lines.clear();
        shared.committed.send_modify(|count| *count += records);
        if closed {
            return;
        }
    }
}

/// Waits for the interval or for somebody in a hurry, and moves what there is into `batch`.
fn take_batch(shared: &Shared, interval: Duration, batch: &mut Vec<Record>) -> bool {
    let mut buffer = shared.buffer.lock();
    if !buffer.hurry && !buffer.closed {
        shared.wake.wait_for(&mut buffer, interval);
    }
    buffer.hurry = false;
    std::mem::swap(&mut buffer.records, batch);
    buffer.closed
}
