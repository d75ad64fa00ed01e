//! Reads every record and names those that are not as they were signed.
//!
//! The stored hash of each record says what was signed where. A line whose hash is stored under the number that it
//! says it has is that record, wherever it stands; any other line stands for the record that should be in its place.

use std::{collections::BTreeSet, path::Path};

use serde::Deserialize;
use tlog_tiles::{HASH_SIZE, Hash, record_hash};

use crate::{
    finding::{Finding, MAX_FINDINGS},
    levels::Levels,
    reader::{ReadError, Reader},
    retention::{EXPIRE, Expired},
    segment::{self, SegmentFile},
    tree::Frontier,
};

/// Stored hashes that are read at once.
const CHUNK: u64 = 4_096;

/// What the records give.
pub(crate) struct Read {
    pub(crate) first: u64,
    pub(crate) checked: u64,
    pub(crate) unsigned: u64,
    /// The root, if there are as many records as were signed.
    pub(crate) root: Option<Hash>,
    /// The root at the older checkpoint's size.
    pub(crate) mark: Option<Hash>,
    /// What is wrong whether or not the root is right.
    pub(crate) always: Vec<Finding>,
    /// What is wrong where the root is not.
    pub(crate) findings: Vec<Finding>,
    /// Altered records beyond those named.
    pub(crate) more: u64,
    /// Records whose stored hash is another.
    pub(crate) disagreements: BTreeSet<u64>,
}

#[derive(Deserialize)]
struct Act<'a> {
    action: &'a str,
    target: &'a str,
}

/// The stored hashes of records.
struct StoredLeaves {
    levels: Levels,
    signed: u64,
    chunk: Vec<u8>,
    from: u64,
}

struct Check {
    signed: u64,
    mark: Option<u64>,
    stored: StoredLeaves,
    frontier: Frontier,
    /// The number of the record that should come next.
    expected: u64,
    /// Records that did not come in their turn: from, to before.
    gaps: Vec<(u64, u64)>,
    /// The last record that was removed after its time, as records say.
    expired: Option<u64>,
    read: Read,
}

/// Reads the records in `dir`, of which `signed` are under the checkpoint.
pub(crate) fn check(dir: &Path, signed: u64, mark: Option<u64>) -> Result<Read, ReadError> {
    let files = Reader::new(dir).files()?;
    let first = files.first().map_or(0, |file| file.first).min(signed);
    let mut check = Check::new(dir, signed, mark, first);
    check.take_expired(first);
    for file in &files {
        check.file(file)?;
    }
    Ok(check.end(first))
}

// === impl Check ===

impl Check {
    fn new(dir: &Path, signed: u64, mark: Option<u64>, first: u64) -> Self {
        let stored = StoredLeaves { levels: Levels::of(dir), signed, chunk: Vec::new(), from: 0 };
        let read = Read {
            first,
            checked: 0,
            unsigned: 0,
            root: None,
            mark: None,
            always: Vec::new(),
            findings: Vec::new(),
            more: 0,
            disagreements: BTreeSet::new(),
        };
        let frontier = Frontier::default();
        Self { signed, mark, stored, frontier, expected: first, gaps: Vec::new(), expired: None, read }
    }

    /// The records that are not there any more are known by their stored hashes.
    fn take_expired(&mut self, first: u64) {
        for number in 0..first {
            let Some(leaf) = self.stored.get(number) else { return };
            self.push(leaf);
        }
    }

    fn push(&mut self, leaf: Hash) {
        self.mark();
        if self.frontier.size() < self.signed {
            self.frontier.push(leaf, |_, _| ());
        }
    }

    fn mark(&mut self) {
        if self.mark == Some(self.frontier.size()) {
            self.read.mark = Some(self.frontier.root());
        }
    }

    fn file(&mut self, file: &SegmentFile) -> Result<(), ReadError> {
        let io = |source| ReadError::io(&file.path, source);
        let mut lines = file.lines().map_err(io)?;
        let mut line = Vec::new();
        let mut is_first = true;
        while lines.next(&mut line).map_err(io)? {
            let number = segment::number_of(&line);
            if std::mem::take(&mut is_first) && number.is_some_and(|number| number != file.first) {
                self.read.always.push(Finding::Misnamed { file: segment::name(file.first) });
            }
            self.line(&line, number);
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], claimed: Option<u64>) {
        let leaf = record_hash(line);
        let genuine = claimed.filter(|number| self.stored.get(*number) == Some(leaf));
        if genuine.is_none() && self.expected >= self.signed {
            self.read.unsigned += 1;
            return;
        }
        self.push(leaf);
        self.read.checked += 1;
        match genuine {
            Some(number) => {
                self.genuine(number);
                self.note_expiry(line);
            }
            None => self.altered(),
        }
    }

    fn genuine(&mut self, number: u64) {
        if number >= self.expected {
            if number > self.expected {
                self.gaps.push((self.expected, number));
            }
            self.expected = number + 1;
        } else if self.read.disagreements.remove(&number) {
            // What stood in its place was another line.
            self.read.findings.push(Finding::Inserted { before: number });
        } else if self.close_gap(number) {
            self.read.findings.push(Finding::Reordered { number });
        } else {
            self.read.findings.push(Finding::Repeated { number });
        }
    }

    fn altered(&mut self) {
        match self.read.disagreements.len() < MAX_FINDINGS {
            true => drop(self.read.disagreements.insert(self.expected)),
            false => self.read.more += 1,
        }
        self.expected += 1;
    }

    /// Takes a record out of those that did not come. False when it did.
    fn close_gap(&mut self, number: u64) -> bool {
        let Some(index) = self.gaps.iter().position(|(from, to)| (*from..*to).contains(&number)) else { return false };
        let (from, to) = self.gaps.swap_remove(index);
        let rest = [(from, number), (number + 1, to)];
        self.gaps.extend(rest.into_iter().filter(|(from, to)| from < to));
        true
    }

    fn note_expiry(&mut self, line: &[u8]) {
        // Most lines are decisions: only few are worth parsing.
        let Some(line) = std::str::from_utf8(line).ok().filter(|line| line.contains(EXPIRE)) else { return };
        let act = serde_json::from_str::<Act<'_>>(line).ok().filter(|act| act.action == EXPIRE);
        self.expired = self.expired.max(act.and_then(|act| Expired::last_of(act.target)));
    }

    fn end(mut self, first: u64) -> Read {
        self.mark();
        let mut read = self.read;
        if first > 0 && self.expired.is_none_or(|last| last + 1 < first) {
            read.always.push(Finding::Missing { from: 0, to: first - 1 });
        }
        read.findings.extend(read.disagreements.iter().map(|number| Finding::Altered { number: *number }));
        read.findings.extend(self.gaps.iter().map(|(from, to)| Finding::Missing { from: *from, to: to - 1 }));
        if self.expected < self.signed {
            read.findings.push(Finding::Truncated { from: self.expected, to: self.signed - 1 });
        }
        read.findings.sort();
        read.root = (self.frontier.size() == self.signed).then(|| self.frontier.root());
        read
    }
}

// === impl StoredLeaves ===

impl StoredLeaves {
    /// The stored hash of a signed record.
    fn get(&mut self, number: u64) -> Option<Hash> {
        if number >= self.signed {
            return None;
        }
        let start = number - number % CHUNK;
        if self.chunk.is_empty() || self.from != start {
            let count = CHUNK.min(self.signed - start);
            self.chunk = self.levels.read(0, start, count).unwrap_or_default();
            self.from = start;
        }
        let offset = (number - start) as usize * HASH_SIZE;
        Some(Hash(self.chunk.get(offset..offset + HASH_SIZE)?.try_into().ok()?))
    }
}
