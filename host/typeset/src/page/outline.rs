use ttf_parser::{GlyphId, OutlineBuilder};
use typst::text::TextItem;
use zhongtai_ofd::{Item, Segment};

use super::{Artist, matrix::Matrix, text::placed};

impl Artist<'_> {
    /// Text that is turned, as areas: a line of glyphs is upright in this model. It is seen, but not found by a search.
    pub(super) fn outlines(&mut self, text: &TextItem, at: Matrix, fill: [u8; 3]) {
        let scale = text.size.to_pt() / text.font.units_per_em();
        let mut segments = Vec::new();
        for placed in placed(text) {
            let origin = (placed.x.to_pt(), -placed.y.to_pt());
            let mut pen = Pen { at, origin, scale, last: (0.0, 0.0), segments: &mut segments };
            text.font.ttf().outline_glyph(GlyphId(placed.glyph.id), &mut pen);
        }
        if !segments.is_empty() {
            self.items.push(Item::Path { fill: Some(fill), stroke: None, segments });
        }
    }
}

struct Pen<'a> {
    at: Matrix,
    /// Of the glyph, points.
    origin: (f64, f64),
    /// Points per font unit.
    scale: f64,
    /// Font units.
    last: (f64, f64),
    segments: &'a mut Vec<Segment>,
}

// === impl Pen ===

impl Pen<'_> {
    fn point(&self, (x, y): (f64, f64)) -> (f64, f64) {
        self.at.at_pt(self.origin.0 + x * self.scale, self.origin.1 - y * self.scale)
    }

    fn curve(&mut self, one: (f64, f64), two: (f64, f64), end: (f64, f64)) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.point(one), self.point(two), self.point(end));
        self.segments.push(Segment::CurveTo { x1, y1, x2, y2, x, y });
        self.last = end;
    }
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.last = pair(x, y);
        let (x, y) = self.point(self.last);
        self.segments.push(Segment::MoveTo { x, y });
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.last = pair(x, y);
        let (x, y) = self.point(self.last);
        self.segments.push(Segment::LineTo { x, y });
    }

    /// As a cubic one: its control points lie two thirds of the way to the quadratic one's.
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (control, end) = (pair(x1, y1), pair(x, y));
        let towards =
            |from: (f64, f64)| (from.0 + (control.0 - from.0) * 2.0 / 3.0, from.1 + (control.1 - from.1) * 2.0 / 3.0);
        self.curve(towards(self.last), towards(end), end);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.curve(pair(x1, y1), pair(x2, y2), pair(x, y));
    }

    fn close(&mut self) {
        self.segments.push(Segment::Close);
    }
}

fn pair(x: f32, y: f32) -> (f64, f64) {
    (x.into(), y.into())
}
