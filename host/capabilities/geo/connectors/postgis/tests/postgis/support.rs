//! A fresh database on the test's server, and figures to ask about.

use std::{sync::OnceLock, time::SystemTime};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngSeed, TestRunner},
};
use zhongtai_cap_geo::{
    Place,
    synthetic::{City, Plan},
};
use zhongtai_conn_geo_postgis::Postgis;
use zhongtai_geodesy::{Cgcs2000, Figure};
use zhongtai_outbound::Secret;
use zhongtai_store::testing::{TestDatabase, postgres};

pub(crate) struct Fresh {
    pub(crate) postgis: Postgis,
    pub(crate) database: TestDatabase,
}

pub(crate) async fn fresh() -> Fresh {
    let database = postgres(&[]).await;
    let postgis = Postgis::open(&Secret::new(database.url.clone()), 4).await.unwrap();
    Fresh { postgis, database }
}

pub(crate) fn city(addresses: usize) -> City {
    City::new(&Plan { seed: 5, addresses, grids: 600 })
}

pub(crate) fn place(lon: f64, lat: f64) -> Place {
    Place::new(Cgcs2000, lon, lat).unwrap()
}

/// `count` values, other ones in every run. Says the run's seed, and takes it from `ZHONGTAI_TEST_SEED`.
pub(crate) fn generated<S: Strategy>(strategy: S, count: usize) -> Vec<S::Value> {
    static SEED: OnceLock<u64> = OnceLock::new();
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.subsec_nanos());
    let given = || std::env::var("ZHONGTAI_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = *SEED.get_or_init(|| given().unwrap_or_else(|| u64::from(now())));
    println!("ZHONGTAI_TEST_SEED={seed}");
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(seed), ..Config::default() });
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Somewhere in the district.
pub(crate) fn somewhere() -> impl Strategy<Value = (f64, f64)> {
    (112.95..113.15_f64, 23.60..23.76_f64)
}

/// Where polygons are: near enough to each other that many meet.
fn middle() -> impl Strategy<Value = (f64, f64)> {
    (113.0..113.07_f64, 23.65..23.71_f64)
}

/// A polygon around a place whose corners are 20 m to 5 km away; star-shaped, so that it is valid. With a hole or not.
pub(crate) fn star() -> impl Strategy<Value = String> {
    let reach = proptest::collection::vec(0.3..1.0_f64, 3..40);
    (middle(), 0.000_6..0.045_f64, reach, proptest::bool::ANY).prop_map(|((lon, lat), size, reach, with_hole)| {
        // Three corners at even turns always go around the middle.
        let ring = |scale: f64| {
            let turn = std::f64::consts::TAU / reach.len() as f64;
            let corner = |(n, reach): (usize, &f64)| {
                let angle = turn * n as f64;
                format!("{} {}", lon + scale * reach * angle.cos(), lat + scale * reach * angle.sin())
            };
            let mut corners: Vec<String> = reach.iter().enumerate().map(corner).collect();
            corners.push(corners[0].clone());
            corners.join(",")
        };
        match with_hole {
            true => format!("POLYGON(({}),({}))", ring(size), ring(size * 0.4)),
            false => format!("POLYGON(({}))", ring(size)),
        }
    })
}

/// A figure of any of the four kinds.
pub(crate) fn anything() -> impl Strategy<Value = String> {
    let line = proptest::collection::vec(somewhere(), 2..8).prop_map(|points| {
        let points: Vec<String> = points.iter().map(|(lon, lat)| format!("{lon} {lat}")).collect();
        format!("LINESTRING({})", points.join(","))
    });
    proptest::prop_oneof![
        3 => star(),
        1 => somewhere().prop_map(|(lon, lat)| format!("POINT({lon} {lat})")),
        1 => line,
    ]
}

pub(crate) fn figure(wkt: &str) -> Figure<Cgcs2000> {
    Figure::from_wkt(wkt).unwrap_or_else(|problem| panic!("{problem}: {wkt}"))
}
