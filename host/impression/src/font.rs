use std::fmt;

use skrifa::{
    FontRef, MetadataProvider,
    instance::{LocationRef, Size},
    outline::{DrawSettings, OutlinePen},
};

use crate::{DesignError, Segment};

/// A font file's face: where glyph outlines come from.
#[derive(Clone)]
pub struct Font<'a> {
    face: FontRef<'a>,
    /// Font units in an em.
    em: f64,
}

/// A character's outline, in ems: x to the right from the glyph's origin, y up from the baseline.
pub(crate) struct Glyph {
    pub(crate) segments: Vec<Segment>,
    pub(crate) advance: f64,
}

// === impl Font ===

impl<'a> Font<'a> {
    /// Reads a TrueType or OpenType file, or face `index` of a collection (0 where there is only one).
    ///
    /// # Errors
    /// When it is not a font, or has no such face.
    pub fn parse(file: &'a [u8], index: u32) -> Result<Self, DesignError> {
        let face = FontRef::from_index(file, index)
            .map_err(|_| DesignError::Font("it can't be read as TrueType or OpenType with that face"))?;
        let em = f64::from(face.metrics(Size::unscaled(), LocationRef::default()).units_per_em);
        if em < 16.0 || face.outline_glyphs().format().is_none() {
            return Err(DesignError::Font("it has no outlines"));
        }
        Ok(Self { face, em })
    }

    /// The outlines of `text`, which is called `what` in errors.
    pub(crate) fn glyphs(&self, what: &'static str, text: &str) -> Result<Vec<Glyph>, DesignError> {
        text.chars().zip(1..).map(|(character, position)| self.glyph(what, character, position)).collect()
    }

    fn glyph(&self, what: &'static str, character: char, position: usize) -> Result<Glyph, DesignError> {
        if character.is_control() || character.is_whitespace() {
            return Err(DesignError::Unprintable { what, position });
        }
        let missing = DesignError::MissingGlyph { what, position };
        let id = self.face.charmap().map(character).filter(|id| id.to_u32() != 0).ok_or(missing.clone())?;
        let outline = self.face.outline_glyphs().get(id).ok_or(missing.clone())?;
        let mut pen = Pen { em: self.em, segments: Vec::new(), at: (0.0, 0.0) };
        let settings = DrawSettings::unhinted(Size::unscaled(), LocationRef::default());
        outline.draw(settings, &mut pen).map_err(|_| missing)?;
        if pen.segments.is_empty() {
            return Err(DesignError::Unprintable { what, position });
        }
        let metrics = self.face.glyph_metrics(Size::unscaled(), LocationRef::default());
        let advance = metrics.advance_width(id).map_or(1.0, |units| f64::from(units) / self.em);
        Ok(Glyph { segments: pen.segments, advance })
    }
}

impl fmt::Debug for Font<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Font").field("em", &self.em).finish_non_exhaustive()
    }
}

/// Takes an outline down in ems, quadratic curves as cubic ones.
struct Pen {
    em: f64,
    segments: Vec<Segment>,
    at: (f64, f64),
}

// === impl Pen ===

impl Pen {
    fn ems(&self, x: f32, y: f32) -> (f64, f64) {
        (f64::from(x) / self.em, f64::from(y) / self.em)
    }
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.at = self.ems(x, y);
        self.segments.push(Segment::MoveTo { x: self.at.0, y: self.at.1 });
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.at = self.ems(x, y);
        self.segments.push(Segment::LineTo { x: self.at.0, y: self.at.1 });
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let (from, control, to) = (self.at, self.ems(cx, cy), self.ems(x, y));
        let third =
            |end: (f64, f64)| (end.0 + (control.0 - end.0) * 2.0 / 3.0, end.1 + (control.1 - end.1) * 2.0 / 3.0);
        let ((x1, y1), (x2, y2)) = (third(from), third(to));
        self.segments.push(Segment::CurveTo { x1, y1, x2, y2, x: to.0, y: to.1 });
        self.at = to;
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2)) = (self.ems(cx0, cy0), self.ems(cx1, cy1));
        self.at = self.ems(x, y);
        self.segments.push(Segment::CurveTo { x1, y1, x2, y2, x: self.at.0, y: self.at.1 });
    }

    fn close(&mut self) {
        self.segments.push(Segment::Close);
    }
}
