use geo::{Distance, Geodesic};

use crate::{Cgcs2000, Crs, Problem};

/// A place in the system `C`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point<C> {
    crs: C,
    x: f64,
    y: f64,
}

/// A box along the axes, in CGCS2000, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// West.
    pub min_lon: f64,
    /// South.
    pub min_lat: f64,
    /// East.
    pub max_lon: f64,
    /// North.
    pub max_lat: f64,
}

// === impl Point ===

impl<C: Crs> Point<C> {
    /// The place at `x` (longitude, or easting) and `y` (latitude, or northing).
    ///
    /// # Errors
    /// When these can't be coordinates of the system.
    pub fn new(crs: C, x: f64, y: f64) -> Result<Self, Problem> {
        crs.check(x, y)?;
        Ok(Self { crs, x, y })
    }

    /// Parses `113.05,23.68`, x first; spaces around the numbers are allowed.
    ///
    /// # Errors
    /// When these are not two numbers, or can't be coordinates of the system.
    pub fn parse(crs: C, text: &str) -> Result<Self, Problem> {
        let (x, y) = text.split_once(',').ok_or_else(|| unreadable("two numbers with a comma between them"))?;
        let number = |text: &str| text.trim().parse().map_err(|_| unreadable("two numbers with a comma between them"));
        Self::new(crs, number(x)?, number(y)?)
    }

    /// Longitude in degrees, or easting in metres.
    pub fn x(&self) -> f64 {
        self.x
    }

    /// Latitude in degrees, or northing in metres.
    pub fn y(&self) -> f64 {
        self.y
    }

    /// Its system.
    pub fn crs(&self) -> C {
        self.crs
    }

    /// The same place in another system.
    ///
    /// # Errors
    /// When the other system has no coordinates for it.
    pub fn to<D: Crs>(&self, crs: D) -> Result<Point<D>, Problem> {
        let (lon, lat) = self.crs.to_cgcs2000(self.x, self.y)?;
        let (x, y) = crs.of_cgcs2000(lon, lat)?;
        Point::new(crs, x, y)
    }
}

impl Point<Cgcs2000> {
    /// Degrees east of Greenwich.
    pub fn lon(&self) -> f64 {
        self.x
    }

    /// Degrees north of the equator.
    pub fn lat(&self) -> f64 {
        self.y
    }

    /// Metres along the ellipsoid (Karney 2013).
    pub fn distance(&self, other: &Self) -> f64 {
        Geodesic.distance(geo::Point::new(self.x, self.y), geo::Point::new(other.x, other.y))
    }

    /// A box that holds everything within `metres`; a little larger, never smaller, within 85 degrees of the equator.
    pub fn around(&self, metres: f64) -> Bounds {
        // A degree of latitude is 110.57 km at least; one of longitude as much times the cosine of the latitude.
        let dlat = metres / 110_500.0;
        let widest = (self.y.abs() + dlat).min(85.0);
        let dlon = metres / (110_500.0 * widest.to_radians().cos());
        Bounds { min_lon: self.x - dlon, min_lat: self.y - dlat, max_lon: self.x + dlon, max_lat: self.y + dlat }
    }
}

// === impl Bounds ===

impl Bounds {
    /// True when the place is inside or on the border.
    pub fn contains(&self, at: &Point<Cgcs2000>) -> bool {
        (self.min_lon..=self.max_lon).contains(&at.x) && (self.min_lat..=self.max_lat).contains(&at.y)
    }
}

fn unreadable(expected: &str) -> Problem {
    Problem::Unreadable(format!("expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_along_the_ellipsoid() {
        let quarter = Point::new(Cgcs2000, 0.0, 0.0).unwrap().distance(&Point::new(Cgcs2000, 0.0, 90.0).unwrap());
        assert!((quarter - 10_001_965.729).abs() < 0.01, "the meridian's quadrant, not {quarter}");
    }

    #[test]
    fn a_text_of_two_numbers_is_a_point_and_nothing_else_is() {
        let at = Point::parse(Cgcs2000, "113.05, 23.68").unwrap();
        assert_eq!((at.lon(), at.lat()), (113.05, 23.68));
        for text in ["", "113.05", "113.05;23.68", "a,b", "113.05,23.68,0"] {
            assert!(matches!(Point::parse(Cgcs2000, text), Err(Problem::Unreadable(_))), "{text}");
        }
        assert_eq!(Point::parse(Cgcs2000, "nan,1"), Err(Problem::NotANumber));
    }

    #[test]
    fn the_box_around_a_point_holds_what_is_within() {
        let at = Point::new(Cgcs2000, 113.05, 23.68).unwrap();
        let around = at.around(1000.0);
        for (lon, lat) in [(113.0598, 23.68), (113.05, 23.689), (113.0402, 23.68), (113.05, 23.671)] {
            let other = Point::new(Cgcs2000, lon, lat).unwrap();
            assert!(at.distance(&other) < 1000.0 && around.contains(&other), "{lon} {lat}");
        }
    }
}
