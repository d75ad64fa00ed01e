//! The active toolchain, and rustup's help to complete it.

use std::{env, path::Path, process::Command, time::Duration};

use crate::{Error, TARGET, command};

/// A download that takes longer than this is given up: the next way may be faster.
const DOWNLOAD: Duration = Duration::from_secs(180);

/// The active compiler, as cargo would choose it.
fn rustc() -> Command {
    Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// The version of the active compiler, when it has the target's standard library.
pub fn active() -> Option<String> {
    let directory = command::output(rustc().args(["--print", "target-libdir", "--target", TARGET]))?;
    has_std(Path::new(&directory)).then(|| command::output(rustc().arg("--version")))?
}

fn has_std(directory: &Path) -> bool {
    let Ok(entries) = directory.read_dir() else { return false };
    let mut names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.any(|name| name.starts_with("libstd-") && name.ends_with(".rlib"))
}

/// Whether `rustup target add` made the active toolchain complete.
pub fn add_target() -> Result<bool, Error> {
    if command::output(Command::new("rustup").arg("--version")).is_none() {
        return Ok(false);
    }
    tracing::info!("rustup target add {TARGET}");
    command::succeeds(Command::new("rustup").args(["target", "add", TARGET]), DOWNLOAD)
}

#[cfg(test)]
mod tests {
    use super::has_std;

    #[test]
    fn a_directory_without_the_standard_library_is_not_enough() {
        let directory = tempfile::tempdir().unwrap();
        assert!(!has_std(&directory.path().join("missing")));
        assert!(!has_std(directory.path()));
        std::fs::write(directory.path().join("libstd-1234.rlib"), "").unwrap();
        assert!(has_std(directory.path()));
    }
}
