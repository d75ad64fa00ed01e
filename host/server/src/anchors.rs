//! The audit log as the log of anchors.

use async_trait::async_trait;
use zhongtai_audit::{AuditLog, find_act, prove};
use zhongtai_cap_evidence::{ACTION, Anchor, AnchorLog, LogError, Proof};
use zhongtai_kernel::{Event, Record, Recorder, RequestId, chain};

/// This host's audit log.
pub(crate) struct Anchors {
    pub(crate) log: AuditLog,
    /// The log's name in its checkpoints.
    pub(crate) name: String,
}

#[async_trait]
impl AnchorLog for Anchors {
    fn name(&self) -> &str {
        &self.name
    }

    async fn write(&self, anchor: &Anchor) -> Result<(), LogError> {
        let (actor, target) = (anchor.scenario.to_string(), anchor.to_target());
        let event = Event::Act { actor, action: ACTION, target, outcome: "ok".to_owned() };
        let record = Record { at: anchor.at, request: RequestId::generate(), sequence: 0, event };
        self.log.record(record).map_err(|error| failed(&error))?;
        self.log.committed().await.map_err(|error| failed(&error))
    }

    async fn prove(&self, anchor: &Anchor) -> Result<Option<Proof>, LogError> {
        self.log.checkpoint().await.map_err(|error| failed(&error))?;
        let (dir, target, at) = (self.log.dir().to_owned(), anchor.to_target(), anchor.at);
        let search = move || match find_act(&dir, ACTION, &target, at).map_err(|error| failed(&error))? {
            Some(number) => prove(&dir, number).map(Some).map_err(|error| failed(&error)),
            None => Ok(None),
        };
        let found = tokio::task::spawn_blocking(search).await.map_err(|error| failed(&error))??;
        Ok(found.map(|proof| Proof {
            record: proof.record,
            index: proof.index,
            size: proof.size,
            hashes: proof.hashes,
            checkpoint: proof.checkpoint,
        }))
    }
}

fn failed(error: &dyn std::error::Error) -> LogError {
    LogError(chain(error))
}
