//! 好差评: five grades, once per service. The two lowest are followed up (国办发〔2019〕51号).

use zhongtai::prelude::*;

/// 5 very satisfied to 1 very dissatisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Grade(u8);

impl Grade {
    pub fn number(self) -> u32 {
        self.0.into()
    }

    /// Whether somebody has to look into it and call back.
    pub fn is_bad(self) -> bool {
        self.0 <= 2
    }

    /// The grade's name for people.
    pub fn title(self) -> &'static str {
        match self.0 {
            5 => "非常满意",
            4 => "满意",
            3 => "基本满意",
            2 => "不满意",
            _ => "非常不满意",
        }
    }
}

impl TryFrom<u8> for Grade {
    type Error = String;

    fn try_from(grade: u8) -> Result<Self, String> {
        match grade {
            1..=5 => Ok(Self(grade)),
            _ => Err(format!("a grade from 1 to 5 is expected, not {grade}")),
        }
    }
}

impl From<Grade> for u8 {
    fn from(grade: Grade) -> Self {
        grade.0
    }
}
