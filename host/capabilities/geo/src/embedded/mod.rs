//! Geography in the platform's database, answered from memory.

mod store;

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use tokio::sync::Mutex;
use zhongtai_geodesy::Bounds;
use zhongtai_store::Store;

use crate::{Address, AddressIndex, GeoError, GeoProvider, Grid, GridIndex, Hall, Level, Match, Nearby, Place};

/// Everything in memory; what an import changes is read again as a whole.
///
/// A million addresses take some 250 MB and a few seconds to read. Other hosts' imports are seen when somebody calls
/// [`refresh`](Self::refresh): the server does, every second.
pub struct EmbeddedGeo {
    store: Store,
    layers: Layers,
    /// One reads at a time.
    reading: Mutex<()>,
}

/// What is in memory, each with the revision that was read.
struct Layers {
    addresses: ArcSwap<(i64, AddressIndex)>,
    grids: ArcSwap<(i64, GridIndex)>,
    halls: ArcSwap<(i64, Vec<Arc<Hall>>)>,
}

// === impl EmbeddedGeo ===

impl EmbeddedGeo {
    /// Reads everything from a store that has [`crate::MIGRATIONS`].
    pub async fn open(store: Store) -> Result<Self, GeoError> {
        let layers = Layers {
            addresses: ArcSwap::from_pointee((-1, AddressIndex::default())),
            grids: ArcSwap::from_pointee((-1, GridIndex::default())),
            halls: ArcSwap::from_pointee((-1, Vec::new())),
        };
        let geo = Self { store, layers, reading: Mutex::new(()) };
        geo.refresh().await?;
        Ok(geo)
    }

    /// Reads what has changed since it was read.
    pub async fn refresh(&self) -> Result<(), GeoError> {
        let _reading = self.reading.lock().await;
        let mut snapshot = store::snapshot(&self.store).await?;
        let revisions = store::revisions(&mut snapshot).await?;
        if self.layers.addresses.load().0 != revisions.addresses {
            let addresses = store::addresses(&mut snapshot).await?;
            let index = blocking(move || Ok(AddressIndex::build(addresses))).await?;
            self.layers.addresses.store(Arc::new((revisions.addresses, index)));
        }
        if self.layers.grids.load().0 != revisions.grids {
            let grids = store::grids(&mut snapshot).await?;
            let index = blocking(move || GridIndex::build(grids)).await?;
            self.layers.grids.store(Arc::new((revisions.grids, index)));
        }
        if self.layers.halls.load().0 != revisions.halls {
            let halls = store::halls(&mut snapshot).await?.into_iter().map(Arc::new).collect();
            self.layers.halls.store(Arc::new((revisions.halls, halls)));
        }
        Ok(())
    }

    /// How many addresses, grids and halls there are.
    pub fn counts(&self) -> (usize, usize, usize) {
        let layers = &self.layers;
        (layers.addresses.load().1.len(), layers.grids.load().1.len(), layers.halls.load().1.len())
    }
}

#[async_trait]
impl GeoProvider for EmbeddedGeo {
    fn is_at_hand(&self) -> bool {
        true
    }

    async fn revision(&self) -> Result<i64, GeoError> {
        let layers = &self.layers;
        Ok(layers.addresses.load().0 + layers.grids.load().0 + layers.halls.load().0)
    }

    async fn geocode(&self, text: &str, limit: usize, deepest: Level) -> Result<Vec<Match>, GeoError> {
        Ok(self.layers.addresses.load().1.find(text, limit, deepest))
    }

    async fn reverse(&self, at: &Place, within: f64, limit: usize, deepest: Level) -> Result<Vec<Nearby>, GeoError> {
        Ok(self.layers.addresses.load().1.nearest(at, within, limit, deepest))
    }

    async fn grid_of(&self, at: &Place) -> Result<Option<Arc<Grid>>, GeoError> {
        Ok(self.layers.grids.load().1.at(at).cloned())
    }

    async fn halls_near(
        &self,
        at: &Place,
        service: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Arc<Hall>, f64)>, GeoError> {
        let halls = self.layers.halls.load();
        let offers = |hall: &&Arc<Hall>| service.is_none_or(|service| hall.services.iter().any(|one| one == service));
        let mut near: Vec<_> =
            halls.1.iter().filter(offers).map(|hall| (hall.clone(), at.distance(&hall.at))).collect();
        near.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.id.cmp(&b.0.id)));
        near.truncate(limit);
        Ok(near)
    }

    async fn addresses_in(&self, bounds: &Bounds, deepest: Level, limit: usize) -> Result<Vec<Address>, GeoError> {
        Ok(self.layers.addresses.load().1.within(bounds, deepest, limit))
    }

    async fn grids_in(&self, bounds: &Bounds, limit: usize) -> Result<Vec<Arc<Grid>>, GeoError> {
        Ok(self.layers.grids.load().1.within(bounds, limit))
    }

    async fn halls_in(&self, bounds: &Bounds, limit: usize) -> Result<Vec<Arc<Hall>>, GeoError> {
        let halls = self.layers.halls.load();
        Ok(halls.1.iter().filter(|hall| bounds.contains(&hall.at)).take(limit).cloned().collect())
    }

    async fn put_addresses(&self, addresses: &[Address]) -> Result<(), GeoError> {
        store::put_addresses(&self.store, addresses).await?;
        self.refresh().await
    }

    async fn put_grids(&self, grids: &[Grid]) -> Result<(), GeoError> {
        store::put_grids(&self.store, grids).await?;
        self.refresh().await
    }

    async fn put_halls(&self, halls: &[Hall]) -> Result<(), GeoError> {
        store::put_halls(&self.store, halls).await?;
        self.refresh().await
    }
}

/// Work of seconds, on a thread that may take them.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, GeoError> + Send + 'static,
) -> Result<T, GeoError> {
    let lost = |_| GeoError::System("the work was lost".to_owned());
    tokio::task::spawn_blocking(work).await.map_err(lost)?
}
