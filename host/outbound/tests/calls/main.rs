//! Calls of real listeners: threads that behave badly, and a Python process with certificates of every kind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's own helpers"
)]

mod bounds;
mod breaker;
mod guard;
mod origins;
mod privacy;
mod retries;
mod support;
mod tls;
mod trace;
