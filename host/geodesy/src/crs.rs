//! The systems, each a type. Conversions all go through CGCS2000.

use std::{fmt::Debug, str::FromStr};

use crate::{Problem, Zone, mars};

/// A reference system: what its coordinates may be, and the way to CGCS2000 and back.
pub trait Crs: Copy + Debug + PartialEq + Send + Sync + 'static {
    /// Refuses coordinates that can't be of this system.
    fn check(self, x: f64, y: f64) -> Result<(), Problem>;

    /// Longitude and latitude in CGCS2000, degrees.
    fn to_cgcs2000(self, x: f64, y: f64) -> Result<(f64, f64), Problem>;

    /// Coordinates of a place given by longitude and latitude in CGCS2000, degrees.
    fn of_cgcs2000(self, lon: f64, lat: f64) -> Result<(f64, f64), Problem>;
}

/// China Geodetic Coordinate System 2000, longitude and latitude in degrees: EPSG:4490. WGS 84 (EPSG:4326) is the same
/// to a few centimetres and is taken for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cgcs2000;

/// The system of most Chinese map services, in degrees. The conversion is unofficial, and there is none outside of
/// China's surroundings (longitude 72.004 to 137.8347, latitude 0.8293 to 55.8271): a point there is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gcj02;

/// The system of one Chinese map service, made of GCJ-02, in degrees. Unofficial as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bd09;

/// Any of them, where the system is known only when it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnyCrs {
    /// [`Cgcs2000`].
    Cgcs2000,
    /// [`Gcj02`].
    Gcj02,
    /// [`Bd09`].
    Bd09,
    /// A [`Zone`].
    GaussKruger(Zone),
}

// === impl Crs ===

impl Crs for Cgcs2000 {
    fn check(self, x: f64, y: f64) -> Result<(), Problem> {
        degrees(x, y)
    }

    fn to_cgcs2000(self, x: f64, y: f64) -> Result<(f64, f64), Problem> {
        Ok((x, y))
    }

    fn of_cgcs2000(self, lon: f64, lat: f64) -> Result<(f64, f64), Problem> {
        Ok((lon, lat))
    }
}

impl Crs for Gcj02 {
    fn check(self, x: f64, y: f64) -> Result<(), Problem> {
        degrees(x, y)
    }

    fn to_cgcs2000(self, x: f64, y: f64) -> Result<(f64, f64), Problem> {
        mars::gcj_to_wgs(x, y)
    }

    fn of_cgcs2000(self, lon: f64, lat: f64) -> Result<(f64, f64), Problem> {
        mars::wgs_to_gcj(lon, lat)
    }
}

impl Crs for Bd09 {
    fn check(self, x: f64, y: f64) -> Result<(), Problem> {
        degrees(x, y)
    }

    fn to_cgcs2000(self, x: f64, y: f64) -> Result<(f64, f64), Problem> {
        let (lon, lat) = mars::bd_to_gcj(x, y);
        mars::gcj_to_wgs(lon, lat)
    }

    fn of_cgcs2000(self, lon: f64, lat: f64) -> Result<(f64, f64), Problem> {
        let (lon, lat) = mars::wgs_to_gcj(lon, lat)?;
        Ok(mars::gcj_to_bd(lon, lat))
    }
}

impl Crs for AnyCrs {
    fn check(self, x: f64, y: f64) -> Result<(), Problem> {
        match self {
            Self::Cgcs2000 => Cgcs2000.check(x, y),
            Self::Gcj02 => Gcj02.check(x, y),
            Self::Bd09 => Bd09.check(x, y),
            Self::GaussKruger(zone) => zone.check(x, y),
        }
    }

    fn to_cgcs2000(self, x: f64, y: f64) -> Result<(f64, f64), Problem> {
        match self {
            Self::Cgcs2000 => Cgcs2000.to_cgcs2000(x, y),
            Self::Gcj02 => Gcj02.to_cgcs2000(x, y),
            Self::Bd09 => Bd09.to_cgcs2000(x, y),
            Self::GaussKruger(zone) => zone.to_cgcs2000(x, y),
        }
    }

    fn of_cgcs2000(self, lon: f64, lat: f64) -> Result<(f64, f64), Problem> {
        match self {
            Self::Cgcs2000 => Cgcs2000.of_cgcs2000(lon, lat),
            Self::Gcj02 => Gcj02.of_cgcs2000(lon, lat),
            Self::Bd09 => Bd09.of_cgcs2000(lon, lat),
            Self::GaussKruger(zone) => zone.of_cgcs2000(lon, lat),
        }
    }
}

impl FromStr for AnyCrs {
    type Err = Problem;

    /// `CGCS2000`, `GCJ-02`, `BD-09`, or an EPSG code: `EPSG:4490`, `EPSG:4326`, `EPSG:4547`; in any case.
    fn from_str(text: &str) -> Result<Self, Problem> {
        let expected = || Problem::Unreadable("expected CGCS2000, GCJ-02, BD-09 or EPSG: and a code".to_owned());
        match text.trim().to_ascii_lowercase().as_str() {
            "cgcs2000" => Ok(Self::Cgcs2000),
            "gcj-02" | "gcj02" => Ok(Self::Gcj02),
            "bd-09" | "bd09" => Ok(Self::Bd09),
            code => match code.strip_prefix("epsg:").ok_or_else(expected)?.parse().map_err(|_| expected())? {
                4490 | 4326 => Ok(Self::Cgcs2000),
                code => Ok(Self::GaussKruger(Zone::from_epsg(code)?)),
            },
        }
    }
}

/// Refuses what is no longitude and latitude, and says so when it looks like metres.
fn degrees(lon: f64, lat: f64) -> Result<(), Problem> {
    if !lon.is_finite() || !lat.is_finite() {
        return Err(Problem::NotANumber);
    }
    // No degree is as large as that; every easting and northing in China is.
    if lon.abs() > 10_000.0 && lat.abs() > 10_000.0 {
        return Err(Problem::WrongCrs("these are metres of a plane system, not degrees".to_owned()));
    }
    if !(-180.0..=180.0).contains(&lon) {
        return Err(Problem::OutOfRange("the longitude is -180 to 180 degrees".to_owned()));
    }
    if !(-90.0..=90.0).contains(&lat) {
        return Err(Problem::OutOfRange("the latitude is -90 to 90 degrees; the longitude comes first".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_degrees_is_refused_with_the_reason() {
        let refused = |lon, lat| Cgcs2000.check(lon, lat).unwrap_err();
        assert_eq!(refused(f64::NAN, 1.0), Problem::NotANumber);
        assert_eq!(refused(1.0, f64::INFINITY), Problem::NotANumber);
        assert!(matches!(refused(180.1, 0.0), Problem::OutOfRange(what) if what.contains("longitude")));
        assert!(matches!(refused(23.68, 113.05), Problem::OutOfRange(what) if what.contains("comes first")));
        assert!(matches!(refused(38_403_199.0, 2_619_945.0), Problem::WrongCrs(_)));
        assert_eq!(Cgcs2000.check(-180.0, 90.0), Ok(()));
    }

    #[test]
    fn systems_are_known_by_their_names_and_codes() {
        assert_eq!("epsg:4490".parse(), Ok(AnyCrs::Cgcs2000));
        assert_eq!("GCJ-02".parse(), Ok(AnyCrs::Gcj02));
        assert_eq!("EPSG:4547".parse(), Ok(AnyCrs::GaussKruger(Zone::from_epsg(4547).unwrap())));
        assert_eq!("EPSG:3857".parse::<AnyCrs>(), Err(Problem::UnknownCrs(3857)));
        assert!(matches!("mars".parse::<AnyCrs>(), Err(Problem::Unreadable(_))));
    }
}
