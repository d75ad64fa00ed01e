//! Public credit (公共信用): may this enterprise or person do what is asked for?
//!
//! A plugin asks with a unified social credit code or a resident ID and a declared purpose. Policy decides
//! (`credit:check`, `credit:check-person`, `credit:read-detail`), a [`CreditProvider`] finds the records, and the
//! district's decision table ([`Table`], 联合奖惩) turns those that count today into a verdict.
//!
//! The platform's own records are published (公示), objected to (异议) and repaired (信用修复) through [`Credits`], the
//! only way from a caller to them. Whom a record is about is sealed at rest and found by a keyed index.

mod config;
#[cfg(feature = "testing")]
pub mod contract;
mod credits;
mod embedded;
mod error;
mod host;
mod import;
mod migration;
mod petition;
mod provider;
mod record;
mod rules;
mod subject;
mod vault;
mod workdays;

pub use config::{CreditConfig, Days, OnObjection};
pub use credits::{Cases, Credits, KeptByScenarios, NewReport, Promiser, Waiting};
pub use embedded::{EmbeddedCredit, Entry, HistoryEntry, Imported};
pub use error::CreditError;
pub use import::{Encoding, Format, ImportOptions, ImportReport, Outcome, RejectedRow, Spool};
pub use migration::MIGRATIONS;
pub use petition::{ActKey, NewPetition, Petition, PetitionId, PetitionKind, PetitionState};
pub use provider::{CreditProvider, Known, Together};
pub use record::{Category, CreditRecord, Gravity, NewRecord, RecordId, State, day_of};
pub use rules::{Checked, InForce, Judged, Put, RuleBook, RuleProblem, RuleVersion, Standing, Table};
pub use subject::{CreditSubject, People};

use std::sync::Arc;

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The capability.
pub struct CreditCapability(pub Arc<Credits>);

impl Capability for CreditCapability {
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
