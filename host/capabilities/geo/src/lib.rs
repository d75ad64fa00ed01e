//! Geography (基础地理信息): standard addresses, grids, service halls, figures on the ground, and tiles of them for maps.
//!
//! A plugin asks where an address is, which grid a place is in, which hall is near and open. Policy decides by layer
//! (`geo:query`), and rooms are a layer of their own: [`Geography`] is the only way from a caller to a [`GeoProvider`].
//! Everything is kept in CGCS2000; other systems are converted at the edge (`zhongtai-geodesy`).

mod address;
mod config;
#[cfg(any(test, feature = "testing"))]
pub mod contract;
mod embedded;
mod error;
mod geography;
mod grid;
mod grids;
mod hall;
mod holidays;
mod host;
mod import;
mod index;
mod migration;
mod provider;
#[cfg(any(test, feature = "testing"))]
pub mod synthetic;
pub mod tiles;

pub use address::{Address, Level};
pub use config::GeoConfig;
pub use embedded::EmbeddedGeo;
pub use error::GeoError;
pub use geography::{Geography, HallNearby, HallsWanted};
pub use grid::Grid;
pub use grids::GridIndex;
pub use hall::{Hall, Hours, Opening};
pub use holidays::Holidays;
pub use import::{
    Divisions, FileKind, ImportReport, RejectedRow, Rows, parse_hours, read_addresses, read_grids, read_halls,
};
pub use index::AddressIndex;
pub use migration::MIGRATIONS;
pub use provider::{GeoProvider, Match, Nearby, Place};

use std::sync::Arc;

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The capability.
pub struct GeoCapability(pub Arc<Geography>);

impl Capability for GeoCapability {
    fn name(&self) -> &'static str {
        "geo"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, services: &mut Services) {
        services.add(self.0.clone());
    }
}
