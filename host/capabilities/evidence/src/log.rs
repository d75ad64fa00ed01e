use async_trait::async_trait;

use crate::{Anchor, Proof};

/// What an anchor's record is called in the log.
pub const ACTION: &str = "evidence:anchor";

/// The log can't be written, or can't prove.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LogError(pub String);

/// The append-only log that anchors are written to. The server wires it to the audit log.
#[async_trait]
pub trait AnchorLog: Send + Sync + 'static {
    /// Whose log it is: every host has one of its own.
    fn name(&self) -> &str;

    /// Writes the anchor's record ([`ACTION`] of the scenario, on [`Anchor::to_target`]); it is on disk when this
    /// returns.
    async fn write(&self, anchor: &Anchor) -> Result<(), LogError>;

    /// The proof of an anchor's record; `None` when this log does not have it.
    async fn prove(&self, anchor: &Anchor) -> Result<Option<Proof>, LogError>;
}
