//! Shapes that seals are made of. Millimetres, y down.

use std::f64::consts::TAU;

use crate::{Segment, font::Glyph};

/// A square em's part below the baseline, as Chinese fonts have it.
const BELOW_BASELINE: f64 = 0.12;

/// Where a glyph's em square comes to stand: its centre, its measures, and by how much it is turned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Clockwise, in radians.
    pub(crate) turn: f64,
}

/// The glyph with its em square put to `place`; a narrow glyph stands in the middle of the square.
pub(crate) fn put(glyph: &Glyph, place: Place) -> Vec<Segment> {
    let (sin, cos) = place.turn.sin_cos();
    let map = |x: f64, y: f64| {
        let (x, y) = ((x - glyph.advance / 2.0) * place.width, (0.5 - BELOW_BASELINE - y) * place.height);
        (place.x + x * cos - y * sin, place.y + x * sin + y * cos)
    };
    glyph.segments.iter().map(|segment| segment.map(map)).collect()
}

/// The band between two ellipses about one centre, given by half their axes.
pub(crate) fn ring(centre: [f64; 2], outer: [f64; 2], inner: [f64; 2]) -> Vec<Segment> {
    let mut segments = ellipse(centre, outer, 1.0);
    segments.extend(ellipse(centre, inner, -1.0));
    segments
}

/// Four curves; `sense` is 1 for clockwise. They are off a true circle by less than 3 in 10,000 of the radius.
fn ellipse([x, y]: [f64; 2], [a, b]: [f64; 2], sense: f64) -> Vec<Segment> {
    const K: f64 = 0.552_284_749_830_793_4;
    let at = |dx: f64, dy: f64| (x + dx * a, y + dy * b * sense);
    let start = at(1.0, 0.0);
    let mut segments = vec![Segment::MoveTo { x: start.0, y: start.1 }];
    for (from, to) in
        [((1.0, 0.0), (0.0, 1.0)), ((0.0, 1.0), (-1.0, 0.0)), ((-1.0, 0.0), (0.0, -1.0)), ((0.0, -1.0), (1.0, 0.0))]
    {
        let ((x1, y1), (x2, y2)) = (at(from.0 + K * to.0, from.1 + K * to.1), at(to.0 + K * from.0, to.1 + K * from.1));
        let (x, y) = at(to.0, to.1);
        segments.push(Segment::CurveTo { x1, y1, x2, y2, x, y });
    }
    segments.push(Segment::Close);
    segments
}

/// A five-pointed star with one point up.
pub(crate) fn star([x, y]: [f64; 2], radius: f64) -> Vec<Segment> {
    // The inner corners lie where the lines between points two apart cross: at (3 - √5) / 2 of the radius.
    let inner = radius * (3.0 - 5.0_f64.sqrt()) / 2.0;
    let corner = |number: u8| {
        let reach = if number.is_multiple_of(2) { radius } else { inner };
        let (sin, cos) = (f64::from(number) * TAU / 10.0).sin_cos();
        (x + reach * sin, y - reach * cos)
    };
    polygon((0..10).map(corner))
}

/// The frame between two squares.
pub(crate) fn frame(side: f64, width: f64) -> Vec<Segment> {
    let (far, near) = (side - width, width);
    let mut segments = polygon([(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)].into_iter());
    segments.extend(polygon([(near, near), (near, far), (far, far), (far, near)].into_iter()));
    segments
}

fn polygon(corners: impl Iterator<Item = (f64, f64)>) -> Vec<Segment> {
    let mut segments: Vec<Segment> = corners
        .enumerate()
        .map(|(number, (x, y))| if number == 0 { Segment::MoveTo { x, y } } else { Segment::LineTo { x, y } })
        .collect();
    segments.push(Segment::Close);
    segments
}
