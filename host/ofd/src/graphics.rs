use std::fmt::Write;

use crate::{
    Item, OfdError, Segment, Stroke,
    content::{Ids, Resources, colour},
    measure::{box_of, is_length, is_place, number, numbers},
    write::problem,
    xml::{self, Xml},
};

/// A line is never thinner on paper, and no reader's boundary has no area.
const HAIRLINE_MM: f64 = 0.01;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// `PathObject` (GB/T 33190, 9.1).
pub(crate) fn path(xml: &mut Xml, place: &str, item: &Item, ids: &mut Ids) -> Result<(), OfdError> {
    let Item::Path { fill, stroke, segments } = item else { return Ok(()) };
    if !matches!(segments.first(), Some(Segment::MoveTo { .. })) {
        return Err(problem(place, "a path does not begin with a move"));
    }
    if stroke.is_some_and(|stroke| !is_length(stroke.width_mm)) || !segments.iter().all(is_good) {
        return Err(problem(place, "a path has a coordinate or a line width that is no length in millimetres"));
    }
    let width = stroke.map_or(0.0, |stroke| stroke.width_mm);
    let [left, top, right, bottom] = bounds(segments, width.max(HAIRLINE_MM));
    let mut attributes = vec![
        ("ID", ids.next().to_string()),
        ("Boundary", box_of(left, top, right - left, bottom - top)),
        ("Stroke", stroke.is_some().to_string()),
        ("Fill", fill.is_some().to_string()),
    ];
    attributes.extend(stroke.map(|stroke| ("LineWidth", number(stroke.width_mm))));
    xml::element(xml, "PathObject", &attributes, |xml| {
        if let Some(fill) = fill {
            colour(xml, "FillColor", *fill)?;
        }
        if let Some(Stroke { colour: line, .. }) = stroke {
            colour(xml, "StrokeColor", *line)?;
        }
        xml::text(xml, "AbbreviatedData", &[], abbreviated(segments, left, top))
    })?;
    Ok(())
}

fn is_good(segment: &Segment) -> bool {
    points(segment).iter().all(|(x, y)| is_place(*x) && is_place(*y))
}

fn points(segment: &Segment) -> Vec<(f64, f64)> {
    match *segment {
        Segment::MoveTo { x, y } | Segment::LineTo { x, y } => vec![(x, y)],
        Segment::CurveTo { x1, y1, x2, y2, x, y } => vec![(x1, y1), (x2, y2), (x, y)],
        Segment::Close => Vec::new(),
    }
}

/// A box around it, with room for the line on each side and for the corners of its joints.
fn bounds(segments: &[Segment], room: f64) -> [f64; 4] {
    let mut all = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for (x, y) in segments.iter().flat_map(points) {
        let [left, top, right, bottom] = all;
        all = [left.min(x), top.min(y), right.max(x), bottom.max(y)];
    }
    let [left, top, right, bottom] = all;
    [left - room, top - room, right + room, bottom + room]
}

/// `AbbreviatedData` (9.1), counted from the boundary's corner.
fn abbreviated(segments: &[Segment], left: f64, top: f64) -> String {
    let mut data = String::new();
    for segment in segments {
        let operator = match segment {
            Segment::MoveTo { .. } => "M",
            Segment::LineTo { .. } => "L",
            Segment::CurveTo { .. } => "B",
            Segment::Close => "C",
        };
        data.push_str(if data.is_empty() { "" } else { " " });
        data.push_str(operator);
        for (x, y) in points(segment) {
            let _ = write!(data, " {} {}", number(x - left), number(y - top));
        }
    }
    data
}

/// `ImageObject` (10).
pub(crate) fn image<'a>(
    xml: &mut Xml,
    place: &str,
    item: &'a Item,
    resources: &mut Resources<'a>,
) -> Result<(), OfdError> {
    let Item::Image { x_mm, y_mm, width_mm, height_mm, png } = item else { return Ok(()) };
    if ![x_mm, y_mm].into_iter().all(|one| is_place(*one))
        || ![width_mm, height_mm].into_iter().all(|one| is_length(*one))
    {
        return Err(problem(place, "a picture has a place or a size that is no length in millimetres"));
    }
    if !png.starts_with(PNG) {
        return Err(problem(place, "a picture is no PNG file: convert it"));
    }
    let picture = resources.picture(png);
    let attributes = [
        ("ID", resources.ids.next().to_string()),
        ("Boundary", box_of(*x_mm, *y_mm, *width_mm, *height_mm)),
        // A picture is one unit wide and high until this makes it larger.
        ("CTM", numbers([*width_mm, 0.0, 0.0, *height_mm, 0.0, 0.0])),
        ("ResourceID", picture.to_string()),
    ];
    xml::empty(xml, "ImageObject", &attributes)?;
    Ok(())
}
