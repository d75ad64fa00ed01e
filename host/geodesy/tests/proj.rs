//! Zones, distances and areas against PROJ and GeographicLib, by way of Python's pyproj.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use zhongtai_geodesy::{Cgcs2000, Figure, Point, Zone};

/// What a script makes of lines of numbers: one line of numbers for each.
fn ask(script: &str, lines: &[String]) -> Vec<Vec<f64>> {
    let mut python: Command = zhongtai_test_tools::python();
    let mut child = python.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "pyproj can't be asked: run `cargo xtask setup`");
    let numbers = |line: &str| line.split_whitespace().map(|number| number.parse().unwrap()).collect();
    String::from_utf8(output.stdout).unwrap().lines().map(numbers).collect()
}

const PROJECT: &str = "
import sys
from pyproj import Transformer
for line in sys.stdin:
    code, lon, lat = line.split()
    transformer = Transformer.from_crs(4490, int(code), always_xy=True)
    print(*map(repr, transformer.transform(float(lon), float(lat))))
";

#[test]
fn every_zone_puts_places_where_proj_puts_them_to_the_millimetre() {
    let mut places = Vec::new();
    for code in 4491..=4554_u32 {
        let zone = Zone::from_epsg(code).unwrap();
        for (off, lat) in [(-3.0, 18.2), (-0.37, 23.681_23), (1.5, 39.9), (3.0, 53.1)] {
            places.push((zone, f64::from(zone.central_meridian()) + off, lat));
        }
    }
    let lines: Vec<String> = places.iter().map(|(zone, lon, lat)| format!("{} {lon} {lat}", zone.epsg())).collect();
    let theirs = ask(PROJECT, &lines);
    assert_eq!(theirs.len(), places.len());
    for ((zone, lon, lat), theirs) in places.into_iter().zip(theirs) {
        let ours = Point::new(Cgcs2000, lon, lat).unwrap().to(zone).unwrap();
        let apart = (ours.x() - theirs[0]).hypot(ours.y() - theirs[1]);
        assert!(apart < 0.001, "EPSG:{} {lon} {lat}: {apart} m", zone.epsg());
        let back = Point::new(zone, theirs[0], theirs[1]).unwrap().to(Cgcs2000).unwrap();
        assert!(back.distance(&Point::new(Cgcs2000, lon, lat).unwrap()) < 0.001);
    }
}

const MEASURE: &str = "
import sys
from pyproj import Geod
geod = Geod(a=6378137, rf=298.257222101)
for line in sys.stdin:
    at = list(map(float, line.split()))
    area, _ = geod.polygon_area_perimeter(at[0::2], at[1::2])
    print(repr(geod.inv(at[0], at[1], at[2], at[3])[2]), repr(abs(area)))
";

#[test]
fn distances_and_areas_are_those_of_geographiclib() {
    let corners: Vec<[f64; 8]> = (0..40)
        .map(|step| {
            let (lon, lat, size) =
                (75.0 + f64::from(step) * 1.5, 18.0 + f64::from(step) * 0.8, 0.001 * 1.15_f64.powi(step));
            [lon, lat, lon + size, lat + size * 0.1, lon + size * 0.9, lat + size, lon - size * 0.2, lat + size * 0.7]
        })
        .collect();
    let line = |at: &[f64; 8]| at.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
    let theirs = ask(MEASURE, &corners.iter().map(line).collect::<Vec<_>>());
    assert_eq!(theirs.len(), corners.len());
    for (at, theirs) in corners.iter().zip(theirs) {
        let [a, b, c, d, e, f, g, h] = at;
        let distance = Point::new(Cgcs2000, *a, *b).unwrap().distance(&Point::new(Cgcs2000, *c, *d).unwrap());
        assert!((distance - theirs[0]).abs() < 0.001, "{distance} m, not {} m", theirs[0]);
        let polygon = Figure::from_wkt(&format!("POLYGON(({a} {b},{c} {d},{e} {f},{g} {h},{a} {b}))")).unwrap();
        let area = polygon.surface().unwrap().area();
        assert!((area / theirs[1] - 1.0).abs() < 1e-7, "{area} m2, not {} m2", theirs[1]);
    }
}
