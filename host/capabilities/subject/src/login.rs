use std::{fmt, str::FromStr};

use crate::InvalidValue;

/// A login name in its one normal form: trimmed, lower case, 2 to 64 of `a-z`, `0-9`, `.`, `_`, `-`, `@` and `+`, a
/// letter or digit first. It may be somebody's phone number or address, so it prints only through [`as_str`].
///
/// [`as_str`]: Self::as_str
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LoginName(String);

// === impl LoginName ===

impl LoginName {
    /// The normalised name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LoginName {
    type Err = InvalidValue;

    /// ASCII only: letters that look alike must not make two accounts.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let name = text.trim().to_ascii_lowercase();
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-@+".contains(&b);
        let begins_well = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if begins_well && (2..=64).contains(&name.len()) && name.bytes().all(allowed) {
            Ok(Self(name))
        } else {
            let expected = "2 to 64 of a-z, 0-9, `.`, `_`, `-`, `@` and `+`, beginning with a letter or a digit";
            Err(InvalidValue::new("login name", expected))
        }
    }
}

impl fmt::Debug for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginName(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_one_login() {
        let name: LoginName = " Zhang.San@Example.cn ".parse().unwrap();
        assert_eq!(name.as_str(), "zhang.san@example.cn");
        assert_eq!(format!("{name:?}"), "LoginName(..)");
    }

    #[test]
    fn names_that_are_too_short_or_have_other_characters_are_refused_without_being_quoted() {
        for text in ["", "a", "-ab", "a b", "аdmin", "张三", "a\0b", &"a".repeat(65)] {
            let error = text.parse::<LoginName>().unwrap_err().to_string();
            assert!(error.starts_with("login name: expected 2 to 64"), "{error}");
        }
    }
}
