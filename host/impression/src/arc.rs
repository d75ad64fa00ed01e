//! Round and oval faces: a ring with text along its upper part, and what stands inside.

use crate::{
    Design, DesignError, Drawing, Font, Path, Segment,
    font::Glyph,
    outline::{Place, put, ring, star},
};

const ARC_TEXT: &str = "name";
const LINE_TEXT: &str = "line";
const CODE: &str = "code";

/// Glyphs of seals are taller than wide; below this share of their height nobody reads them.
const NARROWEST: f64 = 0.33;
const WIDEST: f64 = 0.82;

/// Draws the face whose ring measures `size` from outer edge to outer edge, in millimetres.
pub(crate) fn draw(design: &Design, font: &Font<'_>, size: [f64; 2]) -> Result<Drawing, DesignError> {
    let face = Face::new(design, size);
    face.check(design)?;
    let mut outlines = vec![ring(face.centre, face.outer, inset(face.outer, face.ring))];
    outlines.extend(face.name(&font.glyphs(ARC_TEXT, &design.arc_text)?));
    if design.star {
        outlines.push(star(face.centre, face.unit / 3.0));
    }
    if let Some(text) = &design.line_text {
        outlines.extend(face.line(&font.glyphs(LINE_TEXT, text)?)?);
    }
    if let Some(text) = &design.code {
        let glyphs = font.glyphs(CODE, text)?;
        outlines.extend(if face.is_round() { face.code_along(&glyphs) } else { face.code_across(&glyphs)? });
    }
    let paths = outlines.into_iter().map(|segments| Path { fill: design.colour, segments }).collect();
    Ok(Drawing { width_mm: size[0], height_mm: size[1], paths })
}

/// The measures that everything on a face is derived from.
struct Face {
    centre: [f64; 2],
    /// Half axes of the ring's outer edge.
    outer: [f64; 2],
    /// The shorter half axis: what sizes are shares of.
    unit: f64,
    /// Width of the ring's line: 1.2 mm at a diameter of 42 mm.
    ring: f64,
    /// Height of the name's glyphs: the longer the name, the lower, so that they do not get too slender.
    name: f64,
    has_line: bool,
    has_code: bool,
}

/// An ellipse with the way along it, clockwise from the top.
struct Track {
    centre: [f64; 2],
    axes: [f64; 2],
    /// The length from the top to each of `STEPS + 1` equal steps of the angle.
    lengths: Vec<f64>,
}

// === impl Face ===

impl Face {
    fn new(design: &Design, [width, height]: [f64; 2]) -> Self {
        let outer = [width / 2.0, height / 2.0];
        let unit = height / 2.0;
        let ring = (unit * 1.2 / 21.0).max(0.6);
        let count = design.arc_text.chars().take(30).count();
        let name = unit * 0.285 * (1.0 - 0.014 * count.saturating_sub(14) as f64);
        let (has_line, has_code) = (design.line_text.is_some(), design.code.is_some());
        Self { centre: outer, outer, unit, ring, name, has_line, has_code }
    }

    fn is_round(&self) -> bool {
        self.outer[0] <= self.outer[1]
    }

    fn check(&self, design: &Design) -> Result<(), DesignError> {
        length(ARC_TEXT, &design.arc_text, 2, 30)?;
        design.line_text.as_ref().map_or(Ok(()), |text| length(LINE_TEXT, text, 1, 10))?;
        if let Some(code) = &design.code {
            length(CODE, code, 1, 20)?;
            if let Some(at) = code.chars().position(|one| !one.is_ascii_alphanumeric()) {
                return Err(DesignError::Unprintable { what: CODE, position: at + 1 });
            }
        }
        if !self.is_round() && self.has_code && design.star {
            return Err(DesignError::Conflict("an oval seal has either a star or a code in its middle"));
        }
        Ok(())
    }

    /// The name along the upper ring, symmetrical about the top, each glyph upright on the ring.
    fn name(&self, glyphs: &[Glyph]) -> Vec<Vec<Segment>> {
        let (count, height) = (glyphs.len(), self.name);
        let track = Track::new(self.centre, inset(self.outer, self.ring + self.unit * 0.05 + height / 2.0));
        let pitch = track.length() * self.span(count) / 360.0 / (count - 1) as f64;
        // Glyphs lean towards each other at their feet, most where the ring is bent most.
        let width = (height * WIDEST).min(pitch * 0.97 * (1.0 - height / 2.0 / track.sharpest()));
        let first = -pitch * (count - 1) as f64 / 2.0;
        let place = |number: usize| track.at(first + pitch * number as f64, width, height);
        glyphs.iter().enumerate().map(|(number, glyph)| put(glyph, place(number))).collect()
    }

    /// Degrees from the middle of the first character to that of the last: short names do not spread all over the
    /// ring, and no name comes down to what stands at the bottom.
    fn span(&self, count: usize) -> f64 {
        let most = match (self.has_line, self.has_code && self.is_round()) {
            (false, false) => 268.0,
            (false, true) => 256.0,
            (true, _) => 236.0,
        };
        most * (1.0 - (-((count - 1) as f64) / 4.1).exp())
    }

    /// The line below the middle. Its characters get narrower before they would touch the ring.
    fn line(&self, glyphs: &[Glyph]) -> Result<Vec<Vec<Segment>>, DesignError> {
        let height = self.unit * 0.2;
        let below = self.unit * 0.56;
        let margin = self.ring + self.unit * if self.has_code && self.is_round() { 0.2 } else { 0.08 };
        let room = 2.0 * chord(inset(self.outer, margin), below + height / 2.0);
        self.row(LINE_TEXT, glyphs, below, height, room)
    }

    /// The taxpayer's number across the middle of an oval face.
    fn code_across(&self, glyphs: &[Glyph]) -> Result<Vec<Vec<Segment>>, DesignError> {
        let [half, _] = inset(self.outer, self.ring + self.unit * 0.13 + self.name);
        self.row(CODE, glyphs, self.unit * 0.04, self.unit * 0.25, 2.0 * half)
    }

    /// A row of glyphs about the vertical axis, `below` the middle.
    fn row(
        &self,
        what: &'static str,
        glyphs: &[Glyph],
        below: f64,
        height: f64,
        room: f64,
    ) -> Result<Vec<Vec<Segment>>, DesignError> {
        let ems: f64 = glyphs.iter().map(|glyph| glyph.advance * 1.08).sum();
        let width = (height * 0.95).min(room / ems);
        if width < height * NARROWEST {
            return Err(DesignError::Length { what, found: glyphs.len(), least: 1, most: glyphs.len() - 1 });
        }
        let mut left = self.centre[0] - width * ems / 2.0;
        let rows = glyphs.iter().map(|glyph| {
            let cell = width * glyph.advance * 1.08;
            let place = Place { x: left + cell / 2.0, y: self.centre[1] + below, width, height, turn: 0.0 };
            left += cell;
            put(glyph, place)
        });
        Ok(rows.collect())
    }

    /// The number along the lower ring, read from the left, its feet to the ring.
    fn code_along(&self, glyphs: &[Glyph]) -> Vec<Vec<Segment>> {
        let height = self.unit * 0.1;
        let radius = self.unit - self.ring - self.unit * 0.015 - height / 2.0;
        let pitch = height * 0.72 / radius;
        let first = pitch * (glyphs.len() - 1) as f64 / 2.0;
        let place = |number: usize| {
            let angle = first - pitch * number as f64;
            let (sin, cos) = angle.sin_cos();
            let [x, y] = self.centre;
            Place { x: x - radius * sin, y: y + radius * cos, width: height, height, turn: angle }
        };
        glyphs.iter().enumerate().map(|(number, glyph)| put(glyph, place(number))).collect()
    }
}

fn length(what: &'static str, text: &str, least: usize, most: usize) -> Result<(), DesignError> {
    // Bounded before it is counted: nobody knows how long the text is.
    let found = text.chars().take(1000).count();
    if (least..=most).contains(&found) { Ok(()) } else { Err(DesignError::Length { what, found, least, most }) }
}

fn inset([a, b]: [f64; 2], by: f64) -> [f64; 2] {
    [a - by, b - by]
}

/// Half the width of an ellipse at `y` from its middle.
fn chord([a, b]: [f64; 2], y: f64) -> f64 {
    a * (1.0 - (y / b).powi(2)).max(0.0).sqrt()
}

// === impl Track ===

impl Track {
    const STEPS: usize = 1440;

    fn new(centre: [f64; 2], axes: [f64; 2]) -> Self {
        let mut track = Self { centre, axes, lengths: vec![0.0] };
        let (mut last, mut length) = (track.point(0.0), 0.0);
        for step in 1..=Self::STEPS {
            let next = track.point(Self::angle(step as f64));
            length += (next[0] - last[0]).hypot(next[1] - last[1]);
            track.lengths.push(length);
            last = next;
        }
        track
    }

    fn angle(step: f64) -> f64 {
        step * std::f64::consts::TAU / Self::STEPS as f64
    }

    /// Clockwise from the top.
    fn point(&self, angle: f64) -> [f64; 2] {
        let (sin, cos) = angle.sin_cos();
        [self.centre[0] + self.axes[0] * sin, self.centre[1] - self.axes[1] * cos]
    }

    fn length(&self) -> f64 {
        self.lengths.last().copied().unwrap_or_default()
    }

    /// The smallest radius of curvature.
    fn sharpest(&self) -> f64 {
        self.axes[1].powi(2) / self.axes[0]
    }

    /// The place of a glyph whose middle is `way` along the track, upright on it.
    fn at(&self, way: f64, width: f64, height: f64) -> Place {
        let way = way.rem_euclid(self.length());
        let step = self.lengths.partition_point(|length| *length <= way).clamp(1, Self::STEPS);
        let ends = (self.lengths.get(step - 1), self.lengths.get(step));
        let (Some(from), Some(to)) = ends else { return Place { x: 0.0, y: 0.0, width, height, turn: 0.0 } };
        let angle = Self::angle((step - 1) as f64 + (way - from) / (to - from));
        let [x, y] = self.point(angle);
        let (sin, cos) = angle.sin_cos();
        Place { x, y, width, height, turn: (self.axes[1] * sin).atan2(self.axes[0] * cos) }
    }
}
