//! The host's clock. Always granted; `std::time` does not work in a component.

use std::time::Duration;

pub use crate::timestamp::{InvalidTimestamp, Timestamp};

use crate::host;

/// The time now.
pub fn now() -> Timestamp {
    Timestamp::from_nanos(host::now())
}

/// Time since an arbitrary point; never goes back. For measuring, not for dates.
pub fn monotonic() -> Duration {
    Duration::from_nanos(host::monotonic())
}
