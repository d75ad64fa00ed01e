//! Randomness from the operating system's generator, for guests. Touches no data, so there is no Cedar action.

mod host;

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The capability.
pub struct Random;

impl Capability for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, _: &mut Services) {}
}
