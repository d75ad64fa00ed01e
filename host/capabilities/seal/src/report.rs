use serde::{Deserialize, Serialize};
use zhongtai_kernel::{Timestamp, Words};

use crate::Format;

/// What was found out about a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// All of it in one word.
    pub verdict: Verdict,
    /// The same in a sentence.
    pub words: Words,
    /// What the document is; none when it is neither PDF nor OFD.
    pub format: Option<Format>,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of it, hexadecimal.
    pub sha256: String,
    /// SM3 of it, GB/T 32905.
    pub sm3: String,
    /// When it was checked.
    pub checked_at: Timestamp,
    /// Seals and signatures, in the order in which they were made.
    pub signatures: Vec<Signature>,
    /// What stands in the file behind the last one, which nobody signed.
    pub after_last: Option<Appended>,
}

/// What a document is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every seal and signature holds, and they cover all of the file.
    Valid,
    /// One does not hold, or something was added behind the last.
    Invalid,
    /// There is none.
    Unsigned,
    /// It can't be read as what it seems to be, or readers would see different things in it.
    Unreadable,
}

/// One seal or signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Whether it holds.
    pub valid: bool,
    /// What the seal, or the signature, says of itself: 清城区城市管理局. Without proof when it is not valid.
    pub name: Option<String>,
    /// Whom the signer's certificate names.
    pub signer: Option<String>,
    /// Whom the certificate of the seal's maker names (OFD).
    pub maker: Option<String>,
    /// The page that it stands on, from 1.
    pub page: Option<u32>,
    /// Why it was made, as it says itself (PDF).
    pub reason: Option<String>,
    /// When it was made.
    pub at: Option<Timestamp>,
    /// Whether a trusted time stamp says so; otherwise it is the signer's word.
    pub stamped: bool,
    /// Whether it covers the file to its end. Earlier ones end where a later one begins.
    pub whole_file: bool,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// For programs, such as `changed`, `revoked`, `untrusted`.
    pub code: String,
    /// For people.
    pub words: Words,
}

/// Bytes behind the last signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appended {
    /// How many.
    pub bytes: u64,
    /// Whether what the signatures signed is still what is shown.
    pub harmless: bool,
    /// What they do.
    pub words: Words,
}

// === impl Report ===

impl Report {
    /// True when every seal holds and covers all.
    pub fn is_valid(&self) -> bool {
        self.verdict == Verdict::Valid
    }

    /// Whether a problem with that code was found.
    pub fn has(&self, code: &str) -> bool {
        self.signatures.iter().flat_map(|one| &one.problems).any(|problem| problem.code == code)
    }
}
