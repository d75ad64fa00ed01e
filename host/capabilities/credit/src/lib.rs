//! Public credit (公共信用): may this enterprise do what it asks for?
//!
//! A plugin asks with a unified social credit code and a declared purpose. Policy decides (`credit:check`,
//! `credit:read-detail`), the provider finds the records, and [`judge`] turns those valid today into a verdict:
//! a blacklist bars, a penalty or a broken commitment flags, everything else is clear.

#[cfg(feature = "testing")]
pub mod contract;
mod embedded;
mod error;
mod host;
mod import;
mod migration;
mod provider;

pub use embedded::EmbeddedCredit;
pub use error::CreditError;
pub use import::{ImportReport, RejectedRow, parse_csv, parse_json};
pub use migration::MIGRATIONS;
pub use provider::{Category, CreditProvider, CreditRecord, Standing, Verdict, judge};

use std::sync::Arc;

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The capability, over some provider.
pub struct Credit(pub Arc<dyn CreditProvider>);

impl Capability for Credit {
    fn name(&self) -> &'static str {
        "credit"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, services: &mut Services) {
        services.add(self.0.clone());
    }
}
