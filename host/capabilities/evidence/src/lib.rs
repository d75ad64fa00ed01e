//! Evidence (存证): a hash is written into the audit log's Merkle tree, and anybody can check later that it was there.
//!
//! A scenario anchors a digest (SHA-256 or SM3) with a purpose and a reference of its own; what was hashed stays where
//! it is. The proof is a [`Bundle`]: the record, its way up the tree, and the signed checkpoint. It needs no host to
//! be checked, only the log's public keys. [`AnchorLog`] is the log; the host gives it.

mod anchor;
mod bundle;
#[cfg(feature = "testing")]
pub mod contract;
mod embedded;
mod error;
mod host;
mod log;
mod migration;
mod provider;

pub use anchor::{Anchor, AnchorId, Hash, NewAnchor, Purpose, Reference};
pub use bundle::{Bundle, Proof};
pub use embedded::EmbeddedEvidence;
pub use error::EvidenceError;
pub use log::{ACTION, AnchorLog, LogError};
pub use migration::MIGRATIONS;
pub use provider::EvidenceProvider;

use std::sync::Arc;

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The capability, over some provider.
pub struct Evidence(pub Arc<dyn EvidenceProvider>);

impl Capability for Evidence {
    fn name(&self) -> &'static str {
        "evidence"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, services: &mut Services) {
        services.add(self.0.clone());
    }
}
