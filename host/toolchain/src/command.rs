//! Running other programs.

use std::{
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::Error;

/// What a program printed, when it succeeded.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Whether a program succeeds in time. What it prints goes to standard error: standard output is the caller's.
pub fn succeeds(command: &mut Command, limit: Duration) -> Result<bool, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let error = |source| Error::Run { program: program.clone(), source };
    let mut child = command.stdin(Stdio::null()).stdout(std::io::stderr()).spawn().map_err(error)?;
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().map_err(error)? {
            return Ok(status.success());
        }
        if Instant::now() > end {
            tracing::warn!(program, seconds = limit.as_secs(), "took too long and was stopped");
            child.kill().and_then(|()| child.wait()).map_err(error)?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// What an outer `cargo run`, a rustup proxy or the user's shell may have set for another compiler than the guest's.
const FOREIGN: [&str; 14] = [
    "CARGO",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_MAKEFLAGS",
    "CARGO_TARGET_DIR",
    "MAKEFLAGS",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "__CARGO_DEFAULT_LIB_METADATA",
];

/// Clears what would leak from an outer cargo into the guest's.
pub fn clear_foreign(command: &mut Command) {
    for variable in FOREIGN {
        command.env_remove(variable);
    }
}
