//! The connector on a real PostGIS: the contract, what it computes beside the embedded provider and beside `ST_AsMVT`,
//! and what goes wrong.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that can't go on must stop"
)]

mod broken;
mod compare;
mod contract;
mod support;
mod tiles;
