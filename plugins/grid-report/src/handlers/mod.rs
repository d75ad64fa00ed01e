//! What the scenario answers, by who asks.

pub mod officer;
pub mod public;
pub mod reporter;
