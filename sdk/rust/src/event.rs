//! Events: what happened at a capability while nobody was there to ask. A payment was settled, a parcel signed for.
//!
//! ```
//! use zhongtai::{event::Event, prelude::*};
//!
//! #[derive(Deserialize)]
//! struct Settled { amount_fen: u64 }
//!
//! #[on("payment.settled")]
//! fn paid(event: Event<Settled>) -> Result<()> {
//!     keyvalue::set(&format!("paid/{}", event.about), &event.data.amount_fen)?;
//!     Ok(())
//! }
//!
//! zhongtai::plugin!(; events: paid);
//!
//! # fn main() {
//! use zhongtai::testing::*;
//!
//! let host = MockHost::new();
//! host.tell("payment.settled", "44180226112700000017", json!({ "amount_fen": 24_000 })).unwrap();
//! assert_eq!(host.value("paid/44180226112700000017"), Some(24_000));
//! # }
//! ```
//!
//! An event comes at least once: what is done about it must bear to be done again. Nobody is signed in. After an error it
//! comes again, later each time, until an operator is asked to look.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Result, clock::Timestamp, host, log::Level};

/// One event, with the facts of its kind as `T`.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<T = Value> {
    /// The same at each delivery.
    pub id: String,
    /// What happened, such as `payment.settled`.
    pub kind: String,
    /// What it happened to: the number of a notice, of a waybill.
    pub about: String,
    /// The case, as the plugin named it to the capability.
    pub case: Option<String>,
    /// When it happened.
    pub at: Timestamp,
    /// The facts.
    pub data: T,
}

/// A function that hears of one kind of event.
pub struct Subscription {
    /// The kind.
    pub kind: &'static str,
    /// Reads the facts and calls the function. An error is a word for the host's log.
    pub call: fn(Event<String>) -> Result<(), String>,
}

/// Implemented by `#[on(...)]` for the enum that carries a function's subscription.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not hear of events",
    note = "put `#[on(\"payment.settled\")]` above the function"
)]
pub trait Hears {
    /// What it hears.
    const SUBSCRIPTION: Subscription;
}

/// Tells every function that hears of the event's kind. None of them: nothing is to be done.
pub fn tell(subscriptions: &[Subscription], event: &Event<String>) -> Result<(), String> {
    let concerned = subscriptions.iter().filter(|subscription| subscription.kind == event.kind);
    concerned.into_iter().try_for_each(|subscription| (subscription.call)(event.clone()))
}

/// Reads the facts as what the function takes.
pub fn hear<T: DeserializeOwned>(event: Event<String>, function: fn(Event<T>) -> Result<()>) -> Result<(), String> {
    let Event { id, kind, about, case, at, data } = event;
    let data =
        serde_json::from_str(&data).map_err(|error| format!("the facts of {kind} are not as expected: {error}"))?;
    function(Event { id, kind, about, case, at, data }).map_err(|problem| {
        let (code, cause) = problem.into_cause();
        if let Some(cause) = cause {
            host::log(Level::Error, module_path!(), cause, vec![("code".into(), code.clone())]);
        }
        code
    })
}
