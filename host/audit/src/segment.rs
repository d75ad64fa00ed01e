//! The files of records: `audit-<number of the first record, 20 digits>.jsonl`, only ever appended to.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Take, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use zhongtai_kernel::Timestamp;

use crate::checkpoint::sync_folder;

/// A file of records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SegmentFile {
    /// The number of its first record.
    pub(crate) first: u64,
    pub(crate) path: PathBuf,
}

/// The newest file, being appended to.
pub(crate) struct Segment {
    file: File,
    bytes: u64,
    /// The day (UTC, from 1970) of its first record.
    day: Option<i64>,
}

/// The whole lines of a file, one after the other.
pub(crate) struct Lines {
    reader: BufReader<Take<File>>,
    /// Bytes of the lines so far.
    pub(crate) whole: u64,
    /// Bytes of a last line without its end.
    pub(crate) torn: u64,
}

/// What every line begins with.
#[derive(Deserialize)]
struct Head {
    at: Timestamp,
}

/// The files of the log in `dir`, in order.
pub(crate) fn list(dir: &Path) -> io::Result<Vec<SegmentFile>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if let Some(first) = entry.file_name().to_str().and_then(first_of) {
            files.push(SegmentFile { first, path: entry.path() });
        }
    }
    files.sort();
    Ok(files)
}

/// The name of the file that begins with record `first`.
pub(crate) fn name(first: u64) -> String {
    format!("audit-{first:020}.jsonl")
}

fn first_of(file: &str) -> Option<u64> {
    let digits = file.strip_prefix("audit-")?.strip_suffix(".jsonl")?;
    (digits.len() == 20).then(|| digits.parse().ok()).flatten()
}

/// The number that a line says it has.
pub(crate) fn number_of(line: &[u8]) -> Option<u64> {
    let rest = line.strip_prefix(b"{\"number\":")?;
    let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()
}

/// The day of a point in time, UTC.
pub(crate) fn day_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

// === impl SegmentFile ===

impl SegmentFile {
    pub(crate) fn lines(&self) -> io::Result<Lines> {
        Lines::open(&self.path)
    }

    /// When its first record was made, if it has one that can be read.
    pub(crate) fn first_at(&self) -> io::Result<Option<Timestamp>> {
        let mut line = Vec::new();
        self.lines()?.next(&mut line)?;
        Ok(serde_json::from_slice::<Head>(&line).ok().map(|head| head.at))
    }
}

// === impl Segment ===

impl Segment {
    /// Begins the file whose first record is `first`, or goes on with it.
    pub(crate) fn open(dir: &Path, first: u64) -> io::Result<Self> {
        let segment = SegmentFile { first, path: dir.join(name(first)) };
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&segment.path)?;
        sync_folder(dir)?;
        let day = segment.first_at()?.map(day_of);
        Ok(Self { bytes: file.metadata()?.len(), file, day })
    }

    /// Whether a record of `at` belongs into another file: this one has `limit` bytes, `waiting` of them not yet
    /// written, or is of an earlier day.
    pub(crate) fn is_over(&self, at: Timestamp, waiting: usize, limit: u64) -> bool {
        self.day.is_some_and(|day| day < day_of(at)) || self.bytes + waiting as u64 >= limit
    }

    /// Takes the day of the first record.
    pub(crate) fn take(&mut self, at: Timestamp) {
        self.day.get_or_insert(day_of(at));
    }

    /// Appends whole lines and waits until they are on disk.
    pub(crate) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.file.write_all(lines)?;
        self.file.sync_data()?;
        self.bytes += lines.len() as u64;
        Ok(())
    }

    /// Cuts off what is beyond `bytes`.
    pub(crate) fn cut(path: &Path, bytes: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(bytes)?;
        file.sync_all()
    }
}

// === impl Lines ===

impl Lines {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        // Only what is there now: the writer appends, and a device can be read for ever.
        let length = file.metadata()?.len();
        let reader = BufReader::with_capacity(1 << 16, file.take(length));
        Ok(Self { reader, whole: 0, torn: 0 })
    }

    /// Reads the next whole line into `line`, without its newline. False when there is none.
    pub(crate) fn next(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        line.clear();
        let read = self.reader.read_until(b'\n', line)? as u64;
        if line.pop() != Some(b'\n') {
            self.torn = read;
            return Ok(false);
        }
        self.whole += read;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_segments_name_is_one() {
        assert_eq!(first_of(&name(17)), Some(17));
        assert_eq!(name(u64::MAX).len(), name(0).len());
        for other in ["audit.jsonl", "audit-17.jsonl", "audit-00000000000000000017.jsonl.gz", "checkpoint"] {
            assert_eq!(first_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_lines_number_is_read_without_reading_the_line() {
        assert_eq!(number_of(b"{\"number\":17,\"at\":"), Some(17));
        for other in ["", "{\"number\":", "{\"number\":17", "{\"number\":-1,", "{\"at\":1}", "\0\0\0"] {
            assert_eq!(number_of(other.as_bytes()), None, "{other}");
        }
    }
}
