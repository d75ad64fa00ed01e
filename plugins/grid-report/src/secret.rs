//! What a reporter proves with that it was them.

use sha2::{Digest as _, Sha256};
use zhongtai::prelude::*;

/// Shown once, when the report is filed. 50 random bits: guessing one takes longer than a report lives.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Code(String);

/// What is kept of a code: its SHA-256, in hex.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seal(String);

/// A code as the reporter types it. No `Debug`.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Claim(String);

impl Code {
    pub fn draw() -> Self {
        Self(random::id())
    }

    pub fn seal(&self) -> Seal {
        seal(&self.0)
    }
}

impl Seal {
    /// Refuses a code that is not this one.
    pub fn check(&self, claim: &Claim) -> Result<()> {
        let typed = claim.0.trim().to_ascii_uppercase();
        ensure!(seal(&typed) == *self, forbidden("this is not the code of this report").with_code("wrong-code"));
        Ok(())
    }
}

fn seal(code: &str) -> Seal {
    Seal(Sha256::digest(code).iter().map(|byte| format!("{byte:02x}")).collect())
}
