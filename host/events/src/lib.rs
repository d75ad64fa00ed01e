//! Events (事件): what happened at a capability, for the scenario that it concerns. A payment was settled, a parcel was
//! signed for: nobody is there to ask for it, so the platform tells.
//!
//! A capability calls [`put`] in the transaction of what happened: there is an event if, and only if, it happened. A
//! host's [`Events::run`] hands each to a [`Listener`] at least once, those about the same thing one after the other.
//!
//! ```no_run
//! # async fn example(store: zhongtai_store::Store, now: zhongtai_kernel::Timestamp) -> Result<(), zhongtai_events::EventError> {
//! use zhongtai_events::{NewEvent, put};
//!
//! let mut write = store.begin_write().await?;
//! // ... what happened ...
//! let event = NewEvent {
//!     scenario: "441802-chengguan/excavation".parse().unwrap(),
//!     kind: "payment.settled",
//!     about: "44180226112700000017".to_owned(),
//!     case: Some("WJ-20261127-1".to_owned()),
//!     data: serde_json::json!({ "amount_fen": 24_000 }),
//!     at: now,
//! };
//! put(&mut write, &event).await?;
//! write.commit().await.map_err(zhongtai_store::StoreError::from)?;
//! # Ok(()) }
//! ```

mod error;
mod event;
mod migration;
mod queue;
mod rows;

pub use error::EventError;
pub use event::{Event, EventId, NewEvent};
pub use migration::MIGRATIONS;
pub use queue::{DeadEvent, Events, Heard, Listener, Report, Schedule};
pub use rows::put;
