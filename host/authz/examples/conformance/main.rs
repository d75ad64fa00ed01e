//! Runs the integration tests of the Cedar project through `Compiled` and `Index`, and compares with what they expect
//! and with Cedar's own authorizer: `cargo xtask conformance cedar DIR`. DIR is their `cedar-integration-tests`.
#![allow(clippy::print_stdout, reason = "a command line prints")]

mod explained;
mod files;
mod run;
mod test;

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use explained::Explained;
use files::Files;
use run::Outcome;

fn main() -> Result<ExitCode, String> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).ok_or("name the folder of Cedar's integration tests")?;
    let explained = Explained::read()?;
    let outcomes = run_all(&Files::read(&folder)?)?;
    let failed = report(&outcomes, &explained);
    let requests: usize = outcomes.iter().map(|outcome| outcome.requests).sum();
    println!("{} tests of the Cedar project with {requests} requests", outcomes.len());
    // As `cargo test` says it, so that whoever counts tests counts these.
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {word}. {} passed; {failed} failed", outcomes.len().saturating_sub(failed));
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// Prints every deviation, those of one explanation together. Returns how many are not explained, and how many files
/// are explained though they don't deviate.
fn report(outcomes: &[Outcome], explained: &Explained) -> usize {
    let mut failed = 0;
    let mut meant: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for outcome in outcomes {
        let Some(what) = &outcome.deviation else { continue };
        match explained.of(outcome, what) {
            Some(explanation) => meant.entry(&explanation.reason).or_default().push(&outcome.file),
            None => {
                failed += 1;
                println!("{}: {what}", outcome.file);
            }
        }
    }
    for (reason, files) in meant {
        println!("{} deviate, as explained: {reason}\n    {}", files.len(), files.join("\n    "));
    }
    for file in explained.unused(outcomes) {
        failed += 1;
        println!("{file}: is explained, but does not deviate; take it off the list");
    }
    failed
}

/// Every test, on every core.
fn run_all(files: &Files) -> Result<Vec<Outcome>, String> {
    let tests: Vec<_> = files.tests().collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<_> = std::thread::scope(|scope| {
        let run_part = |part: &[&str]| part.iter().map(|path| run::run(path, files)).collect::<Vec<_>>();
        let parts = tests.chunks(tests.len().div_ceil(cores).max(1));
        let started: Vec<_> = parts.map(|part| scope.spawn(move || run_part(part))).collect();
        started.into_iter().map(|part| part.join().map_err(|_| "a test panicked".to_owned())).collect()
    });
    Ok(parts.into_iter().collect::<Result<Vec<_>, String>>()?.into_iter().flatten().collect())
}
