use typst::{
    layout::{Abs, Em, Point},
    text::{Glyph, TextItem},
};
use zhongtai_ofd::Item;

use super::{Artist, matrix::Matrix};
use crate::Fault;

impl Artist<'_> {
    pub(super) fn text(&mut self, text: &TextItem, at: Matrix) {
        let mut missing = text.glyphs.iter().filter(|glyph| glyph.id == 0).peekable();
        if missing.peek().is_some() {
            missing.for_each(|glyph| self.missing(text, glyph));
            return;
        }
        let span = text.glyphs.first().map_or(typst::syntax::Span::detached(), |glyph| glyph.span.0);
        let fill = self.colour(&text.fill, span);
        if text.stroke.is_some() {
            self.fault(span, "text with an outline can't be shown in OFD".to_owned());
        }
        if !at.is_upright() {
            self.outlines(text, at, fill);
            return;
        }
        for line in lines(text) {
            self.line(text, &line, at, fill);
        }
    }

    /// Tofu is no answer: a name with a character that no font has must not be printed.
    fn missing(&mut self, text: &TextItem, glyph: &Glyph) {
        let character = text.text.get(glyph.range()).and_then(|text| text.chars().next()).unwrap_or_default();
        let number = u32::from(character);
        let (span, offset) = glyph.span;
        let problem = format!("no font has the character {character} (U+{number:04X})");
        let place = self.desk.place_within(span.into(), offset.into());
        self.faults.push(Fault { place, problem, hints: Vec::new() });
    }

    fn line(&mut self, text: &TextItem, line: &Line<'_>, at: Matrix, fill: [u8; 3]) {
        let used = self.fonts.of(&text.font);
        let font = used.position;
        // Frames count downwards, text upwards.
        let (x_mm, y_mm) = at.at(Point::new(line.x, -line.y));
        let mm = |length: Abs| length.to_mm() * at.scale();
        let glyphs = line.glyphs.iter().map(|placed| zhongtai_ofd::Glyph {
            id: used.glyph(placed.glyph.id, placed.text),
            text: placed.text.to_owned(),
            dx_mm: mm(placed.x - line.x),
        });
        let glyphs = glyphs.collect();
        self.items.push(Item::Glyphs { font, size_mm: mm(text.size), x_mm, y_mm, fill, glyphs });
    }
}

/// Glyphs of the same height.
struct Line<'a> {
    x: Abs,
    y: Abs,
    glyphs: Vec<Placed<'a>>,
}

/// A glyph and where it begins, from where the text begins.
pub(super) struct Placed<'a> {
    pub(super) glyph: &'a Glyph,
    /// None for a further glyph of the same character.
    text: &'a str,
    pub(super) x: Abs,
    pub(super) y: Abs,
}

fn lines(text: &TextItem) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for placed in placed(text) {
        match lines.last_mut() {
            Some(line) if line.y == placed.y => line.glyphs.push(placed),
            _ => lines.push(Line { x: placed.x, y: placed.y, glyphs: vec![placed] }),
        }
    }
    lines
}

pub(super) fn placed(text: &TextItem) -> impl Iterator<Item = Placed<'_>> {
    let (mut x, mut y) = (Em::zero(), Em::zero());
    let mut last = None;
    text.glyphs.iter().map(move |glyph| {
        let at = (x + glyph.x_offset, y + glyph.y_offset);
        x += glyph.x_advance;
        y += glyph.y_advance;
        let is_further = last.replace(glyph.range.start) == Some(glyph.range.start);
        let own = text.text.get(glyph.range()).filter(|_| !is_further).unwrap_or_default();
        Placed { glyph, text: own, x: at.0.at(text.size), y: at.1.at(text.size) }
    })
}
