//! `cargo xtask test`: everything that must hold before a change lands.

use std::process::Command;

use anyhow::bail;

use crate::{
    conformance, guests,
    postgres::Postgres,
    rules,
    run::{cargo, exists, must, step, watch},
    setup,
};

/// Tests that ran.
#[derive(Default)]
struct Count {
    passed: u64,
    failed: u64,
}

/// Runs every check. Stops at the first kind that fails, but lets all tests of a kind run.
pub(crate) fn run() -> anyhow::Result<()> {
    step("what the tests need");
    setup::disk()?;
    setup::for_tests()?;
    step("format");
    must(&mut cargo(&["fmt", "--all", "--check"]))?;
    step("who may depend on whom");
    rules::dependencies()?;
    step("licences and sources");
    rules::licences()?;
    let components = guests::fixtures()?;
    guests::plugins()?;
    step("lints");
    must(&mut cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))?;

    step("tests, on SQLite and on a PostgreSQL of our own");
    let postgres = Postgres::start()?;
    let mut count = Count::default();
    let with_parts = |mut command: Command| {
        command.env("ZHONGTAI_TEST_POSTGRES", &postgres.url).env("ZHONGTAI_GUESTS", &components);
        command
    };
    // With the tests goes the binary that the end-to-end tests start: built by itself, its dependencies would have
    // other features, and be compiled twice.
    must(&mut cargo(&["build", "--workspace", "--bin", "zt", "--tests"]))?;
    let mut ok = if exists("cargo-nextest") {
        count.watch(with_parts(cargo(&["nextest", "run", "--workspace", "--no-fail-fast"])))?
            & count.watch(with_parts(cargo(&["test", "--workspace", "--doc", "--quiet"])))?
    } else {
        count.watch(with_parts(cargo(&["test", "--workspace", "--no-fail-fast"])))?
    };
    step("the shipped plugins, natively");
    let mut plugins = cargo(&["test", "--manifest-path", "plugins/Cargo.toml", "--no-fail-fast"]);
    plugins.env("CARGO_TARGET_DIR", crate::target().join("plugins"));
    ok &= count.watch(plugins)?;
    if !ok {
        println!("\nPostgreSQL said last:\n{}", postgres.said());
    }
    drop(postgres);
    step("the Cedar project's integration tests");
    match conformance::cedar_tests() {
        Some(folder) => ok &= count.watch(conformance::command(&folder))?,
        None => println!("not here; name their folder in ZHONGTAI_CEDAR_TESTS"),
    }

    println!("\n{} passed, {} failed", count.passed, count.failed);
    if !ok {
        bail!("a test failed");
    }
    Ok(())
}

// === impl Count ===

impl Count {
    fn watch(&mut self, mut command: Command) -> anyhow::Result<bool> {
        watch(&mut command, |line| self.look(line))
    }

    /// Reads the closing lines of `cargo test` ("test result: ok. 3 passed; 0 failed; ...") and of nextest
    /// ("Summary [ 1.2s] 40 tests run: 39 passed, 1 failed, ..."). nextest shows a failed test's own closing line,
    /// too, indented: it is in the summary already.
    fn look(&mut self, line: &str) {
        if !line.starts_with("test result:") && !line.trim_start().starts_with("Summary [") {
            return;
        }
        let words: Vec<_> = line.split([' ', ';', ',', '.', ':']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            match pair {
                [number, "passed"] => self.passed += number.parse::<u64>().unwrap_or(0),
                [number, "failed"] => self.failed += number.parse::<u64>().unwrap_or(0),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_closing_lines_are_counted() {
        let mut count = Count::default();
        count.look("test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
        count.look("     Summary [   1.234s] 40 tests run: 38 passed (1 slow), 2 failed, 0 skipped");
        count.look("test a_test_named_passed ... ok");
        count.look("    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 8 filtered out");
        assert_eq!((count.passed, count.failed), (41, 2));
    }
}
