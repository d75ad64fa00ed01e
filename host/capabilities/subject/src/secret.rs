use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac};
use sha2::{Digest, Sha256};

use crate::SubjectError;

/// What the forms' token is made of beside the secret, so that the one is never taken for the other.
const FORM: &[u8] = b"zhongtai form token";

/// What a browser's cookie holds: 32 random bytes in base64url. The database keeps its SHA-256 only: 256 random bits
/// need no salt and no slow hash. Never prints itself.
#[derive(Clone)]
pub struct CookieSecret(String);

/// The hash of a [`CookieSecret`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CookieHash([u8; 32]);

// === impl CookieSecret ===

impl CookieSecret {
    /// A new one.
    pub fn generate() -> Result<Self, SubjectError> {
        let mut secret = [0_u8; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self(BASE64_URL_SAFE_NO_PAD.encode(secret)))
    }

    /// A cookie's text, if it can be one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut secret = [0_u8; 33];
        let length = BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut secret).ok()?;
        (length == 32).then(|| Self(text.to_owned()))
    }

    /// The text for the cookie.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The token that every form shown to this browser carries: another site can send the cookie along, but can't
    /// know this. It goes when the secret goes.
    pub fn form_token(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.mac().finalize().into_bytes())
    }

    /// True when `text` is this browser's form token. Takes as long for a wrong one as for the right one.
    pub fn is_form_token(&self, text: &str) -> bool {
        let mut token = [0_u8; 33];
        match BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut token) {
            Ok(32) => self.mac().verify_slice(token.first_chunk::<32>().map_or(&[], |token| token)).is_ok(),
            _ => false,
        }
    }

    pub(crate) fn hash(&self) -> CookieHash {
        CookieHash(Sha256::digest(&self.0).into())
    }

    fn mac(&self) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("a key of any length");
        mac.update(FORM);
        mac
    }
}

impl fmt::Debug for CookieSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieSecret(..)")
    }
}

// === impl CookieHash ===

impl CookieHash {
    pub(crate) fn hex(&self) -> String {
        hex::encode(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_43_characters_and_never_prints_itself() {
        let secret = CookieSecret::generate().unwrap();
        assert_eq!(secret.expose().len(), 43);
        assert!(CookieSecret::parse(secret.expose()).is_some());
        assert_eq!(format!("{secret:?}"), "CookieSecret(..)");
        for text in ["", "x", &format!("{}A", secret.expose()), &format!("zt_{}", secret.expose()), "!"] {
            assert!(CookieSecret::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_form_token_is_its_own_browsers_and_not_the_secret() {
        let (one, other) = (CookieSecret::generate().unwrap(), CookieSecret::generate().unwrap());
        let token = one.form_token();
        assert!(one.is_form_token(&token));
        assert!(!other.is_form_token(&token));
        assert!(!one.is_form_token(one.expose()));
        for text in ["", "A", &token[1..], &format!("{token}A")] {
            assert!(!one.is_form_token(text), "{text}");
        }
        assert_ne!(token, hex::encode(one.hash().0));
    }
}
