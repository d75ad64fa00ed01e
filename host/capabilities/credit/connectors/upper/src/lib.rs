//! Credit records of an upper-level platform (省、市公共信用信息平台), asked over its signed REST interface.
//!
//! [`UpperCredit`] is a [`CreditProvider`]. It remembers what the platform said: for a while instead of asking again, and
//! for longer while the platform can't be asked, marked as stale with its age. README.md has the protocol.

mod config;
mod error;
mod kept;
mod sign;
mod upper;
mod wire;

pub use config::{ConfigError, UpperConfig};
pub use error::{AnswerFault, UpperError};
pub use sign::Method;
pub use upper::UpperCredit;
