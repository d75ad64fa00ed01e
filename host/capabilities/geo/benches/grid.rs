//! How many places per second are found in their grid on one core, among 5,000 grids; beside looking at every grid's
//! box, and beside PostGIS on the same places where `ZHONGTAI_TEST_POSTGRES` names a server that has it. Prints one JSON
//! object. Run by `cargo xtask bench`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark that can't run must say so and stop"
)]

use std::{hint::black_box, time::Instant};

use serde_json::{Value, json};
use sqlx::PgPool;
use zhongtai_cap_geo::{
    Grid, GridIndex, Place,
    synthetic::{City, Plan},
};
use zhongtai_geodesy::{Bounds, Cgcs2000, Prepared};

/// The best of so many rounds counts, as others use the machine too.
const ROUNDS: usize = 5;
const PLACES: u64 = 1_000_000;

/// Of these, as many are looked for in the slower ways; the rest would take as long each.
const SAMPLE: usize = 20_000;
const OF_POSTGIS: usize = 100_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // `cargo test --benches` only asks whether it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let city = City::new(&Plan { addresses: 1_000, ..Plan::LARGE });
    let grids: Vec<Grid> = city.registry_grids().collect();
    let places: Vec<Place> = (0..PLACES).map(|number| city.somewhere(number)).map(place).collect();
    let began = Instant::now();
    let index = GridIndex::build(grids.clone()).unwrap();
    let built = began.elapsed();

    let found = places.iter().filter(|place| index.at(place).is_some()).count();
    let per_second = best(&places, |place| index.at(place).is_some());
    let every_box = boxes(&grids);
    let scan = |place: &Place| every_box.iter().any(|(bounds, grid)| bounds.contains(place) && grid.contains(place));
    let by_scan = best(&places[..SAMPLE], scan);
    let sample = &places[..SAMPLE];
    let same = sample.iter().all(|place| index.at(place).is_some() == scan(place));
    assert!(same, "both ways find the same");
    println!(
        "{}",
        json!({
            "grids": grids.len(),
            "places inside, %": percent(found, places.len()),
            "index built, ms": millis(built.as_secs_f64()),
            "places per second, one core": per_second.round(),
            "places per second by every grid's box": by_scan.round(),
            "times as fast as every grid's box": tenth(per_second / by_scan),
            "PostGIS": postgis(&grids, &places[..OF_POSTGIS], per_second).await,
        })
    );
}

fn place([lon, lat]: [f64; 2]) -> Place {
    Place::new(Cgcs2000, lon, lat).unwrap()
}

fn boxes(grids: &[Grid]) -> Vec<(Bounds, Prepared)> {
    grids.iter().map(|grid| (grid.shape.bounds(), Prepared::new(&grid.shape))).collect()
}

/// Places per second.
fn best(places: &[Place], find: impl Fn(&Place) -> bool) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        for place in places {
            black_box(find(black_box(place)));
        }
        places.len() as f64 / began.elapsed().as_secs_f64()
    });
    rounds.fold(0.0, f64::max)
}

/// The same places, in one statement on one worker, with an index: what PostGIS does best.
async fn postgis(grids: &[Grid], places: &[Place], ours: f64) -> Value {
    let Ok(server) = std::env::var("ZHONGTAI_TEST_POSTGRES") else { return json!("not measured: no server") };
    let name = format!("bench_grid_{}", std::process::id());
    let Ok(admin) = PgPool::connect(&format!("{server}/postgres")).await else {
        return json!("not measured: the server does not answer");
    };
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
    let pool = PgPool::connect(&format!("{server}/{name}")).await.unwrap();
    let measured = match sqlx::raw_sql("CREATE EXTENSION postgis").execute(&pool).await {
        Ok(_) => join(&pool, grids, places, ours).await,
        Err(_) => json!("not measured: the server has no PostGIS"),
    };
    pool.close().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP DATABASE {name}"))).execute(&admin).await.unwrap();
    measured
}

async fn join(pool: &PgPool, grids: &[Grid], places: &[Place], ours: f64) -> Value {
    let mut connection = pool.acquire().await.unwrap();
    let tables = "CREATE TABLE grids (id TEXT, shape geometry(MultiPolygon, 4490)); \
        CREATE TABLE places (at geometry(Point, 4490)); SET max_parallel_workers_per_gather = 0; SET jit = off";
    sqlx::raw_sql(tables).execute(&mut *connection).await.unwrap();
    let ids: Vec<&str> = grids.iter().map(|grid| grid.id.as_str()).collect();
    let shapes: Vec<String> = grids.iter().map(|grid| grid.shape.to_wkt()).collect();
    let put = "INSERT INTO grids SELECT id, ST_Multi(ST_GeomFromText(shape, 4490)) FROM UNNEST($1::text[], $2::text[]) AS g (id, shape)";
    sqlx::query(put).bind(ids).bind(shapes).execute(&mut *connection).await.unwrap();
    let (lons, lats): (Vec<f64>, Vec<f64>) = places.iter().map(|place| (place.lon(), place.lat())).unzip();
    let put = "INSERT INTO places SELECT ST_SetSRID(ST_MakePoint(lon, lat), 4490) FROM UNNEST($1::float8[], $2::float8[]) AS p (lon, lat)";
    sqlx::query(put).bind(lons).bind(lats).execute(&mut *connection).await.unwrap();
    sqlx::raw_sql("CREATE INDEX ON grids USING gist (shape); ANALYZE").execute(&mut *connection).await.unwrap();
    let count =
        "SELECT count(*) FROM places WHERE EXISTS (SELECT 1 FROM grids WHERE ST_Intersects(grids.shape, places.at))";
    let mut fastest = f64::INFINITY;
    let mut inside = 0_i64;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        inside = sqlx::query_scalar(count).fetch_one(&mut *connection).await.unwrap();
        fastest = fastest.min(began.elapsed().as_secs_f64());
    }
    let per_second = places.len() as f64 / fastest;
    json!({
        "places inside, %": percent(usize::try_from(inside).unwrap(), places.len()),
        "places per second, one worker, one statement": per_second.round(),
        "times as fast as PostGIS": tenth(ours / per_second),
    })
}

fn percent(part: usize, whole: usize) -> f64 {
    tenth(part as f64 / whole as f64 * 100.0)
}

fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

fn millis(seconds: f64) -> f64 {
    (seconds * 1e4).round() / 10.0
}
