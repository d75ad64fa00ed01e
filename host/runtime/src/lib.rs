//! The sandbox: runs a department's component, in a fresh instance for every request.
//!
//! ```text
//! Runtime::load     component -> inspect imports against grants -> AOT artifact (sealed) -> LoadedRelease
//! Runtime::invoke   admission -> fresh instance -> handler -> checked response
//! Runtime::tell     the same, for an event
//! ```
//!
//! A capability is linked through [`Capability`]; its host functions get an [`Invocation`], whose
//! [`authorise`](Invocation::authorise) is the only way to a provider; behind it is an [`Asker`], which whoever asks
//! past a guest gets too ([`Runtime::asker`]). An invocation starts in the fast lane, on the
//! thread that took the request; the first time it has to wait (an epoch tick, or [`slow_lane`] before I/O), it
//! moves to the shared runtime, so that a listener never waits behind a guest.

mod admission;
mod artifact;
mod asker;
mod bindings;
mod capability;
mod engine;
mod error;
mod inspect;
mod invocation;
mod lane;
mod limiter;
mod load;
mod message;
mod run;
mod stack;
mod work;

pub use admission::AdmissionOptions;
pub use artifact::HostKey;
pub use asker::{Asker, Refusal, Shown};
pub use capability::{Capability, Services};
pub use engine::{EngineOptions, PoolSize};
pub use error::{InvokeError, LoadError};
pub use inspect::{Inspection, inspect};
pub use invocation::{Invocation, LogEvent};
pub use lane::slow_lane;
pub use load::LoadedRelease;
pub use message::{Request, Response};
pub use run::{Call, Outcome, Runtime, RuntimeOptions};
pub use work::ScenarioEvent;
