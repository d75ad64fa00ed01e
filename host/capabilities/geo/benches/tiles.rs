//! What it takes to make vector tiles of a city with 5,000 grids and 1 million addresses, by zoom; beside cutting the
//! same grids with the `geo` crate's operations on floating point, and beside PostGIS's `ST_AsMVT` where
//! `ZHONGTAI_TEST_POSTGRES` names a server that has it. Prints one JSON object. Run by `cargo xtask bench`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{hint::black_box, sync::Arc, time::Instant};

use geo::BooleanOps;
use serde_json::{Map, Value, json};
use sqlx::PgPool;
use zhongtai_cap_geo::{
    Address, Grid, Level,
    synthetic::{City, Plan},
    tiles::{Contents, EXTENT, TileConfig, TileId, render},
};
use zhongtai_geodesy::Bounds;

/// The best of so many rounds counts, as others use the machine too.
const ROUNDS: usize = 5;
const ZOOMS: [u8; 5] = [9, 11, 13, 15, 17];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // `cargo test --benches` only asks whether it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let city = City::new(&Plan::LARGE);
    let grids: Vec<Arc<Grid>> = city.registry_grids().map(Arc::new).collect();
    let coarse: Vec<Address> = city.registry_addresses().filter(|address| address.level() <= Level::Building).collect();
    let busiest = coarse.first().map(|address| [address.at.lon(), address.at.lat()]).unwrap();
    let server = Server::open(&grids).await;
    let mut zooms = Map::new();
    for z in ZOOMS {
        let tile = tile_of(z, busiest);
        let contents = contents(&city, (&grids, &coarse), tile);
        let only_grids = Contents { grids: contents.grids.clone(), ..Contents::default() };
        let mut figures = measure(tile, &contents);
        let ours = best(|| drop(black_box(render(tile, &only_grids, &TileConfig::default()).unwrap())));
        let naive = best(|| {
            black_box(by_floats(tile, &contents.grids));
        });
        figures.insert("grids alone, ms".into(), json!(millis(ours)));
        figures.insert("grids cut by floating point, ms".into(), json!(millis(naive)));
        figures.insert("times as fast as that".into(), json!(tenth(naive / ours)));
        if let Some(server) = &server {
            let theirs = server.measure(tile).await;
            figures.insert("grids by PostGIS, ms".into(), json!(millis(theirs)));
            figures.insert("times as fast as PostGIS".into(), json!(tenth(theirs / ours)));
        }
        zooms.insert(format!("zoom {z}"), Value::Object(figures));
    }
    if let Some(server) = server {
        server.close().await;
    }
    println!("{}", json!({ "grids": grids.len(), "addresses to a building": coarse.len(), "tiles": zooms }));
}

fn measure(tile: TileId, contents: &Contents) -> Map<String, Value> {
    let config = TileConfig::default();
    let whole = best(|| drop(black_box(render(tile, contents, &config).unwrap())));
    let bytes = render(tile, contents, &config).unwrap().len();
    let mut figures = Map::new();
    let looked_at = [("grids", contents.grids.len()), ("addresses", contents.addresses.len())];
    figures.extend(looked_at.map(|(name, count)| (name.to_owned(), json!(count))));
    figures.insert("bytes".into(), json!(bytes));
    figures.insert("tile, ms".into(), json!(millis(whole)));
    figures
}

/// What a provider would give for a tile.
fn contents(city: &City, (grids, addresses): (&[Arc<Grid>], &[Address]), tile: TileId) -> Contents {
    let (within, around) = (tile.bounds(0.0), tile.bounds(64.0));
    let mut contents = Contents {
        grids: grids.iter().filter(|grid| touch(&grid.shape.bounds(), &around)).cloned().collect(),
        halls: city.registry_halls().into_iter().map(Arc::new).collect(),
        addresses: Vec::new(),
    };
    if tile.zoom() >= TileConfig::default().addresses_from {
        contents.addresses = addresses.iter().filter(|address| within.contains(&address.at)).cloned().collect();
    }
    contents
}

fn touch(a: &Bounds, b: &Bounds) -> bool {
    a.min_lon <= b.max_lon && a.max_lon >= b.min_lon && a.min_lat <= b.max_lat && a.max_lat >= b.min_lat
}

/// The obvious way: each grid cut with the tile's box in degrees. Neither put on whole units nor made valid there.
fn by_floats(tile: TileId, grids: &[Arc<Grid>]) -> usize {
    let bounds = tile.bounds(64.0);
    let frame = geo::Rect::new((bounds.min_lon, bounds.min_lat), (bounds.max_lon, bounds.max_lat)).to_polygon();
    let frame = geo::MultiPolygon(vec![frame]);
    grids.iter().map(|grid| grid.shape.geometry().intersection(&frame).0.len()).sum()
}

fn tile_of(z: u8, at: [f64; 2]) -> TileId {
    let [x, y] = TileId::new(0, 0, 0).unwrap().units(at).map(|units| units / f64::from(EXTENT));
    let side = f64::from(1_u32 << z);
    TileId::new(z, (x * side) as u32, (y * side) as u32).unwrap()
}

/// A database of its own with the grids.
struct Server {
    admin: PgPool,
    pool: PgPool,
    name: String,
}

// === impl Server ===

impl Server {
    async fn open(grids: &[Arc<Grid>]) -> Option<Self> {
        let server = std::env::var("ZHONGTAI_TEST_POSTGRES").ok()?;
        let admin = PgPool::connect(&format!("{server}/postgres")).await.ok()?;
        let name = format!("bench_tiles_{}", std::process::id());
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
        let pool = PgPool::connect(&format!("{server}/{name}")).await.unwrap();
        let server = Self { admin, pool, name };
        if sqlx::raw_sql("CREATE EXTENSION postgis").execute(&server.pool).await.is_err() {
            server.close().await;
            return None;
        }
        let table = "CREATE TABLE grids (id TEXT, name TEXT, shape geometry(MultiPolygon, 3857))";
        sqlx::raw_sql(table).execute(&server.pool).await.unwrap();
        let column = |of: fn(&Grid) -> String| grids.iter().map(|grid| of(grid)).collect::<Vec<_>>();
        // Already in the tiles' system: what a map server would keep.
        let put = "INSERT INTO grids SELECT id, name, ST_Transform(ST_Multi(ST_GeomFromText(shape, 4326)), 3857) \
            FROM UNNEST($1::text[], $2::text[], $3::text[]) AS g (id, name, shape)";
        sqlx::query(put)
            .bind(column(|grid| grid.id.clone()))
            .bind(column(|grid| grid.name.clone()))
            .bind(column(|grid| grid.shape.to_wkt()))
            .execute(&server.pool)
            .await
            .unwrap();
        sqlx::raw_sql("CREATE INDEX ON grids USING gist (shape); ANALYZE grids").execute(&server.pool).await.unwrap();
        Some(server)
    }

    /// Seconds for the layer of grids.
    async fn measure(&self, tile: TileId) -> f64 {
        let (x, y) = tile.column_and_row();
        let select = "SELECT ST_AsMVT(t, 'grids', 4096, 'geom') FROM (\
            SELECT id, name, ST_AsMVTGeom(shape, ST_TileEnvelope($1, $2, $3), 4096, 64, true) AS geom FROM grids \
            WHERE shape && ST_TileEnvelope($1, $2, $3, margin => 64.0 / 4096)) AS t WHERE geom IS NOT NULL";
        let mut fastest = f64::INFINITY;
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let bytes: Vec<u8> = sqlx::query_scalar(select)
                .bind(i32::from(tile.zoom()))
                .bind(x.cast_signed())
                .bind(y.cast_signed())
                .fetch_one(&self.pool)
                .await
                .unwrap();
            fastest = fastest.min(began.elapsed().as_secs_f64());
            black_box(bytes);
        }
        fastest
    }

    async fn close(self) {
        self.pool.close().await;
        let drop = format!("DROP DATABASE {}", self.name);
        sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&self.admin).await.unwrap();
    }
}

/// Seconds.
fn best(mut work: impl FnMut()) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        work();
        began.elapsed().as_secs_f64()
    });
    rounds.fold(f64::INFINITY, f64::min)
}

fn millis(seconds: f64) -> f64 {
    (seconds * 1e5).round() / 100.0
}

fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
