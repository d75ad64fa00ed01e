use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zhongtai_kernel::{AccountId, Timestamp};

use crate::{InvalidValue, SubjectError};

/// Tells a token from other secrets, for those who scan repositories for them.
const PREFIX: &str = "zt_";

/// A bearer token: `zt_` and 32 random bytes in base64url. Shown once, when it is issued; never prints itself.
#[derive(Clone)]
pub struct Token(String);

// === impl Token ===

impl Token {
    pub(crate) fn generate() -> Result<Self, SubjectError> {
        let mut secret = [0_u8; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(secret))))
    }

    /// The text that its owner sends as a bearer credential.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// What the database keeps of a token. No salt and no slow hash: 256 random bits can't be guessed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenHash([u8; 32]);

// === impl TokenHash ===

impl TokenHash {
    /// The hash of a text that may be a token; `None` for one that can't be.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let mut secret = [0_u8; 33];
        let length = BASE64_URL_SAFE_NO_PAD.decode_slice(text.strip_prefix(PREFIX)?, &mut secret).ok()?;
        (length == 32).then(|| Self(Sha256::digest(text).into()))
    }

    pub(crate) fn hex(&self) -> String {
        hex::encode(self.0)
    }
}

/// Names a token without being one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(ulid::Ulid);

// === impl TokenId ===

impl TokenId {
    pub(crate) fn generate() -> Self {
        Self(ulid::Ulid::generate())
    }
}

impl FromStr for TokenId {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        text.parse().map(Self).map_err(|_| InvalidValue::new("token id", "26 characters of a ULID"))
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A token as its owner and operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// Its name.
    pub id: TokenId,
    /// Whose it is.
    pub account: AccountId,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// What its owner calls it.
    pub label: String,
    /// When it was issued.
    pub created_at: Timestamp,
    /// From when on it no longer counts.
    pub expires_at: Timestamp,
    /// Since when it is revoked.
    pub revoked_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_43_characters_behind_its_prefix_and_never_prints_itself() {
        let token = Token::generate().unwrap();
        assert_eq!(token.expose().len(), 46);
        assert!(TokenHash::of(token.expose()).is_some());
        assert_eq!(format!("{token:?}"), "Token(..)");
    }

    #[test]
    fn a_text_that_cannot_be_a_token_has_no_hash() {
        let token = Token::generate().unwrap();
        let bare = token.expose().strip_prefix(PREFIX).unwrap();
        for text in
            ["", "zt_", bare, &format!("zt_{bare}A"), &format!("zt_{bare}AAAAAAAA"), &format!("ZT_{bare}"), "zt_!"]
        {
            assert!(TokenHash::of(text).is_none(), "{text}");
        }
    }
}
