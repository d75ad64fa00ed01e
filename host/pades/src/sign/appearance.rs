//! What a seal looks like on its page: a form drawn by path operators alone (ISO 32000-1, 12.5.5 and 8.10).

use std::io::Write;

use zhongtai_impression::Drawing;

use super::{Placement, SealAppearance};
use crate::{
    PadesError,
    pdf::{Dict, Object, Page, Pages, PdfError},
};

const POINTS_PER_MM: f64 = 72.0 / 25.4;

/// A rounding of the placement is no reason to refuse it.
const TOLERANCE_MM: f64 = 0.01;

/// The page with that number.
pub(super) fn page(mut pages: Pages<'_, '_>, number: u32) -> Result<Page, PadesError> {
    let mut count = 0;
    for page in &mut pages {
        let page = page?;
        count += 1;
        if count == number as usize {
            return Ok(page);
        }
    }
    Err(PadesError::NoPage { page: number, pages: count })
}

/// The annotation's rectangle: left, bottom, right and top in user space, whichever way the page is turned.
pub(super) fn rectangle(page: &Page, appearance: &SealAppearance<'_>) -> Result<[f64; 4], PadesError> {
    let Placement { page: number, x_mm, y_mm } = appearance.placement;
    let Drawing { width_mm, height_mm, .. } = *appearance.drawing;
    let scale = POINTS_PER_MM / page.unit;
    let [left, bottom, right, top] = page.shown;
    let (wide, high) =
        if page.quarters.is_multiple_of(2) { (right - left, top - bottom) } else { (top - bottom, right - left) };
    let fits = |from: f64, size: f64, room: f64| {
        from >= -TOLERANCE_MM && size > 0.0 && from + size <= room / scale + TOLERANCE_MM
    };
    if !fits(x_mm, width_mm, wide) || !fits(y_mm, height_mm, high) {
        return Err(PadesError::OutsidePage { page: number, width_mm: wide / scale, height_mm: high / scale });
    }
    let corner = |x_mm: f64, y_mm: f64| {
        let (x, y) = (x_mm * scale, y_mm * scale);
        match page.quarters {
            0 => (left + x, top - y),
            1 => (left + y, bottom + x),
            2 => (right - x, bottom + y),
            _ => (right - y, top - x),
        }
    };
    let ((x1, y1), (x2, y2)) = (corner(x_mm, y_mm), corner(x_mm + width_mm, y_mm + height_mm));
    Ok([x1.min(x2), y1.min(y2), x1.max(x2), y1.max(y2)])
}

/// The drawing as a form, turned against the page so that it is upright when the page is shown.
pub(super) fn form(drawing: &Drawing, quarters: u8) -> Result<Vec<u8>, PadesError> {
    let numbers = |numbers: &[f64]| Object::Array(numbers.iter().map(|number| Object::real(*number)).collect());
    let turn: [i64; 6] = match quarters {
        0 => [1, 0, 0, 1, 0, 0],
        1 => [0, 1, -1, 0, 0, 0],
        2 => [-1, 0, 0, -1, 0, 0],
        _ => [0, -1, 1, 0, 0, 0],
    };
    let packed = packed(&drawing.pdf_content())?;
    let dict = Dict::new()
        .with("Type", Object::name("XObject"))
        .with("Subtype", Object::name("Form"))
        .with("BBox", numbers(&[0.0, 0.0, drawing.width_mm, drawing.height_mm]))
        .with("Matrix", Object::Array(turn.map(Object::Integer).to_vec()))
        .with("Resources", Object::Dict(Dict::new()))
        .with("Filter", Object::name("FlateDecode"))
        .with("Length", Object::Integer(packed.len() as i64));
    let mut body = Vec::new();
    dict.write(&mut body);
    body.extend(b"\nstream\n");
    body.extend(packed);
    body.extend(b"\nendstream");
    Ok(body)
}

fn packed(content: &[u8]) -> Result<Vec<u8>, PadesError> {
    // Fast: the rest of the seal takes less time than the best packing would.
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    let packed = packer.write_all(content).and_then(|()| packer.finish());
    packed.map_err(|_| PdfError::Document("the seal's drawing can't be packed").into())
}
