//! Our tiles beside PostGIS's own (`ST_AsMVT`) of the same tables, both read by a decoder that is neither's.

use std::path::Path;

use serde_json::Value;
use sqlx::PgPool;
use zhongtai_cap_geo::{
    GeoProvider, Level,
    tiles::{EXTENT, Layers, TileConfig, TileId, contents, render},
};
use zhongtai_test_tools::{python, said};

use crate::support::{city, fresh};

/// From CGCS2000 by way of Web Mercator, with the same margin as ours.
const THEIRS: &str = "\
    WITH tile AS (SELECT ST_TileEnvelope($1, $2, $3) AS frame, ST_TileEnvelope($1, $2, $3, margin => 64.0 / 4096) AS wide), \
    grids AS (SELECT id, name, ST_AsMVTGeom(ST_Transform(shape, 3857), frame, 4096, 64, true) AS geom \
        FROM zhongtai_geo.grids, tile WHERE ST_Intersects(ST_Transform(shape, 3857), wide)), \
    halls AS (SELECT id, name, ST_AsMVTGeom(ST_Transform(at, 3857), frame, 4096, 0, true) AS geom \
        FROM zhongtai_geo.halls, tile), \
    addresses AS (SELECT id, number AS name, ST_AsMVTGeom(ST_Transform(at, 3857), frame, 4096, 0, true) AS geom \
        FROM zhongtai_geo.addresses, tile WHERE level <= $4) \
    SELECT (SELECT coalesce(ST_AsMVT(grids, 'grids', 4096, 'geom'), '') FROM grids WHERE geom IS NOT NULL) \
        || (SELECT coalesce(ST_AsMVT(halls, 'halls', 4096, 'geom'), '') FROM halls WHERE geom IS NOT NULL) \
        || CASE WHEN $1 < 15 THEN '' ELSE \
            (SELECT coalesce(ST_AsMVT(addresses, 'addresses', 4096, 'geom'), '') FROM addresses WHERE geom IS NOT NULL) END";

fn compared(ours: &[u8], theirs: &[u8]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let files = [("ours", ours), ("theirs", theirs)].map(|(name, bytes)| {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/tiles.py");
    let (ok, text) = said(python().arg(script).arg("compare").args(files));
    assert!(ok, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn tiles_show_what_those_of_postgis_show() {
    let (fresh, city) = (fresh().await, city(6_000));
    fresh.postgis.put_grids(&city.registry_grids().collect::<Vec<_>>()).await.unwrap();
    fresh.postgis.put_halls(&city.registry_halls()).await.unwrap();
    let houses: Vec<_> = city.registry_addresses().filter(|address| address.level() <= Level::Number).collect();
    let at = houses[0].at;
    fresh.postgis.put_addresses(&houses).await.unwrap();
    let pool = PgPool::connect(&fresh.database.url).await.unwrap();
    let config = TileConfig::default();
    for z in [10_u8, 12, 14, 16] {
        let [x, y] = TileId::new(0, 0, 0).unwrap().units([at.lon(), at.lat()]).map(|units| units / f64::from(EXTENT));
        let side = f64::from(1_u32 << z);
        let tile = TileId::new(z, (x * side) as u32, (y * side) as u32).unwrap();
        let ours =
            render(tile, &contents(&fresh.postgis, tile, Layers::at(tile, &config)).await.unwrap(), &config).unwrap();
        let (x, y) = tile.column_and_row();
        let theirs: Vec<u8> = sqlx::query_scalar(THEIRS)
            .bind(i32::from(z))
            .bind(x.cast_signed())
            .bind(y.cast_signed())
            .bind(i16::try_from(Level::Building.index()).unwrap())
            .fetch_one(&pool)
            .await
            .unwrap();
        let compared = compared(&ours, &theirs);
        let layers: &[&str] = if z >= 15 { &["addresses", "grids"] } else { &["grids", "halls"] };
        for layer in layers {
            let figures = &compared[layer];
            assert!(figures["shared"].as_u64() > Some(0), "{z} {layer}: {compared}");
            // Half a unit of rounding each, and one unit of simplifying where there is any.
            let most = if z >= 16 { 1.5 } else { 2.0 };
            assert!(figures["apart"].as_f64().unwrap() <= most, "{z} {layer}: {figures}");
            assert_eq!(figures["same_names"], true, "{z} {layer}");
            // What only one shows is a corner at the margin, or smaller than a quarter of a pixel.
            let odd = figures["only_ours"].as_array().into_iter().chain(figures["only_theirs"].as_array()).flatten();
            assert!(odd.filter_map(Value::as_f64).all(|area| area < 64.0), "{z} {layer}: {figures}");
            let points_missing = *layer != "grids" && (figures["only_ours"] != figures["only_theirs"]);
            assert!(!points_missing, "{z} {layer}: {figures}");
        }
    }
}
