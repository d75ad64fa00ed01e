use std::fmt;

use crate::{InvalidValue, SubjectError};

/// Crockford's base 32: no letter that is read as a digit, and five bits of a byte pick one without bias.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A password: at least 12 characters, at most 256 bytes. Never prints itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

// === impl Password ===

impl Password {
    /// Checks a chosen password. There are no rules about kinds of characters: length is what counts
    /// (NIST SP 800-63B, 5.1.1.2).
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
        let text = text.into();
        // The upper bound keeps a request from buying more hashing than a password needs.
        if text.len() <= 256 && text.chars().count() >= 12 {
            Ok(Self(text))
        } else {
            Err(InvalidValue::new("password", "at least 12 characters and at most 256 bytes"))
        }
    }

    /// A password of 120 random bits, such as `7kq2m9-xw41td-0hnvrc-p8e5ya`.
    pub fn generate() -> Result<Self, SubjectError> {
        let mut bytes = [0_u8; 24];
        getrandom::fill(&mut bytes)?;
        let group = |bytes: &[u8]| -> String {
            bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 31))).map(|b| char::from(*b)).collect()
        };
        Ok(Self(bytes.chunks(6).map(group).collect::<Vec<_>>().join("-")))
    }

    /// The password itself: to be hashed, or shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_12_characters_and_at_most_256_bytes() {
        assert!(Password::new("十二个字的密码可以使用吗").is_ok(), "characters are counted, not bytes");
        assert!(Password::new("a".repeat(256)).is_ok());
        for text in ["eleven-char".to_owned(), "a".repeat(257), "密".repeat(86)] {
            let error = Password::new(text).unwrap_err();
            assert_eq!(error.to_string(), "password: expected at least 12 characters and at most 256 bytes");
        }
    }

    #[test]
    fn a_generated_password_is_a_valid_one_and_never_prints_itself() {
        let password = Password::generate().unwrap();
        assert_eq!(password.expose().len(), 27);
        assert!(Password::new(password.expose()).is_ok());
        assert_ne!(password, Password::generate().unwrap());
        assert_eq!(format!("{password:?}"), "Password(..)");
    }
}
