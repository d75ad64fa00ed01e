//! Square name seals (人名章), red on white: columns from the right, each read downwards.

use crate::{
    Design, DesignError, Drawing, Font, Path,
    outline::{Place, frame, put},
};

const NAME: &str = "name";

/// Draws a face of `side` millimetres.
pub(crate) fn draw(design: &Design, font: &Font<'_>, side: f64) -> Result<Drawing, DesignError> {
    if design.star || design.line_text.is_some() || design.code.is_some() {
        return Err(DesignError::Conflict("a square seal has nothing but a name"));
    }
    let count = design.arc_text.chars().take(1000).count();
    if !(2..=9).contains(&count) {
        return Err(DesignError::Length { what: NAME, found: count, least: 2, most: 9 });
    }
    let border = side * 0.055;
    let margin = border + side * 0.045;
    let mut outlines = vec![frame(side, border)];
    let glyphs = font.glyphs(NAME, &design.arc_text)?;
    let places = cells(count, side - 2.0 * margin).into_iter();
    outlines.extend(
        glyphs
            .iter()
            .zip(places)
            .map(|(glyph, place)| put(glyph, Place { x: place.x + margin, y: place.y + margin, ..place })),
    );
    let paths = outlines.into_iter().map(|segments| Path { fill: design.colour, segments }).collect();
    Ok(Drawing { width_mm: side, height_mm: side, paths })
}

/// Cells in reading order, within a square of `room`: the surname's column, the rightmost, is the one with room to
/// spare.
fn cells(count: usize, room: f64) -> Vec<Place> {
    let columns = if count <= 6 { 2 } else { 3 };
    let width = room / columns as f64;
    let mut cells = Vec::with_capacity(count);
    for column in 0..columns {
        let rows = count / columns + usize::from(column >= columns - count % columns);
        let height = room / rows as f64;
        cells.extend((0..rows).map(|row| Place {
            x: room - width * (column as f64 + 0.5),
            y: height * (row as f64 + 0.5),
            width: width * 0.98,
            height: height * 0.98,
            turn: 0.0,
        }));
    }
    cells
}
