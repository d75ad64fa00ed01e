use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Anchor, EvidenceError, log::ACTION};

/// A record of the log, its Merkle audit path (RFC 6962, 2.1.1), and the signed checkpoint: the audit log's own form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The record's line.
    pub record: String,
    /// Its number.
    pub index: u64,
    /// Records under the checkpoint.
    pub size: u64,
    /// From the leaf's neighbour to below the root, base64.
    pub hashes: Vec<String>,
    /// A C2SP signed note.
    pub checkpoint: String,
}

/// Everything that somebody needs to check an anchor but the log's public keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// What was anchored.
    pub anchor: Anchor,
    /// That it is in the log.
    pub proof: Proof,
}

// === impl Bundle ===

impl Bundle {
    /// Checks that the record proved is the record of this anchor. That the record is in the log is for the proof to
    /// say: check both.
    pub fn check_record(&self) -> Result<(), EvidenceError> {
        let record: Value = serde_json::from_str(&self.proof.record)
            .map_err(|_| EvidenceError::Mismatch("its record is not a record of the log"))?;
        let is = |name: &str, value: &str| record.get(name).and_then(Value::as_str) == Some(value);
        if !is("event", "act") || !is("action", ACTION) || !is("outcome", "ok") {
            return Err(EvidenceError::Mismatch("its record is about something else"));
        }
        if !is("actor", self.anchor.scenario.as_str()) || !is("target", &self.anchor.to_target()) {
            return Err(EvidenceError::Mismatch("its record is of another anchor"));
        }
        if !is("at", &self.anchor.at.to_string()) {
            return Err(EvidenceError::Mismatch("its record is of another time"));
        }
        Ok(())
    }
}
