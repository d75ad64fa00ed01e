//! Debian's and Ubuntu's `rustc-web`: a recent compiler with the sources of its standard library, which cargo builds
//! for the guest target itself. rustup's compiler cannot take these sources: the versions must match.

use std::{path::Path, process::Command, time::Duration};

use crate::{Error, command};

/// Debian's compiler; an absolute path, because rustup's proxies come first in PATH.
pub const RUSTC: &str = "/usr/bin/rustc";
/// Debian's cargo.
pub const CARGO: &str = "/usr/bin/cargo";

const SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"];
const INSTALL: Duration = Duration::from_secs(900);

/// The version of Debian's compiler, when all that a guest needs is there.
pub fn installed() -> Option<String> {
    let complete = [RUSTC, CARGO, SOURCES].iter().all(|file| Path::new(file).exists()) && has_linker();
    complete.then(|| command::output(Command::new(RUSTC).arg("--version")))?
}

/// The compiler looks for a linker of this name; the right `lld` package completes the link.
fn has_linker() -> bool {
    Path::new("/usr/bin/rust-lld").exists()
}

/// Installs what is missing, when this is root on Debian or Ubuntu; otherwise says why it did not.
pub fn install() -> Result<Result<(), &'static str>, Error> {
    if !Path::new("/usr/bin/apt-get").exists() {
        return Ok(Err("not Debian or Ubuntu"));
    }
    if command::output(Command::new("id").arg("-u")).as_deref() != Some("0") {
        return Ok(Err("apt-get needs root"));
    }
    tracing::info!("apt-get install {}", PACKAGES.join(" "));
    if !apt(&["update"])? || !apt_install(&PACKAGES)? {
        return Ok(Err("apt-get could not install rustc-web"));
    }
    let Some(major) = llvm_major() else { return Ok(Err("rustc-web does not say which LLVM it uses")) };
    let linker = format!("lld-{major}");
    match apt_install(&[linker.as_str()])? {
        true => Ok(Ok(())),
        false => Ok(Err("apt-get could not install the lld of rustc-web's LLVM")),
    }
}

fn apt_install(packages: &[&str]) -> Result<bool, Error> {
    apt(&[&["install", "--yes", "--no-install-recommends"], packages].concat())
}

fn apt(arguments: &[&str]) -> Result<bool, Error> {
    let mut apt = Command::new("/usr/bin/apt-get");
    command::succeeds(apt.arg("-q").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"), INSTALL)
}

/// lld's number follows the LLVM of the compiler.
fn llvm_major() -> Option<String> {
    major(&command::output(Command::new(RUSTC).arg("-vV"))?)
}

fn major(version: &str) -> Option<String> {
    let version = version.lines().find_map(|line| line.strip_prefix("LLVM version: "))?;
    version.split('.').next().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_linkers_number_is_read_from_the_compilers_version() {
        let version = "rustc 1.96.0\nrelease: 1.96.0\nLLVM version: 22.1.8";
        assert_eq!(major(version).as_deref(), Some("22"));
        assert_eq!(major("rustc 1.96.0"), None);
    }
}
