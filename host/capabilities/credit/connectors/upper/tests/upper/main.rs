//! The connector against a platform that is a process of its own, written in another language.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's own helpers"
)]

mod answers;
mod contract;
mod outages;
mod privacy;
mod scene;
