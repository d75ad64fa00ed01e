//! The tools that we did not write, by which tests check what the host makes.
//!
//! `cargo xtask setup` installs them: Debian packages, and Python and npm packages in a folder of their own,
//! `$ZHONGTAI_TOOLS` or `~/.cache/zhongtai/tools`. A tool that is not there makes its test fail, and says so.
//!
//! ```no_run
//! let out = zhongtai_test_tools::tool("pdfsig").arg("permit.pdf").output()?;
//! let out = zhongtai_test_tools::python().args(["-m", "pyhanko", "--version"]).output()?;
//! # Ok::<(), std::io::Error>(())
//! ```
#![expect(clippy::panic, clippy::expect_used, reason = "test support: a missing tool must fail the test that needs it")]

mod judges;

pub use judges::{DISTID, Judges, SES_CHECKS, said};

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A program on the PATH.
///
/// # Panics
/// When it is not installed.
pub fn tool(name: &str) -> Command {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.is_file());
    Command::new(found.unwrap_or_else(|| missing(name)))
}

/// Python with the packages of `PYTHON` in xtask/src/setup.rs.
///
/// # Panics
/// When it is not installed.
pub fn python() -> Command {
    Command::new(installed("python/bin/python"))
}

/// A program that one of those Python packages brings, such as `pyhanko`.
///
/// # Panics
/// When it is not installed.
pub fn python_tool(name: &str) -> Command {
    Command::new(installed(&format!("python/bin/{name}")))
}

/// Node.js in a folder with the packages of `NODE` in xtask/src/setup.rs: a script given by
/// `--input-type=module --eval` or on standard input can import them.
///
/// # Panics
/// When they are not installed.
pub fn node() -> Command {
    let modules = installed("node/node_modules");
    let mut command = tool("node");
    command.current_dir(modules.parent().expect("a folder in a folder"));
    command
}

fn installed(path: &str) -> PathBuf {
    let path = folder().join(path);
    if path.exists() { path } else { missing(&path.display().to_string()) }
}

fn folder() -> PathBuf {
    let home = || Path::new(&std::env::var_os("HOME").expect("HOME")).join(".cache/zhongtai/tools");
    std::env::var_os("ZHONGTAI_TOOLS").map_or_else(home, PathBuf::from)
}

fn missing(what: &str) -> ! {
    panic!("{what} is not on this machine: run `cargo xtask setup`")
}
