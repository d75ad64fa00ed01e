//! Guests' log events: into the host's structured log, and into a short tail per scenario that
//! `zt plugin logs` shows.
//!
//! Everything a guest chooses is cut: the length of a message, the number of fields, the number of events.

mod host;
mod tail;

pub use tail::{LogLine, LogTail};

use std::sync::Arc;

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The capability.
pub struct Log(pub Arc<LogTail>);

impl Capability for Log {
    fn name(&self) -> &'static str {
        "log"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, services: &mut Services) {
        services.add(self.0.clone());
    }
}
