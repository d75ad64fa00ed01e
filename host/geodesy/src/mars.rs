//! GCJ-02 and BD-09. Neither is published: this is what everybody uses, and it is good to a metre, not to a centimetre.

use std::f64::consts::PI;

use crate::Problem;

/// Of the Krasovsky ellipsoid, on which the offset is computed.
const A: f64 = 6_378_245.0;
const EE: f64 = 0.006_693_421_622_965_943;
const BD_PI: f64 = PI * 3000.0 / 180.0;

const LON: std::ops::RangeInclusive<f64> = 72.004..=137.8347;
const LAT: std::ops::RangeInclusive<f64> = 0.8293..=55.8271;

pub(crate) fn wgs_to_gcj(lon: f64, lat: f64) -> Result<(f64, f64), Problem> {
    if !LON.contains(&lon) || !LAT.contains(&lat) {
        return Err(outside());
    }
    let (dlon, dlat) = offset(lon, lat);
    Ok((lon + dlon, lat + dlat))
}

/// The place whose GCJ-02 coordinates these are, by iteration: the offset changes by less than a hundredth of what the
/// place does, so that each step gains two digits.
pub(crate) fn gcj_to_wgs(lon: f64, lat: f64) -> Result<(f64, f64), Problem> {
    let (mut x, mut y) = (lon, lat);
    for _ in 0..10 {
        let (dlon, dlat) = offset(x, y);
        let (next_x, next_y) = (lon - dlon, lat - dlat);
        let moved = (next_x - x).abs().max((next_y - y).abs());
        (x, y) = (next_x, next_y);
        if moved < 1e-11 {
            break;
        }
    }
    if LON.contains(&x) && LAT.contains(&y) { Ok((x, y)) } else { Err(outside()) }
}

pub(crate) fn gcj_to_bd(lon: f64, lat: f64) -> (f64, f64) {
    let z = lon.hypot(lat) + 0.000_02 * (lat * BD_PI).sin();
    let theta = lat.atan2(lon) + 0.000_003 * (lon * BD_PI).cos();
    (z * theta.cos() + 0.006_5, z * theta.sin() + 0.006)
}

pub(crate) fn bd_to_gcj(lon: f64, lat: f64) -> (f64, f64) {
    let (x, y) = (lon - 0.006_5, lat - 0.006);
    let (mut gcj_x, mut gcj_y) = (x, y);
    for _ in 0..10 {
        let (bd_x, bd_y) = gcj_to_bd(gcj_x, gcj_y);
        gcj_x += lon - bd_x;
        gcj_y += lat - bd_y;
        if (lon - bd_x).abs().max((lat - bd_y).abs()) < 1e-11 {
            break;
        }
    }
    (gcj_x, gcj_y)
}

fn outside() -> Problem {
    Problem::OutOfRange("there is no GCJ-02 outside of China".to_owned())
}

fn offset(lon: f64, lat: f64) -> (f64, f64) {
    let (x, y) = (lon - 105.0, lat - 35.0);
    let latitude = lat.to_radians();
    let magic = 1.0 - EE * latitude.sin().powi(2);
    let dlat = north(x, y) * 180.0 / (A * (1.0 - EE) / (magic * magic.sqrt()) * PI);
    let dlon = east(x, y) * 180.0 / (A / magic.sqrt() * latitude.cos() * PI);
    (dlon, dlat)
}

fn north(x: f64, y: f64) -> f64 {
    -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + waves(&[(x, 6.0, 20.0), (x, 2.0, 20.0), (y, 1.0, 20.0), (y, 1.0 / 3.0, 40.0)])
        + waves(&[(y, 1.0 / 12.0, 160.0), (y, 1.0 / 30.0, 320.0)])
}

fn east(x: f64, y: f64) -> f64 {
    300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + waves(&[(x, 6.0, 20.0), (x, 2.0, 20.0), (x, 1.0, 20.0), (x, 1.0 / 3.0, 40.0)])
        + waves(&[(x, 1.0 / 12.0, 150.0), (x, 1.0 / 30.0, 300.0)])
}

/// Sines of a coordinate with a frequency and a weight, two thirds of them.
fn waves(terms: &[(f64, f64, f64)]) -> f64 {
    terms.iter().map(|(at, frequency, weight)| weight * (at * frequency * PI).sin()).sum::<f64>() * 2.0 / 3.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Bd09, Cgcs2000, Gcj02, Point};

    #[test]
    fn known_places_are_where_other_implementations_put_them() {
        // As in the tests of coordtransform and eviltransform: the place 116.404, 39.915 in Beijing.
        let close = |(x, y): (f64, f64), (a, b): (f64, f64)| (x - a).abs() < 1e-6 && (y - b).abs() < 1e-6;
        assert!(close(wgs_to_gcj(116.404, 39.915).unwrap(), (116.410_244_499_169_38, 39.916_404_281_501_64)));
        assert!(close(gcj_to_bd(116.404, 39.915), (116.410_369_493_710_29, 39.921_336_993_510_21)));
    }

    #[test]
    fn a_point_outside_of_china_is_refused() {
        assert!(matches!(wgs_to_gcj(-0.12, 51.5), Err(Problem::OutOfRange(_))));
        assert!(matches!(gcj_to_wgs(151.2, -33.9), Err(Problem::OutOfRange(_))));
    }

    proptest! {
        #[test]
        fn there_and_back_is_less_than_a_metre_all_over_china(lon in 73.0..136.0_f64, lat in 3.0..54.0_f64) {
            let start = Point::new(Cgcs2000, lon, lat).unwrap();
            let by_gcj = start.to(Gcj02).unwrap().to(Cgcs2000).unwrap();
            let by_bd = start.to(Bd09).unwrap().to(Cgcs2000).unwrap();
            prop_assert!(start.distance(&by_gcj) < 0.01, "GCJ-02: {} m", start.distance(&by_gcj));
            prop_assert!(start.distance(&by_bd) < 0.01, "BD-09: {} m", start.distance(&by_bd));
            let moved = start.distance(&Point::new(Cgcs2000, start.to(Gcj02).unwrap().x(), start.to(Gcj02).unwrap().y()).unwrap());
            prop_assert!((20.0..1_500.0).contains(&moved), "the offset is {moved} m");
        }
    }
}
