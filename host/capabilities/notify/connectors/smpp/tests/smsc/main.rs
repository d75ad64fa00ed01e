//! The connector against an SMSC that we did not write: npm `smpp`, in tests/smsc.mjs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on must stop"
)]

mod connection;
mod log;
mod messages;
mod receipts;
mod support;
