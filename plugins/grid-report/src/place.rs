//! Where something is: CGCS2000 (EPSG:4490) coordinates as whole millionths of a degree, about 0.1 m.

use std::str::FromStr;

use zhongtai::prelude::*;

use crate::text::Text;

/// A place as a reporter gives it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub lon: Degrees,
    pub lat: Degrees,
    pub address: Text<100>,
}

/// Longitude or latitude in millionths of a degree; degrees at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Degrees(i32);

/// A point. Two within [`Point::NEAR_MM`] are one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    lon: Degrees,
    lat: Degrees,
}

/// A cell of the grid, a little more than 50 m on each side: what is within 50 m of a point lies in the point's cell
/// or in one of the eight around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub x: i32,
    pub y: i32,
}

/// A rectangle around the district.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    west: Degrees,
    south: Degrees,
    east: Degrees,
    north: Degrees,
}

// At 23.9° north, the district's northern end, a millionth of a degree is 101.8 mm of longitude and 110.8 mm of
// latitude; at its southern end 102.2 mm and 110.7 mm.
const MM_PER_LON: i64 = 102;
const MM_PER_LAT: i64 = 111;
/// 50.9 m and 51.0 m.
const CELL_LON: i32 = 500;
const CELL_LAT: i32 = 461;

// === impl Place ===

impl Place {
    pub fn point(&self) -> Point {
        Point { lon: self.lon, lat: self.lat }
    }
}

// === impl Degrees ===

impl TryFrom<f64> for Degrees {
    type Error = String;

    fn try_from(degrees: f64) -> Result<Self, String> {
        match degrees.is_finite() && degrees.abs() <= 180.0 {
            // At most 180 million: it fits.
            true => Ok(Self((degrees * 1e6).round() as i32)),
            false => Err(format!("{degrees} is not between -180 and 180 degrees")),
        }
    }
}

impl From<Degrees> for f64 {
    fn from(degrees: Degrees) -> Self {
        Self::from(degrees.0) / 1e6
    }
}

// === impl Point ===

impl Point {
    /// As far apart as two sightings of one thing may be, in millimetres.
    const NEAR_MM: i64 = 50_000;

    pub fn is_near(self, other: Self) -> bool {
        let x = i64::from(self.lon.0.abs_diff(other.lon.0)) * MM_PER_LON;
        let y = i64::from(self.lat.0.abs_diff(other.lat.0)) * MM_PER_LAT;
        x * x + y * y <= Self::NEAR_MM * Self::NEAR_MM
    }

    pub fn cell(self) -> Cell {
        Cell { x: self.lon.0.div_euclid(CELL_LON), y: self.lat.0.div_euclid(CELL_LAT) }
    }
}

// === impl Cell ===

impl Cell {
    /// The cell itself, then the eight around it.
    pub fn neighbourhood(self) -> [Self; 9] {
        [(0, 0), (-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)]
            .map(|(x, y)| Self { x: self.x + x, y: self.y + y })
    }
}

// === impl Bounds ===

impl Bounds {
    /// The district's, unless an operator sets `district`: 清城区 from 112.89 to 113.38 E and 23.45 to 23.89 N.
    const DEFAULT: Self = Self {
        west: Degrees(112_870_000),
        south: Degrees(23_430_000),
        east: Degrees(113_400_000),
        north: Degrees(23_910_000),
    };

    pub fn of_district() -> Result<Self> {
        Ok(config::parse("district")?.unwrap_or(Self::DEFAULT))
    }

    pub fn contain(&self, point: Point) -> bool {
        (self.west..=self.east).contains(&point.lon) && (self.south..=self.north).contains(&point.lat)
    }
}

impl FromStr for Bounds {
    type Err = &'static str;

    /// `west,south,east,north` in degrees.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let degrees = |text: &str| text.trim().parse::<f64>().ok().and_then(|degrees| Degrees::try_from(degrees).ok());
        let sides: Option<Vec<_>> = text.split(',').map(degrees).collect();
        match sides.as_deref() {
            Some(&[west, south, east, north]) if west < east && south < north => Ok(Self { west, south, east, north }),
            _ => Err("`west,south,east,north` in degrees is expected"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(lon: f64, lat: f64) -> Point {
        Point { lon: lon.try_into().unwrap(), lat: lat.try_into().unwrap() }
    }

    #[test]
    fn fifty_metres_are_near_and_sixty_are_not() {
        let here = point(113.05, 23.70);
        assert!(here.is_near(point(113.05 + 0.000_480, 23.70)) && here.is_near(point(113.05, 23.70 + 0.000_440)));
        assert!(!here.is_near(point(113.05 + 0.000_590, 23.70)) && !here.is_near(point(113.05, 23.70 + 0.000_540)));
        assert!(!here.is_near(point(113.05 + 0.000_400, 23.70 + 0.000_400)), "57 m as the crow flies");
    }

    #[test]
    fn whatever_is_near_lies_in_the_neighbourhood() {
        // Every 3 m over two cells, against everything up to 60 m around.
        for (dx, dy) in (0..1000).step_by(30).flat_map(|x| (0..922).step_by(30).map(move |y| (x, y))) {
            let here = Point { lon: Degrees(113_050_000 + dx), lat: Degrees(23_700_000 + dy) };
            let neighbours = here.cell().neighbourhood();
            for (x, y) in (-600..=600).step_by(50).flat_map(|x| (-600..=600).step_by(50).map(move |y| (x, y))) {
                let there = Point { lon: Degrees(here.lon.0 + x), lat: Degrees(here.lat.0 + y) };
                assert!(!here.is_near(there) || neighbours.contains(&there.cell()), "{here:?} {there:?}");
            }
        }
    }

    #[test]
    fn coordinates_come_back_as_they_were_given() {
        for degrees in [113.050_001, 23.7, -0.000_001] {
            assert_eq!(f64::from(Degrees::try_from(degrees).unwrap()), degrees);
        }
        assert!(Degrees::try_from(f64::NAN).is_err() && Degrees::try_from(180.1).is_err());
    }

    #[test]
    fn bounds_are_four_numbers_in_order() {
        assert_eq!("112.87, 23.43, 113.40, 23.91".parse(), Ok(Bounds::DEFAULT));
        for text in ["", "1,2,3", "3,2,1,4", "1,2,3,4,5", "west,2,3,4"] {
            assert!(text.parse::<Bounds>().is_err(), "{text}");
        }
    }
}
