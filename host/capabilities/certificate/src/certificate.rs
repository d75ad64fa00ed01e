//! A certificate, and how it stands.

use std::{fmt, str::FromStr, sync::Arc};

use jiff::{civil::Date, tz};
use serde::Serialize;
use zhongtai_kernel::{ScenarioId, Timestamp};

use crate::{CertificateError, CertificateNumber, CertificateType, Fields, Holder, PaperFile};

/// The platform's own id of a certificate, a ULID: what records of the audit log name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CertificateId(ulid::Ulid);

// === impl CertificateId ===

impl CertificateId {
    /// A new id.
    pub fn generate() -> Self {
        Self(ulid::Ulid::generate())
    }
}

impl FromStr for CertificateId {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        text.parse().map(Self).map_err(|_| CertificateError::invalid("certificate id", "26 characters of a ULID"))
    }
}

impl fmt::Display for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far a certificate has come, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has its number, its papers are being made.
    Issuing,
    /// Issued; whether it is valid is a matter of the day.
    Issued,
    /// Taken back for good.
    Revoked,
    /// A newer issue has taken its place.
    Superseded,
}

// === impl State ===

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Issuing => "issuing",
            Self::Issued => "issued",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Issuing, Self::Issued, Self::Revoked, Self::Superseded].into_iter().find(|state| state.as_str() == text)
    }
}

/// How a certificate stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Its papers are being made: not yet valid.
    Issuing,
    /// Its first day has not come.
    NotYetValid,
    /// It holds.
    Valid,
    /// Its last day is over.
    Expired,
    /// Taken back.
    Revoked,
    /// A newer issue has taken its place.
    Superseded,
}

// === impl Standing ===

impl Standing {
    /// The word used in policies, the API and the CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issuing => "issuing",
            Self::NotYetValid => "not-yet-valid",
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A certificate. `Debug` shows neither holder nor fields.
#[derive(Clone)]
pub struct Certificate {
    /// The platform's own id.
    pub id: CertificateId,
    /// Its number, GB/T 36904.
    pub number: CertificateNumber,
    /// Its type, in the version it was issued by.
    pub kind: Arc<CertificateType>,
    /// Whose it is.
    pub holder: Holder,
    /// What it says.
    pub fields: Fields,
    /// The scenario that issued it.
    pub scenario: ScenarioId,
    /// For which case.
    pub case: Option<String>,
    /// How far it has come.
    pub state: State,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Its first day, UTC+8.
    pub valid_from: Date,
    /// Its last day, UTC+8; `None` is for ever.
    pub valid_until: Option<Date>,
    /// The issue that it took the place of.
    pub previous: Option<CertificateId>,
    /// The sealed files; none where the host makes no papers.
    pub papers: Vec<PaperFile>,
}

// === impl Certificate ===

impl Certificate {
    /// How it stands at a time.
    pub fn standing(&self, now: Timestamp) -> Standing {
        let today = day_of(now);
        match self.state {
            State::Issuing => Standing::Issuing,
            State::Revoked => Standing::Revoked,
            State::Superseded => Standing::Superseded,
            State::Issued if today < self.valid_from => Standing::NotYetValid,
            State::Issued if self.valid_until.is_some_and(|last| last < today) => Standing::Expired,
            State::Issued => Standing::Valid,
        }
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("id", &self.id)
            .field("kind", &self.kind.name())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// The day in the district, UTC+8.
pub(crate) fn day_of(now: Timestamp) -> Date {
    now.to_zoned(tz::TimeZone::fixed(tz::offset(8))).date()
}

/// Something that happened to a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// `issued`, `revoked`, `superseded`, `presented`, `redeemed`.
    pub what: String,
    /// The scenario that did it.
    pub by: String,
    /// Why, where a reason is given.
    pub reason: Option<String>,
}
