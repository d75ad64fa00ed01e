use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use zhongtai_kernel::{ScenarioId, Timestamp};

use crate::{SealError, seal::words};

/// What a document is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// ISO 32000; sealed as PAdES with P-256.
    Pdf,
    /// GB/T 33190; sealed by GB/T 38540 with SM2.
    Ofd,
}

words!(Format, "format", "pdf or ofd", Pdf = "pdf", Ofd = "ofd");

// === impl Format ===

impl Format {
    /// What `bytes` are. Whether they can be read is for the reader to say.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        // A PDF may begin with other bytes (ISO 32000-1, 7.5.2, note); readers look through the first 1024.
        let head = bytes.get(..bytes.len().min(1024)).unwrap_or_default();
        if bytes.starts_with(b"PK\x03\x04") {
            Some(Self::Ofd)
        } else if head.windows(5).any(|part| part == b"%PDF-") {
            Some(Self::Pdf)
        } else {
            None
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Ofd => "application/ofd",
        }
    }
}

/// Where a seal goes: its face's upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The page, from 1.
    pub page: u32,
    /// Millimetres from the page's left edge, as it is shown.
    pub x_mm: f64,
    /// Millimetres from the page's upper edge, downwards.
    pub y_mm: f64,
}

/// For what a document is sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The case, which a seal is never used without.
    pub case: Option<String>,
    /// Where the case is, as who asks says. A case that the host itself keeps is where the host knows it to be.
    pub stage: Option<String>,
    /// Why; readers of a PDF show it. Nothing personal belongs here.
    pub reason: Option<String>,
}

/// A case's id and a stage go into the audit log, where nothing personal may be.
const LONGEST_ID: usize = 64;
/// Characters of a reason.
const LONGEST_REASON: usize = 200;

// === impl Facts ===

impl Facts {
    /// For a case that has come to `issue`.
    pub fn issuing(case: impl Into<String>) -> Self {
        Self { case: Some(case.into()), stage: Some("issue".to_owned()), reason: None }
    }

    /// Refuses what can't be an id, and a reason that readers could not show.
    pub(crate) fn check(&self) -> Result<(), SealError> {
        for (what, id) in [("case", &self.case), ("stage", &self.stage)] {
            if id.as_deref().is_some_and(|id| !is_id(id)) {
                return Err(SealError::invalid(what, "1 to 64 of A-Z, a-z, 0-9, `-`, `_`, `.`, `:` and `/`"));
            }
        }
        if let Some(reason) = &self.reason {
            checked_text("reason", reason, LONGEST_REASON)?;
        }
        Ok(())
    }
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/".contains(&b))
}

/// A text of one line.
pub(crate) fn checked_text(what: &'static str, text: &str, most: usize) -> Result<(), SealError> {
    let fits = (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(SealError::invalid(what, format!("1 to {most} characters in one line"))) }
}

/// An idempotency key: 1 to 128 characters without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActKey(String);

// === impl ActKey ===

impl ActKey {
    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key for one of several acts that belong together.
    pub(crate) fn of_part(&self, part: &str) -> Self {
        Self(format!("{} {part}", self.0))
    }
}

impl TryFrom<String> for ActKey {
    type Error = SealError;

    fn try_from(text: String) -> Result<Self, SealError> {
        // PostgreSQL's text can't hold a NUL, and nobody could read the others.
        checked_text("idempotency key", &text, 128)?;
        Ok(Self(text))
    }
}

/// An irreversible act: whose it is, and the key by which it happens once.
#[derive(Debug, Clone)]
pub struct Act {
    /// The scenario that acts.
    pub scenario: ScenarioId,
    /// Whose keys these are: the scenario's, or those of an account in it.
    pub(crate) scope: String,
    /// The idempotency key.
    pub key: ActKey,
}

// === impl Act ===

impl Act {
    /// An act of the scenario.
    pub fn of(scenario: ScenarioId, key: ActKey) -> Self {
        Self { scope: scenario.as_str().to_owned(), scenario, key }
    }

    /// The same by an account: nobody else's keys clash with its own.
    pub(crate) fn by(scenario: ScenarioId, account: &str, key: ActKey) -> Self {
        Self { scope: format!("{scenario}#{account}"), scenario, key }
    }
}

/// What is to be sealed.
#[derive(Clone)]
pub struct Order {
    /// The document.
    pub document: Vec<u8>,
    /// Where the seal goes.
    pub place: Place,
    /// For what.
    pub facts: Facts,
}

/// A document with its seal.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// What it is.
    pub format: Format,
    /// SHA-256 of it.
    pub sha256: [u8; 32],
    /// SM3 of it, GB/T 32905.
    pub sm3: [u8; 32],
    /// When it was sealed.
    pub at: Timestamp,
}

// === impl Sealed ===

impl Sealed {
    pub(crate) fn new(bytes: Vec<u8>, format: Format, at: Timestamp) -> Self {
        let (sha256, sm3) = (sha2::Sha256::digest(&bytes).into(), sm3::Sm3::digest(&bytes).into());
        Self { bytes, format, sha256, sm3, at }
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("format", &self.format).field("sha256", &hex::encode(self.sha256)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_what_its_first_bytes_say() {
        assert_eq!(Format::of(b"%PDF-1.7\n"), Some(Format::Pdf));
        assert_eq!(Format::of(b"\xef\xbb\xbf%PDF-1.7\n"), Some(Format::Pdf));
        assert_eq!(Format::of(b"PK\x03\x04%PDF-"), Some(Format::Ofd));
        for bytes in [b"".as_slice(), b"%PD", b"<html>"] {
            assert_eq!(Format::of(bytes), None);
        }
    }

    #[test]
    fn what_goes_into_the_log_holds_no_names() {
        assert!(Facts::issuing("WJ-2026/1").check().is_ok());
        for case in ["", "张三的办件", "a b", &"a".repeat(65)] {
            assert!(Facts::issuing(case).check().is_err(), "{case}");
        }
        let reason = |reason: &str| Facts { reason: Some(reason.to_owned()), ..Facts::default() }.check();
        assert!(reason("占道挖掘许可").is_ok() && reason("a\nb").is_err() && reason(&"字".repeat(201)).is_err());
    }
}
