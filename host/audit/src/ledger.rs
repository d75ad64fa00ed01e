//! The log on disk as its writer sees it: lines, tree and checkpoint, kept in step.

use std::{
    fs::File,
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use tlog_tiles::{Hash, record_hash};
use zhongtai_kernel::{Caller, Event, Record, RequestId, Timestamp};

use crate::{
    checkpoint,
    keys::AuditKeys,
    levels::LevelWriter,
    line::{Lines, Place, Reference},
    retention::EXPIRE,
    segment::Segment,
    tree::Frontier,
    writer::Options,
};

/// An open log. After an error nothing may be done with it any more: memory is ahead of the disk.
pub(crate) struct Ledger {
    pub(crate) dir: PathBuf,
    pub(crate) keys: Arc<AuditKeys>,
    pub(crate) options: Options,
    pub(crate) segment: Segment,
    pub(crate) tree: Tree,
    pub(crate) lines: Lines,
    /// Records under the newest checkpoint.
    pub(crate) signed: u64,
    pub(crate) signed_at: Instant,
    /// A day has begun: records may be past their time.
    pub(crate) check_retention: bool,
    /// Held as long as the log is open: two writers would cut each other's records off.
    pub(crate) _lock: File,
}

/// The tree in memory and what of it waits for the disk.
pub(crate) struct Tree {
    pub(crate) frontier: Frontier,
    pub(crate) levels: LevelWriter,
}

// === impl Tree ===

impl Tree {
    pub(crate) fn push(&mut self, leaf: Hash) {
        self.frontier.push(leaf, |level, hash| self.levels.store(level, hash));
    }
}

// === impl Ledger ===

impl Ledger {
    /// Appends records and waits until they are on disk.
    pub(crate) fn append(&mut self, records: impl Iterator<Item = Record>) -> io::Result<()> {
        for record in records {
            self.add(&record)?;
        }
        self.flush()?;
        if std::mem::take(&mut self.check_retention) {
            self.expire()?;
        }
        Ok(())
    }

    /// Whether a checkpoint covers every record.
    pub(crate) fn is_signed(&self) -> bool {
        self.tree.frontier.size() == self.signed
    }

    /// Whether there are records that no checkpoint covers, and the last one is as old as it may be.
    pub(crate) fn is_due(&self, every: Duration) -> bool {
        !self.is_signed() && self.signed_at.elapsed() >= every
    }

    /// Signs what is on disk.
    pub(crate) fn sign(&mut self) -> io::Result<()> {
        self.tree.levels.persist()?;
        let size = self.tree.frontier.size();
        let note = checkpoint::sign(&self.keys, size, self.tree.frontier.root())?;
        checkpoint::replace(&self.dir, checkpoint::FILE, &note)?;
        self.signed = size;
        self.signed_at = Instant::now();
        Ok(())
    }

    /// Removes files whose records are past their time; first, it is on disk that they were.
    pub(crate) fn expire(&mut self) -> io::Result<()> {
        let now = self.options.clock.now();
        let Some(expired) = self.options.retention.expired(&self.dir, now)? else { return Ok(()) };
        let (actor, outcome) = ("host".to_owned(), "ok".to_owned());
        let event = Event::Act { actor, action: EXPIRE, target: expired.target(), outcome };
        self.add(&Record { at: now, request: RequestId::generate(), sequence: 0, event })?;
        self.flush()?;
        self.sign()?;
        for file in expired.files {
            std::fs::remove_file(file.path)?;
        }
        tracing::info!(first = expired.first, last = expired.last, "removed audit records past their time");
        checkpoint::sync_folder(&self.dir)
    }

    fn add(&mut self, record: &Record) -> io::Result<()> {
        if self.segment.is_over(record.at, self.lines.bytes.len(), self.options.segment_bytes) {
            self.rotate()?;
        }
        self.segment.take(record.at);
        let introduced = match &record.event {
            Event::Decision { caller, .. } => self.introduce(caller, record.at)?,
            Event::Act { .. } => 0,
        };
        let number = self.tree.frontier.size();
        let place = Place { number, at: record.at, reference: Reference(record.request, record.sequence) };
        let line = match &record.event {
            Event::Decision { caller, decision } => self.lines.decision(place, introduced, caller, decision)?,
            Event::Act { actor, action, target, outcome } => self.lines.act(place, actor, action, target, outcome)?,
        };
        self.tree.push(record_hash(line));
        Ok(())
    }

    /// The number of the line that says who `caller` is; writes it when this file has none yet.
    fn introduce(&mut self, caller: &Caller, at: Timestamp) -> io::Result<u64> {
        if let Some(number) = self.lines.known(caller) {
            return Ok(number);
        }
        let number = self.tree.frontier.size();
        let line = self.lines.caller(number, at, caller)?;
        self.tree.push(record_hash(line));
        Ok(number)
    }

    /// Begins another file. What was written before it is signed, so that only the newest file has unsigned records.
    fn rotate(&mut self) -> io::Result<()> {
        self.flush()?;
        self.sign()?;
        self.segment = Segment::open(&self.dir, self.tree.frontier.size())?;
        self.lines.forget_callers();
        self.check_retention = true;
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.lines.bytes.is_empty() {
            self.segment.append(&self.lines.bytes)?;
            self.lines.bytes.clear();
        }
        Ok(())
    }
}
