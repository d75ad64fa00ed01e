//! Where a signature stands in its file, and which bytes it signs (ISO 32000-1, 12.8.1).

use std::ops::Range;

use sha2::{Digest, Sha256};

use super::Fault;
use crate::{
    field::SignatureField,
    pdf::{Budget, Dict, File, Id, InPlace, Object, PdfError},
};

/// A signature dictionary whose `ByteRange` is all of the file up to `end`, but for its own `Contents`.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) id: Id,
    pub(super) dict: Dict,
    /// Where the dictionary begins.
    offset: usize,
    /// The hexadecimal string with its brackets.
    contents: Range<usize>,
    /// Where the signed bytes end.
    pub(super) end: usize,
}

// === impl Located ===

impl Located {
    pub(super) fn find(file: &File<'_>, field: &SignatureField) -> Result<Self, Fault> {
        let id = field.dict.get("V").and_then(Object::as_reference);
        let id = id.ok_or(Fault::Dictionary("it is not an object of its own"))?;
        let place = file.dictionary_in_place(id);
        let InPlace { offset, dict, places } =
            place.map_err(|_| Fault::Dictionary("it is packed into a stream, or not there"))?;
        let contents = places.into_iter().find(|(key, _)| key == b"Contents");
        let (_, contents) = contents.ok_or(Fault::Dictionary("it has no signature"))?;
        let end = covered(&dict, &contents, file.bytes())?;
        Ok(Self { id, dict, offset, contents, end })
    }

    /// The signed revision: it has to end where the signed bytes end, and to be the one that wrote the signature.
    pub(super) fn revision<'a>(&self, pdf: &'a [u8], budget: &'a Budget) -> Result<File<'a>, Fault> {
        let bytes = pdf.get(..self.end).ok_or(Fault::Range("they end after the file"))?;
        let revision = File::open(bytes, budget).map_err(Fault::Revision)?;
        if revision.end != self.end {
            return Err(Fault::Range("they end amid a revision"));
        }
        let here = revision.dictionary_in_place(self.id).map(|place| place.offset);
        if here != Ok(self.offset) || !revision.is_in_last_revision(self.id.number) {
            return Err(Fault::Range("they are of another revision than the signature's"));
        }
        Ok(revision)
    }

    /// Of the signed bytes.
    pub(super) fn digest(&self, pdf: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(pdf.get(..self.contents.start).unwrap_or_default());
        hash.update(pdf.get(self.contents.end..self.end).unwrap_or_default());
        hash.finalize().into()
    }

    pub(super) fn text(&self, file: &File<'_>, key: &str) -> Option<String> {
        file.value(&self.dict, key).ok()?.as_text()
    }
}

/// Checks the four numbers against where the signature stands; returns where the signed bytes end.
fn covered(dict: &Dict, contents: &Range<usize>, bytes: &[u8]) -> Result<usize, Fault> {
    let numbers: Option<Vec<usize>> = dict.get("ByteRange").and_then(Object::as_array).and_then(|numbers| {
        numbers.iter().map(|number| number.as_integer().and_then(|number| usize::try_from(number).ok())).collect()
    });
    let Some(&[start, length, next, rest]) = numbers.as_deref() else {
        return Err(Fault::Range("they are not given as four numbers"));
    };
    if start != 0 {
        return Err(Fault::Range("they do not begin with the file"));
    }
    if length != contents.start || next != contents.end {
        return Err(Fault::Range("they leave out something else than the signature"));
    }
    let end = next.checked_add(rest).filter(|end| *end <= bytes.len());
    let end = end.ok_or(Fault::Range("they end after the file"))?;
    // Whatever is in the gap is not signed: it may hold nothing but the digits.
    let gap = bytes.get(contents.clone()).unwrap_or_default();
    let digits = gap.strip_prefix(b"<").and_then(|gap| gap.strip_suffix(b">"));
    if digits.is_none_or(|digits| digits.len() % 2 != 0 || !digits.iter().all(u8::is_ascii_hexdigit)) {
        return Err(Fault::Range("what they leave out is not a hexadecimal string"));
    }
    Ok(end)
}

impl From<PdfError> for Fault {
    fn from(error: PdfError) -> Self {
        Self::Revision(error)
    }
}
