use zhongtai_geodesy::{Cgcs2000, Surface};

use super::*;
use crate::{
    Hours,
    synthetic::{City, Plan},
};

fn place([lon, lat]: [f64; 2]) -> crate::Place {
    crate::Place::new(Cgcs2000, lon, lat).unwrap()
}

/// Everything of a small city, whatever the tile.
fn everything() -> Contents {
    let city = City::new(&Plan { seed: 3, addresses: 6_000, grids: 400 });
    let grids = city.registry_grids().map(Arc::new).collect();
    let addresses = city.registry_addresses().filter(|address| address.level() <= Level::Building).collect();
    let halls = city.registry_halls().into_iter().map(Arc::new).collect();
    Contents { grids, halls, addresses }
}

/// The tile of a zoom in which the middle of the city is.
fn middle(z: u8) -> TileId {
    let [x, y] = TileId::new(0, 0, 0).unwrap().units([113.06, 23.68]).map(|units| units / f64::from(EXTENT));
    let side = f64::from(1_u32 << z);
    TileId::new(z, (x * side) as u32, (y * side) as u32).unwrap()
}

#[test]
fn the_same_contents_give_the_same_bytes() {
    let contents = everything();
    let config = TileConfig::default();
    let render = || render(middle(13), &contents, &config).unwrap();
    assert_eq!(render(), render());
    assert!(!render().is_empty());
}

#[test]
fn a_tile_far_away_is_empty() {
    let contents = everything();
    let elsewhere = TileId::new(13, 0, 0).unwrap();
    assert!(render(elsewhere, &contents, &TileConfig::default()).unwrap().is_empty());
}

#[test]
fn a_tile_that_is_too_large_is_made_simpler_until_it_fits() {
    let contents = everything();
    let size =
        |max_kib| render(middle(10), &contents, &TileConfig { max_kib, ..TileConfig::default() }).map(|t| t.len());
    let whole = size(4_096).unwrap();
    assert!(whole > 64 << 10, "{whole} bytes");
    let simple = size(48).unwrap();
    assert!(simple <= 48 << 10 && simple > 4 << 10, "{simple} bytes");
}

#[test]
fn what_can_not_be_made_to_fit_is_refused() {
    let at = place([113.06, 23.68]);
    let hall = |number: usize| Hall {
        id: format!("H{number}"),
        name: format!("第{number}政务服务中心"),
        address: String::new(),
        at,
        services: vec![],
        hours: Hours::default(),
    };
    let contents = Contents { halls: (0..2_000).map(hall).map(Arc::new).collect(), ..Contents::default() };
    let config = TileConfig { max_kib: 16, ..TileConfig::default() };
    assert_eq!(render(middle(12), &contents, &config), Err(TileError::TooLarge(16 << 10)));
}

#[test]
fn neighbours_have_the_same_vertices_on_their_common_side() {
    // Two grids of one city, at a zoom where nothing is simplified: no gap between them, on whole units either.
    let contents = everything();
    let tile = middle(16);
    let mut vertices: std::collections::BTreeMap<[i32; 2], usize> = std::collections::BTreeMap::new();
    let mut shapes = 0;
    for grid in &contents.grids {
        let Some(Shape::Polygons(polygons)) = shape::polygons(tile, &grid.shape, 0.0, 0) else { continue };
        shapes += 1;
        for at in polygons.into_iter().flatten().flatten() {
            *vertices.entry(at).or_default() += 1;
        }
    }
    let edge = |n: i32| n <= -shape::MARGIN || n >= 4_096 + shape::MARGIN;
    let inner = vertices.iter().filter(|([x, y], _)| !edge(*x) && !edge(*y));
    assert!(shapes > 1);
    // A vertex on a straight line may be left out by one and kept by the other: few are.
    let (shared, alone): (Vec<_>, Vec<_>) = inner.partition(|(_, count)| **count > 1);
    assert!(shared.len() > alone.len() * 5, "{} shared, {} alone", shared.len(), alone.len());
}

#[test]
fn values_that_can_not_be_are_named() {
    let problem = |config: TileConfig| config.problem().map(|(key, _)| key);
    assert_eq!(problem(TileConfig::default()), None);
    assert_eq!(problem(TileConfig { addresses_from: 11, ..TileConfig::default() }), Some("addresses_from"));
    assert_eq!(problem(TileConfig { grids_from: 23, ..TileConfig::default() }), Some("grids_from"));
    assert_eq!(problem(TileConfig { max_kib: 0, ..TileConfig::default() }), Some("max_kib"));
}

#[test]
fn a_surface_may_have_several_parts() {
    let square = |west: f64| -> geo::Polygon { geo::Rect::new((west, 23.67), (west + 0.005, 23.68)).to_polygon() };
    let both = geo::MultiPolygon(vec![square(113.05), square(113.06)]);
    let grid = Grid {
        id: "G1".into(),
        name: "一".into(),
        role: "officer".into(),
        desk: String::new(),
        shape: Surface::try_from_geometry(Cgcs2000, both).unwrap(),
    };
    let Some(Shape::Polygons(parts)) = shape::polygons(middle(12), &grid.shape, 0.0, 0) else { panic!() };
    assert_eq!(parts.len(), 2);
}
