use std::collections::{BTreeMap, HashMap};

use subsetter::GlyphRemapper;
use ttf_parser::RawFace;
use typst::text::FontInstance;
use write_fonts::{
    FontBuilder,
    tables::cmap::Cmap,
    types::{GlyphId, Tag},
};
use zhongtai_ofd::Font;

/// What a subset for PDF leaves out, and others look for.
const OS2: &[u8; 4] = b"OS/2";

/// The fonts that the document uses, with what it uses of each.
#[derive(Default)]
pub(super) struct Fonts(HashMap<FontInstance, Used>);

pub(super) struct Used {
    pub(super) position: usize,
    remapper: GlyphRemapper,
    characters: BTreeMap<char, u16>,
}

// === impl Fonts ===

impl Fonts {
    /// A font, with its position in the document.
    pub(super) fn of(&mut self, font: &FontInstance) -> &mut Used {
        let position = self.0.len();
        self.0.entry(font.clone()).or_insert_with(|| Used {
            position,
            remapper: GlyphRemapper::new(),
            characters: BTreeMap::new(),
        })
    }

    /// The files that go into the document, by position.
    pub(super) fn subsets(self) -> Result<Vec<Font>, String> {
        let mut used: Vec<_> = self.0.into_iter().collect();
        used.sort_by_key(|(_, used)| used.position);
        used.iter().map(|(font, used)| subset(font, used)).collect()
    }
}

// === impl Used ===

impl Used {
    /// The number of a glyph in the document, which reads as `text`.
    pub(super) fn glyph(&mut self, id: u16, text: &str) -> u16 {
        let id = self.remapper.remap(id);
        let mut characters = text.chars();
        if let (Some(character), None) = (characters.next(), characters.next()) {
            // Of several forms of a character the first one stands for it.
            self.characters.entry(character).or_insert(id);
        }
        id
    }
}

fn subset(font: &FontInstance, used: &Used) -> Result<Font, String> {
    let name = font.info().family.clone();
    if !font.variations().0.is_empty() {
        return Err(format!("the font {name} is a variable one, which can't go into an OFD"));
    }
    let data = subsetter::subset(font.data(), font.index(), &used.remapper);
    let data = data.map_err(|problem| format!("the font {name}: {problem}"))?;
    let data = whole(font, used, &data).map_err(|problem| format!("the font {name}: {problem}"))?;
    Ok(Font { name, data })
}

/// A font that programs take which know nothing of the document: PDF has its own map from characters to glyphs, OFD
/// readers may look for the font's.
fn whole(font: &FontInstance, used: &Used, subset: &[u8]) -> Result<Vec<u8>, String> {
    let map = used.characters.iter().map(|(character, id)| (*character, GlyphId::new((*id).into())));
    let map = Cmap::from_mappings(map).map_err(|problem| problem.to_string())?;
    let mut builder = FontBuilder::new();
    builder.add_table(&map).map_err(|problem| problem.to_string())?;
    if let Some(os2) = font.ttf().raw_face().table(ttf_parser::Tag::from_bytes(OS2)) {
        builder.add_raw(Tag::new(OS2), os2);
    }
    let rest = RawFace::parse(subset, 0).map_err(|problem| problem.to_string())?;
    for record in rest.table_records {
        builder.add_raw(Tag::new(&record.tag.to_bytes()), rest.table(record.tag).unwrap_or_default());
    }
    Ok(builder.build())
}
