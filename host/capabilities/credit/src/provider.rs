use std::{str::FromStr, sync::Arc};

use async_trait::async_trait;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zhongtai_kernel::CreditCode;

use crate::CreditError;

/// Where credit records come from.
#[async_trait]
pub trait CreditProvider: Send + Sync + 'static {
    /// The records of `code` if they are at hand without waiting.
    fn at_hand(&self, _code: &CreditCode) -> Option<Arc<[CreditRecord]>> {
        None
    }

    /// All records of `code`, valid or not; none for an unknown code.
    async fn records(&self, code: &CreditCode) -> Result<Arc<[CreditRecord]>, CreditError>;
}

/// What a record is about, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

// === impl Category ===

impl Category {
    /// The word used in WIT, files and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Licence => "licence",
            Self::RedList => "red-list",
            Self::Commitment => "commitment",
            Self::Penalty => "penalty",
            Self::BlackList => "black-list",
        }
    }

    fn standing(self) -> Standing {
        match self {
            Self::Licence | Self::RedList => Standing::Clear,
            Self::Commitment | Self::Penalty => Standing::Flagged,
            Self::BlackList => Standing::Barred,
        }
    }
}

impl FromStr for Category {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Licence, Self::RedList, Self::Commitment, Self::Penalty, Self::BlackList]
            .into_iter()
            .find(|category| category.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not licence, red-list, commitment, penalty or black-list"))
    }
}

/// One record of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditRecord {
    /// The source's id of the record.
    pub id: String,
    /// Whom it is about.
    pub code: CreditCode,
    /// What it is about.
    pub category: Category,
    /// The authority that published it.
    pub source: String,
    /// First day of validity.
    pub since: Date,
    /// Last day of validity.
    pub until: Option<Date>,
    /// What happened: level 3 data.
    pub detail: String,
}

// === impl CreditRecord ===

impl CreditRecord {
    /// True when the record counts on `day`.
    pub fn is_valid_on(&self, day: Date) -> bool {
        self.since <= day && self.until.is_none_or(|until| day <= until)
    }
}

/// The outcome of all records together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nothing speaks against the subject.
    Clear,
    /// A person must look.
    Flagged,
    /// Joint punishment applies.
    Barred,
}

/// The standing, and the records that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The outcome.
    pub standing: Standing,
    /// Indices into the judged records of those valid on the day, the gravest first.
    pub basis: Vec<usize>,
}

/// Judges the records that are valid on `day`.
pub fn judge(records: &[CreditRecord], day: Date) -> Verdict {
    let mut valid: Vec<_> = records.iter().enumerate().filter(|(_, record)| record.is_valid_on(day)).collect();
    valid.sort_by_key(|(_, record)| std::cmp::Reverse(record.category));
    let standing = valid.first().map_or(Standing::Clear, |(_, record)| record.category.standing());
    Verdict { standing, basis: valid.into_iter().map(|(index, _)| index).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(category: Category, since: &str, until: Option<&str>) -> CreditRecord {
        CreditRecord {
            id: category.as_str().into(),
            code: "91350100M000100Y43".parse().unwrap(),
            category,
            source: "市场监管".into(),
            since: since.parse().unwrap(),
            until: until.map(|day| day.parse().unwrap()),
            detail: String::new(),
        }
    }

    #[test]
    fn the_gravest_valid_record_decides() {
        let records = [
            record(Category::RedList, "2025-01-01", None),
            record(Category::BlackList, "2025-01-01", Some("2025-12-31")),
            record(Category::Penalty, "2025-06-01", None),
        ];
        let on = |day: &str| judge(&records, day.parse().unwrap());
        assert_eq!(on("2024-12-31").standing, Standing::Clear);
        assert_eq!(on("2025-12-31"), Verdict { standing: Standing::Barred, basis: vec![1, 2, 0] });
        assert_eq!(on("2026-01-01").standing, Standing::Flagged, "the blacklist has run out");
    }
}
