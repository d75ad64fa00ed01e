use std::{
    any::{Any, TypeId},
    collections::BTreeMap,
    sync::Arc,
};

use wasmtime::component::Linker;
use zhongtai_kernel::{Clock, Guard, Recorder};

use crate::Invocation;

/// A shared capability: what a folder under `host/capabilities/` registers.
pub trait Capability: Send + Sync + 'static {
    /// The folder's and the WIT package's name, such as `credit`.
    fn name(&self) -> &'static str;

    /// Adds the capability's interfaces to a component's linker.
    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()>;

    /// Adds the provider that the host functions will look up.
    fn add_provider(&self, services: &mut Services);

    /// Checks the settings that a manifest gives to this capability. The default knows no settings.
    fn check_settings(&self, settings: &BTreeMap<String, serde_json::Value>) -> Result<(), String> {
        match settings.keys().next() {
            Some(key) => Err(format!("unknown key `{key}`: this capability has no settings")),
            None => Ok(()),
        }
    }
}

/// What host functions reach: the guard, the audit, the clock, and the capabilities' providers.
pub struct Services {
    /// Decides every access.
    pub guard: Arc<dyn Guard>,
    /// Records every decision.
    pub recorder: Arc<dyn Recorder>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    providers: Vec<(TypeId, Box<dyn Any + Send + Sync>)>,
}

// === impl Services ===

impl Services {
    /// Services without a provider yet.
    pub fn new(guard: Arc<dyn Guard>, recorder: Arc<dyn Recorder>, clock: Arc<dyn Clock>) -> Self {
        Self { guard, recorder, clock, providers: Vec::new() }
    }

    /// Adds a provider under its type, usually `Arc<dyn SomeProvider>`.
    pub fn add<P: Clone + Send + Sync + 'static>(&mut self, provider: P) {
        self.providers.push((TypeId::of::<P>(), Box::new(provider)));
    }

    /// The provider of that type. There are a dozen: a scan beats a hash.
    pub fn provider<P: Clone + Send + Sync + 'static>(&self) -> Option<&P> {
        let wanted = TypeId::of::<P>();
        self.providers.iter().find(|(id, _)| *id == wanted).and_then(|(_, provider)| provider.downcast_ref())
    }
}
