//! A scenario's settings: the defaults of its manifest, overlaid by what an operator set.
//!
//! Settings are the scenario's own and no data of anybody, so there is no Cedar action. They are held in memory and
//! read again when the registry's generation changes; a guest never waits for them.

mod embedded;
mod host;
mod migration;
mod provider;

pub use embedded::{ConfigError, EmbeddedConfig};
pub use migration::MIGRATIONS;
pub use provider::{ConfigProvider, InvalidSetting, Settings};

use std::sync::Arc;

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The capability, over some provider.
pub struct Config(pub Arc<dyn ConfigProvider>);

impl Capability for Config {
    fn name(&self) -> &'static str {
        "config"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, services: &mut Services) {
        services.add(self.0.clone());
    }
}
