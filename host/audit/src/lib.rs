//! The append-only record of every decision and act, that nobody can rewrite unseen.
//!
//! Requests push records into a buffer and go on; a writer thread swaps the buffer every few milliseconds, writes
//! it as JSON lines and syncs it to disk: one write and one `fdatasync` for thousands of records (group commit).
//! An irreversible act waits for its group with [`Recorder::committed`](zhongtai_kernel::Recorder::committed). When a
//! write fails, or the buffer is full because the disk is too slow, the log refuses records, and with them whatever
//! would have to be recorded.
//!
//! The records are the leaves of a Merkle tree (RFC 6962). About once a second its root is signed, with Ed25519 and
//! with SM2: a checkpoint. Whoever keeps one can tell later whether a record under it was altered, removed or moved.
//! `README.md` beside this crate describes the files and how to check them with standard tools.
//!
//! ```
//! use zhongtai_audit::{AuditKeys, AuditLog, Options, verify};
//! # let dir = tempfile::tempdir().unwrap();
//! let keys = AuditKeys::derive("zhongtai.audit/gateway-1", &[7; 32]).unwrap();
//! let public = keys.public();
//! let log = AuditLog::open(dir.path(), keys, Options::default()).unwrap();
//! assert!(log.is_healthy());
//! drop(log);
//! assert!(verify(dir.path(), &public, None).unwrap().is_ok());
//! ```

mod check_levels;
mod check_records;
mod checkpoint;
mod entry;
mod export;
mod find;
mod finding;
mod keys;
mod ledger;
mod levels;
mod line;
mod proof;
mod query;
mod reader;
mod recover;
mod retention;
mod segment;
mod tree;
mod verify;
mod writer;

pub use entry::{ActEntry, CallerEntry, DecisionEntry, Entry};
pub use export::{ExportError, Exported, export, publish_tiles};
pub use find::find_act;
pub use finding::{Finding, VerifyReport};
pub use keys::{AuditKeys, KeyError, PublicKeys, SM2_DISTID};
pub use proof::{InclusionProof, ProofError, check_proof, prove};
pub use query::{Order, Page, Reading, WhoRead, who_read};
pub use reader::{Entries, ReadError, Reader, RecordLine, RecordLines};
pub use recover::{OpenError, Tampering};
pub use retention::{Retention, RetentionTooShort};
pub use verify::verify;
pub use writer::{AuditLog, Options};
