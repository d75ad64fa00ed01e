//! What can go wrong, in words that say what to do.

use std::{io, path::PathBuf};

/// Why there is no toolchain, or no component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// None of the ways to a toolchain works here.
    #[error(
        "no Rust toolchain can build for wasm32-unknown-unknown here ({reasons}).\n\
         Three ways out:\n  \
         1. rustup:         rustup target add wasm32-unknown-unknown\n  \
         2. Debian, Ubuntu: sudo apt-get install rustc-web cargo-web rust-web-src rust-web-llvm lld-<LLVM major>\n  \
         3. any other:      put a rustc that has the target's standard library first in PATH"
    )]
    NoToolchain {
        /// What was tried, and why it did not work.
        reasons: String,
    },
    /// `ZHONGTAI_TOOLCHAIN` has a value that is not a way to a toolchain.
    #[error("ZHONGTAI_TOOLCHAIN is `{0}`: use `active`, `rustup` or `debian`, or unset it")]
    UnknownChoice(String),
    /// A program could not be started.
    #[error("`{program}` could not be run")]
    Run {
        /// Its name.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Cargo failed; it has already said why on standard error.
    #[error("cargo could not build {what} for the guest target (see above)")]
    Build {
        /// The directory or the package.
        what: String,
    },
    /// The crate makes no module.
    #[error("{what} makes no wasm module: its Cargo.toml needs `[lib] crate-type = [\"cdylib\", \"rlib\"]`")]
    NoModule {
        /// The directory or the package.
        what: String,
    },
    /// The build made several modules.
    #[error("{what} makes several wasm modules ({found}): choose one package")]
    ManyModules {
        /// The directory.
        what: String,
        /// The packages.
        found: String,
    },
    /// The module does not fit the world it claims to be built for.
    #[error("the module is not a component of `zhongtai:scenario/plugin`: {0}")]
    Component(String),
    /// A file could not be read or written.
    #[error("{}: cannot {what}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}
