//! What the router reads: every deployed release, loaded and ready, swapped as a whole.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use zhongtai_kernel::{Digest, RequestId, ScenarioId, Timestamp};
use zhongtai_registry::{Deployed, Registry, RegistryError};
use zhongtai_runtime::{LoadError, LoadedRelease, Runtime};

use crate::metrics::{Metrics, ReleaseMetrics};

/// A release that answers requests, or can't and says why.
pub(crate) struct Slot {
    pub(crate) deployed: Deployed,
    pub(crate) loaded: Result<Arc<LoadedRelease>, String>,
    pub(crate) metrics: ReleaseMetrics,
    /// What it was granted when it was loaded.
    grants: Vec<String>,
}

type Table = HashMap<Box<str>, Vec<Arc<Slot>>>;

/// The deployments of this host.
pub(crate) struct Deployments {
    table: ArcSwap<Table>,
    /// The registry's generation that the table shows; one refresh at a time.
    generation: tokio::sync::Mutex<Option<i64>>,
    registry: Registry,
    runtime: Arc<Runtime>,
    metrics: Arc<Metrics>,
}

// === impl Deployments ===

impl Deployments {
    pub(crate) fn new(registry: Registry, runtime: Arc<Runtime>, metrics: Arc<Metrics>) -> Self {
        Self { table: ArcSwap::default(), generation: tokio::sync::Mutex::new(None), registry, runtime, metrics }
    }

    /// The release that answers this request, by weight; `scenario` is `department/name`.
    pub(crate) fn pick(&self, scenario: &str, request: RequestId) -> Option<Arc<Slot>> {
        let table = self.table.load();
        let slots = table.get(scenario)?;
        let [only] = slots.as_slice() else { return Some(by_weight(slots, request)?.clone()) };
        Some(only.clone())
    }

    /// Every deployed release, by scenario.
    pub(crate) fn all(&self) -> Vec<Arc<Slot>> {
        let table = self.table.load();
        let mut slots: Vec<_> = table.values().flatten().cloned().collect();
        slots.sort_by(|a, b| {
            let key = |slot: &Arc<Slot>| (slot.deployed.release.scenario().clone(), slot.deployed.weight);
            key(a).cmp(&key(b))
        });
        slots
    }

    /// Loads what the registry says, if it says something new. Releases that stay are not loaded again; those that
    /// go finish the requests they have.
    pub(crate) async fn refresh(&self) -> Result<(), RegistryError> {
        let mut shown = self.generation.lock().await;
        if *shown == Some(self.registry.generation().await?) {
            return Ok(());
        }
        let snapshot = self.registry.snapshot().await?;
        let before = self.table.load_full();
        let mut table = Table::new();
        for (scenario, deployed) in snapshot.deployments {
            let grants = self.grants(&scenario).await?;
            let mut slots = Vec::with_capacity(deployed.len());
            for deployed in deployed {
                slots.push(self.slot(&before, deployed, &grants).await?);
            }
            table.insert(scenario.as_str().into(), slots);
        }
        self.table.store(Arc::new(table));
        *shown = Some(snapshot.generation);
        Ok(())
    }

    pub(crate) async fn grants(&self, scenario: &ScenarioId) -> Result<Vec<String>, RegistryError> {
        let grants = self.registry.grants(scenario).await?;
        Ok(grants.into_iter().map(|grant| grant.capability).collect())
    }

    async fn slot(&self, before: &Table, deployed: Deployed, grants: &[String]) -> Result<Arc<Slot>, RegistryError> {
        let known = before.get(deployed.release.scenario().as_str()).into_iter().flatten();
        let same = known.clone().find(|slot| slot.is_same(&deployed, grants));
        let loaded = match same {
            Some(slot) => slot.loaded.clone(),
            None => self.load(&deployed, grants).await?,
        };
        let metrics = self.metrics.release(&deployed.release);
        Ok(Arc::new(Slot { deployed, loaded, metrics, grants: grants.to_vec() }))
    }

    async fn load(
        &self,
        deployed: &Deployed,
        grants: &[String],
    ) -> Result<Result<Arc<LoadedRelease>, String>, RegistryError> {
        let release = deployed.release.clone();
        let component = self.registry.component(&release).await?;
        if Digest::of(&component) != *release.digest() {
            return Ok(Err("the stored component does not have its digest".to_owned()));
        }
        let loaded = self.load_blocking(release.clone(), component, grants.to_vec()).await;
        Ok(loaded.map_err(|error| {
            tracing::error!(scenario = %release.scenario(), digest = %release.digest(), %error, "a release can't run");
            error.to_string()
        }))
    }

    /// Compiles or reads the artifact on a blocking thread.
    pub(crate) async fn load_blocking(
        &self,
        release: Arc<zhongtai_kernel::Release>,
        component: Vec<u8>,
        grants: Vec<String>,
    ) -> Result<Arc<LoadedRelease>, LoadError> {
        let runtime = self.runtime.clone();
        let load = tokio::task::spawn_blocking(move || runtime.load(release, &component, &grants));
        match load.await {
            Ok(loaded) => loaded.map(Arc::new),
            Err(_) => Err(LoadError::Compile("the compiler panicked".to_owned())),
        }
    }
}

// === impl Slot ===

impl Slot {
    /// Ready, and still what it was. A release that could not be loaded is tried again: what was wrong may have passed.
    fn is_same(&self, deployed: &Deployed, grants: &[String]) -> bool {
        self.loaded.is_ok() && self.deployed.release == deployed.release && self.grants == grants
    }

    pub(crate) fn since(&self) -> Timestamp {
        self.deployed.since
    }
}

/// The request's id is random: its last bytes choose, so that no counter is shared between cores.
fn by_weight(slots: &[Arc<Slot>], request: RequestId) -> Option<&Arc<Slot>> {
    let [.., a, b] = request.to_bytes();
    let mut left = u16::from_le_bytes([a, b]) % 100;
    for slot in slots {
        let weight = u16::from(slot.deployed.weight);
        if left < weight {
            return Some(slot);
        }
        left -= weight;
    }
    slots.first()
}
