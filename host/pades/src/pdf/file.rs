use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use super::{
    Dict, Id, Object, PdfError,
    filter::unpack,
    object::Stream,
    reader::{Places, Reader, is_space},
    table::{Entry, Table},
};

/// Larger files are not read.
pub(crate) const LARGEST: usize = 256 << 20;

/// How many references may lead to each other.
const LONGEST_CHAIN: usize = 16;

/// What reading may cost, in all revisions of a file together: what a file says of itself is not believed.
#[derive(Debug)]
pub(crate) struct Budget {
    entries: Cell<usize>,
    unpacked: Cell<usize>,
}

/// A PDF file as its last revision shows it. Objects are read when they are asked for.
#[derive(Debug)]
pub(crate) struct File<'a> {
    bytes: &'a [u8],
    table: Table,
    /// Where the newest cross-references begin.
    pub(crate) start: usize,
    /// Where the last revision ends: after `%%EOF` and the end of its line.
    pub(crate) end: usize,
    budget: &'a Budget,
    streams: RefCell<HashMap<u32, Rc<Packed>>>,
}

/// A dictionary that is an object of its own, not packed.
#[derive(Debug)]
pub(crate) struct InPlace {
    /// Where the object begins.
    pub(crate) offset: usize,
    pub(crate) dict: Dict,
    pub(crate) places: Places,
}

/// An object stream, unpacked.
#[derive(Debug)]
struct Packed {
    bytes: Vec<u8>,
    /// The number of each object with the place where it begins.
    objects: Vec<(u32, usize)>,
}

// === impl Budget ===

impl Budget {
    pub(crate) fn new() -> Self {
        Self { entries: Cell::new(2_000_000), unpacked: Cell::new(128 << 20) }
    }

    pub(crate) fn entry(&self) -> Result<(), PdfError> {
        self.entries.set(self.entries.get().checked_sub(1).ok_or(PdfError::TooLarge("objects"))?);
        Ok(())
    }

    /// Hands out what is left, and takes what was used.
    pub(crate) fn unpacked(
        &self,
        unpack: impl FnOnce(usize) -> Result<Vec<u8>, PdfError>,
    ) -> Result<Vec<u8>, PdfError> {
        let left = self.unpacked.get();
        let bytes = unpack(left)?;
        self.unpacked.set(left.saturating_sub(bytes.len()));
        Ok(bytes)
    }
}

// === impl File ===

impl<'a> File<'a> {
    pub(crate) fn open(bytes: &'a [u8], budget: &'a Budget) -> Result<Self, PdfError> {
        if bytes.len() > LARGEST {
            return Err(PdfError::TooLarge("bytes"));
        }
        if !bytes.starts_with(b"%PDF-") {
            return Err(PdfError::Broken { what: "a PDF begins with %PDF-", at: 0 });
        }
        let (start, end) = last_revision(bytes)?;
        let table = Table::read(bytes, start, budget)?;
        Ok(Self { bytes, table, start, end, budget, streams: RefCell::default() })
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn trailer(&self) -> &Dict {
        &self.table.trailer
    }

    pub(crate) fn has_stream_table(&self) -> bool {
        self.table.is_stream
    }

    /// The catalog: where the document begins.
    pub(crate) fn root(&self) -> Result<(Id, Dict), PdfError> {
        let id = self.trailer().get("Root").and_then(Object::as_reference);
        let id = id.ok_or(PdfError::Document("the trailer has no catalog"))?;
        match self.get(id)? {
            Object::Dict(catalog) => Ok((id, catalog)),
            _ => Err(PdfError::Document("the catalog is no dictionary")),
        }
    }

    pub(crate) fn entry(&self, number: u32) -> Option<Entry> {
        self.table.entries.get(&number).copied()
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (u32, Entry)> {
        self.table.entries.iter().map(|(number, entry)| (*number, *entry))
    }

    /// Whether the last revision wrote the object.
    pub(crate) fn is_in_last_revision(&self, number: u32) -> bool {
        self.table.newest.contains(&number)
    }

    /// The first number that no object has.
    pub(crate) fn free_number(&self) -> u32 {
        let size = self.trailer().get("Size").and_then(Object::as_integer).and_then(|size| size.try_into().ok());
        let after_last = self.table.entries.keys().max().map_or(1, |last| last + 1);
        after_last.max(size.unwrap_or(0))
    }

    /// An object; what is not there is null (7.3.10).
    pub(crate) fn get(&self, id: Id) -> Result<Object, PdfError> {
        match self.entry(id.number).filter(|entry| entry.is_named_by(id)) {
            None | Some(Entry::Free) => Ok(Object::Null),
            Some(Entry::At { offset, .. }) => {
                let reader = self.beginning(id, offset)?;
                body(self.bytes, reader, &|length| self.length(length))
            }
            Some(Entry::In { stream, index }) => self.packed(stream, index, id.number),
        }
    }

    /// The object, or what it refers to.
    pub(crate) fn resolve(&self, object: &Object) -> Result<Object, PdfError> {
        let mut object = object.clone();
        for _ in 0..LONGEST_CHAIN {
            let Object::Reference(id) = object else { return Ok(object) };
            object = self.get(id)?;
        }
        Err(PdfError::Document("references go round in a circle"))
    }

    /// A dictionary's value, resolved; null where there is none.
    pub(crate) fn value(&self, dict: &Dict, key: &str) -> Result<Object, PdfError> {
        dict.get(key).map_or(Ok(Object::Null), |value| self.resolve(value))
    }

    /// A dictionary with the places of its values.
    pub(crate) fn dictionary_in_place(&self, id: Id) -> Result<InPlace, PdfError> {
        let Some(Entry::At { offset, .. }) = self.entry(id.number).filter(|entry| entry.is_named_by(id)) else {
            return Err(PdfError::Document("a signature is packed into a stream, or is not there"));
        };
        let (dict, places) = self.beginning(id, offset)?.dictionary_with_places()?;
        Ok(InPlace { offset, dict, places })
    }

    fn beginning(&self, id: Id, offset: usize) -> Result<Reader<'a>, PdfError> {
        let mut reader = Reader::new(self.bytes, offset);
        if reader.heading()? != id {
            return Err(PdfError::Broken { what: "another object stands where the cross-references say", at: offset });
        }
        Ok(reader)
    }

    /// The length of a stream that is an object of its own: a number that is not packed, so that nothing can turn back
    /// to the stream.
    fn length(&self, id: Id) -> Option<usize> {
        let Entry::At { offset, .. } = self.entry(id.number).filter(|entry| entry.is_named_by(id))? else {
            return None;
        };
        self.beginning(id, offset).ok()?.unsigned("").ok()?.try_into().ok()
    }

    fn packed(&self, stream: u32, index: usize, number: u32) -> Result<Object, PdfError> {
        let packed = self.object_stream(stream)?;
        match packed.objects.get(index) {
            Some((found, at)) if *found == number => Reader::new(&packed.bytes, *at).object(),
            _ => Err(PdfError::Document("an object is not in the stream that the cross-references say")),
        }
    }

    fn object_stream(&self, number: u32) -> Result<Rc<Packed>, PdfError> {
        if let Some(packed) = self.streams.borrow().get(&number) {
            return Ok(packed.clone());
        }
        let not_one = PdfError::Document("an object stream is not one");
        let Some(Entry::At { offset, generation }) = self.entry(number) else { return Err(not_one) };
        let reader = self.beginning(Id { number, generation }, offset)?;
        let stream = match body(self.bytes, reader, &|length| self.length(length))? {
            Object::Stream(stream) if stream.dict.is("Type", "ObjStm") => stream,
            _ => return Err(not_one),
        };
        let bytes = self.budget.unpacked(|limit| unpack(&stream, limit))?;
        let count = |key: &str| stream.dict.get(key)?.as_integer()?.try_into().ok();
        let (Some(objects), Some(first)) = (count("N"), count("First")) else { return Err(not_one) };
        let packed = Rc::new(Packed { objects: heads(&bytes, objects, first, self.budget)?, bytes });
        self.streams.borrow_mut().insert(number, packed.clone());
        Ok(packed)
    }
}

fn heads(bytes: &[u8], count: usize, first: usize, budget: &Budget) -> Result<Vec<(u32, usize)>, PdfError> {
    const WHAT: &str = "the list of an object stream is not one";
    let mut reader = Reader::new(bytes, 0);
    let mut heads = Vec::new();
    for _ in 0..count {
        budget.entry()?;
        let (number, at) = (reader.unsigned(WHAT)?, reader.unsigned(WHAT)?);
        match (number.try_into(), usize::try_from(at)) {
            (Ok(number), Ok(at)) => heads.push((number, first.saturating_add(at))),
            _ => return reader.broken(WHAT),
        }
    }
    Ok(heads)
}

/// What stands between `obj` and `endobj`. `length` looks up the length of a stream that is elsewhere.
pub(super) fn body(
    bytes: &[u8],
    mut reader: Reader<'_>,
    length: &dyn Fn(Id) -> Option<usize>,
) -> Result<Object, PdfError> {
    let object = reader.object()?;
    reader.skip_space();
    let Object::Dict(dict) = object else {
        reader.keyword(b"endobj", "an object does not end where it should")?;
        return Ok(object);
    };
    if !reader.take(b"stream") {
        reader.keyword(b"endobj", "an object does not end where it should")?;
        return Ok(Object::Dict(dict));
    }
    if !reader.take(b"\r\n") && !reader.take(b"\n") {
        return reader.broken("a stream begins on a line of its own");
    }
    let long = match dict.get("Length") {
        Some(Object::Integer(long)) => usize::try_from(*long).ok(),
        Some(Object::Reference(id)) => length(*id),
        _ => None,
    };
    let start = reader.at();
    let data = long.and_then(|long| bytes.get(start..start.checked_add(long)?));
    let Some(data) = data else { return reader.broken("a stream has no length, or is longer than the file") };
    let mut reader = Reader::new(bytes, start + data.len());
    reader.keyword(b"endstream", "a stream does not end where it should")?;
    reader.keyword(b"endobj", "an object does not end where it should")?;
    Ok(Object::Stream(Stream { dict, data: data.to_vec() }))
}

/// Where the last cross-references begin, and where the last revision ends.
fn last_revision(bytes: &[u8]) -> Result<(usize, usize), PdfError> {
    const WORD: &[u8] = b"startxref";
    let none = PdfError::Broken { what: "the file has no end: it may be cut off", at: bytes.len() };
    let at = bytes.windows(WORD.len()).rposition(|window| window == WORD).ok_or(none.clone())?;
    let mut reader = Reader::new(bytes, at + WORD.len());
    let start = reader.unsigned("no place of the cross-references")?;
    let start = usize::try_from(start).ok().filter(|start| *start < at).ok_or(none.clone())?;
    let mut end = reader.at();
    while bytes.get(end).is_some_and(|byte| is_space(*byte)) {
        end += 1;
    }
    let mut reader = Reader::new(bytes, end);
    if !reader.take(b"%%EOF") {
        return Err(none);
    }
    if !reader.take(b"\r\n") && !reader.take(b"\n") {
        reader.take(b"\r");
    }
    Ok((start, reader.at()))
}
