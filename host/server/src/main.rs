//! `zt`: the host of Zhongtai, and the command that operates it. Exit codes: 0 ok, 1 refused or failed, 2 usage.

mod address_book;
mod admin;
mod analysis;
mod anchors;
mod app;
mod cli;
mod config;
mod crediting;
mod deployments;
mod desk;
mod edge;
mod gateways;
mod holders;
mod identity;
mod inbox;
mod json;
mod listeners;
mod logging;
mod mapping;
mod metrics;
mod outbound;
mod pages;
mod papers;
mod params;
mod payments;
mod platform_key;
mod policies;
mod problem;
mod recorder;
mod sealing;
mod serve;
mod shelf;
mod shipping;
mod short_messages;

use std::process::ExitCode;

use clap::Parser;

/// Requests are short and allocate little on many threads: mimalloc is faster there than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command = cli::Command::parse();
    // One TLS implementation for every outbound client. It is the first call, so none can be installed yet.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::complain(&error);
            ExitCode::FAILURE
        }
    }
}
