use std::sync::Arc;

use async_trait::async_trait;
use zhongtai_geodesy::{Bounds, Cgcs2000, Figure, Surface};

use crate::{Address, GeoError, Grid, Hall, Level};

/// A place as this capability keeps it.
pub type Place = zhongtai_geodesy::Point<Cgcs2000>;

/// Where addresses, grids and halls are, and what computes with figures.
///
/// What is asked for is checked before: texts are not empty, limits are 1 to 20, places and figures are valid.
#[async_trait]
pub trait GeoProvider: Send + Sync + 'static {
    /// True when questions are answered from memory, without waiting: they stay in the fast lane then.
    fn is_at_hand(&self) -> bool {
        false
    }

    /// Another number after every change of addresses, grids or halls: the tag of what was made of them.
    async fn revision(&self) -> Result<i64, GeoError>;

    /// The addresses that a text may mean, the best first. None is finer than `deepest`.
    async fn geocode(&self, text: &str, limit: usize, deepest: Level) -> Result<Vec<Match>, GeoError>;

    /// The addresses nearest to a place, the nearest first, none farther than `within` metres and none finer than
    /// `deepest`.
    async fn reverse(&self, at: &Place, within: f64, limit: usize, deepest: Level) -> Result<Vec<Nearby>, GeoError>;

    /// The grid that a place is in. One on a border is in exactly one of the two.
    async fn grid_of(&self, at: &Place) -> Result<Option<Arc<Grid>>, GeoError>;

    /// The halls nearest to a place that offer a service, or any; the nearest first.
    async fn halls_near(
        &self,
        at: &Place,
        service: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Arc<Hall>, f64)>, GeoError>;

    /// Addresses within a box, down to `deepest`, at most `limit`, in the order of their ids: for maps.
    async fn addresses_in(&self, bounds: &Bounds, deepest: Level, limit: usize) -> Result<Vec<Address>, GeoError>;

    /// Grids whose boxes touch a box, at most `limit`, in the order of their ids: for maps.
    async fn grids_in(&self, bounds: &Bounds, limit: usize) -> Result<Vec<Arc<Grid>>, GeoError>;

    /// Halls within a box, at most `limit`, in the order of their ids: for maps.
    async fn halls_in(&self, bounds: &Bounds, limit: usize) -> Result<Vec<Arc<Hall>>, GeoError>;

    /// Stores addresses, all or none; one with the same id is replaced.
    async fn put_addresses(&self, addresses: &[Address]) -> Result<(), GeoError>;

    /// Stores grids, all or none; one with the same id is replaced. Refused with [`GeoError::Overlap`] when two grids
    /// that would then be there have area in common.
    async fn put_grids(&self, grids: &[Grid]) -> Result<(), GeoError>;

    /// Stores halls, all or none; one with the same id is replaced.
    async fn put_halls(&self, halls: &[Hall]) -> Result<(), GeoError>;

    /// Everything within `metres` of a figure.
    async fn buffer(&self, shape: &Figure<Cgcs2000>, metres: f64) -> Result<Surface<Cgcs2000>, GeoError> {
        Ok(shape.buffer(metres)?)
    }

    /// Whether two figures have a place in common.
    async fn intersects(&self, a: &Figure<Cgcs2000>, b: &Figure<Cgcs2000>) -> Result<bool, GeoError> {
        Ok(a.intersects(b))
    }

    /// The area that two surfaces have in common.
    async fn intersection(
        &self,
        a: &Surface<Cgcs2000>,
        b: &Surface<Cgcs2000>,
    ) -> Result<Option<Surface<Cgcs2000>>, GeoError> {
        Ok(a.intersection(b))
    }

    /// Square metres of a surface, on the ellipsoid.
    async fn area(&self, shape: &Surface<Cgcs2000>) -> Result<f64, GeoError> {
        Ok(shape.area())
    }
}

/// An address that fits a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// The address.
    pub address: Address,
    /// How well it fits, 0 to 1.
    pub score: f64,
    /// The finest part of the address that the text named.
    pub level: Level,
}

/// An address near a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearby {
    /// The address.
    pub address: Address,
    /// Metres along the ellipsoid.
    pub distance: f64,
}
