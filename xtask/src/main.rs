//! The project's chores. `cargo xtask demo` shows it, `cargo xtask test` checks it, `cargo xtask bench` measures it.
#![expect(clippy::print_stdout, reason = "a command line prints")]

mod bench;
mod browser;
mod conformance;
mod demo;
mod guests;
mod inbox;
mod new_capability;
mod permit;
mod postgres;
mod rules;
mod run;
mod services;
mod setup;
mod test;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the Zhongtai repository")]
enum Chore {
    /// Build the host and the shipped plugins, start them on fresh data, and show how to try them.
    Demo {
        /// Make the requests, print what came back, and exit.
        #[arg(long)]
        check: bool,
    },
    /// Run every check: format, lints, rules, licences, all tests, with guests built for real.
    Test,
    /// Start a PostgreSQL for tests that are run one by one, until Ctrl-C.
    Postgres,
    /// Measure, and print a table and JSON.
    Bench {
        /// Seconds per measurement.
        #[arg(long, default_value_t = 5)]
        seconds: u32,
    },
    /// Install what the other chores need.
    Setup,
    /// Make the skeleton of a capability: crate, WIT package, policies.
    NewCapability {
        /// Its name, such as `logistics`.
        name: String,
    },
    /// Run the tests of a standard or project that we follow, and list what comes out otherwise.
    #[command(subcommand)]
    Conformance(Conformance),
    /// One check of `test`, alone.
    #[command(subcommand)]
    Check(Check),
}

#[derive(Subcommand)]
enum Conformance {
    /// The Cedar project's integration tests, against the policy index.
    Cedar {
        /// Its `cedar-integration-tests`; else `$ZHONGTAI_CEDAR_TESTS`, or beside this repository.
        dir: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum Check {
    /// Who may depend on whom.
    Rules,
    /// Licences and sources of every dependency.
    Licences,
}

fn main() -> anyhow::Result<()> {
    std::env::set_current_dir(root())?;
    match Chore::parse() {
        Chore::Demo { check } => demo::run(check),
        Chore::Test => test::run(),
        Chore::Postgres => postgres::stay(),
        Chore::Bench { seconds } => bench::run(seconds),
        Chore::Setup => setup::run(),
        Chore::NewCapability { name } => new_capability::run(&name),
        Chore::Conformance(Conformance::Cedar { dir }) => conformance::cedar(dir),
        Chore::Check(Check::Rules) => rules::dependencies(),
        Chore::Check(Check::Licences) => rules::licences(),
    }
}

/// The repository.
fn root() -> PathBuf {
    let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.pop();
    path
}

/// Where cargo puts what it builds.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
