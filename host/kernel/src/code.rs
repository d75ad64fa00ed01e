//! Codes with check digits: valid once parsed.

use std::{fmt, str::FromStr};

/// A code that breaks its standard. Says how, never the code itself: it may be somebody's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {standard} code: {problem}")]
pub struct InvalidCode {
    standard: &'static str,
    problem: String,
}

impl InvalidCode {
    fn new(standard: &'static str, problem: impl Into<String>) -> Self {
        Self { standard, problem: problem.into() }
    }
}

/// A unified social credit code (GB 32100-2015): 18 characters, the last one a check character.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CreditCode(String);

// === impl CreditCode ===

impl CreditCode {
    const ALPHABET: &'static str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const STANDARD: &'static str = "GB 32100-2015";

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CreditCode {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        let invalid = |problem: String| InvalidCode::new(Self::STANDARD, problem);
        let length = text.chars().count();
        if length != 18 {
            return Err(invalid(format!("it has {length} characters, expected 18")));
        }
        let mut sum = 0;
        let mut weight = 1;
        let mut check = 0;
        for (index, character) in text.chars().enumerate() {
            let value = Self::ALPHABET
                .find(character)
                .ok_or_else(|| invalid(format!("character {} is not in the alphabet", index + 1)))?;
            if index == 17 {
                check = value;
            } else {
                sum += value * weight;
                weight = weight * 3 % 31;
            }
        }
        if (31 - sum % 31) % 31 == check {
            Ok(Self(text.to_owned()))
        } else {
            Err(invalid("the check character does not fit".to_owned()))
        }
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A resident identity number (GB 11643): 17 digits and a check character, with a real birth date.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ResidentId(String);

// === impl ResidentId ===

impl ResidentId {
    const STANDARD: &'static str = "GB 11643";
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &'static [u8; 11] = b"10X98765432";

    /// The 18 characters: level 4 data, never to be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for ResidentId {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        let invalid = |problem: &str| InvalidCode::new(Self::STANDARD, problem);
        let (body, check) = text
            .split_at_checked(17)
            .filter(|(body, check)| check.len() == 1 && body.bytes().all(|b| b.is_ascii_digit()))
            .ok_or_else(|| invalid("expected 17 digits and a check character"))?;
        let date = body.get(6..14).unwrap_or_default();
        jiff::civil::Date::strptime("%Y%m%d", date).map_err(|_| invalid("characters 7 to 14 are not a date"))?;
        let sum: u32 = body.bytes().zip(Self::WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        let expected = Self::CHECKS.get(sum as usize % 11).copied();
        if expected == check.bytes().next() {
            Ok(Self(text.to_owned()))
        } else {
            Err(invalid("the check character does not fit"))
        }
    }
}

impl fmt::Debug for ResidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidentId(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credit_codes_of_the_standard_are_valid() {
        for code in ["91350100M000100Y43", "11320000MB151840XJ", "91512081MA62K0260E", "11100000000013338W"] {
            assert!(code.parse::<CreditCode>().is_ok(), "{code}");
        }
    }

    #[test]
    fn a_credit_code_with_one_character_changed_is_refused() {
        let code = "91350100M000100Y43";
        for index in 0..18 {
            let mut changed: Vec<u8> = code.bytes().collect();
            changed[index] = if changed[index] == b'7' { b'8' } else { b'7' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(changed.parse::<CreditCode>().is_err(), "{changed}");
        }
    }

    #[test]
    fn a_credit_code_error_says_what_is_wrong_without_the_code() {
        let error = "91350100M000100I43".parse::<CreditCode>().unwrap_err();
        assert_eq!(error.to_string(), "not a valid GB 32100-2015 code: character 16 is not in the alphabet");
    }

    #[test]
    fn resident_ids_need_check_and_birth_date() {
        assert!("11010519491231002X".parse::<ResidentId>().is_ok());
        assert!("34052419800101001X".parse::<ResidentId>().is_ok());
        for wrong in [
            "110105194912310021",
            "11010519491331002X",
            "1101051949123100",
            "11010519491231002x",
            "１1010519491231002X",
        ] {
            assert!(wrong.parse::<ResidentId>().is_err(), "{wrong}");
        }
    }
}
