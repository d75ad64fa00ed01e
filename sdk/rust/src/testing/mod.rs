//! A host that exists only in a test's process. Native tests need no wasm toolchain, no server and no network.
//!
//! `zhongtai::plugin!` makes a type `MockHost` at the root of the plugin's crate, which is [`Mock`] with the plugin's
//! handlers. It answers capability calls as the real host would: durable data with compare-and-set, a clock that
//! stands still, randomness that is the same each time.
//!
//! ```
//! use zhongtai::{credit, prelude::*, testing::*};
//!
//! #[get("/standing/{code}")]
//! fn standing(Path(code): Path<CreditCode>) -> Result<String> {
//!     Ok(credit::check(&code, Purpose("road-repair"))?.basis().to_string())
//! }
//!
//! zhongtai::plugin!(standing);
//!
//! # fn main() {
//! let host = MockHost::new().credit("91350100M000100Y43", Verdict::barred("unpaid wages"));
//! assert_eq!(host.get("/standing/91350100M000100Y43").text(), "black-list of unpaid wages since 2026-01-01");
//!
//! let host = host.deny("credit:check");
//! assert_eq!(host.get("/standing/91350100M000100Y43").json()["code"], "access-denied");
//! # }
//! ```

pub(crate) mod answers;
pub(crate) mod certificates;
pub(crate) mod credit;
pub(crate) mod documents;
pub(crate) mod geo;
mod mock;
mod outgoing;
pub(crate) mod payments;
mod reply;
pub(crate) mod seals;
pub(crate) mod shipments;
mod state;
mod store;
mod uploads;

pub use mock::Mock;
pub use outgoing::Outgoing;
pub use payments::MockNotice;
pub use reply::Reply;
pub use seals::MockSealing;
pub use shipments::MockShipment;
pub use state::{LogEvent, Person};
pub use uploads::Upload;

pub use crate::{
    credit::{Basis, Record, Standing, Verdict},
    log::Level,
    notify::{Channel, Delivery, Failure, Message, Progress, Recipient},
    subject::{Assurance, Kind},
};
pub use serde_json::{Value, json};

/// Runs code that calls capabilities without a request, against a host of its own.
pub fn run<T>(code: impl FnOnce() -> T) -> T {
    state::enter(&state::Shared::default(), code)
}
