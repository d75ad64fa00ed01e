//! The host's clock, for guests: wall time and a monotonic one. Touches no data, so there is no Cedar action.

mod host;

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The capability. The time is [`Services::clock`]'s.
pub struct ClockCapability;

impl Capability for ClockCapability {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, _: &mut Services) {}
}
