//! A polygon on its way into a tile: cut at the tile's margin, simplified, put on whole units, and valid at the end.

use geo::Simplify;
use i_overlay::{
    core::{
        fill_rule::FillRule,
        overlay::{ContourDirection, IntOverlayOptions, Overlay, ShapeType},
        overlay_rule::OverlayRule,
    },
    i_float::int::point::IntPoint,
};
use zhongtai_geodesy::{Cgcs2000, Surface};

use super::{EXTENT, TileId, encode::Shape};

/// How far beyond the tile's sides a polygon is drawn, units: what a line's width needs, and what PostGIS does at
/// `ST_AsMVTGeom(..., buffer => 64)`.
pub(super) const MARGIN: i32 = 64;

/// Where it is cut before it is put on whole units: beyond the margin, so that the last cut decides.
const ROUGH: f64 = 2.0 * MARGIN as f64;

/// The polygons of a surface in a tile, with at most `tolerance` units of error and none smaller than `smallest` square
/// units; nothing when nothing of it is there.
pub(super) fn polygons(tile: TileId, surface: &Surface<Cgcs2000>, tolerance: f64, smallest: u64) -> Option<Shape> {
    let options = IntOverlayOptions {
        output_direction: ContourDirection::CounterClockwise,
        min_output_area: smallest,
        ..IntOverlayOptions::ogc()
    };
    let mut overlay = Overlay::new_custom(64, options, Default::default());
    let mut inside = false;
    for ring in
        surface.geometry().iter().flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()))
    {
        let ring = cut(ring.coords().map(|at| tile.units([at.x, at.y])).collect());
        let points = whole(simplified(ring, tolerance));
        if points.len() >= 3 {
            inside = true;
            overlay.add_contour(&points, ShapeType::Subject);
        }
    }
    if !inside {
        return None;
    }
    overlay.add_contour(&frame(), ShapeType::Clip);
    let shapes = overlay.overlay(OverlayRule::Intersect, FillRule::EvenOdd);
    let plain = |ring: Vec<IntPoint>| ring.into_iter().map(|at| [at.x, at.y]).collect();
    let shapes: Vec<Vec<_>> = shapes.into_iter().map(|rings| rings.into_iter().map(plain).collect()).collect();
    (!shapes.is_empty()).then_some(Shape::Polygons(shapes))
}

/// A place in a tile, if it is in it. On the eastern and southern side it belongs to the next one.
pub(super) fn point(tile: TileId, at: [f64; 2]) -> Option<Shape> {
    let [x, y] = tile.units(at).map(f64::floor);
    let inside = |number: f64| (0.0..f64::from(EXTENT)).contains(&number);
    (inside(x) && inside(y)).then_some(Shape::Point([x as i32, y as i32]))
}

fn frame() -> [IntPoint; 4] {
    let far = EXTENT.cast_signed() + MARGIN;
    [(-MARGIN, -MARGIN), (far, -MARGIN), (far, far), (-MARGIN, far)].map(|(x, y)| IntPoint::new(x, y))
}

/// Sutherland and Hodgman (1974), side by side. A bay that is cut off leaves two lines on each other, which the overlay
/// takes away.
fn cut(mut ring: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    let far = f64::from(EXTENT) + ROUGH;
    for (axis, limit, sign) in [(0, -ROUGH, 1.0), (0, far, -1.0), (1, -ROUGH, 1.0), (1, far, -1.0)] {
        let beyond = |at: &[f64; 2]| at.get(axis).map_or(0.0, |value| (value - limit) * sign);
        if ring.iter().all(|at| beyond(at) >= 0.0) {
            continue;
        }
        let before = ring.iter().cycle().skip(ring.len().saturating_sub(1));
        let mut kept = Vec::with_capacity(ring.len() + 4);
        for (from, to) in before.zip(&ring) {
            let (a, b) = (beyond(from), beyond(to));
            if (a < 0.0) != (b < 0.0) {
                let share = a / (a - b);
                kept.push([from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share]);
            }
            if b >= 0.0 {
                kept.push(*to);
            }
        }
        ring = kept;
    }
    ring
}

fn simplified(ring: Vec<[f64; 2]>, tolerance: f64) -> Vec<[f64; 2]> {
    if tolerance <= 0.0 || ring.len() < 5 {
        return ring;
    }
    let line: geo::LineString = ring.into_iter().map(|[x, y]| (x, y)).collect();
    line.simplify(tolerance).coords().map(|at| [at.x, at.y]).collect()
}

fn whole(ring: Vec<[f64; 2]>) -> Vec<IntPoint> {
    let mut points: Vec<IntPoint> =
        ring.into_iter().map(|[x, y]| IntPoint::new(x.round() as i32, y.round() as i32)).collect();
    points.dedup();
    if points.len() > 1 && points.first() == points.last() {
        points.pop();
    }
    points
}

#[cfg(test)]
mod tests {
    use geo::{Area, MultiPolygon, Validation, polygon};
    use proptest::prelude::*;

    use super::*;

    fn tile() -> TileId {
        TileId::new(12, 3_334, 1_770).unwrap()
    }

    /// A place by units of the tile: the way back, only here.
    fn degrees([x, y]: [f64; 2]) -> (f64, f64) {
        let bounds = tile().bounds(0.0);
        // At one tile's height the way back along y is straight to less than a unit.
        let lon = bounds.min_lon + (bounds.max_lon - bounds.min_lon) * x / 4_096.0;
        let lat = bounds.max_lat - (bounds.max_lat - bounds.min_lat) * y / 4_096.0;
        (lon, lat)
    }

    fn surface(rings: &[&[[f64; 2]]]) -> Surface<Cgcs2000> {
        let line = |ring: &&[[f64; 2]]| -> geo::LineString { ring.iter().copied().map(degrees).collect() };
        let mut lines = rings.iter().map(line);
        let polygon = geo::Polygon::new(lines.next().unwrap(), lines.collect());
        Surface::try_from_geometry(Cgcs2000, MultiPolygon(vec![polygon])).unwrap()
    }

    /// As the `geo` crate has it, y to the south.
    fn as_geometry(shape: &Shape) -> MultiPolygon {
        let Shape::Polygons(polygons) = shape else { panic!("not polygons") };
        let line = |ring: &Vec<[i32; 2]>| -> geo::LineString {
            ring.iter().map(|[x, y]| (f64::from(*x), f64::from(*y))).collect()
        };
        let one = |rings: &Vec<Vec<[i32; 2]>>| {
            let mut lines = rings.iter().map(line);
            geo::Polygon::new(lines.next().unwrap(), lines.collect())
        };
        MultiPolygon(polygons.iter().map(one).collect())
    }

    #[test]
    fn a_polygon_around_the_tile_becomes_the_tile_with_its_margin() {
        let around = surface(&[&[[-9e3, -9e3], [1.3e4, -9e3], [1.3e4, 1.3e4], [-9e3, 1.3e4]]]);
        let shape = as_geometry(&polygons(tile(), &around, 0.0, 0).unwrap());
        assert_eq!(shape.unsigned_area(), f64::from(4_096 + 2 * MARGIN).powi(2));
    }

    #[test]
    fn what_is_not_in_the_tile_is_left_out() {
        let beside = surface(&[&[[5e3, 10.0], [6e3, 10.0], [6e3, 500.0]]]);
        assert_eq!(polygons(tile(), &beside, 0.0, 0), None);
        let tiny = surface(&[&[[10.0, 10.0], [12.0, 10.0], [12.0, 12.0], [10.0, 12.0]]]);
        assert!(polygons(tile(), &tiny, 0.0, 0).is_some());
        assert_eq!(polygons(tile(), &tiny, 0.0, 16), None, "smaller than a quarter of a pixel");
    }

    #[test]
    fn a_hole_stays_a_hole_and_runs_the_other_way() {
        let outer = [[0.0, 0.0], [1e3, 0.0], [1e3, 1e3], [0.0, 1e3]];
        let hole = [[250.0, 250.0], [750.0, 250.0], [750.0, 750.0], [250.0, 750.0]];
        let shape = polygons(tile(), &surface(&[&outer, &hole]), 0.0, 0).unwrap();
        let Shape::Polygons(parts) = &shape else { panic!() };
        let signed = |ring: &Vec<[i32; 2]>| {
            let next = ring.iter().cycle().skip(1);
            ring.iter()
                .zip(next)
                .map(|(a, b)| i64::from(a[0]) * i64::from(b[1]) - i64::from(b[0]) * i64::from(a[1]))
                .sum::<i64>()
        };
        assert!(signed(&parts[0][0]) > 0, "MVT 2.1, 4.3.4.4: an exterior ring's area is positive");
        assert!(signed(&parts[0][1]) < 0, "and that of a hole is negative");
    }

    #[test]
    fn a_comb_that_is_cut_is_several_polygons_without_lines_between_them() {
        // Teeth that reach into the tile from the west, joined outside of it.
        let comb = surface(&[&[
            [-900.0, 0.0],
            [500.0, 0.0],
            [500.0, 100.0],
            [-500.0, 100.0],
            [-500.0, 200.0],
            [500.0, 200.0],
            [500.0, 300.0],
            [-900.0, 300.0],
        ]]);
        let shape = as_geometry(&polygons(tile(), &comb, 0.0, 0).unwrap());
        assert_eq!(shape.0.len(), 2);
        assert!(shape.is_valid());
    }

    #[test]
    fn simplifying_leaves_fewer_points_and_the_same_area_within_the_tolerance() {
        let circle: Vec<[f64; 2]> = (0..400)
            .map(|n| f64::from(n) / 400.0 * std::f64::consts::TAU)
            .map(|a| [2e3 + 1e3 * a.cos(), 2e3 + 1e3 * a.sin()])
            .collect();
        let circle = surface(&[&circle]);
        let [fine, coarse] = [0.0, 2.0].map(|tolerance| as_geometry(&polygons(tile(), &circle, tolerance, 0).unwrap()));
        let points = |shape: &MultiPolygon| shape.0[0].exterior().0.len();
        assert!(points(&coarse) * 3 < points(&fine), "{} of {}", points(&coarse), points(&fine));
        assert!((coarse.unsigned_area() / fine.unsigned_area() - 1.0).abs() < 0.01);
    }

    #[test]
    fn a_point_on_the_border_is_in_one_tile() {
        let place = |x, y| {
            let (lon, lat) = degrees([x, y]);
            point(tile(), [lon, lat])
        };
        assert_eq!(place(0.5, 10.0), Some(Shape::Point([0, 10])));
        assert_eq!(place(4_096.5, 10.0), None);
        assert_eq!(place(-0.5, 10.0), None);
    }

    fn star() -> impl Strategy<Value = Surface<Cgcs2000>> {
        let reach = prop::collection::vec(200.0..4_000.0_f64, 5..40);
        (reach, -2e3..6e3_f64, -2e3..6e3_f64).prop_map(|(reach, x, y)| {
            let turn = std::f64::consts::TAU / reach.len() as f64;
            let ring: Vec<[f64; 2]> = reach
                .iter()
                .enumerate()
                .map(|(n, reach)| [x + reach * (turn * n as f64).cos(), y + reach * (turn * n as f64).sin()])
                .collect();
            surface(&[&ring])
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn whatever_is_cut_and_rounded_is_valid_and_within_the_margin(star in star(), tolerance in 0.0..8.0_f64) {
            if let Some(shape) = polygons(tile(), &star, tolerance, 0) {
                let geometry = as_geometry(&shape);
                prop_assert!(geometry.is_valid(), "{geometry:?}");
                for at in geometry.0.iter().flat_map(|polygon| polygon.exterior().coords()) {
                    // On whole units a crossing may be moved to a corner beside it.
                    let range = f64::from(-MARGIN - 2)..=f64::from(4_096 + MARGIN + 2);
                    prop_assert!(range.contains(&at.x) && range.contains(&at.y), "{at:?}");
                }
            }
        }
    }

    #[test]
    fn the_test_can_tell_an_invalid_polygon() {
        assert!(!polygon![(x: 0.0, y: 0.0), (x: 1.0, y: 1.0), (x: 1.0, y: 0.0), (x: 0.0, y: 1.0)].is_valid());
    }
}
