//! The file under the log: `audit.jsonl`, only ever appended to.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use zhongtai_kernel::ErrorKind;

/// The log's file can't be used.
#[derive(Debug, thiserror::Error)]
#[error("the audit log {path} can't be opened: {source}")]
pub struct OpenError {
    path: PathBuf,
    source: io::Error,
}

impl OpenError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Unavailable
    }
}

/// An open log file.
pub(crate) struct Segment {
    file: File,
    /// Records in it.
    pub(crate) records: u64,
}

// === impl Segment ===

impl Segment {
    /// Opens the log in `dir`, and cuts off a last line that a crash left half written.
    pub(crate) fn open(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join("audit.jsonl");
        Self::try_open(dir, &path).map_err(|source| OpenError { path, source })
    }

    fn try_open(dir: &Path, path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let file = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(path)?;
        let (records, whole) = count_whole_lines(&file)?;
        if whole < file.metadata()?.len() {
            tracing::warn!(path = %path.display(), "cut a half-written record off the audit log");
            file.set_len(whole)?;
        }
        Ok(Self { file, records })
    }

    /// Appends whole lines and waits until they are on disk.
    pub(crate) fn append(&mut self, lines: &[u8], records: u64) -> io::Result<()> {
        self.file.write_all(lines)?;
        self.file.sync_data()?;
        self.records += records;
        Ok(())
    }
}

fn count_whole_lines(file: &File) -> io::Result<(u64, u64)> {
    // Only what was there at the start: a device can be read for ever.
    let mut reader = BufReader::new(file.take(file.metadata()?.len()));
    let (mut records, mut bytes) = (0, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            return Ok((records, bytes));
        }
        records += 1;
        bytes += read as u64;
    }
}
