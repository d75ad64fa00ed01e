//! Standard addresses (标准地址).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Place;

/// The parts of an address, the largest first: GB/T 23705 and what the districts add to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// 市
    City,
    /// 区, 县
    District,
    /// 街道, 镇
    Street,
    /// 社区, 村
    Community,
    /// 路, 街, 大道
    Road,
    /// 巷, 里
    Lane,
    /// 门牌号
    Number,
    /// 小区, 大厦
    Estate,
    /// 栋, 幢, 座
    Building,
    /// 单元
    Unit,
    /// 室
    Room,
}

/// A standard address: its parts as they are written, and where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Address {
    /// Its id in the registry, 1 to 64 characters.
    pub id: String,
    /// A text for each level, empty where it has no such part.
    pub parts: [String; Level::COUNT],
    /// Where it is.
    pub at: Place,
}

// === impl Level ===

impl Level {
    /// How many there are.
    pub const COUNT: usize = 11;

    /// All of them, the largest first.
    pub const ALL: [Self; Self::COUNT] = [
        Self::City,
        Self::District,
        Self::Street,
        Self::Community,
        Self::Road,
        Self::Lane,
        Self::Number,
        Self::Estate,
        Self::Building,
        Self::Unit,
        Self::Room,
    ];

    /// The word used in WIT, files and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::District => "district",
            Self::Street => "street",
            Self::Community => "community",
            Self::Road => "road",
            Self::Lane => "lane",
            Self::Number => "number",
            Self::Estate => "estate",
            Self::Building => "building",
            Self::Unit => "unit",
            Self::Room => "room",
        }
    }

    /// Its place in [`Self::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|level| level.as_str() == text);
        found.ok_or_else(|| "not the name of a level".to_owned())
    }
}

// === impl Address ===

impl Address {
    /// The part of a level, empty where there is none.
    pub fn part(&self, level: Level) -> &str {
        self.parts.get(level.index()).map_or("", String::as_str)
    }

    /// The finest level that it has.
    pub fn level(&self) -> Level {
        Level::ALL.into_iter().rev().find(|level| !self.part(*level).is_empty()).unwrap_or(Level::City)
    }

    /// All parts, the largest first.
    pub fn text(&self) -> String {
        self.parts.concat()
    }
}
