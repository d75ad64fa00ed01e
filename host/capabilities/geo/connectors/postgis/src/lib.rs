//! Geography in PostGIS: the provider for a district that keeps its addresses, grids and halls there, beside what its
//! surveyors and map servers use.
//!
//! Space is PostGIS's: which grid, what is near, buffers, intersections, areas. Text is not: the addresses are read into
//! the same index that the embedded provider searches, and read again when the table's revision says that they changed.
//!
//! ```no_run
//! # async fn example() -> Result<(), zhongtai_cap_geo::GeoError> {
//! use zhongtai_cap_geo::GeoProvider;
//! use zhongtai_conn_geo_postgis::{Postgis, PostgisConfig};
//! use zhongtai_outbound::Secret;
//!
//! let url = Secret::new("postgres://zhongtai@gis.example/geography");
//! let postgis = Postgis::open(&url, 8).await?;
//! println!("{}", postgis.revision().await?);
//! # Ok(()) }
//! ```

mod addresses;
mod config;
mod figures;
mod grids;
mod halls;
mod open;
mod provider;
mod wkb;

pub use config::PostgisConfig;
pub use open::{Postgis, PostgisError};
