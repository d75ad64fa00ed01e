//! Trusted time (RFC 3161): the built-in authority, and the check of any token.

mod authority;
mod check;
mod syntax;

pub use authority::TimeStampAuthority;
pub use check::{TimeStampError, verify_time_stamp};

use crate::SignError;

/// Gives time stamps: the built-in authority, or a client of another.
pub trait TimeStamper: Send + Sync {
    /// Stamps a SHA-256. Returns the `TimeStampToken`, a CMS `ContentInfo`, DER.
    ///
    /// # Errors
    /// When the authority's key or the authority itself can't be used now.
    fn stamp(&self, imprint: &[u8; 32]) -> Result<Vec<u8>, SignError>;
}
