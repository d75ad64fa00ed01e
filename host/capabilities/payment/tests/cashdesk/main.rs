//! The cash desk's channel over the real process: this test's own program started once more, so that it can be killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod channel;
mod desk;
mod hostile;
mod log;
mod settling;
#[path = "../support/mod.rs"]
mod support;
