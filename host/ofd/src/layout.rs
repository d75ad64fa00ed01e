//! Pages as a typesetter laid them out: what [`write`](crate::write) makes a file of. Nothing is moved or measured again,
//! so an OFD shows the page that a PDF of the same layout shows.
//!
//! Lengths are millimetres; the origin is the page's top left corner, x grows to the right and y down.

use std::time::SystemTime;

use zhongtai_impression::Segment;

/// A document.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// What readers show as its name.
    pub title: String,
    /// When it was made; the only time that the file holds.
    pub created: SystemTime,
    /// In reading order; at least one.
    pub pages: Vec<Page>,
    /// What [`Item::Glyphs`] refers to by position.
    pub fonts: Vec<Font>,
}

/// A font file that goes into the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Font {
    /// The family's name, for a reader that can't use the file.
    pub name: String,
    /// The subset that the document needs, TrueType or OpenType.
    pub data: Vec<u8>,
}

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Width.
    pub width_mm: f64,
    /// Height.
    pub height_mm: f64,
    /// From the lowest to the topmost.
    pub items: Vec<Item>,
}

/// What can stand on a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A line of text, or a part of one.
    Glyphs {
        /// Position in [`Layout::fonts`].
        font: usize,
        /// The font's size (its em).
        size_mm: f64,
        /// Where the baseline begins.
        x_mm: f64,
        /// Where the baseline lies.
        y_mm: f64,
        /// Red, green, blue.
        fill: [u8; 3],
        /// From left to right, at least one.
        glyphs: Vec<Glyph>,
    },
    /// Lines and areas.
    Path {
        /// Red, green, blue of the inside (non-zero winding); none leaves it open.
        fill: Option<[u8; 3]>,
        /// How the line is drawn, if it is.
        stroke: Option<Stroke>,
        /// Begins with [`Segment::MoveTo`].
        segments: Vec<Segment>,
    },
    /// A picture.
    Image {
        /// Left edge.
        x_mm: f64,
        /// Upper edge.
        y_mm: f64,
        /// Width on the page.
        width_mm: f64,
        /// Height on the page.
        height_mm: f64,
        /// The PNG file.
        png: Vec<u8>,
    },
}

/// A glyph of a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Glyph {
    /// Its number in the font's subset.
    pub id: u16,
    /// What it reads as: one character, several (a ligature), or none (a part of the glyph before it).
    pub text: String,
    /// Its origin, counted from the line's `x_mm`.
    pub dx_mm: f64,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Red, green, blue.
    pub colour: [u8; 3],
    /// Thickness.
    pub width_mm: f64,
}
