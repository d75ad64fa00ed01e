//! Names of departments, scenarios, releases, requests and accounts, each parsed once.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A text that is not an id of the wanted kind. Says what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} `{text}` is not valid: expected {expected}")]
pub struct InvalidId {
    what: &'static str,
    text: String,
    expected: &'static str,
}

impl InvalidId {
    fn new(what: &'static str, text: &str, expected: &'static str) -> Self {
        let text = text.chars().take(80).collect();
        Self { what, text, expected }
    }
}

/// Implements the string traits of an id that has `FromStr` and `as_str`.
macro_rules! text_id {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// A department: its area code (GB/T 2260, six digits) and a slug, such as `441802-chengguan`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DepartmentId(Arc<str>);

// === impl DepartmentId ===

impl DepartmentId {
    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The area code, six digits (GB/T 2260).
    pub fn area(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

impl FromStr for DepartmentId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once('-') {
            Some((area, slug)) if is_area(area) && is_slug(slug) => Ok(Self(text.into())),
            _ => Err(InvalidId::new(
                "department",
                text,
                "six digits of area code, `-`, and a slug of a-z, 0-9 and `-`, such as 441802-chengguan",
            )),
        }
    }
}

text_id!(DepartmentId);

/// A scenario: department, `/`, name, such as `441802-chengguan/pothole`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScenarioId {
    full: Arc<str>,
    department: DepartmentId,
}

// === impl ScenarioId ===

impl ScenarioId {
    /// Puts a scenario's id together; `name` is a slug.
    pub fn new(department: &DepartmentId, name: &str) -> Result<Self, InvalidId> {
        format!("{department}/{name}").parse()
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.full
    }

    /// Who owns the scenario.
    pub fn department(&self) -> &DepartmentId {
        &self.department
    }

    /// The name within the department.
    pub fn name(&self) -> &str {
        self.full.split_once('/').map_or("", |(_, name)| name)
    }
}

impl FromStr for ScenarioId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || {
            InvalidId::new(
                "scenario",
                text,
                "a department, `/` and a slug of a-z, 0-9 and `-`, such as 441802-chengguan/pothole",
            )
        };
        let (department, name) = text.split_once('/').ok_or_else(invalid)?;
        let department = department.parse().map_err(|_| invalid())?;
        if !is_slug(name) {
            return Err(invalid());
        }
        Ok(Self { full: text.into(), department })
    }
}

text_id!(ScenarioId);

/// A SHA-256 digest, written `sha256:<64 hex digits>`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

// === impl Digest ===

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// A digest that was computed elsewhere, such as while a file arrived.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest's 32 bytes.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// 64 hex digits, without the `sha256:` prefix.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }

    /// `sha256:` and the first eight hex digits, for people.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate("sha256:".len() + 8);
        text
    }
}

impl FromStr for Digest {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let mut bytes = [0; 32];
        let decoded =
            text.strip_prefix("sha256:").is_some_and(|digits| hex::decode_to_slice(digits, &mut bytes).is_ok());
        if decoded { Ok(Self(bytes)) } else { Err(InvalidId::new("digest", text, "`sha256:` and 64 hex digits")) }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Declares an id that is a ULID: sortable by creation time, unguessable enough to be a reference.
macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(ulid::Ulid);

        impl $name {
            /// A new id.
            pub fn generate() -> Self {
                Self(ulid::Ulid::generate())
            }

            /// The id's 16 bytes.
            pub fn to_bytes(self) -> [u8; 16] {
                self.0.to_bytes()
            }

            /// An id from its 16 bytes.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(ulid::Ulid::from_bytes(bytes))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.parse()
                    .map(Self)
                    .map_err(|_| InvalidId::new($what, text, "26 characters of a ULID"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

ulid_id!(
    /// One request, from the edge through the guest to every record it leaves.
    RequestId, "request id"
);
ulid_id!(
    /// One account. Guests never see it: they get a handle of their department's own.
    AccountId, "account id"
);

impl RequestId {
    /// When the request began, to the millisecond: a part of its id.
    pub fn began(self) -> Timestamp {
        let millis = i64::try_from(self.0.timestamp_ms()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
    }
}

fn is_area(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_slug(text: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    (1..=64).contains(&bytes.len())
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_id_is_department_and_slug() {
        let id: ScenarioId = "441802-chengguan/pothole".parse().unwrap();
        assert_eq!((id.department().area(), id.name()), ("441802", "pothole"));
    }

    #[test]
    fn ids_that_could_leave_their_path_segment_are_refused() {
        for text in [
            "",
            "441802",
            "44180-x/a",
            "441802-x/",
            "441802-x/..",
            "441802-x/a/b",
            "441802-X/a",
            "441802-x/a%2f",
            "441802-x/-a",
        ] {
            assert!(text.parse::<ScenarioId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_digest_reads_back_what_it_writes() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!(digest.short(), "sha256:ba7816bf");
    }
}
