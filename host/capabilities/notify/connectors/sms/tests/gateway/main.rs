//! The connector against a process that is not ours to shape: `tests/gateway.py`, a gateway in Python with its own HMAC.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on must stop"
)]

mod deliveries;
mod log;
mod receipts;
mod support;
