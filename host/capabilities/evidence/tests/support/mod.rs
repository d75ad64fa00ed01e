//! A real audit log as the log of anchors.
#![allow(clippy::unwrap_used, reason = "a broken fixture must stop the test")]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use zhongtai_audit::{AuditKeys, AuditLog, Options, PublicKeys, find_act, prove};
use zhongtai_cap_evidence::{ACTION, Anchor, AnchorLog, LogError, Proof};
use zhongtai_kernel::{Event, ManualClock, Record, Recorder, RequestId};

pub struct TestLog {
    pub log: AuditLog,
    pub name: String,
    pub keys: PublicKeys,
    /// Refuses to write.
    pub is_full: AtomicBool,
    pub dir: tempfile::TempDir,
}

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-01-05T10:00:00Z".parse().unwrap()))
}

impl TestLog {
    pub fn new(name: &str) -> Arc<Self> {
        let dir = tempfile::tempdir().unwrap();
        let name = format!("zhongtai.audit/{name}");
        let keys = AuditKeys::derive(&name, &[7; 32]).unwrap();
        let public = keys.public();
        let options = Options { clock: clock(), ..Options::default() };
        let log = AuditLog::open(dir.path(), keys, options).unwrap();
        Arc::new(Self { log, name, keys: public, is_full: AtomicBool::new(false), dir })
    }
}

#[async_trait]
impl AnchorLog for TestLog {
    fn name(&self) -> &str {
        &self.name
    }

    async fn write(&self, anchor: &Anchor) -> Result<(), LogError> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(LogError("the disk is full".to_owned()));
        }
        let (actor, target) = (anchor.scenario.to_string(), anchor.to_target());
        let event = Event::Act { actor, action: ACTION, target, outcome: "ok".to_owned() };
        let record = Record { at: anchor.at, request: RequestId::generate(), sequence: 0, event };
        self.log.record(record).unwrap();
        self.log.committed().await.map_err(|error| LogError(error.to_string()))
    }

    async fn prove(&self, anchor: &Anchor) -> Result<Option<Proof>, LogError> {
        self.log.checkpoint().await.map_err(|error| LogError(error.to_string()))?;
        let Some(number) = find_act(self.log.dir(), ACTION, &anchor.to_target(), anchor.at).unwrap() else {
            return Ok(None);
        };
        let proof = prove(self.log.dir(), number).unwrap();
        let (record, index, size) = (proof.record, proof.index, proof.size);
        Ok(Some(Proof { record, index, size, hashes: proof.hashes, checkpoint: proof.checkpoint }))
    }
}
