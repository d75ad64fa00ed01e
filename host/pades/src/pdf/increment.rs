//! Appends a revision to a file (ISO 32000-1, 7.5.6): what is there keeps its bytes.

use std::collections::BTreeMap;

use super::{Dict, File, Id, Object};

/// Objects that a new revision writes, as bytes.
pub(crate) struct Increment<'f, 'a> {
    file: &'f File<'a>,
    objects: BTreeMap<Id, Vec<u8>>,
    next: u32,
}

/// A file with one revision more.
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    /// Where each new object's body begins.
    pub(crate) bodies: BTreeMap<Id, usize>,
}

// === impl Increment ===

impl<'f, 'a> Increment<'f, 'a> {
    pub(crate) fn new(file: &'f File<'a>) -> Self {
        Self { file, objects: BTreeMap::new(), next: file.free_number() }
    }

    /// A number for a new object.
    pub(crate) fn reserve(&mut self) -> Id {
        self.next += 1;
        Id::new(self.next - 1)
    }

    /// Writes an object, in place of an older one of that number.
    pub(crate) fn put(&mut self, id: Id, object: &Object) {
        let mut body = Vec::new();
        object.write(&mut body);
        self.put_bytes(id, body);
    }

    pub(crate) fn put_bytes(&mut self, id: Id, body: Vec<u8>) {
        self.objects.insert(id, body);
    }

    /// The whole file. `identifier` becomes the second part of the file's `ID`, which tells revisions apart.
    pub(crate) fn write(mut self, identifier: [u8; 16]) -> Written {
        let mut bytes = Vec::with_capacity(self.file.bytes().len() + 65536);
        bytes.extend(self.file.bytes());
        if !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        let (mut offsets, mut bodies) = (BTreeMap::new(), BTreeMap::new());
        for (id, body) in std::mem::take(&mut self.objects) {
            offsets.insert(id, bytes.len());
            bytes.extend(format!("{} {} obj\n", id.number, id.generation).into_bytes());
            bodies.insert(id, bytes.len());
            bytes.extend(body);
            bytes.extend(b"\nendobj\n");
        }
        let start = bytes.len();
        if self.file.has_stream_table() {
            self.write_stream(&mut bytes, offsets, identifier);
        } else {
            self.write_table(&mut bytes, &offsets, identifier);
        }
        bytes.extend(format!("startxref\n{start}\n%%EOF\n").into_bytes());
        Written { bytes, bodies }
    }

    fn write_table(&self, bytes: &mut Vec<u8>, offsets: &BTreeMap<Id, usize>, identifier: [u8; 16]) {
        bytes.extend(b"xref\n");
        for range in ranges(offsets) {
            let first = range.first().map_or(0, |(id, _)| id.number);
            bytes.extend(format!("{first} {}\n", range.len()).into_bytes());
            for (id, offset) in range {
                bytes.extend(format!("{offset:010} {:05} n\r\n", id.generation).into_bytes());
            }
        }
        bytes.extend(b"trailer\n");
        self.trailer(identifier).write(bytes);
        bytes.push(b'\n');
    }

    fn write_stream(&mut self, bytes: &mut Vec<u8>, mut offsets: BTreeMap<Id, usize>, identifier: [u8; 16]) {
        let own = self.reserve();
        offsets.insert(own, bytes.len());
        let (mut index, mut rows) = (Vec::new(), Vec::new());
        for range in ranges(&offsets) {
            index.push(Object::Integer(range.first().map_or(0, |(id, _)| id.number.into())));
            index.push(Object::Integer(range.len() as i64));
            for (id, offset) in range {
                rows.push(1);
                rows.extend(&(offset as u64).to_be_bytes()[3..]);
                rows.extend(id.generation.to_be_bytes());
            }
        }
        let widths = [1, 5, 2].map(Object::Integer).to_vec();
        let dict = self.trailer(identifier).with("Type", Object::name("XRef")).with("W", Object::Array(widths));
        let dict = dict.with("Index", Object::Array(index)).with("Length", Object::Integer(rows.len() as i64));
        bytes.extend(format!("{} 0 obj\n", own.number).into_bytes());
        Object::Stream(super::object::Stream { dict, data: rows }).write(bytes);
        bytes.extend(b"\nendobj\n");
    }

    fn trailer(&self, identifier: [u8; 16]) -> Dict {
        let old = self.file.trailer();
        let mut trailer = Dict::new()
            .with("Size", Object::Integer(self.next.into()))
            .with("Prev", Object::Integer(self.file.start as i64));
        for key in ["Root", "Info"] {
            if let Some(value) = old.get(key) {
                trailer.set(key, value.clone());
            }
        }
        let identifier = Object::String(identifier.to_vec());
        let first = old.get("ID").and_then(Object::as_array).and_then(<[Object]>::first);
        let first = first.cloned().unwrap_or_else(|| identifier.clone());
        trailer.with("ID", Object::Array(vec![first, identifier]))
    }
}

/// Objects with consecutive numbers.
fn ranges(offsets: &BTreeMap<Id, usize>) -> Vec<Vec<(Id, usize)>> {
    let mut ranges: Vec<Vec<(Id, usize)>> = Vec::new();
    for (id, offset) in offsets {
        match ranges.last_mut() {
            Some(range) if range.last().is_some_and(|(last, _)| last.number + 1 == id.number) => {
                range.push((*id, *offset))
            }
            _ => ranges.push(vec![(*id, *offset)]),
        }
    }
    ranges
}
