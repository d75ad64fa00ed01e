//! Maps: grids, addresses and halls as vector tiles (Mapbox Vector Tile 2.1, Web Mercator z/x/y).
//!
//! ```
//! use zhongtai_cap_geo::tiles::{TileError, TileId};
//!
//! assert!(TileId::parse("12", "3334", "1770").is_ok());
//! assert_eq!(TileId::parse("1", "2", "0"), Err(TileError::OutOfRange { field: "x", last: 1 }));
//! ```

mod ask;
mod encode;
mod id;
mod shape;

pub use ask::{MapError, MapTile};
pub use id::{DEEPEST, EXTENT, TileError, TileId};

use std::{collections::BTreeSet, sync::Arc};

use encode::{Layer, Shape};
use serde::{Deserialize, Serialize};

use crate::{Address, GeoError, GeoProvider, Grid, Hall, Level};

/// What tiles show and how large they may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TileConfig {
    /// The zoom from which grids are shown, 0 to 22.
    pub grids_from: u8,
    /// The zoom from which halls are shown, 0 to 22.
    pub halls_from: u8,
    /// The zoom from which addresses are shown, 12 to 22: a tile above it would hold all of the district's.
    pub addresses_from: u8,
    /// The largest tile, KiB before compression, 16 to 4,096. What does not fit is made simpler, and addresses thinner.
    pub max_kib: usize,
}

/// Which layers a tile shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layers {
    /// Grids.
    pub grids: bool,
    /// Halls.
    pub halls: bool,
    /// Addresses, to the building.
    pub addresses: bool,
}

/// What a tile may show.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// Grids that touch it.
    pub grids: Vec<Arc<Grid>>,
    /// Halls in it.
    pub halls: Vec<Arc<Hall>>,
    /// Addresses in it, buildings at most.
    pub addresses: Vec<Address>,
}

/// More grids or halls than a district has.
const MOST_FEATURES: usize = 50_000;

/// Addresses that are looked at for one tile; of a dense town's at zoom 15 there are some 5,000.
const MOST_ADDRESSES: usize = 20_000;

/// Units of error that nobody sees: a sixteenth of a pixel of a tile that is drawn 256 pixels wide.
const FINEST: f64 = 1.0;

/// Square units below which a polygon is left out: a quarter of a pixel wide and high.
const SMALLEST: u64 = 16;

/// How often a tile that is too large is made simpler: 64 times as coarse at the end, four pixels.
const STEPS: u32 = 7;

// === impl TileConfig ===

impl Default for TileConfig {
    fn default() -> Self {
        Self { grids_from: 8, halls_from: 8, addresses_from: 15, max_kib: 512 }
    }
}

impl TileConfig {
    /// The first key whose value can't be, and what it has to be.
    pub fn problem(&self) -> Option<(&'static str, &'static str)> {
        let zoom = |zoom: u8, from: u8| (from..=DEEPEST).contains(&zoom);
        let checks = [
            (zoom(self.grids_from, 0), "grids_from", "has to be 0 to 22"),
            (zoom(self.halls_from, 0), "halls_from", "has to be 0 to 22"),
            (zoom(self.addresses_from, 12), "addresses_from", "has to be 12 to 22"),
            ((16..=4_096).contains(&self.max_kib), "max_kib", "has to be 16 to 4096"),
        ];
        checks.into_iter().find(|(fits, ..)| !fits).map(|(_, key, range)| (key, range))
    }
}

// === impl Layers ===

impl Layers {
    /// Those that there are at a tile's zoom.
    pub fn at(tile: TileId, config: &TileConfig) -> Self {
        let from = |zoom: u8| tile.zoom() >= zoom;
        Self { grids: from(config.grids_from), halls: from(config.halls_from), addresses: from(config.addresses_from) }
    }
}

/// What a provider has for a tile.
///
/// # Errors
/// When the provider can't be asked.
pub async fn contents(provider: &dyn GeoProvider, tile: TileId, layers: Layers) -> Result<Contents, GeoError> {
    let (within, around) = (tile.bounds(0.0), tile.bounds(f64::from(shape::MARGIN)));
    let mut contents = Contents::default();
    if layers.grids {
        contents.grids = provider.grids_in(&around, MOST_FEATURES).await?;
    }
    if layers.halls {
        contents.halls = provider.halls_in(&within, MOST_FEATURES).await?;
    }
    if layers.addresses {
        contents.addresses = provider.addresses_in(&within, Level::Building, MOST_ADDRESSES).await?;
    }
    Ok(contents)
}

// === rendering ===

/// The tile, as an MVT 2.1 protocol buffer; empty when nothing is there. The same contents give the same bytes.
///
/// # Errors
/// [`TileError::TooLarge`] when it does not fit even at its simplest.
pub fn render(tile: TileId, contents: &Contents, config: &TileConfig) -> Result<Vec<u8>, TileError> {
    let most = config.max_kib * 1_024;
    for step in 0..STEPS {
        let bytes = at_step(tile, contents, step);
        if bytes.len() <= most {
            return Ok(bytes);
        }
    }
    Err(TileError::TooLarge(most))
}

fn at_step(tile: TileId, contents: &Contents, step: u32) -> Vec<u8> {
    let coarse = 1_u32 << step;
    let mut bytes = Vec::new();
    grids(tile, &contents.grids, coarse).write(&mut bytes);
    // The first step shows every address; then one for every so many units, sixteen to a pixel.
    let apart = if step == 0 { 1 } else { coarse * 32 };
    addresses(tile, &contents.addresses, apart).write(&mut bytes);
    halls(tile, &contents.halls).write(&mut bytes);
    bytes
}

fn grids(tile: TileId, grids: &[Arc<Grid>], coarse: u32) -> Layer {
    let mut layer = Layer::new("grids");
    // Deep down a unit is smaller than what surveyors measure: nothing is to be won.
    let tolerance = if tile.zoom() >= 16 && coarse == 1 { 0.0 } else { FINEST * f64::from(coarse) };
    for grid in grids {
        let smallest = SMALLEST * u64::from(coarse).pow(2);
        if let Some(shape) = shape::polygons(tile, &grid.shape, tolerance, smallest) {
            layer.add(&shape, &[("id", &grid.id), ("name", &grid.name)]);
        }
    }
    layer
}

fn halls(tile: TileId, halls: &[Arc<Hall>]) -> Layer {
    let mut layer = Layer::new("halls");
    for hall in halls {
        if let Some(shape) = shape::point(tile, [hall.at.lon(), hall.at.lat()]) {
            layer.add(&shape, &[("id", &hall.id), ("name", &hall.name), ("address", &hall.address)]);
        }
    }
    layer
}

/// At most one for every square of `apart` units: the first by id.
fn addresses(tile: TileId, addresses: &[Address], apart: u32) -> Layer {
    let mut layer = Layer::new("addresses");
    let mut taken = BTreeSet::new();
    for address in addresses {
        let Some(shape) = shape::point(tile, [address.at.lon(), address.at.lat()]) else { continue };
        let Shape::Point(at) = shape else { continue };
        let square = at.map(|units| units / apart.cast_signed());
        if apart > 1 && !taken.insert(square) {
            continue;
        }
        let level = address.level();
        let attributes = [("id", address.id.as_str()), ("name", label(address, level)), ("level", level.as_str())];
        layer.add(&shape, &attributes);
    }
    layer
}

/// What stands beside a point on a map: its finest part.
fn label(address: &Address, level: Level) -> &str {
    address.part(level)
}

#[cfg(test)]
mod tests;
