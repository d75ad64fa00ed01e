//! What may still happen when the audit log can't be written.

use std::{future::Future, pin::Pin, sync::Arc};

use prometheus::IntCounter;
use serde::Deserialize;
use zhongtai_audit::AuditLog;
use zhongtai_kernel::{AuditUnavailable, Event, Record, Recorder};

use crate::policies::Policies;

/// What may still happen when the audit log can't be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WhenUnwritable {
    /// Nothing that would have to be recorded.
    #[default]
    Refuse,
    /// Reads, unrecorded and counted. What changes something is refused.
    ServeReads,
}

/// The audit log, under the configured mode. A draft in shadow sees what is recorded.
pub(crate) struct ModalRecorder {
    log: AuditLog,
    mode: WhenUnwritable,
    unrecorded: IntCounter,
    policies: Arc<Policies>,
}

// === impl ModalRecorder ===

impl ModalRecorder {
    pub(crate) fn new(log: AuditLog, mode: WhenUnwritable, unrecorded: IntCounter, policies: Arc<Policies>) -> Self {
        Self { log, mode, unrecorded, policies }
    }

    /// By the schema in force, so that nobody has to remember a new action here.
    fn is_read(&self, event: &Event) -> bool {
        let Event::Decision { decision, .. } = event else { return false };
        self.policies.authz().active().compiled().is_read(&decision.question.action)
    }
}

impl Recorder for ModalRecorder {
    fn record(&self, record: Record) -> Result<(), AuditUnavailable> {
        if let Event::Decision { caller, decision } = &record.event
            && let Some(shadow) = self.policies.shadow()
        {
            shadow.1.observe(caller, decision, record.at);
        }
        let may_pass = self.mode == WhenUnwritable::ServeReads && self.is_read(&record.event);
        match self.log.record(record) {
            Err(_) if may_pass => {
                self.unrecorded.inc();
                Ok(())
            }
            outcome => outcome,
        }
    }

    fn committed(&self) -> Pin<Box<dyn Future<Output = Result<(), AuditUnavailable>> + Send + '_>> {
        self.log.committed()
    }
}
