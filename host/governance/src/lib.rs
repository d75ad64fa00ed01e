//! Policy versions: numbered, signed, proposed by one person and approved by another, activated, rolled back.
//!
//! A version is a whole set of policy texts. What happened to it is a chain of signed events, each over the one before:
//! `propose`, `analyse` (what the solver proved about the change), `approve` or `reject`, `activate`, `roll-back`. The
//! version in force is what the chain says, so a changed row is found and never put in force.
//!
//! The rules, in [`Versions`]: the proposer can't approve; what is not proved to grant nothing new needs a reason from
//! who approves it; a version is activated only on top of the one it was made from; an earlier version comes back at
//! once, by one person, with a reason.

mod chain;
mod error;
mod migration;
mod rows;
mod version;
mod versions;

pub use chain::SigningSeed;
pub use error::GovernanceError;
pub use migration::MIGRATIONS;
pub use version::{Act, Event, InForce, Proof, State, Version};
pub use versions::{Proposal, Versions};
