//! The resident identity number, GB 11643.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de::Error as _};

/// A resident ID (公民身份号码): 17 digits and the right check character. Sensitive personal data: `Debug` hides it, and
/// it is never serialised.
///
/// ```
/// use zhongtai::credit::ResidentId;
///
/// let id: ResidentId = "11010519491231002x".parse().unwrap();
/// assert_eq!(format!("{id:?}"), "ResidentId(..)");
/// assert!("110105194912310021".parse::<ResidentId>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ResidentId(String);

/// Why a text is not a resident ID. Never says which text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidResidentId {
    /// It is not 17 digits and a check character.
    #[error("a resident ID is 17 digits and a check character")]
    Form,
    /// The 18th character does not check the others.
    #[error("the check character is wrong")]
    Check,
}

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: &[u8; 11] = b"10X98765432";

impl ResidentId {
    /// The 18 characters: never to be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for ResidentId {
    type Err = InvalidResidentId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = text.trim().to_ascii_uppercase();
        let Some((digits, [check])) = id.as_bytes().split_at_checked(17) else { return Err(InvalidResidentId::Form) };
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(InvalidResidentId::Form);
        }
        let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        match CHECKS.get(sum as usize % 11) == Some(check) {
            true => Ok(Self(id)),
            false => Err(InvalidResidentId::Check),
        }
    }
}

impl fmt::Debug for ResidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidentId(..)")
    }
}

impl<'de> Deserialize<'de> for ResidentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidResidentId, ResidentId};

    #[test]
    fn every_single_changed_digit_is_noticed() {
        let id = "34052419800101001X";
        assert!(id.parse::<ResidentId>().is_ok());
        for at in 0..17 {
            for digit in ('0'..='9').filter(|digit| *digit != char::from(id.as_bytes()[at])) {
                let changed: String = id.chars().enumerate().map(|(i, c)| if i == at { digit } else { c }).collect();
                assert_eq!(changed.parse::<ResidentId>(), Err(InvalidResidentId::Check), "{at}");
            }
        }
        assert_eq!("1234".parse::<ResidentId>(), Err(InvalidResidentId::Form));
        assert_eq!("３4052419800101001X".parse::<ResidentId>(), Err(InvalidResidentId::Form));
    }
}
