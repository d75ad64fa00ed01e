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

/// Verbs of actions that change nothing.
const READS: [&str; 4] = ["invoke", "identify", "check", "read"];

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
}

impl Recorder for ModalRecorder {
    fn record(&self, record: Record) -> Result<(), AuditUnavailable> {
        if let Event::Decision { caller, decision } = &record.event
            && let Some(shadow) = self.policies.shadow()
        {
            shadow.1.observe(caller, decision, record.at);
        }
        let may_pass = self.mode == WhenUnwritable::ServeReads && is_read(&record.event);
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

fn is_read(event: &Event) -> bool {
    let Event::Decision { decision, .. } = event else { return false };
    let verb = decision.question.action.split_once(':').map_or("", |(_, verb)| verb);
    READS.iter().any(|read| verb == *read || verb.strip_prefix(read).is_some_and(|rest| rest.starts_with('-')))
}
