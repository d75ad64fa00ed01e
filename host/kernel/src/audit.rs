//! What is recorded, by whom it can be asked for.

use std::{future::Future, pin::Pin, sync::Arc};

use crate::{Caller, Decision, RequestId, Timestamp};

/// One line of the audit log. Holds references and names only: no bodies, no personal values.
#[derive(Debug, Clone)]
pub struct Record {
    /// When.
    pub at: Timestamp,
    /// In which request.
    pub request: RequestId,
    /// The how-manieth record of the request, from 0. `request/sequence` is the record's reference.
    pub sequence: u32,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// Policy was asked.
    Decision {
        /// Who asked.
        caller: Arc<Caller>,
        /// What, and the answer.
        decision: Arc<Decision>,
    },
    /// Somebody did something to the platform: a deployment, a grant, a sign-in.
    Act {
        /// The account or process that acted.
        actor: String,
        /// What was done, `noun:verb`, such as `release:deploy`.
        action: &'static str,
        /// To what.
        target: String,
        /// How it ended: `ok`, or the error's code.
        outcome: String,
    },
}

/// The log can't be written: nothing that must be recorded may happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit log can't be written: {0}")]
pub struct AuditUnavailable(pub String);

/// Takes records.
pub trait Recorder: Send + Sync + 'static {
    /// Takes a record for the next group commit. Refuses when the log is not healthy.
    fn record(&self, record: Record) -> Result<(), AuditUnavailable>;

    /// Waits until everything taken so far is on disk. Called before an irreversible act.
    fn committed(&self) -> Pin<Box<dyn Future<Output = Result<(), AuditUnavailable>> + Send + '_>>;
}
