//! The parts by which a reader finds its way: `OFD.xml`, `Document.xml` and the pages.

use crate::{
    Location, OfdError,
    measure::parse_box,
    package::Package,
    xml::{Element, Part},
};

/// What `OFD.xml` says (GB/T 33190, 7.4).
#[derive(Debug)]
pub(crate) struct Entry {
    location: Location,
    document: Location,
    signatures: Option<Location>,
    /// Where in `OFD.xml` the reference to the list of signatures goes, and the prefix of the elements there.
    end: usize,
    prefix: String,
}

/// A page of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageEntry {
    pub(crate) id: String,
    location: Location,
}

// === impl Entry ===

impl Entry {
    /// Reads `OFD.xml`. A package with several documents is refused: a seal on one says nothing of the others.
    pub(crate) fn read(package: &Package<'_>) -> Result<Self, OfdError> {
        let location = Location::parse("OFD.xml").ok_or(OfdError::Refused("it has no OFD.xml"))?;
        let bytes = package.file(&location)?;
        let part = Part::parse(&location, bytes)?;
        let body = part.root("OFD")?.one("DocBody")?;
        let document = body.one("DocRoot")?.location()?;
        let signatures = body.optional("Signatures")?.map(Element::location).transpose()?;
        let (end, prefix) = closing_tag(body, bytes).ok_or_else(|| body.wrong("its DocBody has no end tag"))?;
        Ok(Self { location: location.clone(), document, signatures, end, prefix })
    }

    pub(crate) fn signatures(&self) -> Option<&Location> {
        self.signatures.as_ref()
    }

    /// Where the list of signatures goes in a document that has none.
    pub(crate) fn new_signatures(&self) -> Location {
        self.document.beside("Signs/Signatures.xml")
    }

    /// `OFD.xml` with a reference to the list of signatures, else as it was.
    pub(crate) fn with_signatures(
        &self,
        package: &Package<'_>,
        list: &Location,
    ) -> Result<(Location, Vec<u8>), OfdError> {
        let bytes = package.file(&self.location)?;
        let (before, after) =
            bytes.split_at_checked(self.end).ok_or_else(|| OfdError::Missing(self.location.clone()))?;
        let prefix = &self.prefix;
        let element = format!("<{prefix}Signatures>{}</{prefix}Signatures>", list.absolute());
        Ok((self.location.clone(), [before, element.as_bytes(), after].concat()))
    }

    /// The pages, in their order, and the area of those that name none.
    pub(crate) fn pages(&self, package: &Package<'_>) -> Result<Vec<PageEntry>, OfdError> {
        let part = Part::parse(&self.document, package.file(&self.document)?)?;
        let pages = part.root("Document")?.one("Pages")?;
        let read = |page: Element<'_>| {
            let location = page.resolve(page.attribute("BaseLoc")?)?;
            Ok(PageEntry { id: page.attribute("ID")?.to_owned(), location })
        };
        pages.all("Page").map(read).collect()
    }

    /// Width and height of a page, in millimetres (7.7: its own area, else the document's).
    pub(crate) fn size(&self, package: &Package<'_>, page: &PageEntry) -> Result<(f64, f64), OfdError> {
        let part = Part::parse(&page.location, package.file(&page.location)?)?;
        let root = part.root("Page")?;
        if let Some(area) = root.optional("Area")? {
            return physical_box(area);
        }
        let part = Part::parse(&self.document, package.file(&self.document)?)?;
        physical_box(part.root("Document")?.one("CommonData")?.one("PageArea")?)
    }
}

fn physical_box(area: Element<'_>) -> Result<(f64, f64), OfdError> {
    let area = area.one("PhysicalBox")?;
    let [_, _, width, height] = parse_box(&area.text()?).ok_or_else(|| area.wrong("a page has no size"))?;
    Ok((width, height))
}

/// Where the element's end tag begins, and the prefix in it, with its colon.
fn closing_tag(element: Element<'_>, bytes: &[u8]) -> Option<(usize, String)> {
    // The parser did not see a byte order mark.
    let skipped = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let text = std::str::from_utf8(bytes.get(skipped..)?).ok()?;
    let range = element.node.range();
    let start = range.start + text.get(range.clone())?.rfind("</")?;
    let name = text.get(start + 2..range.end)?.trim_end_matches('>').trim_end();
    let prefix = name.strip_suffix("DocBody")?;
    Some((skipped + start, prefix.to_owned()))
}
