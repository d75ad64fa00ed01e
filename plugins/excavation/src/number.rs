//! The number that an application is known by.

use std::fmt;

use zhongtai::prelude::*;

/// `WJ-20260105-7K3M`: 挖掘, the day it was filed, and four letters that keep two of a day apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Number(String);

impl Number {
    /// Draws one for a day. It may be taken already: storing it finds out.
    pub fn draw(filed: Timestamp) -> Self {
        let day = filed.date().replace('-', "");
        let letters: String = random::id().chars().take(4).collect();
        Self(format!("WJ-{day}-{letters}"))
    }
}

impl TryFrom<String> for Number {
    type Error = String;

    /// Only what can be a number reaches the store: it becomes part of a key.
    fn try_from(text: String) -> Result<Self, String> {
        let plain = text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        match text.len() == 16 && plain && text.starts_with("WJ-") {
            true => Ok(Self(text)),
            false => Err(format!("`{text}` is not a number such as WJ-20260105-7K3M")),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
