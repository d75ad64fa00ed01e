//! One entry about somebody: what it is about, how grave, from when to when, and whether it counts.

use std::str::FromStr;

use jiff::{civil::Date, tz};
use serde::{Deserialize, Serialize};
use zhongtai_kernel::{DepartmentId, Timestamp};

use crate::CreditSubject;

/// What a record is about, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// 行政许可
    Licence,
    /// 红名单
    RedList,
    /// 信用承诺 that was broken
    Commitment,
    /// 行政处罚
    Penalty,
    /// 黑名单
    BlackList,
}

/// How grave what a record says is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gravity {
    /// 一般
    #[default]
    General,
    /// 较重
    Serious,
    /// 严重
    Grave,
}

/// Where a record stands. There is no way back from the last two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// 待公示: reported, and without effect until an officer publishes it.
    Unpublished,
    /// 公示中: it counts.
    #[default]
    Published,
    /// 已修复: it counts no more.
    Repaired,
    /// 已撤销: it should never have counted.
    Withdrawn,
}

/// `words!(Type, "what it is": "word" => Variant, ...)`: the word used in WIT, files and the database.
macro_rules! words {
    ($type:ident, $expected:literal: $($word:literal => $variant:ident),*) => {
        impl $type {
            /// All of them, in their order.
            pub const EVERY: &'static [Self] = &[$(Self::$variant),*];

            /// The word used in WIT, files and the database.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(concat!("not ", $expected).to_owned()),
                }
            }
        }
    };
}

words!(Category, "licence, red-list, commitment, penalty or black-list":
    "licence" => Licence, "red-list" => RedList, "commitment" => Commitment, "penalty" => Penalty,
    "black-list" => BlackList);
words!(Gravity, "general, serious or grave": "general" => General, "serious" => Serious, "grave" => Grave);
words!(State, "unpublished, published, repaired or withdrawn":
    "unpublished" => Unpublished, "published" => Published, "repaired" => Repaired, "withdrawn" => Withdrawn);

/// The platform's id of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub(crate) ulid::Ulid);

// === impl RecordId ===

impl RecordId {
    /// An id that nothing has.
    pub fn generate() -> Self {
        Self(ulid::Ulid::generate())
    }
}

impl FromStr for RecordId {
    type Err = crate::CreditError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |_| crate::CreditError::invalid("id", "an id of 26 characters");
        text.parse().map(Self).map_err(invalid)
    }
}

impl std::fmt::Display for RecordId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One record of a source. `Debug` leaves out what happened.
#[derive(Clone, PartialEq, Eq)]
pub struct CreditRecord {
    /// The platform's id; none for a record of another platform, which can't be objected to here.
    pub key: Option<RecordId>,
    /// The source's id of the record.
    pub id: String,
    /// The authority that published it.
    pub source: String,
    /// The department that answers for it here (认定单位).
    pub department: Option<DepartmentId>,
    /// What it is about.
    pub category: Category,
    /// How grave that is.
    pub gravity: Gravity,
    /// First day of validity.
    pub since: Date,
    /// Last day of validity.
    pub until: Option<Date>,
    /// Where it stands.
    pub state: State,
    /// True while an objection holds its effect.
    pub held: bool,
    /// What happened: level 3 data.
    pub detail: String,
}

// === impl CreditRecord ===

impl CreditRecord {
    /// True when `day` is within its validity.
    pub fn is_valid_on(&self, day: Date) -> bool {
        self.since <= day && self.until.is_none_or(|until| day <= until)
    }

    /// True when it is to be reckoned with on `day`: published, valid, and not held by an objection.
    pub fn counts_on(&self, day: Date) -> bool {
        self.state == State::Published && !self.held && self.is_valid_on(day)
    }
}

impl std::fmt::Debug for CreditRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreditRecord")
            .field("source", &self.source)
            .field("id", &self.id)
            .field("category", &self.category)
            .field("gravity", &self.gravity)
            .field("since", &self.since)
            .field("until", &self.until)
            .field("state", &self.state)
            .field("held", &self.held)
            .finish_non_exhaustive()
    }
}

/// A record on its way in: whom it is about, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// Whom it is about.
    pub whom: CreditSubject,
    /// What it says.
    pub record: CreditRecord,
}

/// The day in the district, UTC+8.
pub fn day_of(now: Timestamp) -> Date {
    now.to_zoned(tz::TimeZone::fixed(tz::offset(8))).date()
}
