//! Electronic certificates (电子证照): issued by type, found by holder, verified by number, shown once.
//!
//! A type is a file with a JSON Schema and a level for every field ([`CertificateType`]). A certificate has a number by
//! GB/T 36904 ([`CertificateNumber`]), taken without gaps; its holder and its fields are encrypted at rest, and the
//! holder is found by a blind index. Policy decides every act and every field: [`Certificates`] is the only way from a
//! caller to a provider. Irreversible acts happen once for an idempotency key. Its sealed files are made by whoever
//! implements [`Papers`].

mod certificate;
mod certificates;
mod check;
#[cfg(feature = "testing")]
pub mod contract;
mod definition;
mod embedded;
mod error;
mod holder;
mod host;
mod migration;
mod number;
mod paper;
mod presentation;
mod problem;
mod provider;
mod usage;
mod vault;
mod why;

pub use certificate::{Certificate, CertificateId, HistoryEntry, Standing, State};
pub use certificates::{Certificates, Presented, Shared, ShownField};
pub use definition::{CertificateType, Content, Field, Fields, PAPER_FACTS, PaperPlan};
pub use embedded::EmbeddedCertificates;
pub use error::{CertificateError, TokenRefusal};
pub use holder::{Holder, Holders};
pub use migration::MIGRATIONS;
pub use number::{CertificateNumber, InvalidNumber, Issue, Serial, TypeCode};
pub use paper::{Paper, PaperFile, Papers, PapersError};
pub use presentation::{MOST_MINUTES, NewPresentation, Presentation, PresentationToken, PurposeName, Verifier};
pub use problem::FieldProblem;
pub use provider::{Act, ActKey, CertificateProvider, NewCertificate, Reissue};
pub use usage::{Usage, UsageRate};
pub use why::Why;

use std::sync::Arc;

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The types that are shipped as examples: business licence, excavation permit, residence permit.
pub const EXAMPLES: [&str; 3] = [
    include_str!("../types/business-licence.json"),
    include_str!("../types/excavation-permit.json"),
    include_str!("../types/residence-permit.json"),
];

/// The capability.
pub struct CertificateCapability(pub Arc<Certificates>);

impl Capability for CertificateCapability {
    fn name(&self) -> &'static str {
        "certificate"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, services: &mut Services) {
        services.add(self.0.clone());
    }
}
