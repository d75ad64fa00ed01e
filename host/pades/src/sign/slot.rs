//! The signature dictionary (ISO 32000-1, 12.8.1), with room for what is known only when the rest is written.

use std::ops::Range;

use sha2::{Digest, Sha256};

use super::SignatureFacts;
use crate::{
    PadesError, date,
    pdf::{Dict, Id, Object, Written},
};

/// Four offsets of up to ten digits, with brackets and spaces.
const ROOM_FOR_RANGE: usize = 48;

/// The dictionary's bytes, and where its blanks are in them.
pub(super) struct Slot {
    pub(super) body: Vec<u8>,
    range: usize,
    contents: Range<usize>,
}

/// A file whose last signature is still blank.
pub(super) struct Pending {
    pub(super) bytes: Vec<u8>,
    /// The hexadecimal string, with its brackets.
    contents: Range<usize>,
}

// === impl Slot ===

impl Slot {
    /// A dictionary for a signature of at most `room` bytes.
    pub(super) fn new(facts: &SignatureFacts, room: usize) -> Result<Self, PadesError> {
        let mut dict = Dict::new()
            .with("Type", Object::name("Sig"))
            .with("Filter", Object::name("Adobe.PPKLite"))
            .with("SubFilter", Object::name("ETSI.CAdES.detached"))
            .with("M", Object::text(&date::write(facts.at)?));
        for (key, text) in [("Name", &facts.name), ("Reason", &facts.reason), ("Location", &facts.location)] {
            if let Some(text) = text {
                dict.set(key, Object::text(text));
            }
        }
        let mut body = Vec::new();
        dict.write(&mut body);
        body.truncate(body.len() - b">>".len());
        body.extend(b"/ByteRange ");
        let range = body.len();
        body.resize(range + ROOM_FOR_RANGE, b' ');
        body.extend(b"/Contents ");
        let start = body.len();
        body.push(b'<');
        body.resize(body.len() + room * 2, b'0');
        body.push(b'>');
        let contents = start..body.len();
        body.extend(b">>");
        Ok(Self { body, range, contents })
    }

    /// Tells the file which of its bytes are signed: all but the blank.
    pub(super) fn place(&self, mut file: Written, id: Id) -> Pending {
        let body = file.bodies.get(&id).copied().unwrap_or_default();
        let contents = body + self.contents.start..body + self.contents.end;
        let rest = file.bytes.len() - contents.end;
        let range = format!("[0 {} {} {rest}]", contents.start, contents.end);
        let place = file.bytes.iter_mut().skip(body + self.range);
        place.zip(range.bytes()).for_each(|(to, from)| *to = from);
        Pending { bytes: file.bytes, contents }
    }
}

// === impl Pending ===

impl Pending {
    /// Of the signed bytes.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.bytes.get(..self.contents.start).unwrap_or_default());
        hash.update(self.bytes.get(self.contents.end..).unwrap_or_default());
        hash.finalize().into()
    }

    /// Writes the signature into the blank, if there is room.
    pub(super) fn fill(&mut self, value: &[u8]) -> bool {
        let blank = self.contents.start + 1..self.contents.end - 1;
        if value.len() * 2 > blank.len() {
            return false;
        }
        let digits = value.iter().flat_map(|byte| [hex_digit(byte >> 4), hex_digit(byte & 15)]);
        self.bytes.iter_mut().skip(blank.start).zip(digits).for_each(|(to, from)| *to = from);
        true
    }
}

fn hex_digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'A' + value - 10 }
}
