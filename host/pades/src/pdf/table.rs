//! Cross-references (ISO 32000-1, 7.5.4 and 7.5.8): where each object stands, from all revisions of a file.

use std::collections::{HashMap, HashSet};

use super::{Dict, Id, Object, PdfError, file::Budget, filter::unpack, reader::Reader};

/// Annex C of ISO 32000-1 has the same bound.
const HIGHEST_NUMBER: u64 = 8_388_607;

/// Each revision adds one section, and a linearized file has two.
const MOST_SECTIONS: usize = 4096;

/// Where an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    Free,
    /// At a byte of the file.
    At {
        offset: usize,
        generation: u16,
    },
    /// In an object stream.
    In {
        stream: u32,
        index: usize,
    },
}

/// What all sections say together: the newest one that knows an object counts.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) entries: HashMap<u32, Entry>,
    /// The objects that the newest section names.
    pub(crate) newest: HashSet<u32>,
    /// Of the newest section.
    pub(crate) trailer: Dict,
    /// Whether the newest section is a stream: the next one then has to be a stream too (7.5.8.4).
    pub(crate) is_stream: bool,
}

struct Section {
    entries: Vec<(u32, Entry)>,
    trailer: Dict,
    is_stream: bool,
}

// === impl Table ===

impl Table {
    /// Reads the section at `start` and those before it.
    pub(crate) fn read(bytes: &[u8], start: usize, budget: &Budget) -> Result<Self, PdfError> {
        let newest = section(bytes, start, budget)?;
        let mut table = Self {
            entries: HashMap::with_capacity(newest.entries.len()),
            newest: newest.entries.iter().map(|(number, _)| *number).collect(),
            is_stream: newest.is_stream,
            trailer: newest.trailer.clone(),
        };
        let (mut seen, mut next) = (HashSet::from([start]), Some(newest));
        while let Some(section) = next.take() {
            for (number, entry) in section.entries {
                table.entries.entry(number).or_insert(entry);
            }
            let Some(previous) = section.trailer.get("Prev") else { break };
            let previous = previous.as_integer().and_then(|at| usize::try_from(at).ok());
            let Some(previous) = previous.filter(|at| seen.insert(*at)) else {
                return Err(PdfError::Document("the cross-references go round in a circle"));
            };
            if seen.len() > MOST_SECTIONS {
                return Err(PdfError::TooLarge("revisions"));
            }
            next = Some(self::section(bytes, previous, budget)?);
        }
        Ok(table)
    }
}

fn section(bytes: &[u8], start: usize, budget: &Budget) -> Result<Section, PdfError> {
    let mut reader = Reader::new(bytes, start);
    reader.skip_space();
    let section = if reader.take(b"xref") { listed(reader, budget)? } else { packed(bytes, reader, budget)? };
    if section.trailer.get("Encrypt").is_some() {
        return Err(PdfError::Encrypted);
    }
    if section.trailer.get("XRefStm").is_some() {
        return Err(PdfError::Hybrid);
    }
    Ok(section)
}

/// A table with one line for each object.
fn listed(mut reader: Reader<'_>, budget: &Budget) -> Result<Section, PdfError> {
    const WHAT: &str = "the cross-reference table is not one";
    let mut entries = Vec::new();
    loop {
        reader.skip_space();
        if reader.take(b"trailer") {
            break;
        }
        let (first, count) = (reader.unsigned(WHAT)?, reader.unsigned(WHAT)?);
        for number in first..first.saturating_add(count) {
            budget.entry()?;
            let (offset, generation) = (reader.unsigned(WHAT)?, reader.unsigned(WHAT)?);
            reader.skip_space();
            let entry = if reader.take(b"n") {
                at(offset, generation)?
            } else {
                reader.keyword(b"f", WHAT)?;
                Entry::Free
            };
            entries.push((numbered(number)?, entry));
        }
    }
    reader.skip_space();
    match reader.object()? {
        Object::Dict(trailer) => Ok(Section { entries, trailer, is_stream: false }),
        _ => reader.broken("the trailer is no dictionary"),
    }
}

/// A stream with one row of bytes for each object.
fn packed(bytes: &[u8], mut reader: Reader<'_>, budget: &Budget) -> Result<Section, PdfError> {
    let at = reader.at();
    reader.heading()?;
    let stream = match super::file::body(bytes, reader, &|_| None)? {
        Object::Stream(stream) if stream.dict.is("Type", "XRef") => stream,
        _ => return Err(PdfError::Broken { what: "no cross-references stand where the file says", at }),
    };
    let wrong = PdfError::Broken { what: "the cross-reference stream is not one", at };
    let widths = numbers(stream.dict.get("W")).ok_or(wrong.clone())?;
    let &[kind, middle, last] = widths.as_slice() else { return Err(wrong) };
    if widths.iter().any(|width| *width > 8) || kind + middle + last == 0 {
        return Err(wrong);
    }
    let size = stream.dict.get("Size").and_then(Object::as_integer).and_then(|size| u64::try_from(size).ok());
    let index = match (stream.dict.get("Index"), size) {
        (None, Some(size)) => vec![0, size],
        (index, _) => numbers(index).ok_or(wrong.clone())?,
    };
    let rows = budget.unpacked(|limit| unpack(&stream, limit))?;
    let mut rows = rows.chunks_exact((kind + middle + last) as usize);
    let mut entries = Vec::new();
    for range in index.chunks(2) {
        let &[first, count] = range else { return Err(wrong) };
        for number in first..first.saturating_add(count) {
            budget.entry()?;
            let row = rows.next().ok_or(wrong.clone())?;
            entries.push((numbered(number)?, entry(row, kind as usize, middle as usize)?));
        }
    }
    Ok(Section { entries, trailer: stream.dict, is_stream: true })
}

fn entry(row: &[u8], kind: usize, middle: usize) -> Result<Entry, PdfError> {
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let (first, rest) = row.split_at_checked(kind).unwrap_or_default();
    let (second, third) = rest.split_at_checked(middle).unwrap_or_default();
    let kind = if first.is_empty() { 1 } else { number(first) };
    match kind {
        0 => Ok(Entry::Free),
        1 => at(number(second), number(third)),
        2 => {
            let index = usize::try_from(number(third)).map_err(|_| PdfError::TooLarge("object streams"))?;
            Ok(Entry::In { stream: numbered(number(second))?, index })
        }
        // Other kinds stand for null (7.5.8.3).
        _ => Ok(Entry::Free),
    }
}

fn at(offset: u64, generation: u64) -> Result<Entry, PdfError> {
    match (offset.try_into(), generation.try_into()) {
        (Ok(offset), Ok(generation)) => Ok(Entry::At { offset, generation }),
        _ => Err(PdfError::Document("a cross-reference points out of the file")),
    }
}

fn numbered(number: u64) -> Result<u32, PdfError> {
    if number > HIGHEST_NUMBER {
        return Err(PdfError::TooLarge("object numbers"));
    }
    number.try_into().map_err(|_| PdfError::TooLarge("object numbers"))
}

fn numbers(object: Option<&Object>) -> Option<Vec<u64>> {
    object?.as_array()?.iter().map(|item| item.as_integer()?.try_into().ok()).collect()
}

// === impl Entry ===

impl Entry {
    /// None for an object that is not there.
    pub(crate) fn generation(self) -> Option<u16> {
        match self {
            Self::Free => None,
            Self::At { generation, .. } => Some(generation),
            Self::In { .. } => Some(0),
        }
    }

    pub(crate) fn is_named_by(self, id: Id) -> bool {
        self.generation() == Some(id.generation)
    }
}
