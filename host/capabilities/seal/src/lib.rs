//! Electronic seals (电子印章) and personal signatures (电子签名): made, used once for a key, and verified.
//!
//! A seal belongs to a department and has two keys, whose certificates the platform's own authorities issue: P-256 for
//! PDF (PAdES with a time stamp) and SM2 for OFD (GB/T 38540). Keys never leave the host. [`Seals`] is the only way from
//! a caller to a provider: it asks policy, has the record on disk, and then acts. What is sealed is sealed once for an
//! idempotency key. [`examine`] checks the seals of anybody's document.
//!
//! ```no_run
//! # async fn example(seals: &zhongtai_cap_seal::Seals, services: std::sync::Arc<zhongtai_runtime::Services>,
//! #     pdf: Vec<u8>, ofd: Vec<u8>) -> Result<(), zhongtai_cap_seal::SealError> {
//! use zhongtai_cap_seal::{ActKey, Facts, Paper, Place, by_the_host};
//!
//! let mut asker = by_the_host(&"441802-chengguan/excavation".parse().expect("a scenario"), services)?;
//! let place = Place { page: 1, x_mm: 130.0, y_mm: 220.0 };
//! let papers = vec![Paper { document: pdf, place }, Paper { document: ofd, place }];
//! let key = ActKey::try_from("01JC8Z…".to_owned())?;
//! let seal = "441802-chengguan/permit".parse()?;
//! let sealed = seals.apply_papers(&mut asker, &seal, (papers, Facts::issuing("WJ-1")), key).await?;
//! # let _ = sealed; Ok(()) }
//! ```

mod config;
#[cfg(feature = "testing")]
pub mod contract;
mod document;
mod embedded;
mod error;
mod examine;
mod face;
mod host;
mod migration;
mod outside;
mod provider;
mod replay;
mod report;
mod seal;
mod seals;
mod shelf;
mod vault;

pub use config::{SealConfig, TokenConfig};
pub use document::{Act, ActKey, Facts, Format, Order, Place, Sealed};
pub use embedded::{EmbeddedSeals, certificates_pem};
pub use error::SealError;
pub use examine::examine;
pub use migration::MIGRATIONS;
pub use outside::outside_trust;
pub use provider::{AuthorityState, SealProvider};
pub use report::{Appended, Problem, Report, Signature, Verdict};
pub use seal::{
    Cause, MOST_DAYS, NewSeal, Seal, SealEvent, SealKind, SealName, SealUse, SigningKey, Status, TokenCredential,
};
pub use seals::{Paper, SealRecord, Seals, by_the_host, the_host};
pub use shelf::{Cases, KeptByScenarios, People, Shelf, Taken, sealed_name};
pub use zhongtai_impression::{Design, Drawing, Shape};
pub use zhongtai_pki::Trust;

use std::sync::Arc;

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The capability: seals, and where the files of cases are.
pub struct SealCapability {
    /// What is asked.
    pub seals: Arc<Seals>,
    /// Where documents come from and go to.
    pub shelf: Arc<dyn Shelf>,
}

impl Capability for SealCapability {
    fn name(&self) -> &'static str {
        "seal"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, services: &mut Services) {
        services.add(host::AtHand { seals: self.seals.clone(), shelf: self.shelf.clone() });
    }
}
