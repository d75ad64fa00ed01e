//! Finds the guest toolchain and turns a plugin crate into a component. Both `zt plugin build` and `cargo xtask` use it,
//! so that a plugin is built the same way everywhere.
//!
//! ```no_run
//! use zhongtai_toolchain::{BuildOptions, Toolchain};
//!
//! # fn main() -> Result<(), zhongtai_toolchain::Error> {
//! let toolchain = Toolchain::find()?;
//! println!("guest toolchain: {}", toolchain.describe());
//! let built = toolchain.build("plugins/pothole".as_ref(), &BuildOptions::default())?;
//! println!("{}  sha256:{}  {} bytes", built.component_path.display(), built.sha256, built.size);
//! # Ok(()) }
//! ```
//!
//! It looks in this order, and `describe` says which it took (`ZHONGTAI_TOOLCHAIN=active|rustup|debian` skips to one):
//! 1. the active toolchain has the standard library of `wasm32-unknown-unknown`;
//! 2. `rustup target add wasm32-unknown-unknown`, unless Debian's packages are already there: what is installed comes
//!    before what must be downloaded;
//! 3. Debian's `rustc-web` and its library sources, installed with apt when this is root;
//! 4. none: one message with the three ways out.
//!
//! The compiler makes a core module, and [`wit_component`] wraps it: the component imports exactly what the code uses.

mod build;
mod command;
mod component;
mod debian;
mod error;
mod find;
mod rustup;

pub use build::{BuildOptions, Built};
pub use component::{Component, componentize};
pub use error::Error;
pub use find::{Source, Toolchain};

/// The target that guests are compiled for: no operating system, so no import that the code doesn't name.
pub const TARGET: &str = "wasm32-unknown-unknown";
