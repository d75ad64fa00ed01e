use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de};
use zhongtai_impression::Design;
use zhongtai_kernel::{DepartmentId, Timestamp};
use zhongtai_pki::Reason;

use crate::SealError;

/// The most days that a seal is made for: five years, which its department's authority lives longer than.
pub const MOST_DAYS: u32 = 5 * 366;

/// What a seal is called: its department, `/`, and a slug, such as `441802-chengguan/permit`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SealName {
    full: String,
    department: DepartmentId,
}

// === impl SealName ===

impl SealName {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.full
    }

    /// Whose seal it is.
    pub fn department(&self) -> &DepartmentId {
        &self.department
    }
}

impl FromStr for SealName {
    type Err = SealError;

    fn from_str(text: &str) -> Result<Self, SealError> {
        let invalid = || SealError::invalid("seal", "a department, `/` and a slug of a-z, 0-9 and `-`");
        let (department, slug) = text.split_once('/').ok_or_else(invalid)?;
        let department = department.parse().map_err(|_| invalid())?;
        let is_slug = (1..=40).contains(&slug.len())
            && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !slug.starts_with('-')
            && !slug.ends_with('-');
        if is_slug { Ok(Self { full: text.to_owned(), department }) } else { Err(invalid()) }
    }
}

impl fmt::Display for SealName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full)
    }
}

impl fmt::Debug for SealName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full)
    }
}

impl Serialize for SealName {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.full)
    }
}

impl<'de> Deserialize<'de> for SealName {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// Implements the words of an enum: as they are stored, shown and written in policies.
macro_rules! words {
    ($name:ident, $what:literal, $expected:literal, $($variant:ident = $word:literal),*) => {
        impl $name {
            /// The word used in the CLI, the API and the database.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl FromStr for $name {
            type Err = SealError;

            fn from_str(text: &str) -> Result<Self, SealError> {
                match text { $($word => Ok(Self::$variant),)* _ => Err(SealError::invalid($what, $expected)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;

/// What a seal is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SealKind {
    /// 公章: the department's own.
    Official,
    /// 专用章: for one purpose, which its face says.
    Special,
    /// 名章: of a person in office.
    Personal,
}

words!(
    SealKind,
    "kind",
    "official, special or personal",
    Official = "official",
    Special = "special",
    Personal = "personal"
);

/// How a seal or a signing key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It can be used.
    Valid,
    /// Not for now.
    Suspended,
    /// Never again; its certificates are on the revocation lists.
    Revoked,
    /// Its time is over.
    Expired,
}

words!(
    Status,
    "status",
    "valid, suspended, revoked or expired",
    Valid = "valid",
    Suspended = "suspended",
    Revoked = "revoked",
    Expired = "expired"
);

/// Why a seal is taken back (RFC 5280, 5.3.1): it stands in the revocation list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Somebody else has, or may have, the key.
    KeyCompromise,
    /// The department has changed its name or its tasks.
    AffiliationChanged,
    /// Another one takes its place.
    Superseded,
    /// It is no longer used.
    CessationOfOperation,
}

words!(
    Cause,
    "cause",
    "key-compromise, affiliation-changed, superseded or cessation-of-operation",
    KeyCompromise = "key-compromise",
    AffiliationChanged = "affiliation-changed",
    Superseded = "superseded",
    CessationOfOperation = "cessation-of-operation"
);

// === impl Cause ===

impl Cause {
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::KeyCompromise => Reason::KeyCompromise,
            Self::AffiliationChanged => Reason::AffiliationChanged,
            Self::Superseded => Reason::Superseded,
            Self::CessationOfOperation => Reason::CessationOfOperation,
        }
    }
}

/// A seal that is to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSeal {
    /// What it is called.
    pub name: SealName,
    /// Whose name certificates and readers show, such as 清城区城市管理局; 1 to 64 characters.
    pub title: String,
    /// What it is for.
    pub kind: SealKind,
    /// Its face.
    pub design: Design,
    /// From which stage of a case it is used.
    pub stage: String,
    /// For how many days, at most [`MOST_DAYS`].
    pub days: u32,
    /// Its P-256 key, when that is in the configured token; otherwise one is made.
    pub token: Option<TokenCredential>,
}

/// A key in the configured token, and the chain that another authority gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenCredential {
    /// The key's label.
    pub key: String,
    /// PEM certificates: the key's own, its issuer's, and so on.
    pub chain: String,
}

/// A seal.
#[derive(Debug, Clone, PartialEq)]
pub struct Seal {
    /// What it is called.
    pub name: SealName,
    /// Whose name certificates and readers show.
    pub title: String,
    /// What it is for.
    pub kind: SealKind,
    /// Its face.
    pub design: Design,
    /// From which stage of a case it is used.
    pub stage: String,
    /// How it stands, but for its time.
    pub(crate) state: Status,
    /// Since when.
    pub valid_from: Timestamp,
    /// Until when.
    pub valid_until: Timestamp,
    /// How often it was used.
    pub uses: u64,
    /// When it was used last.
    pub last_used_at: Option<Timestamp>,
    /// Its certificates' serial numbers, hexadecimal: P-256 and SM2.
    pub serials: Vec<String>,
    /// The label of its P-256 key, when that is in a token.
    pub token_key: Option<String>,
}

// === impl Seal ===

impl Seal {
    /// How it stands then.
    pub fn status(&self, now: Timestamp) -> Status {
        match self.state {
            Status::Valid | Status::Suspended if self.valid_until <= now => Status::Expired,
            state => state,
        }
    }
}

/// What happened to a seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealEvent {
    /// When.
    pub at: Timestamp,
    /// `made`, `suspended`, `resumed` or `revoked`.
    pub what: String,
    /// The account or scenario that did it.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
}

/// A use of a seal. Nothing of what was sealed is kept but its digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealUse {
    /// When.
    pub at: Timestamp,
    /// The scenario that used it.
    pub by: String,
    /// For which case.
    pub case: String,
    /// `pdf` or `ofd`.
    pub format: String,
    /// SHA-256 of the document before, hexadecimal.
    pub document: String,
    /// SHA-256 of the document with the seal.
    pub sealed: String,
}

/// A person's own signing key (电子签名). The certificate says whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its id, a ULID.
    pub id: String,
    /// How it stands, but for its time.
    pub(crate) state: Status,
    /// Since when.
    pub valid_from: Timestamp,
    /// Until when.
    pub valid_until: Timestamp,
    /// Its certificates' serial numbers, hexadecimal: P-256 and SM2.
    pub serials: Vec<String>,
    /// How often it was used.
    pub uses: u64,
}

// === impl SigningKey ===

impl SigningKey {
    /// How it stands then.
    pub fn status(&self, now: Timestamp) -> Status {
        match self.state {
            Status::Valid | Status::Suspended if self.valid_until <= now => Status::Expired,
            state => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_named_by_its_department_and_a_slug() {
        let name: SealName = "441802-chengguan/permit-2".parse().unwrap();
        assert_eq!((name.department().as_str(), name.as_str()), ("441802-chengguan", "441802-chengguan/permit-2"));
        for text in ["permit", "chengguan/permit", "441802-chengguan/", "441802-chengguan/-a", "441802-chengguan/公章"]
        {
            assert!(text.parse::<SealName>().is_err(), "{text}");
        }
    }

    #[test]
    fn words_read_back() {
        for word in ["official", "special", "personal"] {
            assert_eq!(word.parse::<SealKind>().unwrap().as_str(), word);
        }
        assert!("round".parse::<SealKind>().is_err());
        assert_eq!("key-compromise".parse::<Cause>().unwrap().reason(), Reason::KeyCompromise);
    }
}
