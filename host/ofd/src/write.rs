use std::io;

use sm3::{Digest, Sm3};

use crate::{
    Font, Item, Layout, Location, OfdError, Page,
    content::{self, Resources},
    measure::{box_of, is_length},
    package::Package,
    time,
    xml::{self, Xml},
};

/// GB/T 33190-2016 describes version 1.0 of the format.
const VERSION: &str = "1.0";
/// Larger pages are mistakes in units.
const MAX_PAGE_MM: f64 = 5_000.0;

/// Writes an OFD file (GB/T 33190-2016). The same layout gives the same bytes.
///
/// Text keeps its characters beside its glyphs: readers that can use the font of the file draw the glyphs, all others
/// and every search see the characters.
///
/// # Errors
/// When the layout has no page, refers to a font it has not, or has a length, text or picture that an OFD file can't
/// hold.
pub fn write(layout: &Layout) -> Result<Vec<u8>, OfdError> {
    check(layout)?;
    let mut resources = Resources::new(&layout.fonts);
    let mut package = Package::default();
    let mut rest = Vec::new();
    let mut pages = Vec::new();
    for (number, page) in layout.pages.iter().enumerate() {
        let id = resources.ids.next();
        let name = format!("Pages/Page_{number}/Content.xml");
        rest.push((format!("Doc_0/{name}"), content::page(page, number + 1, &mut resources)?));
        pages.push((id, name));
    }
    rest.extend(resources.files()?);
    rest.insert(0, ("Doc_0/Document.xml".to_owned(), document(layout, &pages, &resources)?));
    let id = identifier(&rest);
    rest.insert(0, ("OFD.xml".to_owned(), entry(layout, &id)?));
    for (name, data) in rest {
        let location = Location::parse(&name).ok_or_else(|| problem(&name, "its name is no path"))?;
        package.put(location, data)?;
    }
    package.to_zip()
}

fn check(layout: &Layout) -> Result<(), OfdError> {
    if layout.pages.is_empty() {
        return Err(problem("the document", "it has no page: lay out at least one"));
    }
    content::is_text("the title", &layout.title)?;
    for (number, font) in layout.fonts.iter().enumerate() {
        content::is_text(&format!("font {number}"), &font.name)?;
        extension(font).ok_or_else(|| {
            problem(&format!("font {number}"), "neither TrueType nor OpenType: take a single font out of a collection")
        })?;
    }
    for (number, page) in layout.pages.iter().enumerate() {
        check_page(&format!("page {}", number + 1), page, layout.fonts.len())?;
    }
    Ok(())
}

fn check_page(place: &str, page: &Page, fonts: usize) -> Result<(), OfdError> {
    if ![page.width_mm, page.height_mm].iter().all(|length| is_length(*length) && *length <= MAX_PAGE_MM) {
        return Err(problem(place, "its size is not within 0 and 5000 mm"));
    }
    let has_fonts = page.items.iter().all(|item| !matches!(item, Item::Glyphs { font, .. } if *font >= fonts));
    if has_fonts { Ok(()) } else { Err(problem(place, "a text is in a font that the layout has not")) }
}

pub(crate) fn problem(place: &str, problem: &'static str) -> OfdError {
    OfdError::Layout { place: place.to_owned(), problem }
}

/// By what the file's first bytes say (OpenType 1.9, "Organization of an OpenType Font").
pub(crate) fn extension(font: &Font) -> Option<&'static str> {
    match font.data.get(..4)? {
        b"OTTO" => Some("otf"),
        [0, 1, 0, 0] | b"true" => Some("ttf"),
        _ => None,
    }
}

/// The main entry, `OFD.xml` (GB/T 33190, 7.4).
fn entry(layout: &Layout, id: &str) -> Result<Vec<u8>, OfdError> {
    let created = time::date(layout.created)?;
    let attributes = [("Version", VERSION.to_owned()), ("DocType", "OFD".to_owned())];
    Ok(xml::file("OFD", &attributes, |xml| {
        xml::element(xml, "DocBody", &[], |xml| {
            xml::element(xml, "DocInfo", &[], |xml| {
                xml::text(xml, "DocID", &[], id)?;
                xml::text(xml, "Title", &[], &layout.title)?;
                xml::text(xml, "CreationDate", &[], created)?;
                xml::text(xml, "Creator", &[], "Zhongtai")?;
                xml::text(xml, "CreatorVersion", &[], env!("CARGO_PKG_VERSION"))
            })?;
            xml::text(xml, "DocRoot", &[], "Doc_0/Document.xml")
        })
    })?)
}

/// `DocID`: 32 hexadecimal digits (7.4). What the document holds, and not chance, tells it from others.
fn identifier(files: &[(String, Vec<u8>)]) -> String {
    let mut digest = Sm3::new();
    for (name, data) in files {
        digest.update(name);
        digest.update((data.len() as u64).to_be_bytes());
        digest.update(data);
    }
    hex::encode(digest.finalize().get(..16).unwrap_or_default())
}

/// `Document.xml` (7.5).
fn document(layout: &Layout, pages: &[(u32, String)], resources: &Resources<'_>) -> io::Result<Vec<u8>> {
    xml::file("Document", &[], |xml| {
        xml::element(xml, "CommonData", &[], |xml| {
            xml::text(xml, "MaxUnitID", &[], resources.ids.last())?;
            if let Some(page) = layout.pages.first() {
                area(xml, "PageArea", page)?;
            }
            for (element, file) in resources.lists() {
                xml::text(xml, element, &[], file)?;
            }
            Ok(())
        })?;
        xml::element(xml, "Pages", &[], |xml| {
            for (id, name) in pages {
                xml::empty(xml, "Page", &[("ID", id.to_string()), ("BaseLoc", name.clone())])?;
            }
            Ok(())
        })
    })
}

/// `CT_PageArea` (7.5).
pub(crate) fn area(xml: &mut Xml, name: &str, page: &Page) -> io::Result<()> {
    xml::element(xml, name, &[], |xml| {
        xml::text(xml, "PhysicalBox", &[], box_of(0.0, 0.0, page.width_mm, page.height_mm))
    })
}
