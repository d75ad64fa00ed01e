//! Tiles as a decoder reads them that we did not write: `mapbox-vector-tile` from PyPI, with shapely.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

use std::{collections::HashSet, path::Path, sync::Arc};

use serde_json::Value;
use zhongtai_cap_geo::{
    Address, Level,
    synthetic::{City, Plan},
    tiles::{Contents, EXTENT, TileConfig, TileId, render},
};
use zhongtai_geodesy::Bounds;
use zhongtai_test_tools::{python, said};

fn decoded(tile: &[u8]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tile.mvt");
    std::fs::write(&file, tile).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tiles.py");
    let (ok, text) = said(python().arg(script).arg("read").arg(file));
    assert!(ok, "{text}");
    serde_json::from_str(&text).unwrap()
}

fn city() -> City {
    City::new(&Plan { seed: 11, addresses: 30_000, grids: 600 })
}

/// What a provider would give for a tile.
fn contents(city: &City, tile: TileId) -> Contents {
    let around = tile.bounds(64.0);
    let touches = |bounds: Bounds| {
        bounds.min_lon <= around.max_lon
            && bounds.max_lon >= around.min_lon
            && bounds.min_lat <= around.max_lat
            && bounds.max_lat >= around.min_lat
    };
    let coarse = |address: &Address| {
        tile.zoom() >= TileConfig::default().addresses_from
            && address.level() <= Level::Building
            && tile.bounds(0.0).contains(&address.at)
    };
    Contents {
        grids: city.registry_grids().filter(|grid| touches(grid.shape.bounds())).map(Arc::new).collect(),
        halls: city.registry_halls().into_iter().map(Arc::new).collect(),
        addresses: city.registry_addresses().filter(coarse).collect(),
    }
}

/// The tile of a zoom in which a place is.
fn tile_of(z: u8, at: [f64; 2]) -> TileId {
    let [x, y] = TileId::new(0, 0, 0).unwrap().units(at).map(|units| units / f64::from(EXTENT));
    let side = f64::from(1_u32 << z);
    TileId::new(z, (x * side) as u32, (y * side) as u32).unwrap()
}

#[test]
fn another_decoder_finds_every_layer_with_valid_figures() {
    let city = city();
    let first = city.registry_addresses().next().unwrap();
    for z in [9, 12, 14, 16] {
        let tile = tile_of(z, [first.at.lon(), first.at.lat()]);
        let contents = contents(&city, tile);
        let layers = decoded(&render(tile, &contents, &TileConfig::default()).unwrap());
        let grids = layers["grids"]["features"].as_array().unwrap();
        assert_eq!((&layers["grids"]["version"], &layers["grids"]["extent"]), (&2.into(), &4_096.into()));
        assert!(!grids.is_empty() && grids.len() <= contents.grids.len(), "{z}: {} grids", grids.len());
        for grid in grids {
            assert_eq!(grid["valid"], true, "{z}: {grid}");
            assert!(grid["kind"] == "Polygon" || grid["kind"] == "MultiPolygon", "{grid}");
        }
        assert_eq!(layers.get("addresses").is_some(), z >= 15, "{z}");
    }
}

#[test]
fn what_another_decoder_reads_is_what_was_put_in() {
    let city = city();
    let first = city.registry_addresses().next().unwrap();
    let tile = tile_of(16, [first.at.lon(), first.at.lat()]);
    let contents = contents(&city, tile);
    let layers = decoded(&render(tile, &contents, &TileConfig::default()).unwrap());
    let ids = |layer: &str| -> HashSet<String> {
        let features = layers[layer]["features"].as_array().unwrap();
        features.iter().map(|feature| feature["properties"]["id"].as_str().unwrap().to_owned()).collect()
    };
    let wanted: HashSet<String> = contents.addresses.iter().map(|address| address.id.clone()).collect();
    assert!(wanted.len() > 5, "{} addresses", wanted.len());
    assert_eq!(ids("addresses"), wanted);
    let features = layers["addresses"]["features"].as_array().unwrap();
    let shown = features.iter().find(|feature| feature["properties"]["id"] == first.id.as_str()).unwrap();
    assert_eq!(shown["properties"]["name"], first.part(Level::Number));
    assert_eq!(shown["properties"]["level"], "number");
    let [x, y] = tile.units([first.at.lon(), first.at.lat()]);
    let at = shown["bounds"].as_array().unwrap();
    assert!((at[0].as_f64().unwrap() - x).abs() <= 1.0 && (at[1].as_f64().unwrap() - y).abs() <= 1.0, "{shown}");
}

#[test]
fn grids_cover_a_tile_of_the_city_s_middle_also_when_they_are_simplified() {
    let city = city();
    for z in [13, 14] {
        let tile = tile_of(z, [113.06, 23.68]);
        let layers = decoded(&render(tile, &contents(&city, tile), &TileConfig::default()).unwrap());
        let grids = layers["grids"]["features"].as_array().unwrap();
        let covered: f64 = grids.iter().map(|grid| grid["area"].as_f64().unwrap()).sum();
        let whole = (f64::from(EXTENT) + 128.0).powi(2);
        assert!((covered / whole - 1.0).abs() < 0.002, "{z}: {covered} of {whole}");
    }
}
