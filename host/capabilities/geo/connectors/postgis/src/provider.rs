use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{Postgres, Transaction};
use zhongtai_cap_geo::{Address, GeoError, GeoProvider, Grid, Hall, Level, Match, Nearby, Place};
use zhongtai_geodesy::{Bounds, Cgcs2000, Figure, Surface};

use crate::{Postgis, open::failed};

#[async_trait]
impl GeoProvider for Postgis {
    async fn revision(&self) -> Result<i64, GeoError> {
        self.current_revision().await
    }

    async fn geocode(&self, text: &str, limit: usize, deepest: Level) -> Result<Vec<Match>, GeoError> {
        Ok(self.texts().await?.find(text, limit, deepest))
    }

    async fn reverse(&self, at: &Place, within: f64, limit: usize, deepest: Level) -> Result<Vec<Nearby>, GeoError> {
        self.near(at, within, limit, deepest).await
    }

    async fn grid_of(&self, at: &Place) -> Result<Option<Arc<Grid>>, GeoError> {
        self.grid_at(at).await
    }

    async fn halls_near(
        &self,
        at: &Place,
        service: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Arc<Hall>, f64)>, GeoError> {
        self.nearest_halls(at, service, limit).await
    }

    async fn addresses_in(&self, bounds: &Bounds, deepest: Level, limit: usize) -> Result<Vec<Address>, GeoError> {
        self.addresses_within(bounds, deepest, limit).await
    }

    async fn grids_in(&self, bounds: &Bounds, limit: usize) -> Result<Vec<Arc<Grid>>, GeoError> {
        self.grids_touching(bounds, limit).await
    }

    async fn halls_in(&self, bounds: &Bounds, limit: usize) -> Result<Vec<Arc<Hall>>, GeoError> {
        self.halls_within(bounds, limit).await
    }

    async fn put_addresses(&self, addresses: &[Address]) -> Result<(), GeoError> {
        self.store_addresses(addresses).await
    }

    async fn put_grids(&self, grids: &[Grid]) -> Result<(), GeoError> {
        self.store_grids(grids).await
    }

    async fn put_halls(&self, halls: &[Hall]) -> Result<(), GeoError> {
        self.store_halls(halls).await
    }

    async fn buffer(&self, shape: &Figure<Cgcs2000>, metres: f64) -> Result<Surface<Cgcs2000>, GeoError> {
        self.buffered(shape, metres).await
    }

    async fn intersects(&self, a: &Figure<Cgcs2000>, b: &Figure<Cgcs2000>) -> Result<bool, GeoError> {
        self.meet(a, b).await
    }

    async fn intersection(
        &self,
        a: &Surface<Cgcs2000>,
        b: &Surface<Cgcs2000>,
    ) -> Result<Option<Surface<Cgcs2000>>, GeoError> {
        self.in_common(a, b).await
    }

    async fn area(&self, shape: &Surface<Cgcs2000>) -> Result<f64, GeoError> {
        self.area_of(shape).await
    }
}

// === impl Postgis ===

impl Postgis {
    pub(crate) async fn current_revision(&self) -> Result<i64, GeoError> {
        let select = "SELECT number FROM zhongtai_geo.revision";
        sqlx::query_scalar(select).fetch_one(&self.pool).await.map_err(failed)
    }

    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, GeoError> {
        self.pool.begin().await.map_err(failed)
    }

    /// What was stored becomes seen together with its revision.
    pub(crate) async fn finish(&self, mut write: Transaction<'static, Postgres>) -> Result<(), GeoError> {
        let raise = "UPDATE zhongtai_geo.revision SET number = number + 1";
        sqlx::query(raise).execute(&mut *write).await.map_err(failed)?;
        write.commit().await.map_err(failed)
    }
}
