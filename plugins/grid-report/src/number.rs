//! The number that a report is known by.

use std::fmt;

use zhongtai::prelude::*;

/// `SB-20260105-7K3M`: 上报, the day it was filed, and four letters that keep two of a day apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Number(String);

/// A month in Asia/Shanghai, `2026-01`: what numbers of that month begin with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Month(String);

// === impl Number ===

impl Number {
    /// Draws one for a day. It may be taken already: storing it finds out.
    pub fn draw(filed: Timestamp) -> Self {
        let day = filed.date().replace('-', "");
        let letters: String = random::id().chars().take(4).collect();
        Self(format!("SB-{day}-{letters}"))
    }
}

impl TryFrom<String> for Number {
    type Error = String;

    /// Only what can be a number reaches the store: it becomes part of a key.
    fn try_from(text: String) -> Result<Self, String> {
        let plain = text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        match text.len() == 16 && plain && text.starts_with("SB-") {
            true => Ok(Self(text)),
            false => Err(format!("`{text}` is not a number such as SB-20260105-7K3M")),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl Month ===

impl Month {
    /// The month of a point in time.
    pub fn of(time: Timestamp) -> Self {
        Self(time.date().chars().take(7).collect())
    }

    /// What the numbers of reports filed in it begin with.
    pub fn numbers(&self) -> String {
        format!("SB-{}", self.0.replace('-', ""))
    }
}

impl TryFrom<String> for Month {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match format!("{text}-01T00:00:00+08:00").parse::<Timestamp>() {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err(format!("`{text}` is not a month such as 2026-01")),
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
