//! The fonts that a worker has: read once, from the files that the operator named.

use std::path::PathBuf;

use typst::{
    foundations::Bytes,
    text::{Font, FontBook},
    utils::LazyHash,
};

/// How families end in a collection that has one font with glyphs for each region: Japan, Korea, Taiwan, Hong Kong.
const OTHER_REGIONS: [&str; 4] = [" JP", " KR", " TC", " HK"];
const MAINLAND: &str = " SC";

pub(crate) struct Fonts {
    pub(crate) book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    /// Of the first file: what text is in when the template names nothing else.
    pub(crate) family: String,
    /// How many bytes they take.
    pub(crate) bytes: usize,
}

// === impl Fonts ===

impl Fonts {
    pub(crate) fn read(files: &[PathBuf]) -> Result<Self, String> {
        let mut fonts = Vec::new();
        let mut bytes = 0;
        for file in files {
            let data = std::fs::read(file).map_err(|problem| format!("{}: {problem}", file.display()))?;
            bytes += data.len();
            let found: Vec<Font> = Font::iter(Bytes::new(data)).collect();
            if found.is_empty() {
                return Err(format!("{} is no TrueType or OpenType font", file.display()));
            }
            fonts.extend(of_mainland(found));
        }
        let family = fonts.first().map(|font| font.info().family.clone()).ok_or("no font file is configured")?;
        let book = LazyHash::new(FontBook::from_fonts(&fonts));
        Ok(Self { book, fonts, family, bytes })
    }

    pub(crate) fn get(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }
}

/// Leaves out what a collection has for other regions: their forms of characters are not those of the mainland's
/// standard, and a document must not slip into them.
fn of_mainland(mut fonts: Vec<Font>) -> Vec<Font> {
    let is_of = |font: &Font, regions: &[&str]| {
        // Families such as `Noto Sans Mono CJK JP`.
        regions.iter().any(|region| font.info().family.ends_with(region))
    };
    if fonts.iter().any(|font| is_of(font, &[MAINLAND])) {
        fonts.retain(|font| !is_of(font, &OTHER_REGIONS));
    }
    fonts
}
