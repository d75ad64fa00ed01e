//! PostGIS and what is computed in this process agree, on figures that are other ones in every run. Tolerances stand
//! beside what they are for.

use geo::BooleanOps;
use sqlx::PgPool;
use zhongtai_cap_geo::{AddressIndex, GeoProvider, GridIndex, Level};
use zhongtai_geodesy::{Cgcs2000, Surface};

use crate::support::{anything, city, figure, fresh, generated, place, somewhere, star};

#[tokio::test]
async fn a_place_is_in_the_same_grid() {
    let (fresh, city) = (fresh().await, city(1_000));
    let grids: Vec<_> = city.registry_grids().collect();
    fresh.postgis.put_grids(&grids).await.unwrap();
    let index = GridIndex::build(grids.clone()).unwrap();
    let mut inside = 0;
    for (lon, lat) in generated(somewhere(), 500) {
        let at = place(lon, lat);
        let ours = index.at(&at).map(|grid| grid.id.clone());
        let theirs = fresh.postgis.grid_of(&at).await.unwrap().map(|grid| grid.id.clone());
        inside += usize::from(ours.is_some());
        assert_eq!(ours, theirs, "{lon} {lat}");
    }
    assert!(inside > 100, "only {inside} were in a grid");
    // Corners are on the border of two, three or four grids.
    for corner in grids.iter().step_by(20).flat_map(|grid| grid.shape.geometry().0[0].exterior().coords().copied()) {
        let at = place(corner.x, corner.y);
        let theirs = fresh.postgis.grid_of(&at).await.unwrap().map(|grid| grid.id.clone());
        assert_eq!(index.at(&at).map(|grid| grid.id.clone()), theirs, "{corner:?}");
    }
}

#[tokio::test]
async fn the_nearest_addresses_are_the_same_and_as_far() {
    let (fresh, city) = (fresh().await, city(4_000));
    let addresses: Vec<_> = city.registry_addresses().collect();
    fresh.postgis.put_addresses(&addresses).await.unwrap();
    let index = AddressIndex::build(addresses.clone());
    let around: Vec<_> = generated(proptest::sample::select(addresses), 60);
    let aside = generated((-0.004..0.004_f64, -0.004..0.004_f64), 60);
    let mut found = 0;
    for (address, (east, north)) in around.iter().zip(aside) {
        let at = place(address.at.lon() + east, address.at.lat() + north);
        for deepest in [Level::Building, Level::Room] {
            let ours = index.nearest(&at, 800.0, 12, deepest);
            let theirs = fresh.postgis.reverse(&at, 800.0, 12, deepest).await.unwrap();
            assert_eq!(ours.len(), theirs.len(), "{at:?} {deepest}");
            found += ours.len();
            for (ours, theirs) in ours.iter().zip(&theirs) {
                // A tenth of a millimetre: both follow Karney, on ellipsoids that differ by as much.
                assert!((ours.distance - theirs.distance).abs() < 1e-4, "{} {}", ours.distance, theirs.distance);
                assert!(theirs.address.level() <= deepest);
            }
        }
    }
    assert!(found > 100, "only {found} were near");
}

#[tokio::test]
async fn figures_intersect_or_not_in_both() {
    let fresh = fresh().await;
    let mut meeting = 0;
    for (a, b) in generated((anything(), anything()), 400) {
        let (a, b) = (figure(&a), figure(&b));
        let theirs = fresh.postgis.intersects(&a, &b).await.unwrap();
        assert_eq!(a.intersects(&b), theirs, "{} and {}", a.to_wkt(), b.to_wkt());
        meeting += usize::from(theirs);
    }
    assert!((10..390).contains(&meeting), "{meeting} of 400 meet");
}

#[tokio::test]
async fn an_intersection_has_the_same_area() {
    let fresh = fresh().await;
    let mut meeting = 0;
    for (a, b) in generated((star(), star()), 200) {
        let (a, b) = (figure(&a).surface().unwrap(), figure(&b).surface().unwrap());
        let area = |common: Option<Surface<Cgcs2000>>| common.map_or(0.0, |common| common.area());
        let theirs = area(fresh.postgis.intersection(&a, &b).await.unwrap());
        let ours = area(a.intersection(&b));
        // Crossings are put on a raster by the one: a millionth, and slivers up to 0.1 square metre.
        assert!((ours - theirs).abs() < ours * 1e-6 + 0.1, "{ours} {theirs}: {} and {}", a.to_wkt(), b.to_wkt());
        meeting += usize::from(ours > 0.0);
    }
    assert!(meeting > 10, "only {meeting} of 200 meet");
}

#[tokio::test]
async fn areas_on_the_ellipsoid_are_the_same() {
    let fresh = fresh().await;
    for polygon in generated(star(), 200) {
        let surface = figure(&polygon).surface().unwrap();
        let (ours, theirs) = (surface.area(), fresh.postgis.area(&surface).await.unwrap());
        // Both follow Karney: a hundred-millionth, and what doubles lose of square kilometres.
        assert!((ours - theirs).abs() < ours * 1e-8 + 0.01, "{ours} {theirs}: {polygon}");
    }
}

#[tokio::test]
async fn distances_along_the_ellipsoid_are_the_same() {
    let fresh = fresh().await;
    let pool = PgPool::connect(&fresh.database.url).await.unwrap();
    let measure = "SELECT ST_Distance(ST_SetSRID(ST_MakePoint($1, $2), 4490)::geography, \
        ST_SetSRID(ST_MakePoint($3, $4), 4490)::geography)";
    let anywhere = (-180.0..180.0_f64, -89.0..89.0_f64, -180.0..180.0_f64, -89.0..89.0_f64);
    for (a, b, c, d) in generated(anywhere, 300) {
        let ours = place(a, b).distance(&place(c, d));
        let theirs: f64 = sqlx::query_scalar(measure).bind(a).bind(b).bind(c).bind(d).fetch_one(&pool).await.unwrap();
        // A millimetre across the world: the ellipsoids' axes differ by a tenth of one.
        assert!((ours - theirs).abs() < 1e-3, "{ours} {theirs}: {a} {b}, {c} {d}");
    }
}

#[tokio::test]
async fn buffers_cover_the_same() {
    let fresh = fresh().await;
    for (shape, metres) in generated((anything(), 5.0..2_000.0_f64), 80) {
        let shape = figure(&shape);
        let ours = shape.buffer(metres).unwrap();
        let theirs = fresh.postgis.buffer(&shape, metres).await.unwrap();
        // PostGIS works in the plane that it thinks best, where lengths may be 0.1 % off, and puts the corners of
        // circles elsewhere: half a percent of the area.
        let apart = ours.geometry().xor(theirs.geometry());
        let apart = Surface::try_from_geometry(Cgcs2000, apart).map_or(0.0, |apart| apart.area());
        assert!(apart < ours.area() * 0.005, "{apart} of {}: {} by {metres}", ours.area(), shape.to_wkt());
    }
}
