//! Records in their order, from the files of a log that may be written at the same time, or of an export.

use std::{
    io,
    path::{Path, PathBuf},
};

use zhongtai_kernel::{ErrorKind, Timestamp};

use crate::{
    entry::{Callers, Entry},
    segment::{self, Lines, SegmentFile},
};

/// The log can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file can't be read.
    #[error("the audit log {path} can't be read: {source}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line is not a record.
    #[error(
        "record {number} in {path} is not a record of the audit log: {problem}. check the log with `zt audit verify`"
    )]
    Record {
        /// Which file.
        path: PathBuf,
        /// The record's place.
        number: u64,
        /// What is wrong.
        problem: String,
    },
}

/// Reads the log in a folder.
#[derive(Debug, Clone)]
pub struct Reader {
    dir: PathBuf,
}

/// A record as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordLine {
    /// The record's place in the log, from 0.
    pub number: u64,
    /// The line, without its newline: what the Merkle tree's leaf is made of.
    pub text: String,
}

/// Records one after the other. Made by [`Reader::lines`].
pub struct RecordLines {
    walk: Walk,
    from: u64,
}

/// Typed records one after the other. Made by [`Reader::entries`].
pub struct Entries {
    walk: Walk,
    from: u64,
    callers: Callers,
}

/// Goes through files, up to before record `to`.
pub(crate) struct Walk {
    files: std::vec::IntoIter<SegmentFile>,
    open: Option<Open>,
    to: u64,
    line: Vec<u8>,
}

struct Open {
    file: SegmentFile,
    lines: Lines,
    next: u64,
}

// === impl ReadError ===

impl ReadError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } => ErrorKind::Unavailable,
            Self::Record { .. } => ErrorKind::Internal,
        }
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

// === impl Reader ===

impl Reader {
    /// Reads the log in `dir`: a host's audit folder, or an export.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The number of the oldest record that is still there; none when there are no records.
    pub fn first(&self) -> Result<Option<u64>, ReadError> {
        Ok(self.files()?.first().map(|file| file.first))
    }

    /// A record before which all records are older than `time`: the first one of a file. Where to begin to read.
    pub fn since(&self, time: Timestamp) -> Result<u64, ReadError> {
        let mut since = 0;
        for file in self.files()? {
            let begins = file.first_at().map_err(|source| ReadError::io(&file.path, source))?;
            if begins.is_some_and(|begins| begins > time) {
                break;
            }
            since = file.first;
        }
        Ok(since)
    }

    /// The lines of the records from number `from` to before `to`.
    pub fn lines(&self, from: u64, to: u64) -> Result<RecordLines, ReadError> {
        Ok(RecordLines { walk: self.walk(from, to)?, from })
    }

    /// The records from number `from` to before `to`.
    pub fn entries(&self, from: u64, to: u64) -> Result<Entries, ReadError> {
        Ok(Entries { walk: self.walk(from, to)?, from, callers: Callers::default() })
    }

    pub(crate) fn files(&self) -> Result<Vec<SegmentFile>, ReadError> {
        segment::list(&self.dir).map_err(|source| ReadError::io(&self.dir, source))
    }

    fn walk(&self, from: u64, to: u64) -> Result<Walk, ReadError> {
        let files = self.files()?;
        let start = files.iter().rposition(|file| file.first <= from).unwrap_or(0);
        Ok(Walk::over(files.get(start..).unwrap_or_default().to_vec(), to))
    }
}

// === impl RecordLines ===

impl RecordLines {
    fn step(&mut self) -> Result<Option<RecordLine>, ReadError> {
        while let Some(number) = self.walk.advance()? {
            if number >= self.from {
                return Ok(Some(RecordLine { number, text: self.walk.text()?.to_owned() }));
            }
        }
        Ok(None)
    }
}

impl Iterator for RecordLines {
    type Item = Result<RecordLine, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        self.walk.end_if(step.is_err());
        step.transpose()
    }
}

// === impl Entries ===

impl Entries {
    fn step(&mut self) -> Result<Option<Entry>, ReadError> {
        while let Some(number) = self.walk.advance()? {
            if self.walk.begins_file() {
                self.callers = Callers::default();
            }
            let line = self.walk.text()?;
            let wanted = number >= self.from;
            if wanted || Callers::is_introduced_by(line) {
                let entry = self.callers.read(line).map_err(|problem| self.walk.problem(problem))?;
                if wanted {
                    return Ok(Some(entry));
                }
            }
        }
        Ok(None)
    }
}

impl Iterator for Entries {
    type Item = Result<Entry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        self.walk.end_if(step.is_err());
        step.transpose()
    }
}

// === impl Walk ===

impl Walk {
    pub(crate) fn over(files: Vec<SegmentFile>, to: u64) -> Self {
        Self { files: files.into_iter(), open: None, to, line: Vec::new() }
    }

    /// Goes to the next record; gives back its number.
    pub(crate) fn advance(&mut self) -> Result<Option<u64>, ReadError> {
        loop {
            let Some(open) = &mut self.open else { if self.open_next()? { continue } else { return Ok(None) } };
            if open.next >= self.to {
                return Ok(None);
            }
            if open.lines.next(&mut self.line).map_err(|source| ReadError::io(&open.file.path, source))? {
                open.next += 1;
                return Ok(Some(open.next - 1));
            }
            self.open = None;
        }
    }

    /// The record's line.
    pub(crate) fn text(&self) -> Result<&str, ReadError> {
        std::str::from_utf8(&self.line).map_err(|error| self.problem(error.to_string()))
    }

    /// True at the first record of a file.
    pub(crate) fn begins_file(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.next == open.file.first + 1)
    }

    /// An error about the record where the walk is.
    pub(crate) fn problem(&self, problem: String) -> ReadError {
        let (path, number) = match &self.open {
            Some(open) => (open.file.path.clone(), open.next.saturating_sub(1)),
            None => Default::default(),
        };
        ReadError::Record { path, number, problem }
    }

    fn open_next(&mut self) -> Result<bool, ReadError> {
        for file in self.files.by_ref() {
            match file.lines() {
                Ok(lines) => {
                    let next = file.first;
                    self.open = Some(Open { file, lines, next });
                    return Ok(true);
                }
                // Removed after its time, since the folder was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(ReadError::io(&file.path, source)),
            }
        }
        Ok(false)
    }

    /// After an error there is nothing more.
    fn end_if(&mut self, failed: bool) {
        if failed {
            (self.files, self.open) = (Vec::new().into_iter(), None);
        }
    }
}
