//! What every handler of the two listeners reaches.

use std::{sync::Arc, time::Duration};

use tokio::runtime::Handle;
use zhongtai_audit::{AuditLog, PublicKeys};
use zhongtai_cap_certificate::Certificates;
use zhongtai_cap_config::EmbeddedConfig;
use zhongtai_cap_credit::Credits;
use zhongtai_cap_document::Documents;
use zhongtai_cap_evidence::EvidenceProvider;
use zhongtai_cap_files::EmbeddedFiles;
use zhongtai_cap_log::LogTail;
use zhongtai_cap_logistics::{Dispatcher, Shipments};
use zhongtai_cap_notify::Outbox;
use zhongtai_cap_payment::Payments;
use zhongtai_cap_seal::Seals;
use zhongtai_cap_subject::{Accounts, Listener, Mandates, Tokens};
use zhongtai_events::Events;
use zhongtai_kernel::{AuditUnavailable, Clock, Event, Record, Recorder, RequestId};
use zhongtai_registry::Registry;
use zhongtai_runtime::Runtime;
use zhongtai_store::Store;

use crate::{
    deployments::Deployments,
    edge::{Health, Names},
    identity::Identity,
    mapping::Mapping,
    metrics::Metrics,
    policies::Policies,
};

/// The running host.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) audit: AuditLog,
    /// What the log's checkpoints are checked with.
    pub(crate) audit_keys: PublicKeys,
    pub(crate) policies: Arc<Policies>,
    pub(crate) registry: Registry,
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) deployments: Arc<Deployments>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) health: Health,
    pub(crate) accounts: Accounts,
    pub(crate) tokens: Arc<Tokens>,
    /// Who may act for which enterprise.
    pub(crate) mandates: Arc<Mandates>,
    /// Sessions of browsers, second factors, and identity providers.
    pub(crate) identity: Arc<Identity>,
    pub(crate) credit: Arc<Credits>,
    /// Where uploads lie while they are read.
    pub(crate) spool: std::path::PathBuf,
    /// The largest file of credit records, MiB.
    pub(crate) credit_import_mib: u32,
    /// Addresses, grids and halls.
    pub(crate) mapping: Mapping,
    pub(crate) certificates: Arc<Certificates>,
    pub(crate) documents: Arc<Documents>,
    pub(crate) evidence: Arc<dyn EvidenceProvider>,
    pub(crate) seals: Arc<Seals>,
    pub(crate) settings: Arc<EmbeddedConfig>,
    pub(crate) outbox: Outbox,
    pub(crate) payments: Arc<Payments>,
    pub(crate) shipments: Arc<Shipments>,
    /// Tells carriers.
    pub(crate) dispatcher: Dispatcher,
    /// What happened at capabilities, for the scenarios.
    pub(crate) events: Events,
    pub(crate) files: EmbeddedFiles,
    pub(crate) log_tail: Arc<LogTail>,
    /// How long a request's body may take to arrive.
    pub(crate) body_patience: Duration,
    /// Where I/O lives.
    pub(crate) shared: Handle,
}

// === impl App ===

impl App {
    /// How the cookies of a listener are called.
    pub(crate) fn cookie_names(&self, listener: Listener) -> Names {
        Names { listener, secure: self.identity.section.cookie_secure }
    }

    /// Records an act of an account.
    pub(crate) fn record(
        &self,
        request: RequestId,
        actor: String,
        action: &'static str,
        target: impl Into<String>,
        outcome: &str,
    ) -> Result<(), AuditUnavailable> {
        let event = Event::Act { actor, action, target: target.into(), outcome: outcome.to_owned() };
        self.audit.record(Record { at: self.clock.now(), request, sequence: 0, event })
    }

    /// Records an act and waits until the record is on disk: an act that can't be recorded must not happen.
    pub(crate) async fn record_first(
        &self,
        actor: String,
        action: &'static str,
        target: impl Into<String>,
    ) -> Result<(), AuditUnavailable> {
        self.record(RequestId::generate(), actor, action, target, "begun")?;
        self.audit.committed().await
    }
}
