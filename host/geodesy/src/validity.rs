//! Whether rings are simple and polygons lie as OGC 06-103r4 (6.1.11) has them.
//!
//! The `geo` crate compares every segment with every other, which takes seconds for 10,000 vertices that anybody may
//! send. Here a sweep along x compares only those whose boxes meet.

use geo::{
    Coord, Line,
    line_intersection::{LineIntersection, line_intersection},
};

use crate::{Problem, prepared::Edges};

/// One segment, and where it comes from.
struct Segment {
    line: Line,
    /// Which ring, over all polygons.
    ring: usize,
    /// Which of the ring's segments, and how many it has.
    index: usize,
    of: usize,
}

/// Refuses polygons with rings that cross or touch themselves, cross or overlap each other, holes outside of their
/// polygon or within one another, and polygons that share area.
pub(crate) fn check(polygons: &[geo::Polygon]) -> Result<(), Problem> {
    let rings: Vec<&geo::LineString> = polygons.iter().flat_map(rings_of).collect();
    let mut segments = Vec::new();
    for (ring, line) in rings.iter().enumerate() {
        push_segments(&mut segments, ring, line)?;
    }
    sweep(segments)?;
    for polygon in polygons {
        check_holes(polygon)?;
    }
    check_apart(polygons)
}

fn rings_of(polygon: &geo::Polygon) -> impl Iterator<Item = &geo::LineString> {
    std::iter::once(polygon.exterior()).chain(polygon.interiors())
}

fn push_segments(segments: &mut Vec<Segment>, ring: usize, line: &geo::LineString) -> Result<(), Problem> {
    let lines: Vec<Line> = line.lines().filter(|line| line.start != line.end).collect();
    if lines.len() < 3 {
        return Err(Problem::TooFewPoints);
    }
    let of = lines.len();
    segments.extend(lines.into_iter().enumerate().map(|(index, line)| Segment { line, ring, index, of }));
    Ok(())
}

fn sweep(mut segments: Vec<Segment>) -> Result<(), Problem> {
    segments.sort_by(|a, b| left(&a.line).total_cmp(&left(&b.line)));
    let mut open: Vec<&Segment> = Vec::new();
    for next in &segments {
        let from = left(&next.line);
        open.retain(|other| right(&other.line) >= from);
        if open.iter().any(|other| heights_meet(&other.line, &next.line) && collide(other, next)) {
            return Err(Problem::SelfCrossing);
        }
        open.push(next);
    }
    Ok(())
}

fn left(line: &Line) -> f64 {
    line.start.x.min(line.end.x)
}

fn right(line: &Line) -> f64 {
    line.start.x.max(line.end.x)
}

fn heights_meet(a: &Line, b: &Line) -> bool {
    a.start.y.min(a.end.y) <= b.start.y.max(b.end.y) && b.start.y.min(b.end.y) <= a.start.y.max(a.end.y)
}

/// Whether two segments meet where they must not.
fn collide(a: &Segment, b: &Segment) -> bool {
    let Some(meeting) = line_intersection(a.line, b.line) else { return false };
    let apart = a.index.abs_diff(b.index);
    let are_neighbours = a.ring == b.ring && (apart == 1 || apart == a.of - 1);
    match meeting {
        LineIntersection::Collinear { .. } => true,
        // Neighbours meet in their common end; rings may touch in a point, one ring may not touch itself.
        LineIntersection::SinglePoint { is_proper, .. } => !are_neighbours && (is_proper || a.ring == b.ring),
    }
}

/// Every hole is within the outer ring and outside of the other holes. No segments cross any more, so that vertices and
/// the middles of segments tell.
fn check_holes(polygon: &geo::Polygon) -> Result<(), Problem> {
    if polygon.interiors().is_empty() {
        return Ok(());
    }
    let outer = Edges::of_rings(std::iter::once(polygon.exterior()));
    for hole in polygon.interiors() {
        if witnesses(hole).any(|at| outer.is_outside(at)) {
            return Err(Problem::SelfCrossing);
        }
    }
    for (index, hole) in polygon.interiors().iter().enumerate() {
        let edges = Edges::of_rings(std::iter::once(hole));
        let others = polygon.interiors().iter().enumerate().filter(|(other, _)| *other != index);
        for (_, other) in others {
            if witnesses(other).any(|at| edges.is_inside(at)) {
                return Err(Problem::SelfCrossing);
            }
        }
    }
    Ok(())
}

/// No polygon has a piece inside another.
fn check_apart(polygons: &[geo::Polygon]) -> Result<(), Problem> {
    if polygons.len() < 2 {
        return Ok(());
    }
    for (index, polygon) in polygons.iter().enumerate() {
        let edges = Edges::of_rings(rings_of(polygon));
        let others = polygons.iter().enumerate().filter(|(other, _)| *other != index);
        for (_, other) in others {
            if witnesses(other.exterior()).any(|at| edges.is_inside(at)) {
                return Err(Problem::SelfCrossing);
            }
        }
    }
    Ok(())
}

fn witnesses(ring: &geo::LineString) -> impl Iterator<Item = Coord> + '_ {
    ring.lines().flat_map(|line| {
        [line.start, Coord { x: f64::midpoint(line.start.x, line.end.x), y: f64::midpoint(line.start.y, line.end.y) }]
    })
}

#[cfg(test)]
mod tests {
    use geo::Validation;
    use proptest::prelude::*;

    use super::*;

    fn polygon(rings: &[&[(f64, f64)]]) -> geo::Polygon {
        let mut rings = rings.iter().map(|ring| geo::LineString::from(ring.to_vec()));
        let outer = rings.next().unwrap();
        geo::Polygon::new(outer, rings.collect())
    }

    const SQUARE: &[(f64, f64)] = &[(0., 0.), (4., 0.), (4., 4.), (0., 4.), (0., 0.)];

    #[test]
    fn rings_that_cross_touch_or_go_back_on_themselves_are_refused() {
        let bow = polygon(&[&[(0., 0.), (1., 1.), (1., 0.), (0., 1.), (0., 0.)]]);
        let eight = polygon(&[&[(0., 0.), (2., 2.), (2., 0.), (1., 1.), (0., 2.), (0., 0.)]]);
        let spike = polygon(&[&[(0., 0.), (4., 0.), (4., 4.), (4., 6.), (4., 4.), (0., 4.), (0., 0.)]]);
        for bad in [bow, eight, spike] {
            assert_eq!(check(&[bad]), Err(Problem::SelfCrossing));
        }
        assert_eq!(check(&[polygon(&[SQUARE])]), Ok(()));
    }

    #[test]
    fn holes_lie_inside_and_apart() {
        let hole = [(1., 1.), (1., 2.), (2., 2.), (2., 1.), (1., 1.)];
        let touching = [(0., 1.), (1., 2.), (1., 1.), (0., 1.)];
        let outside = [(5., 1.), (5., 2.), (6., 2.), (6., 1.), (5., 1.)];
        let crossing = [(3., 1.), (3., 2.), (6., 2.), (6., 1.), (3., 1.)];
        let within_hole = [(1.2, 1.2), (1.2, 1.8), (1.8, 1.8), (1.8, 1.2), (1.2, 1.2)];
        assert_eq!(check(&[polygon(&[SQUARE, &hole])]), Ok(()));
        assert_eq!(check(&[polygon(&[SQUARE, &touching])]), Ok(()));
        for bad in [&[SQUARE, outside.as_slice()][..], &[SQUARE, &crossing], &[SQUARE, &hole, &within_hole]] {
            assert_eq!(check(&[polygon(bad)]), Err(Problem::SelfCrossing));
        }
    }

    #[test]
    fn polygons_may_touch_in_a_point_and_share_no_area() {
        let corner = polygon(&[&[(4., 4.), (5., 4.), (5., 5.), (4., 4.)]]);
        let within = polygon(&[&[(1., 1.), (2., 1.), (2., 2.), (1., 1.)]]);
        let beside = polygon(&[&[(4., 0.), (5., 0.), (5., 4.), (4., 4.), (4., 0.)]]);
        assert_eq!(check(&[polygon(&[SQUARE]), corner]), Ok(()));
        assert_eq!(check(&[polygon(&[SQUARE]), within]), Err(Problem::SelfCrossing));
        assert_eq!(check(&[polygon(&[SQUARE]), beside]), Err(Problem::SelfCrossing), "they share a border");
    }

    #[test]
    fn ten_thousand_vertices_are_looked_at_in_a_moment() {
        let ring: Vec<(f64, f64)> = (0..10_000)
            .map(|step| (f64::from(step) / 10_000.0 * std::f64::consts::TAU).sin_cos())
            .map(|(sin, cos)| (cos, sin))
            .collect();
        let begun = std::time::Instant::now();
        assert_eq!(check(&[polygon(&[&ring])]), Ok(()));
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    proptest! {
        #[test]
        fn a_ring_without_crossings_for_geo_is_one_here(
            points in prop::collection::vec((0..12_i32, 0..12_i32), 3..9)
        ) {
            let ring: Vec<(f64, f64)> = points.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).collect();
            let polygon = polygon(&[&ring]);
            // What is valid here is valid there; `geo` overlooks spikes and rings that touch themselves.
            if check(std::slice::from_ref(&polygon)).is_ok() {
                prop_assert!(polygon.is_valid());
            }
            if !polygon.is_valid() {
                prop_assert!(check(&[polygon]).is_err());
            }
        }
    }
}
