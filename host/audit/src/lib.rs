//! The append-only record of every decision and act.
//!
//! Requests push records into a buffer and go on; a writer thread swaps the buffer every few milliseconds, writes
//! it as JSON lines and syncs it to disk: one write and one `fdatasync` for thousands of records (group commit).
//! An irreversible act waits for its group with [`Recorder::committed`]. When a write fails, or the buffer is full
//! because the disk is too slow, the log refuses records, and with them whatever would have to be recorded.
//!
//! ```
//! use zhongtai_audit::{AuditLog, Options};
//! # let dir = tempfile::tempdir().unwrap();
//! let log = AuditLog::open(dir.path(), Options::default()).unwrap();
//! assert!(log.is_healthy());
//! ```

mod line;
mod segment;
mod writer;

pub use segment::OpenError;
pub use writer::{AuditLog, Options};
