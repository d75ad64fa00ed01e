//! What is computed with figures. Edges are straight in longitude and latitude, as in every map of the district.

use geo::{
    BooleanOps, Buffer, GeodesicArea, Relate,
    algorithm::buffer::{BufferStyle, LineCap, LineJoin},
};

use crate::{Cgcs2000, Figure, Problem, Surface, local::Plane};

/// The nearest and the farthest that a buffer reaches, metres.
const BUFFER: std::ops::RangeInclusive<f64> = 0.1..=100_000.0;

/// The turn between two vertices of a round corner: 64 to a circle, whose area is 0.2 % short then.
const TURN: f64 = std::f64::consts::TAU / 64.0;

impl Figure<Cgcs2000> {
    /// Everything within `metres`, 0.1 to 100,000; round corners have a vertex every 5.6 degrees.
    ///
    /// # Errors
    /// When the distance is out of range, or the figure too large for a plane.
    pub fn buffer(&self, metres: f64) -> Result<Surface<Cgcs2000>, Problem> {
        if !metres.is_finite() {
            return Err(Problem::NotANumber);
        }
        if !BUFFER.contains(&metres) {
            return Err(Problem::OutOfRange("a buffer is 0.1 to 100,000 m".to_owned()));
        }
        let plane = Plane::around(self.geometry())?;
        let round = BufferStyle::new(metres).line_join(LineJoin::Round(TURN)).line_cap(LineCap::Round(TURN));
        let buffered = plane.onto(self.geometry())?.buffer_with_style(round);
        Ok(Surface::made(Cgcs2000, plane.back(&buffered)?))
    }

    /// Whether it has a place in common with another; a border counts.
    pub fn intersects(&self, other: &Self) -> bool {
        self.geometry().relate(other.geometry()).is_intersects()
    }
}

impl Surface<Cgcs2000> {
    /// The area in common with another; none when there is none.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let common = self.geometry().intersection(other.geometry());
        (!common.0.is_empty()).then(|| Self::made(Cgcs2000, common))
    }

    /// Square metres on the ellipsoid (Karney 2013).
    pub fn area(&self) -> f64 {
        self.geometry().geodesic_area_signed().abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Point;

    fn figure(wkt: &str) -> Figure<Cgcs2000> {
        Figure::from_wkt(wkt).unwrap()
    }

    #[test]
    fn a_round_buffer_has_the_area_of_a_circle() {
        let circle = figure("POINT(113.05 23.68)").buffer(500.0).unwrap();
        let expected = std::f64::consts::PI * 500.0 * 500.0;
        assert!((circle.area() / expected - 1.0).abs() < 0.003, "{} of {expected}", circle.area());
        let centre = Point::new(Cgcs2000, 113.05, 23.68).unwrap();
        for at in circle.geometry().0[0].exterior().coords() {
            let far = centre.distance(&Point::new(Cgcs2000, at.x, at.y).unwrap());
            assert!((far - 500.0).abs() < 0.1, "{far}");
        }
    }

    #[test]
    fn a_degree_square_at_the_equator_has_the_area_that_the_books_give() {
        let square = figure("POLYGON((0 0,1 0,1 1,0 1,0 0))").surface().unwrap();
        // GeographicLib's Planimeter on WGS 84.
        assert!((square.area() - 12_308_778_361.469).abs() < 1.0, "{}", square.area());
        let with_hole = figure("POLYGON((0 0,1 0,1 1,0 1,0 0),(0.25 0.25,0.25 0.75,0.75 0.75,0.75 0.25,0.25 0.25))");
        let (with, without) = (with_hole.surface().unwrap().area(), square.area());
        assert!((with / without - 0.75).abs() < 0.001, "{with} of {without}");
    }

    #[test]
    fn figures_that_touch_intersect_and_share_no_area() {
        let (a, b) = (figure("POLYGON((0 0,1 0,1 1,0 1,0 0))"), figure("POLYGON((1 0,2 0,2 1,1 1,1 0))"));
        assert!(a.intersects(&b));
        assert_eq!(a.surface().unwrap().intersection(&b.surface().unwrap()), None);
        let c = figure("POLYGON((0.5 0,2 0,2 1,0.5 1,0.5 0))");
        let common = a.surface().unwrap().intersection(&c.surface().unwrap()).unwrap();
        assert!((common.area() / a.surface().unwrap().area() - 0.5).abs() < 0.001);
        assert!(!a.intersects(&figure("POINT(3 3)")));
    }

    #[test]
    fn buffers_that_can_not_be_are_refused() {
        let point = figure("POINT(113.05 23.68)");
        assert_eq!(point.buffer(f64::NAN).unwrap_err(), Problem::NotANumber);
        for metres in [-1.0, 0.0, 1e6] {
            assert!(matches!(point.buffer(metres), Err(Problem::OutOfRange(_))), "{metres}");
        }
        assert!(matches!(figure("LINESTRING(70 20,130 50)").buffer(1.0), Err(Problem::OutOfRange(_))));
    }
}
