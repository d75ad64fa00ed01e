use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de};
use sha2::Digest as _;
use zhongtai_kernel::{ScenarioId, Timestamp};

use crate::EvidenceError;

/// A digest of something that is kept elsewhere, written `sha256:<64 hex digits>` or `sm3:<64 hex digits>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SHA-256, FIPS 180-4.
    Sha256([u8; 32]),
    /// SM3, GB/T 32905.
    Sm3([u8; 32]),
}

// === impl Hash ===

impl Hash {
    /// The SHA-256 of some bytes.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self::Sha256(sha2::Sha256::digest(bytes).into())
    }

    /// The SM3 of some bytes.
    pub fn sm3(bytes: &[u8]) -> Self {
        Self::Sm3(sm3::Sm3::digest(bytes).into())
    }

    /// True when it is the digest of `bytes`, by its own algorithm.
    pub fn is_of(self, bytes: &[u8]) -> bool {
        match self {
            Self::Sha256(_) => Self::sha256(bytes) == self,
            Self::Sm3(_) => Self::sm3(bytes) == self,
        }
    }
}

impl FromStr for Hash {
    type Err = EvidenceError;

    fn from_str(text: &str) -> Result<Self, EvidenceError> {
        let invalid = || EvidenceError::invalid("hash", "`sha256:` or `sm3:` and 64 lower-case hex digits");
        let (algorithm, digits) = text.split_once(':').ok_or_else(invalid)?;
        let mut bytes = [0; 32];
        // One spelling only: the same hash must be the same text.
        if digits.bytes().any(|b| b.is_ascii_uppercase()) || hex::decode_to_slice(digits, &mut bytes).is_err() {
            return Err(invalid());
        }
        match algorithm {
            "sha256" => Ok(Self::Sha256(bytes)),
            "sm3" => Ok(Self::Sm3(bytes)),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(bytes) => write!(f, "sha256:{}", hex::encode(bytes)),
            Self::Sm3(bytes) => write!(f, "sm3:{}", hex::encode(bytes)),
        }
    }
}

/// Implements the string traits of a text that goes into the audit log, where nothing personal and nothing that would
/// look like another record may be.
macro_rules! logged_text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $expected:literal, $most:literal, $more:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = EvidenceError;

            fn from_str(text: &str) -> Result<Self, EvidenceError> {
                let fits = (1..=$most).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || $more.contains(&b));
                if fits { Ok(Self(text.to_owned())) } else { Err(EvidenceError::invalid($what, $expected)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

logged_text!(
    /// What it is anchored for, such as `permit-issued`.
    Purpose, "purpose", "1 to 64 of A-Z, a-z, 0-9 and `-`", 64, b"-"
);
logged_text!(
    /// The scenario's own name of what was hashed, such as a certificate's id.
    Reference, "reference", "1 to 128 of A-Z, a-z, 0-9, `-`, `_`, `.`, `:` and `/`", 128, b"-_.:/"
);

/// An anchor's id, a ULID.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AnchorId(ulid::Ulid);

// === impl AnchorId ===

impl AnchorId {
    /// A new id.
    pub fn generate() -> Self {
        Self(ulid::Ulid::generate())
    }
}

impl FromStr for AnchorId {
    type Err = EvidenceError;

    fn from_str(text: &str) -> Result<Self, EvidenceError> {
        text.parse().map(Self).map_err(|_| EvidenceError::invalid("anchor id", "26 characters of a ULID"))
    }
}

impl fmt::Display for AnchorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for AnchorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Implements serde by the text form.
macro_rules! by_text {
    ($($name:ident)*) => {$(
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

by_text!(Hash Purpose Reference AnchorId);

/// What is to be anchored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAnchor {
    /// Whose it is.
    pub scenario: ScenarioId,
    /// The digest.
    pub hash: Hash,
    /// What for.
    pub purpose: Purpose,
    /// Its name with the scenario.
    pub reference: Reference,
}

/// A hash in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// Its name.
    pub id: AnchorId,
    /// Whose it is.
    pub scenario: ScenarioId,
    /// The digest.
    pub hash: Hash,
    /// What for.
    pub purpose: Purpose,
    /// Its name with the scenario.
    pub reference: Reference,
    /// When, to the millisecond.
    pub at: Timestamp,
}

// === impl Anchor ===

impl Anchor {
    /// What the log's record says of it: four words that hold no blanks.
    pub fn to_target(&self) -> String {
        format!("{} {} {} {}", self.id, self.hash, self.purpose, self.reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_read_back_and_know_their_algorithm() {
        // GB/T 32905, A.1, and FIPS 180-4's `abc`.
        let sm3 = "sm3:66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
        let sha = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for text in [sm3, sha] {
            let hash: Hash = text.parse().unwrap();
            assert_eq!(hash.to_string(), text);
            assert!(hash.is_of(b"abc") && !hash.is_of(b"abd"));
        }
        for text in ["", "abc", "md5:00", &sha[..70], &sha.to_uppercase(), &sha.replace("ba78", "BA78")] {
            assert!(text.parse::<Hash>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_goes_into_the_log_has_no_blanks_and_no_names() {
        assert!("WJ-2026/1:a_b.c".parse::<Reference>().is_ok());
        for text in ["", "a b", "张三", "a\n", &"a".repeat(129)] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
        assert!("permit-issued".parse::<Purpose>().is_ok() && "a/b".parse::<Purpose>().is_err());
    }
}
