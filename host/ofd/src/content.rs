//! What stands on a page, and the fonts and pictures that it needs.

use std::{collections::BTreeMap, io};

use crate::{
    Font, Item, OfdError, Page,
    graphics::{image, path},
    text::glyphs,
    write::{area, extension, problem},
    xml::{self, Xml},
};

/// Identifiers: unique in the document (GB/T 33190, 7.3), growing, so that what is painted later has a larger one.
#[derive(Debug, Default)]
pub(crate) struct Ids(u32);

/// What pages share.
pub(crate) struct Resources<'a> {
    pub(crate) ids: Ids,
    fonts: Vec<(u32, &'a Font)>,
    pictures: BTreeMap<&'a [u8], u32>,
}

// === impl Ids ===

impl Ids {
    pub(crate) fn next(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }

    pub(crate) fn last(&self) -> u32 {
        self.0
    }
}

// === impl Resources ===

impl<'a> Resources<'a> {
    pub(crate) fn new(fonts: &'a [Font]) -> Self {
        let mut ids = Ids::default();
        let fonts = fonts.iter().map(|font| (ids.next(), font)).collect();
        Self { ids, fonts, pictures: BTreeMap::new() }
    }

    pub(crate) fn font(&self, position: usize) -> Option<u32> {
        self.fonts.get(position).map(|(id, _)| *id)
    }

    /// A picture that stands on several pages is in the file once.
    pub(crate) fn picture(&mut self, png: &'a [u8]) -> u32 {
        *self.pictures.entry(png).or_insert_with(|| self.ids.next())
    }

    /// The elements of `CommonData` that refer to lists of resources, and where those are.
    pub(crate) fn lists(&self) -> Vec<(&'static str, &'static str)> {
        let fonts = (!self.fonts.is_empty()).then_some(("PublicRes", "PublicRes.xml"));
        let pictures = (!self.pictures.is_empty()).then_some(("DocumentRes", "DocumentRes.xml"));
        fonts.into_iter().chain(pictures).collect()
    }

    /// The lists of resources (7.9) and what they list.
    pub(crate) fn files(&self) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut files = Vec::new();
        for (_, name) in self.lists() {
            let list = if name == "PublicRes.xml" { self.public() } else { self.document() };
            files.push((format!("Doc_0/{name}"), list?));
        }
        files.extend(
            self.fonts.iter().map(|(id, font)| (format!("Doc_0/Res/{}", font_file(*id, font)), font.data.clone())),
        );
        let pictures: BTreeMap<u32, &[u8]> = self.pictures.iter().map(|(png, id)| (*id, *png)).collect();
        files.extend(pictures.into_iter().map(|(id, png)| (format!("Doc_0/Res/{}", picture_file(id)), png.to_vec())));
        Ok(files)
    }

    fn public(&self) -> io::Result<Vec<u8>> {
        list("Fonts", |xml| {
            for (id, font) in &self.fonts {
                let name = || font.name.clone();
                let attributes = [("ID", id.to_string()), ("FontName", name()), ("FamilyName", name())];
                xml::element(xml, "Font", &attributes, |xml| xml::text(xml, "FontFile", &[], font_file(*id, font)))?;
            }
            Ok(())
        })
    }

    fn document(&self) -> io::Result<Vec<u8>> {
        list("MultiMedias", |xml| {
            let mut ids: Vec<u32> = self.pictures.values().copied().collect();
            ids.sort_unstable();
            for id in ids {
                let attributes = [("ID", id.to_string()), ("Type", "Image".to_owned()), ("Format", "PNG".to_owned())];
                xml::element(xml, "MultiMedia", &attributes, |xml| xml::text(xml, "MediaFile", &[], picture_file(id)))?;
            }
            Ok(())
        })
    }
}

fn list(name: &str, inside: impl FnOnce(&mut Xml) -> io::Result<()>) -> io::Result<Vec<u8>> {
    xml::file("Res", &[("BaseLoc", "Res".to_owned())], |xml| xml::element(xml, name, &[], inside))
}

fn font_file(id: u32, font: &Font) -> String {
    format!("font_{id}.{}", extension(font).unwrap_or("ttf"))
}

fn picture_file(id: u32) -> String {
    format!("image_{id}.png")
}

/// `Content.xml` of the page with this number, from 1 (7.7).
pub(crate) fn page<'a>(page: &'a Page, number: usize, resources: &mut Resources<'a>) -> Result<Vec<u8>, OfdError> {
    let place = format!("page {number}");
    let mut wrong = None;
    let written = xml::file("Page", &[], |xml| {
        area(xml, "Area", page)?;
        xml::element(xml, "Content", &[], |xml| {
            let id = resources.ids.next();
            xml::element(xml, "Layer", &[("ID", id.to_string()), ("Type", "Body".to_owned())], |xml| {
                for one in &page.items {
                    if let Err(error) = item(xml, &place, one, resources) {
                        wrong = Some(error);
                        break;
                    }
                }
                Ok(())
            })
        })
    });
    wrong.map_or(Ok(written?), Err)
}

fn item<'a>(xml: &mut Xml, place: &str, item: &'a Item, resources: &mut Resources<'a>) -> Result<(), OfdError> {
    match item {
        Item::Glyphs { .. } => glyphs(xml, place, item, resources),
        Item::Path { .. } => path(xml, place, item, &mut resources.ids),
        Item::Image { .. } => image(xml, place, item, resources),
    }
}

/// Whether XML can hold it: most control characters have no form there (XML 1.0, 2.2).
pub(crate) fn is_text(place: &str, text: &str) -> Result<(), OfdError> {
    let bad =
        |one: char| (one.is_control() && !matches!(one, '\t' | '\n' | '\r')) || matches!(one, '\u{fffe}' | '\u{ffff}');
    if text.contains(bad) {
        Err(problem(place, "a text has a control character, which XML can't hold"))
    } else {
        Ok(())
    }
}

/// `CT_Color` (8.3.2).
pub(crate) fn colour(xml: &mut Xml, name: &str, [red, green, blue]: [u8; 3]) -> io::Result<()> {
    xml::empty(xml, name, &[("Value", format!("{red} {green} {blue}"))])
}
