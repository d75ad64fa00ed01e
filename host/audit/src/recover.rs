//! Opening a log: holds what is on disk against the newest checkpoint, and goes on after it.
//!
//! Only the newest file, and the one before where that was just begun, are read; `verify` reads everything.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use tlog_tiles::{HASH_SIZE, record_hash};
use zhongtai_kernel::ErrorKind;

use crate::{
    checkpoint::{self, Checkpoint},
    keys::AuditKeys,
    ledger::{Ledger, Tree},
    levels::{LevelWriter, Levels},
    line::Lines,
    segment::{self, Segment, SegmentFile},
    writer::Options,
};

/// The folder of the public keys.
pub(crate) const KEYS: &str = "keys";

/// The log can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file can't be read or written.
    #[error("the audit log {path} can't be opened: {source}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process writes it.
    #[error(
        "the audit log {0} is being written by another process: stop it first, or give this host a folder of its own"
    )]
    Locked(PathBuf),
    /// What is on disk is not what was signed.
    #[error(
        "the audit log {dir} is not as it was signed: {problem}. the host does not start on it. keep the folder as \
         evidence and look at it with `zt audit verify`; then move it away and start again: the host begins a new log"
    )]
    Tampered {
        /// The log's folder.
        dir: PathBuf,
        /// What is wrong.
        problem: Tampering,
    },
}

/// How a log differs from what was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Tampering {
    /// The checkpoint is gone, but there are records.
    #[error("there are records, but no checkpoint")]
    NoCheckpoint,
    /// The checkpoint can't be read or was not signed with this host's keys for this log.
    #[error(
        "its checkpoint can't be trusted: {0}. if the host was renamed or has another platform.key, give it back the old one"
    )]
    Checkpoint(String),
    /// The stored hashes don't give the checkpoint's root, or are not there.
    #[error("the hashes in tiles/ do not give the root of the checkpoint of {0} records")]
    Tiles(u64),
    /// A record is not the one that was signed.
    #[error("record {number} in {} was altered", file.display())]
    Altered {
        /// The record.
        number: u64,
        /// Where it is.
        file: PathBuf,
    },
    /// A record is not where it should be.
    #[error("record {number} is missing before {}", file.display())]
    Missing {
        /// The record.
        number: u64,
        /// Where it should be, or the first file after it.
        file: PathBuf,
    },
    /// The log ends too early.
    #[error("it ends before record {records}, but {signed} records were signed")]
    Truncated {
        /// Records there are.
        records: u64,
        /// Records there should be.
        signed: u64,
    },
}

// === impl OpenError ===

impl OpenError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } => ErrorKind::Unavailable,
            Self::Locked(_) | Self::Tampered { .. } => ErrorKind::Conflict,
        }
    }
}

/// Why a log can't be gone on with.
enum Problem {
    Io(PathBuf, io::Error),
    Tampered(Tampering),
}

impl From<Tampering> for Problem {
    fn from(tampering: Tampering) -> Self {
        Self::Tampered(tampering)
    }
}

/// Opens the log in `dir`, or begins one.
pub(crate) fn open(dir: &Path, keys: AuditKeys, options: Options) -> Result<Ledger, OpenError> {
    let io = |source| OpenError::Io { path: dir.to_owned(), source };
    std::fs::create_dir_all(dir).map_err(io)?;
    let lock = lock(dir)?;
    let explain = |problem| match problem {
        Problem::Io(path, source) => OpenError::Io { path, source },
        Problem::Tampered(problem) => OpenError::Tampered { dir: dir.to_owned(), problem },
    };
    let (tree, signed, first) = resume(dir, &keys).map_err(explain)?;
    write_public_keys(dir, &keys).map_err(io)?;
    let segment_path = dir.join(segment::name(first));
    let segment = Segment::open(dir, first).map_err(|source| OpenError::Io { path: segment_path, source })?;
    let keys = Arc::new(keys);
    let (lines, signed_at) = (Lines::default(), Instant::now());
    let dir = dir.to_owned();
    let mut ledger =
        Ledger { dir, keys, options, segment, tree, lines, signed, signed_at, check_retention: false, _lock: lock };
    if ledger.tree.frontier.size() > signed || signed == 0 {
        ledger.sign().map_err(io)?;
    }
    ledger.expire().map_err(io)?;
    Ok(ledger)
}

fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join("lock");
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
    let file = file.map_err(|source| OpenError::Io { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(dir.to_owned())),
        Err(TryLockError::Error(source)) => Err(OpenError::Io { path, source }),
    }
}

/// Leaves the public keys beside the log, for those who copy them to where the host can't reach.
fn write_public_keys(dir: &Path, keys: &AuditKeys) -> io::Result<()> {
    let folder = dir.join(KEYS);
    std::fs::create_dir_all(&folder)?;
    let public = keys.public();
    let files = std::iter::once(("public", public.to_string())).chain(public.pem());
    for (name, text) in files {
        if std::fs::read_to_string(folder.join(name)).ok().as_deref() != Some(text.as_str()) {
            checkpoint::replace(&folder, name, text.as_bytes())?;
        }
    }
    Ok(())
}

/// The tree over all records, how many of them are signed, and the first record of the newest file.
fn resume(dir: &Path, keys: &AuditKeys) -> Result<(Tree, u64, u64), Problem> {
    let folder = |source| Problem::Io(dir.to_owned(), source);
    let files = segment::list(dir).map_err(folder)?;
    let Some(checkpoint) = read_checkpoint(dir, keys)? else {
        return match files.iter().any(has_records) {
            true => Err(Tampering::NoCheckpoint.into()),
            false => {
                let levels = LevelWriter::open(dir, 0).map_err(folder)?;
                Ok((Tree { frontier: Default::default(), levels }, 0, 0))
            }
        };
    };
    let signed = checkpoint.size();
    let frontier = Levels::of(dir).frontier(signed).map_err(|_| Tampering::Tiles(signed))?;
    if frontier.root() != checkpoint.root() {
        return Err(Tampering::Tiles(signed).into());
    }
    let levels = LevelWriter::open(dir, signed).map_err(folder)?;
    let mut tail = Tail { dir, signed, tree: Tree { frontier, levels }, expected: Vec::new(), from: 0, next: 0 };
    let first = tail.read(&files)?;
    Ok((tail.tree, signed, first))
}

fn has_records(file: &SegmentFile) -> bool {
    file.path.metadata().is_ok_and(|metadata| metadata.len() > 0)
}

fn read_checkpoint(dir: &Path, keys: &AuditKeys) -> Result<Option<Checkpoint>, Problem> {
    let path = dir.join(checkpoint::FILE);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Problem::Io(path, error)),
    };
    let checkpoint = Checkpoint::parse(&bytes).map_err(Tampering::Checkpoint)?;
    checkpoint.check(&keys.public()).map_err(Tampering::Checkpoint)?;
    Ok(Some(checkpoint))
}

/// The end of the log: records whose hashes are signed, then those that a crash left unsigned.
struct Tail<'a> {
    dir: &'a Path,
    signed: u64,
    tree: Tree,
    /// The signed hashes from record `from`.
    expected: Vec<u8>,
    from: u64,
    /// The number of the next record.
    next: u64,
}

// === impl Tail ===

impl Tail<'_> {
    /// Reads the newest files; gives back the first record of the last one.
    fn read(&mut self, files: &[SegmentFile]) -> Result<u64, Problem> {
        let signed = self.signed;
        // The file with the last signed record; what is removed after its time never is the newest.
        let last_signed = signed.saturating_sub(1);
        let start = files.iter().rposition(|file| file.first <= last_signed).unwrap_or(0);
        let files = files.get(start..).unwrap_or_default();
        if let Some(file) = files.first().filter(|file| file.first > last_signed) {
            return Err(Tampering::Missing { number: last_signed, file: file.path.clone() }.into());
        }
        self.next = files.first().map_or(0, |file| file.first);
        self.from = self.next;
        self.expected = Levels::of(self.dir)
            .read(0, self.from, signed.saturating_sub(self.from))
            .map_err(|_| Tampering::Tiles(signed))?;
        let mut last = self.next;
        for (index, file) in files.iter().enumerate() {
            if file.first != self.next {
                return Err(self.gap(file, file.first));
            }
            last = file.first;
            self.file(file, index + 1 == files.len())?;
        }
        match self.next < signed {
            true => Err(Tampering::Truncated { records: self.next, signed }.into()),
            false => Ok(last),
        }
    }

    fn file(&mut self, file: &SegmentFile, is_last: bool) -> Result<(), Problem> {
        let io = |source| Problem::Io(file.path.clone(), source);
        let mut lines = file.lines().map_err(io)?;
        let mut line = Vec::new();
        while lines.next(&mut line).map_err(io)? {
            self.line(file, &line)?;
        }
        if lines.torn > 0 && !is_last {
            return Err(self.gap(file, self.next));
        }
        // A torn record that was signed is left as it is: evidence.
        if lines.torn == 0 || self.next < self.signed {
            return Ok(());
        }
        tracing::warn!(path = %file.path.display(), "cut a half-written record off the audit log");
        Segment::cut(&file.path, lines.whole).map_err(io)
    }

    fn line(&mut self, file: &SegmentFile, line: &[u8]) -> Result<(), Problem> {
        let (leaf, number) = (record_hash(line), segment::number_of(line));
        let offset = (self.next - self.from) as usize * HASH_SIZE;
        match self.expected.get(offset..offset + HASH_SIZE) {
            Some(expected) if expected == leaf.0 => {}
            None if number == Some(self.next) => self.tree.push(leaf),
            _ => return Err(self.gap(file, number.unwrap_or(self.next))),
        }
        self.next += 1;
        Ok(())
    }

    /// The next record is not there, but `found`.
    fn gap(&self, file: &SegmentFile, found: u64) -> Problem {
        let (number, file) = (self.next, file.path.clone());
        let tampering = match found > number {
            true => Tampering::Missing { number, file },
            false => Tampering::Altered { number, file },
        };
        tampering.into()
    }
}
