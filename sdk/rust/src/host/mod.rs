//! The one door to the capabilities: a component calls the host, a native test calls the mock.
//!
//! Both sides have the same functions in this crate's own types, so that everything above is written once.

#[cfg(target_arch = "wasm32")]
mod certificate;
#[cfg(target_arch = "wasm32")]
mod component;
#[cfg(target_arch = "wasm32")]
mod convert;
#[cfg(target_arch = "wasm32")]
mod document;
#[cfg(target_arch = "wasm32")]
mod seal;

#[cfg(target_arch = "wasm32")]
pub use {certificate::*, component::*, document::*};

#[cfg(target_arch = "wasm32")]
pub use seal::*;

#[cfg(not(target_arch = "wasm32"))]
pub use crate::testing::{answers::*, certificates::*, documents::*};

#[cfg(not(target_arch = "wasm32"))]
pub use crate::testing::seals::*;
