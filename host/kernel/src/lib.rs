//! The words that every other crate speaks in: ids, codes, the clock, who is calling, what is asked of policy,
//! what is recorded, and the kinds of errors. No I/O lives here.
//!
//! ```
//! use zhongtai_kernel::{CreditCode, ScenarioId};
//!
//! let scenario: ScenarioId = "441802-chengguan/pothole".parse().unwrap();
//! assert_eq!(scenario.department().area(), "441802");
//! assert!("91350100M000100Y43".parse::<CreditCode>().is_ok());
//! ```

mod access;
mod audit;
mod caller;
mod clock;
mod code;
mod current;
mod error;
mod id;
mod manifest;
mod mask;
mod words;

pub use access::{Access, Attribute, Decision, Effect, Guard, Question, Resource};
pub use audit::{AuditUnavailable, Event, Record, Recorder};
pub use caller::{Agent, Assurance, Caller, CallerFacts, Channel, Subject, SubjectKind};
pub use clock::{Clock, ManualClock, SystemClock};
pub use code::{CreditCode, InvalidCode, ResidentId};
pub use current::{Within, current_request, within};
pub use error::{ErrorKind, chain};
pub use id::{AccountId, DepartmentId, Digest, InvalidId, RequestId, ScenarioId};
pub use manifest::{ALWAYS_GRANTED, AccessLevel, CapabilityRequest, Limits, Manifest, ManifestError, Release};
pub use mask::{Mask, UnknownMask};
pub use words::{Lang, Words};

/// A point in time, UTC.
pub type Timestamp = jiff::Timestamp;
