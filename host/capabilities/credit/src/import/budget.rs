//! A row that never ends, such as one with a quote that is not closed, must not fill the memory.

use std::{
    cell::Cell,
    io::{self, BufRead, Read},
    rc::Rc,
};

/// The longest row, bytes. Its texts are far shorter; the rest is for what a reader reads ahead.
pub(super) const LONGEST_ROW: u64 = 256 << 10;

/// A reader that gives up when a row takes too much.
pub(super) struct Budgeted<R> {
    inner: R,
    read: Budget,
}

/// What was read since the last row ended.
#[derive(Clone, Default)]
pub(super) struct Budget(Rc<Cell<u64>>);

// === impl Budget ===

impl Budget {
    /// A row has ended.
    pub(super) fn refill(&self) {
        self.0.set(0);
    }

    pub(super) fn is_spent(&self) -> bool {
        self.0.get() > LONGEST_ROW
    }

    fn spend(&self, bytes: usize) -> io::Result<()> {
        self.0.set(self.0.get().saturating_add(bytes as u64));
        if self.is_spent() { Err(io::Error::other("a row is too long")) } else { Ok(()) }
    }
}

// === impl Budgeted ===

impl<R> Budgeted<R> {
    pub(super) fn new(inner: R) -> (Self, Budget) {
        let read = Budget::default();
        (Self { inner, read: read.clone() }, read)
    }
}

impl<R: Read> Read for Budgeted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(buffer)?;
        self.read.spend(bytes)?;
        Ok(bytes)
    }
}

/// One line without its end, at most [`LONGEST_ROW`] bytes of it; `None` at the end of the file. True when there was
/// more of it.
pub(super) fn line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    let (mut any, mut is_cut) = (false, false);
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(any.then_some(is_cut));
        }
        any = true;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        let room = (LONGEST_ROW as usize).saturating_sub(line.len());
        is_cut |= part.len() > room;
        line.extend(part.iter().take(room));
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            return Ok(Some(is_cut));
        }
    }
}
