//! Surfaces that are asked millions of times whether a point is inside.

use geo::{BoundingRect, Coord};

use crate::{Cgcs2000, Point, Surface};

/// A surface, its edges sorted into bands of equal height: a question looks at one band.
///
/// A point on a border that two surfaces share is in exactly one of them: an edge is the same in both, from south to
/// north, its southern end part of it and its northern end not, and the point lies on the same side of it for both. So
/// western and southern borders are inside, eastern and northern ones outside.
#[derive(Debug, Clone)]
pub struct Prepared {
    edges: Edges,
}

/// An edge that is not level, from its southern to its northern end.
#[derive(Debug, Clone, Copy)]
struct Edge {
    south: f64,
    north: f64,
    /// Of the southern end.
    x: f64,
    /// Eastward for each northward.
    slope: f64,
}

/// Edges of rings in bands.
#[derive(Debug, Clone)]
pub(crate) struct Edges {
    min: Coord,
    max: Coord,
    bands_per_height: f64,
    /// Where each band begins in `edges`; one more than there are bands.
    begins: Vec<u32>,
    edges: Vec<Edge>,
    /// All of them, to tell what is on a border.
    lines: Vec<geo::Line>,
}

/// The most bands: beyond, a band holds an edge or two anyway.
const MOST_BANDS: usize = 2048;

// === impl Prepared ===

impl Prepared {
    /// Sorts the edges of a surface.
    pub fn new(surface: &Surface<Cgcs2000>) -> Self {
        let polygons = surface.geometry().iter();
        let rings = polygons.flat_map(|one| std::iter::once(one.exterior()).chain(one.interiors()));
        let mut edges = Edges::of_rings(rings);
        edges.lines = Vec::new();
        Self { edges }
    }

    /// Whether a point is inside.
    pub fn contains(&self, at: &Point<Cgcs2000>) -> bool {
        self.edges.covers(Coord { x: at.x(), y: at.y() })
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.edges.begins.capacity() * 4 + self.edges.edges.capacity() * size_of::<Edge>()
    }
}

// === impl Edges ===

impl Edges {
    pub(crate) fn of_rings<'a>(rings: impl Iterator<Item = &'a geo::LineString>) -> Self {
        let lines: Vec<geo::Line> = rings.flat_map(geo::LineString::lines).collect();
        let path = geo::MultiPoint::from_iter(lines.iter().map(|line| geo::Point(line.start)));
        let (min, max) = path.bounding_rect().map_or_else(Default::default, |rect| (rect.min(), rect.max()));
        let edges: Vec<Edge> = lines.iter().filter_map(Edge::of).collect();
        let bands = edges.len().clamp(1, MOST_BANDS);
        let height = (max.y - min.y).max(f64::MIN_POSITIVE);
        let bands_per_height = count(bands) / height;
        let (begins, edges) = sort(&edges, bands, |y| band(y, min.y, bands_per_height, bands));
        Self { min, max, bands_per_height, begins, edges, lines }
    }

    /// Inside by the even-odd rule; on a border, as [`Prepared`] says.
    pub(crate) fn covers(&self, at: Coord) -> bool {
        if at.x < self.min.x || at.x > self.max.x || at.y < self.min.y || at.y > self.max.y {
            return false;
        }
        let bands = self.begins.len().saturating_sub(1);
        let band = band(at.y, self.min.y, self.bands_per_height, bands);
        let (Some(begin), Some(end)) = (self.begins.get(band), self.begins.get(band + 1)) else { return false };
        let edges = self.edges.get(*begin as usize..*end as usize).unwrap_or_default();
        edges.iter().fold(false, |inside, edge| inside ^ edge.is_east_of(at))
    }

    /// Inside, and not on a border.
    pub(crate) fn is_inside(&self, at: Coord) -> bool {
        self.covers(at) && !self.is_on_border(at)
    }

    /// Outside, and not on a border.
    pub(crate) fn is_outside(&self, at: Coord) -> bool {
        !self.covers(at) && !self.is_on_border(at)
    }

    fn is_on_border(&self, at: Coord) -> bool {
        use geo::Intersects;
        self.lines.iter().any(|line| line.intersects(&at) || is_middle(line, at))
    }
}

/// The middle of a segment that overlaps with this one is rounded, and may lie beside it.
fn is_middle(line: &geo::Line, at: Coord) -> bool {
    at.x == f64::midpoint(line.start.x, line.end.x) && at.y == f64::midpoint(line.start.y, line.end.y)
}

/// Which band a height is in; the last one ends with what is there.
fn band(y: f64, bottom: f64, per_height: f64, bands: usize) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; clamped below")]
    let band = ((y - bottom) * per_height) as usize;
    band.min(bands.saturating_sub(1))
}

/// Each edge into every band that it reaches, band by band.
fn sort(edges: &[Edge], bands: usize, band_of: impl Fn(f64) -> usize) -> (Vec<u32>, Vec<Edge>) {
    let mut by_band: Vec<Vec<Edge>> = vec![Vec::new(); bands];
    for edge in edges {
        for band in band_of(edge.south)..=band_of(edge.north) {
            by_band.get_mut(band).into_iter().for_each(|band| band.push(*edge));
        }
    }
    let mut begins = vec![0];
    let mut sorted = Vec::with_capacity(by_band.iter().map(Vec::len).sum());
    for band in by_band {
        sorted.extend(band);
        begins.push(u32::try_from(sorted.len()).unwrap_or(u32::MAX));
    }
    (begins, sorted)
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn count(number: usize) -> f64 {
    number as f64
}

// === impl Edge ===

impl Edge {
    fn of(line: &geo::Line) -> Option<Self> {
        let (low, high) = if line.start.y < line.end.y { (line.start, line.end) } else { (line.end, line.start) };
        let height = high.y - low.y;
        (height > 0.0).then(|| Self { south: low.y, north: high.y, x: low.x, slope: (high.x - low.x) / height })
    }

    /// Whether a ray to the east meets it. Its southern end belongs to it, its northern one to the next.
    #[inline]
    fn is_east_of(&self, at: Coord) -> bool {
        (self.south <= at.y) & (at.y < self.north) && at.x < (at.y - self.south).mul_add(self.slope, self.x)
    }
}

#[cfg(test)]
mod tests {
    use geo::{Contains, Intersects};
    use proptest::prelude::*;

    use super::*;
    use crate::Figure;

    fn surface(wkt: &str) -> Surface<Cgcs2000> {
        Figure::from_wkt(wkt).unwrap().surface().unwrap()
    }

    fn at(x: f64, y: f64) -> Point<Cgcs2000> {
        Point::new(Cgcs2000, x, y).unwrap()
    }

    #[test]
    fn a_hole_is_outside_and_an_island_in_it_inside() {
        let surface = surface("MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0),(2 2,7 2,7 7,2 7,2 2)),((4 4,5 4,5 5,4 5,4 4)))");
        let prepared = Prepared::new(&surface);
        assert!(prepared.contains(&at(1.0, 1.0)));
        assert!(!prepared.contains(&at(3.0, 3.0)));
        assert!(prepared.contains(&at(4.5, 4.5)));
        assert!(!prepared.contains(&at(9.5, 5.0)));
    }

    #[test]
    fn a_corner_at_the_height_of_a_point_counts_once() {
        let diamond = Prepared::new(&surface("POLYGON((0 -1,1 0,0 1,-1 0,0 -1))"));
        assert!(diamond.contains(&at(0.0, 0.0)) && diamond.contains(&at(-0.5, 0.0)));
        assert!(!diamond.contains(&at(-1.5, 0.0)) && !diamond.contains(&at(1.5, 0.0)));
        // Two that share a border with a corner in it: the corner is in one of them.
        let left = surface("POLYGON((0 0,1 0,1.2 0.5,1 1,0 1,0 0))");
        let right = surface("POLYGON((1 0,2 0,2 1,1 1,1.2 0.5,1 0))");
        let inside = [&left, &right].map(|side| Prepared::new(side).contains(&at(1.2, 0.5)));
        assert_ne!(inside[0], inside[1]);
    }

    proptest! {
        #[test]
        fn it_says_what_geo_says(
            corners in prop::collection::vec(0.2..1.0_f64, 3..40),
            x in -1.1..1.1_f64,
            y in -1.1..1.1_f64,
        ) {
            let step = std::f64::consts::TAU / count(corners.len());
            let ring = corners.iter().enumerate().map(|(index, far)| {
                let (sin, cos) = (count(index) * step).sin_cos();
                Coord { x: cos * far, y: sin * far }
            });
            let polygon = geo::Polygon::new(geo::LineString::from_iter(ring), Vec::new());
            let surface = Surface::try_from_geometry(Cgcs2000, polygon.clone().into()).unwrap();
            let place = geo::Point::new(x, y);
            prop_assume!(polygon.contains(&place) || !polygon.intersects(&place));
            prop_assert_eq!(Prepared::new(&surface).contains(&at(x, y)), polygon.contains(&place));
        }

        #[test]
        fn a_point_on_a_border_is_in_exactly_one_of_the_neighbours(
            west in -1.0..0.0_f64, east in 1.0..2.0_f64, low in 0.1..0.9_f64, high in 0.1..0.9_f64, part in 0.0..1.0_f64,
        ) {
            let left = surface(&format!("POLYGON(({west} 0,{low} 0,{high} 1,{west} 1,{west} 0))"));
            let right = surface(&format!("POLYGON(({low} 0,{east} 0,{east} 1,{high} 1,{low} 0))"));
            let border = at(low + (high - low) * part, part);
            let inside = [&left, &right].map(|side| Prepared::new(side).contains(&border));
            prop_assert!(inside[0] != inside[1], "{inside:?}");
        }
    }
}
