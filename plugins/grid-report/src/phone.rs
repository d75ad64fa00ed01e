//! A phone number to call back.

use std::fmt;

use zhongtai::prelude::*;

/// A mobile or landline number of the mainland. Its `Debug` hides it: it can't slip into a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Phone(String);

impl TryFrom<String> for Phone {
    type Error = &'static str;

    /// `13800000000`, `0763-3333333`; spaces are left out. What is wrong is not repeated in the message.
    fn try_from(text: String) -> Result<Self, &'static str> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let digits = text.replacen('-', "", 1);
        let number = digits.bytes().all(|b| b.is_ascii_digit());
        let mobile = digits.len() == 11 && digits.starts_with('1');
        let landline = (10..=12).contains(&digits.len()) && digits.starts_with('0');
        match number && (mobile || landline) {
            true => Ok(Self(text)),
            false => Err("a phone number such as 13800000000 or 0763-3333333 is expected"),
        }
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::Phone;

    fn phone(text: &str) -> Result<Phone, &'static str> {
        Phone::try_from(text.to_owned())
    }

    #[test]
    fn mobile_and_landline_numbers_are_phones() {
        for text in ["13800000000", "138 0000 0000", "0763-3333333", "02012345678"] {
            assert!(phone(text).is_ok(), "{text}");
        }
        for text in ["", "12345", "23800000000", "1380000000a", "--13800000000", "138000000001"] {
            assert!(phone(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_phone_hides_itself() {
        assert_eq!(format!("{:?}", phone("13800000000")), "Ok(Phone(hidden))");
    }
}
