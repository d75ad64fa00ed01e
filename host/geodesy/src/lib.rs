//! Coordinates that carry their reference system in the type, and the ways between the systems.
//!
//! Everything that is stored is CGCS2000 ([`Cgcs2000`], EPSG:4490). What comes in another system is converted at the
//! edge, and what can't be in the system that it is said to be in is refused there:
//!
//! ```
//! use zhongtai_geodesy::{Cgcs2000, Gcj02, Point, Zone};
//!
//! # fn main() -> Result<(), zhongtai_geodesy::Problem> {
//! let hall = Point::new(Cgcs2000, 113.0511, 23.6817)?;
//! let on_the_map: Point<Gcj02> = hall.to(Gcj02)?;
//! assert!(hall.distance(&on_the_map.to(Cgcs2000)?) < 1.0);
//!
//! let zone = Zone::from_epsg(4547)?;
//! assert_eq!(zone.central_meridian(), 114);
//! assert_eq!((hall.to(zone)?.x().round(), hall.to(zone)?.y().round()), (403_209.0, 2_620_357.0));
//! assert!(Point::new(Cgcs2000, 403_209.0, 2_620_357.0).is_err(), "metres are no degrees");
//! # Ok(()) }
//! ```
//!
//! Figures ([`Figure`], [`Surface`]) are those of the `geo` crate, valid by OGC 06-103r4, with their system in the type.
//! Lengths and areas are along the ellipsoid (Karney 2013). [`Prepared`] answers millions of times whether a point is in
//! a surface.

mod crs;
mod figure;
mod geojson;
mod local;
mod mars;
mod measure;
mod point;
mod prepared;
mod problem;
mod validity;
mod wkt;
mod zone;

pub use crs::{AnyCrs, Bd09, Cgcs2000, Crs, Gcj02};
pub use figure::{Figure, Format, MOST_BYTES, MOST_VERTICES, Surface};
pub use point::{Bounds, Point};
pub use prepared::Prepared;
pub use problem::Problem;
pub use zone::{Width, Zone};
