//! The proof that one record is in the log, for somebody who has nothing but the public keys.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tlog_tiles::{Hash, check_record, prove_record, record_hash};
use zhongtai_kernel::ErrorKind;

use crate::{
    checkpoint::{self, Checkpoint},
    keys::PublicKeys,
    levels::Levels,
    reader::{ReadError, Reader},
};

/// The longest path in a tree of 2^63 records.
const MAX_HASHES: usize = 64;

/// A record and its Merkle audit path (RFC 6962, section 2.1.1) up to a signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionProof {
    /// The record's line, without its newline. Its leaf hash is SHA-256 of a zero byte and this.
    pub record: String,
    /// The record's number.
    pub index: u64,
    /// Records under the checkpoint.
    pub size: u64,
    /// The path from the leaf's neighbour to below the root, base64.
    pub hashes: Vec<String>,
    /// The checkpoint: a C2SP signed note.
    pub checkpoint: String,
}

/// A proof can't be made, or does not hold.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// No checkpoint covers the record yet.
    #[error("record {number} is not under a checkpoint yet: {signed} records are. ask again in a second")]
    NotSigned {
        /// The record.
        number: u64,
        /// Records under the newest checkpoint.
        signed: u64,
    },
    /// The record was removed after its time, or its file is gone.
    #[error("record {0} is not in the log any more")]
    Gone(u64),
    /// The log can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The checkpoint of the log can't be read.
    #[error("{path} is not a checkpoint: {problem}")]
    Checkpoint {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The record and the stored hashes don't give the signed root.
    #[error(
        "record {0} can't be proved: it or the hashes in tiles/ were altered. check the log with `zt audit verify`"
    )]
    Broken(u64),
    /// The proof's checkpoint is not to be believed.
    #[error("the proof's checkpoint can't be trusted: {0}")]
    Untrusted(String),
    /// The proof does not lead from this record to the signed root.
    #[error("the proof does not hold: {0}")]
    Invalid(String),
}

// === impl ProofError ===

impl ProofError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSigned { .. } => ErrorKind::Conflict,
            Self::Gone(_) => ErrorKind::NotFound,
            Self::Read(error) => error.kind(),
            Self::Checkpoint { .. } | Self::Broken(_) => ErrorKind::Internal,
            Self::Untrusted(_) | Self::Invalid(_) => ErrorKind::Invalid,
        }
    }
}

/// Proves that record `number` is in the log in `dir`: a host's audit folder, or an export.
pub fn prove(dir: &Path, number: u64) -> Result<InclusionProof, ProofError> {
    let path = dir.join(checkpoint::FILE);
    let note = std::fs::read_to_string(&path).map_err(|source| ReadError::io(&path, source))?;
    let checkpoint = Checkpoint::parse(note.as_bytes()).map_err(|problem| ProofError::Checkpoint { path, problem })?;
    let signed = checkpoint.size();
    if number >= signed {
        return Err(ProofError::NotSigned { number, signed });
    }
    let lines = Reader::new(dir).lines(number, number + 1)?.next();
    let record = lines.transpose()?.filter(|line| line.number == number).ok_or(ProofError::Gone(number))?.text;
    let hashes = prove_record(signed, number, &Levels::of(dir)).map_err(|_| ProofError::Broken(number))?;
    check_record(&hashes, signed, checkpoint.root(), number, record_hash(record.as_bytes()))
        .map_err(|_| ProofError::Broken(number))?;
    let hashes = hashes.iter().map(Hash::to_string).collect();
    Ok(InclusionProof { record, index: number, size: signed, hashes, checkpoint: note })
}

/// Checks a proof with nothing but the public keys, each of which must have signed the checkpoint.
pub fn check_proof(proof: &InclusionProof, keys: &PublicKeys) -> Result<(), ProofError> {
    let checkpoint = Checkpoint::parse(proof.checkpoint.as_bytes()).map_err(ProofError::Untrusted)?;
    checkpoint.check(keys).map_err(ProofError::Untrusted)?;
    let invalid = |problem: &str| ProofError::Invalid(problem.to_owned());
    if checkpoint.size() != proof.size || proof.index >= proof.size {
        return Err(invalid("its numbers are not those of its checkpoint"));
    }
    if proof.hashes.len() > MAX_HASHES {
        return Err(invalid("it has more hashes than a tree has levels"));
    }
    let hashes: Result<Vec<Hash>, _> = proof.hashes.iter().map(|hash| Hash::parse_hash(hash)).collect();
    let hashes = hashes.map_err(|_| invalid("a hash is not 32 bytes of base64"))?;
    let leaf = record_hash(proof.record.as_bytes());
    check_record(&hashes, proof.size, checkpoint.root(), proof.index, leaf)
        .map_err(|_| invalid("record and hashes do not give the signed root"))
}
