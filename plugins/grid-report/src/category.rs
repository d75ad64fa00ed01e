//! What can be reported.

use std::fmt;

use zhongtai::prelude::*;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    RoadDamage,
    Manhole,
    StreetLight,
    Rubbish,
    Flooding,
    IllegalBuilding,
    IllegalParking,
    Noise,
    Other,
}

impl Category {
    pub const ALL: [Self; 9] = [
        Self::RoadDamage,
        Self::Manhole,
        Self::StreetLight,
        Self::Rubbish,
        Self::Flooding,
        Self::IllegalBuilding,
        Self::IllegalParking,
        Self::Noise,
        Self::Other,
    ];

    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::RoadDamage => "道路破损",
            Self::Manhole => "井盖缺损",
            Self::StreetLight => "路灯故障",
            Self::Rubbish => "垃圾堆积",
            Self::Flooding => "积水内涝",
            Self::IllegalBuilding => "违法建设",
            Self::IllegalParking => "违规停放",
            Self::Noise => "噪声扰民",
            Self::Other => "其他",
        }
    }

    /// Whether two reports of this category at one place are about one thing. Two of `other` need not be.
    pub fn tells_what(self) -> bool {
        self != Self::Other
    }
}

/// Its name in the API and in keys.
impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RoadDamage => "road-damage",
            Self::Manhole => "manhole",
            Self::StreetLight => "street-light",
            Self::Rubbish => "rubbish",
            Self::Flooding => "flooding",
            Self::IllegalBuilding => "illegal-building",
            Self::IllegalParking => "illegal-parking",
            Self::Noise => "noise",
            Self::Other => "other",
        })
    }
}
