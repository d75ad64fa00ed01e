//! From the typesetter's frames to the pages of an OFD file: the same glyphs, lines and pictures at the same places.
//!
//! OFD is written with plain means only, so that every reader shows the same. What these can't show (transparency,
//! gradients, dashes, cut-off content) is a fault of the template, although PDF could: the two must not differ.

mod font;
mod matrix;
mod outline;
mod picture;
mod shape;
mod svg;
mod text;

use std::time::SystemTime;

use typst::{
    layout::{Frame, FrameItem, GroupItem, Point},
    syntax::Span,
    visualize::{Geometry, Paint},
};
use typst_layout::{Page, PagedDocument};
use zhongtai_ofd::{Item, Layout};

use self::{font::Fonts, matrix::Matrix};
use crate::{Fault, SealPlace, world::Desk};

/// One is enough to know what to do, and a page full of them helps nobody.
const MOST_FAULTS: usize = 20;
/// The label of a seal's place.
const SEAL: &str = "seal";

/// Pages, and where seals belong on them.
pub(crate) struct Drawn {
    pub(crate) layout: Layout,
    pub(crate) seal_places: Vec<SealPlace>,
}

/// Draws each page.
pub(crate) fn draw(
    desk: &Desk<'_>,
    document: &PagedDocument,
    title: &str,
    at: SystemTime,
) -> Result<Drawn, Vec<Fault>> {
    let mut artist = Artist {
        desk,
        fonts: Fonts::default(),
        items: Vec::new(),
        places: Vec::new(),
        page: 0,
        size_mm: (0.0, 0.0),
        faults: Vec::new(),
    };
    let mut pages = Vec::new();
    for page in document.pages() {
        pages.push(artist.page(page));
    }
    let Artist { fonts, places, mut faults, .. } = artist;
    let fonts = fonts.subsets().unwrap_or_else(|problem| {
        faults.push(Fault { place: None, problem, hints: Vec::new() });
        Vec::new()
    });
    if !faults.is_empty() {
        faults.dedup();
        faults.truncate(MOST_FAULTS);
        return Err(faults);
    }
    let layout = Layout { title: title.to_owned(), created: at, pages, fonts };
    Ok(Drawn { layout, seal_places: places })
}

struct Artist<'a> {
    desk: &'a Desk<'a>,
    fonts: Fonts,
    /// Of the page at hand.
    items: Vec<Item>,
    places: Vec<SealPlace>,
    /// From 1.
    page: u32,
    size_mm: (f64, f64),
    faults: Vec<Fault>,
}

// === impl Artist ===

impl Artist<'_> {
    fn page(&mut self, page: &Page) -> zhongtai_ofd::Page {
        self.page += 1;
        let size = page.frame.size();
        self.size_mm = (size.x.to_mm(), size.y.to_mm());
        if let Some(paint) = page.fill_or_transparent() {
            let ground = Geometry::Rect(size).filled(paint);
            self.shape(&ground, Matrix::IDENTITY, Span::detached());
        }
        self.frame(&page.frame, Matrix::IDENTITY);
        let items = std::mem::take(&mut self.items);
        zhongtai_ofd::Page { width_mm: size.x.to_mm(), height_mm: size.y.to_mm(), items }
    }

    fn frame(&mut self, frame: &Frame, at: Matrix) {
        for (point, item) in frame.items() {
            let at = at.moved(*point);
            match item {
                FrameItem::Group(group) => self.group(group, at),
                FrameItem::Text(text) => self.text(text, at),
                FrameItem::Shape(shape, span) => self.shape(shape, at, *span),
                FrameItem::Image(image, size, span) => self.picture(image, *size, at, *span),
                // Neither is seen.
                FrameItem::Link(..) | FrameItem::Tag(_) => {}
            }
        }
    }

    fn group(&mut self, group: &GroupItem, at: Matrix) {
        let at = at.then_inside(group.transform);
        if group.clip.is_some() {
            self.fault(
                Span::detached(),
                format!("cut-off content (clip) can't be shown in OFD; it is on page {}", self.page),
            );
        }
        if let Some(label) = group.label {
            self.seal_place(label.resolve().as_str(), &group.frame, at);
        }
        self.frame(&group.frame, at);
    }

    fn seal_place(&mut self, label: &str, frame: &Frame, at: Matrix) {
        let Some(name) =
            label.strip_prefix(SEAL).and_then(|rest| if rest.is_empty() { Some("") } else { rest.strip_prefix('-') })
        else {
            return;
        };
        let (x_mm, y_mm) = at.at(Point::zero());
        let scale = at.scale();
        let (width_mm, height_mm) = (frame.width().to_mm() * scale, frame.height().to_mm() * scale);
        let place = SealPlace { name: name.to_owned(), page: self.page, x_mm, y_mm, width_mm, height_mm };
        let lies_on_it =
            x_mm >= 0.0 && y_mm >= 0.0 && x_mm + width_mm <= self.size_mm.0 && y_mm + height_mm <= self.size_mm.1;
        if !(at.is_upright() && lies_on_it && width_mm > 0.0 && height_mm > 0.0) {
            self.fault(
                Span::detached(),
                format!("a seal place that is turned, empty or not on the page: <{label}> on page {}", self.page),
            );
        } else if self.places.iter().any(|other| other.name == place.name) {
            self.fault(
                Span::detached(),
                format!("a second seal place is called <{label}>; it is on page {}", self.page),
            );
        } else {
            self.places.push(place);
        }
    }

    /// Red, green and blue of a plain opaque colour.
    fn colour(&mut self, paint: &Paint, span: Span) -> [u8; 3] {
        match paint {
            Paint::Solid(colour) if colour.alpha().is_none_or(|alpha| alpha >= 1.0) => {
                let rgb = colour.to_rgb();
                [rgb.red, rgb.green, rgb.blue].map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8)
            }
            Paint::Solid(_) => {
                self.fault(span, "a transparent colour can't be shown in OFD: take a lighter one".to_owned());
                [0; 3]
            }
            _ => {
                self.fault(span, "a gradient or a tiling can't be shown in OFD: take a plain colour".to_owned());
                [0; 3]
            }
        }
    }

    fn fault(&mut self, span: Span, problem: String) {
        self.faults.push(Fault { place: self.desk.place(span), problem, hints: Vec::new() });
    }
}
