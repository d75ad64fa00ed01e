//! Gauss-Kruger zones of CGCS2000 (GB/T 22021), through `proj4rs`.

use std::sync::LazyLock;

use proj4rs::Proj;

use crate::{Crs, Problem};

/// How wide a zone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 3 degrees: zone n is around n times 3 degrees.
    Three,
    /// 6 degrees: zone n is around n times 6 less 3 degrees.
    Six,
}

/// A plane zone: transverse Mercator around its central meridian, scale 1, 500 km added to the easting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    width: Width,
    number: u8,
    /// Whether the easting begins with the zone's number.
    numbered: bool,
}

/// A series of EPSG codes: the first, its width, its first zone and its last, whether eastings are numbered.
type Series = (u32, Width, u8, u8, bool);

/// "CGCS2000 / Gauss-Kruger zone 13" and so on, in the order of the register.
const SERIES: [Series; 4] = [
    (4491, Width::Six, 13, 23, true),
    (4502, Width::Six, 13, 23, false),
    (4513, Width::Three, 25, 45, true),
    (4534, Width::Three, 25, 45, false),
];

/// Degrees from the central meridian within which coordinates are made: half a zone and what neighbours ask for.
const REACH: f64 = 4.5;
/// China ends south of this. Metres are counted from the equator.
const NORTHERNMOST: f64 = 60.0;

// === impl Zone ===

impl Zone {
    /// A zone by its number: 13 to 23 of six degrees, 25 to 45 of three. `numbered` eastings begin with the number.
    ///
    /// # Errors
    /// When China has no such zone.
    pub fn new(width: Width, number: u8, numbered: bool) -> Result<Self, Problem> {
        let known = SERIES.iter().any(|(_, of, first, last, _)| *of == width && (*first..=*last).contains(&number));
        let expected = || Problem::OutOfRange("zones are 13 to 23 of 6 degrees and 25 to 45 of 3".to_owned());
        if known { Ok(Self { width, number, numbered }) } else { Err(expected()) }
    }

    /// A zone by its EPSG code: 4491 to 4554.
    ///
    /// # Errors
    /// For any other code.
    pub fn from_epsg(code: u32) -> Result<Self, Problem> {
        let of = |(begin, width, first, last, numbered): &Series| {
            let number = u32::from(*first) + code.checked_sub(*begin)?;
            let number = u8::try_from(number).ok().filter(|number| number <= last)?;
            Some(Self { width: *width, number, numbered: *numbered })
        };
        SERIES.iter().rev().find_map(of).ok_or(Problem::UnknownCrs(code))
    }

    /// The zone that a longitude is in, with eastings that are not numbered.
    ///
    /// # Errors
    /// When it is not in China.
    pub fn around(width: Width, lon: f64) -> Result<Self, Problem> {
        let number = match width {
            Width::Three => (lon / 3.0).round(),
            Width::Six => (lon / 6.0).floor() + 1.0,
        };
        // What is negative, too large or no number is no zone.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        Self::new(width, number as u8, false)
    }

    /// Its EPSG code.
    pub fn epsg(self) -> u32 {
        let series =
            SERIES.iter().find(|(_, width, _, _, numbered)| (*width, *numbered) == (self.width, self.numbered));
        series.map_or(0, |(begin, _, first, _, _)| begin + u32::from(self.number.saturating_sub(*first)))
    }

    /// Degrees east of Greenwich of the meridian that it is around.
    pub fn central_meridian(self) -> u16 {
        match self.width {
            Width::Three => u16::from(self.number) * 3,
            Width::Six => (u16::from(self.number) * 6).saturating_sub(3),
        }
    }

    /// Its number.
    pub fn number(self) -> u8 {
        self.number
    }

    /// Its width.
    pub fn width(self) -> Width {
        self.width
    }

    fn prefix(self) -> f64 {
        if self.numbered { f64::from(self.number) * 1e6 } else { 0.0 }
    }

    fn within(self, lon: f64, lat: f64) -> Result<(f64, f64), Problem> {
        let from_meridian = (lon - f64::from(self.central_meridian())).abs();
        if from_meridian > REACH || !(0.0..=NORTHERNMOST).contains(&lat) {
            return Err(Problem::OutOfRange("the place is not in this zone".to_owned()));
        }
        Ok((lon, lat))
    }
}

impl Crs for Zone {
    fn check(self, x: f64, y: f64) -> Result<(), Problem> {
        if !x.is_finite() || !y.is_finite() {
            return Err(Problem::NotANumber);
        }
        if x.abs() <= 180.0 && y.abs() <= 180.0 {
            return Err(Problem::WrongCrs("these are degrees, not metres of a plane system".to_owned()));
        }
        if self.numbered && (x / 1e6).floor() != f64::from(self.number) {
            return Err(Problem::WrongCrs(format!("the easting does not begin with zone {}", self.number)));
        }
        if !(0.0..1e6).contains(&(x - self.prefix())) {
            return Err(Problem::OutOfRange(
                "the easting is 0 to 1,000,000 m, with no zone's number before it".to_owned(),
            ));
        }
        if !(0.0..=6_700_000.0).contains(&y) {
            return Err(Problem::OutOfRange("the northing is 0 to 6,700,000 m".to_owned()));
        }
        Ok(())
    }

    fn to_cgcs2000(self, x: f64, y: f64) -> Result<(f64, f64), Problem> {
        let (lon, lat) = unproject(self.projection()?, x - self.prefix(), y)?;
        self.within(lon, lat)
    }

    fn of_cgcs2000(self, lon: f64, lat: f64) -> Result<(f64, f64), Problem> {
        self.within(lon, lat)?;
        let (x, y) = project(self.projection()?, lon, lat)?;
        Ok((x + self.prefix(), y))
    }
}

// === projections ===

static PROJECTIONS: LazyLock<Vec<Option<Proj>>> = LazyLock::new(|| {
    let meridians = (0..=45_u16).map(|step| f64::from(step) * 3.0);
    meridians.map(|meridian| transverse_mercator(meridian, 0.0, 500_000.0).ok()).collect()
});

static DEGREES: LazyLock<Option<Proj>> =
    LazyLock::new(|| Proj::from_proj_string("+proj=longlat +a=6378137 +rf=298.257222101 +no_defs").ok());

impl Zone {
    fn projection(self) -> Result<&'static Proj, Problem> {
        let step = usize::from(self.central_meridian() / 3);
        PROJECTIONS.get(step).and_then(Option::as_ref).ok_or_else(|| Problem::UnknownCrs(self.epsg()))
    }
}

/// On the ellipsoid of CGCS2000, scale 1.
pub(crate) fn transverse_mercator(meridian: f64, latitude: f64, easting: f64) -> Result<Proj, Problem> {
    let text = format!(
        "+proj=tmerc +lat_0={latitude} +lon_0={meridian} +k=1 +x_0={easting} +y_0=0 +a=6378137 +rf=298.257222101 \
         +units=m +no_defs"
    );
    Proj::from_proj_string(&text).map_err(failed)
}

pub(crate) fn project(onto: &Proj, lon: f64, lat: f64) -> Result<(f64, f64), Problem> {
    let degrees = DEGREES.as_ref().ok_or(Problem::UnknownCrs(4490))?;
    let mut at = (lon.to_radians(), lat.to_radians(), 0.0);
    proj4rs::transform::transform(degrees, onto, &mut at).map_err(failed)?;
    Ok((at.0, at.1))
}

pub(crate) fn unproject(from: &Proj, x: f64, y: f64) -> Result<(f64, f64), Problem> {
    let degrees = DEGREES.as_ref().ok_or(Problem::UnknownCrs(4490))?;
    let mut at = (x, y, 0.0);
    proj4rs::transform::transform(from, degrees, &mut at).map_err(failed)?;
    Ok((at.0.to_degrees(), at.1.to_degrees()))
}

fn failed(error: proj4rs::errors::Error) -> Problem {
    Problem::OutOfRange(format!("it can't be projected: {error}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Cgcs2000, Point};

    #[test]
    fn every_code_of_the_register_is_a_zone_and_comes_back() {
        for code in 4491..=4554 {
            assert_eq!(Zone::from_epsg(code).unwrap().epsg(), code);
        }
        for code in [0, 4479, 4480, 4490, 4555, 3857, u32::MAX] {
            assert_eq!(Zone::from_epsg(code), Err(Problem::UnknownCrs(code)));
        }
    }

    #[test]
    fn codes_are_the_zones_that_the_register_says() {
        let zone = |code| Zone::from_epsg(code).map(|zone| (zone.width(), zone.number(), zone.central_meridian()));
        assert_eq!(zone(4491), Ok((Width::Six, 13, 75)));
        assert_eq!(zone(4508), Ok((Width::Six, 19, 111)));
        assert_eq!(zone(4525), Ok((Width::Three, 37, 111)));
        assert_eq!(zone(4547), Ok((Width::Three, 38, 114)));
        assert_eq!(zone(4554), Ok((Width::Three, 45, 135)));
        assert_eq!(Zone::around(Width::Three, 113.05).map(Zone::epsg), Ok(4547));
        assert_eq!(Zone::around(Width::Six, 113.05).map(Zone::epsg), Ok(4508));
        assert!(Zone::around(Width::Three, -5.0).is_err());
    }

    #[test]
    fn coordinates_of_another_zone_or_in_degrees_are_refused() {
        let numbered = Zone::from_epsg(4526).unwrap();
        assert_eq!(numbered.number(), 38);
        assert!(matches!(Point::new(numbered, 39_403_199.0, 2_619_945.0), Err(Problem::WrongCrs(_))));
        assert!(matches!(Point::new(numbered, 113.05, 23.68), Err(Problem::WrongCrs(_))));
        assert!(Point::new(numbered, 38_403_199.0, 2_619_945.0).is_ok());
        let plain = Zone::from_epsg(4547).unwrap();
        assert!(matches!(Point::new(plain, 38_403_199.0, 2_619_945.0), Err(Problem::OutOfRange(_))));
        assert!(matches!(Point::new(plain, 403_199.0, -1.0), Err(Problem::OutOfRange(_))));
        let far = Point::new(Cgcs2000, 90.0, 30.0).unwrap();
        assert!(matches!(far.to(plain), Err(Problem::OutOfRange(_))));
    }

    proptest! {
        #[test]
        fn there_and_back_is_less_than_a_millimetre(lat in 3.0..54.0_f64, off in -4.4..4.4_f64, code in 4491..=4554_u32) {
            let zone = Zone::from_epsg(code).unwrap();
            let start = Point::new(Cgcs2000, f64::from(zone.central_meridian()) + off, lat).unwrap();
            let back = start.to(zone).unwrap().to(Cgcs2000).unwrap();
            prop_assert!(start.distance(&back) < 0.001, "{} m", start.distance(&back));
        }
    }
}
