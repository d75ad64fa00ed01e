//! The unified social credit code, GB 32100-2015.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// A unified social credit code (统一社会信用代码): 18 characters, both check characters right.
///
/// ```
/// use zhongtai::CreditCode;
///
/// assert!("91350100M000100Y43".parse::<CreditCode>().is_ok());
/// assert!("91350100M000100Y44".parse::<CreditCode>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct CreditCode(String);

/// Why a text is not a unified social credit code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCreditCode {
    /// It hasn't 18 characters.
    #[error("a credit code has 18 characters, not {0}")]
    Length(usize),
    /// GB 32100 leaves out I, O, S, V and Z.
    #[error("`{0}` does not occur in a credit code")]
    Character(char),
    /// The 17th character does not check the organisation code (GB 11714) before it.
    #[error("the organisation code within has a wrong check character")]
    Organisation,
    /// The 18th character does not check the others.
    #[error("the check character is wrong")]
    Check,
}

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

impl CreditCode {
    /// The code in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CreditCode {
    type Err = InvalidCreditCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let code = text.trim().to_ascii_uppercase();
        let values = code.chars().map(value).collect::<Result<Vec<_>, _>>()?;
        let (Some((check, rest)), 18) = (values.split_last(), values.len()) else {
            return Err(InvalidCreditCode::Length(values.len()));
        };
        if !organisation_is_valid(code.as_bytes()) {
            return Err(InvalidCreditCode::Organisation);
        }
        // Weight i is 3^(i-1) mod 31.
        let weighted = rest.iter().fold((0, 1), |(sum, weight), value| (sum + value * weight, weight * 3 % 31));
        match (31 - weighted.0 % 31) % 31 == *check {
            true => Ok(Self(code)),
            false => Err(InvalidCreditCode::Check),
        }
    }
}

fn value(character: char) -> Result<u32, InvalidCreditCode> {
    let position = ALPHABET.iter().position(|letter| char::from(*letter) == character);
    let value = position.and_then(|position| u32::try_from(position).ok());
    value.ok_or(InvalidCreditCode::Character(character))
}

/// Characters 9 to 17 are an organisation code, GB 11714.
fn organisation_is_valid(code: &[u8]) -> bool {
    let Some([organisation @ .., check]) = code.get(8..17) else { return false };
    let digit = |letter: &u8| char::from(*letter).to_digit(36).unwrap_or_default();
    let sum: u32 = organisation.iter().map(digit).zip(ORGANISATION_WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    match 11 - sum % 11 {
        10 => *check == b'X',
        11 => *check == b'0',
        wanted => char::from(*check).to_digit(10) == Some(wanted),
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CreditCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{CreditCode, InvalidCreditCode};

    const VALID: [&str; 4] = ["91350100M000100Y43", "11320000MB151840XJ", "91512081MA62K0260E", "11100000000013338W"];

    #[test]
    fn published_codes_are_valid_in_either_case() {
        for code in VALID {
            assert_eq!(code.parse::<CreditCode>().unwrap().as_str(), code);
            assert_eq!(code.to_lowercase().parse::<CreditCode>().unwrap().as_str(), code);
        }
    }

    #[test]
    fn every_single_changed_character_is_noticed() {
        for code in VALID {
            for at in 0..18 {
                for letter in
                    "0123456789ABCDEFGHJKLMNPQRTUWXY".chars().filter(|letter| *letter != code.as_bytes()[at].into())
                {
                    let changed: String =
                        code.chars().enumerate().map(|(i, c)| if i == at { letter } else { c }).collect();
                    assert!(changed.parse::<CreditCode>().is_err(), "{changed}");
                }
            }
        }
    }

    #[test]
    fn mistakes_are_told_apart() {
        let error = |text: &str| text.parse::<CreditCode>().unwrap_err();
        assert_eq!(error("9135"), InvalidCreditCode::Length(4));
        assert_eq!(error(""), InvalidCreditCode::Length(0));
        assert_eq!(error("91350100M000100YI3"), InvalidCreditCode::Character('I'));
        assert_eq!(error("91350100M000100Y44"), InvalidCreditCode::Check);
        assert_eq!(error("91350100M000100Y53"), InvalidCreditCode::Organisation);
    }
}
