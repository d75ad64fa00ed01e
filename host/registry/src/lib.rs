//! Releases, grants and deployments: what the router reads and operators change.
//!
//! A [release](zhongtai_kernel::Release) is immutable and named by its component's digest. A deployment says which
//! releases of a scenario answer, with which weight. Every change is one transaction that also raises the
//! registry's generation: a host that sees a new generation reads the deployments again, and a crash leaves either
//! the old state or the new one.

mod error;
mod grant;
mod migration;
mod release;
mod snapshot;
mod store;

pub use error::RegistryError;
pub use grant::Grant;
pub use migration::MIGRATIONS;
pub use release::{Deployed, NewRelease};
pub use snapshot::Snapshot;
pub use store::Registry;
