//! The connector over a real process of the gateway, which is written to the public protocol in Python.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod answers;
mod channel;
mod log;
mod notifications;
mod real;
