//! Showing a certificate once (亮证): to one verifier, for one purpose, for some minutes.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zhongtai_kernel::{CreditCode, DepartmentId, Timestamp};

use crate::{CertificateError, CertificateId, definition::is_slug};

/// Tells a presentation from other secrets, and from other QR codes.
const PREFIX: &str = "ztc_";

/// The longest time that a presentation can be redeemed, minutes.
pub const MOST_MINUTES: u32 = 24 * 60;

/// What the holder shows: `ztc_` and 32 random bytes in base64url. Given out once; never prints itself.
#[derive(Clone)]
pub struct PresentationToken(String);

// === impl PresentationToken ===

impl PresentationToken {
    pub(crate) fn generate() -> Result<Self, CertificateError> {
        let mut secret = [0_u8; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(secret))))
    }

    /// The text that the verifier sends.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What a QR code holds. With a page's address the token is its fragment: a browser keeps that to itself, so it
    /// is in nobody's access log.
    pub fn qr_payload(&self, page: Option<&str>) -> String {
        page.map_or_else(|| self.0.clone(), |page| format!("{page}#{}", self.0))
    }
}

impl FromStr for PresentationToken {
    type Err = CertificateError;

    /// The token itself, or the QR payload that ends with it.
    fn from_str(text: &str) -> Result<Self, CertificateError> {
        let token = text.rsplit_once('#').map_or(text, |(_, token)| token);
        let mut secret = [0_u8; 33];
        let length = token
            .strip_prefix(PREFIX)
            .and_then(|encoded| BASE64_URL_SAFE_NO_PAD.decode_slice(encoded, &mut secret).ok());
        if length == Some(32) {
            Ok(Self(token.to_owned()))
        } else {
            Err(CertificateError::invalid("presentation token", "`ztc_` and 43 characters, or the QR code's text"))
        }
    }
}

impl fmt::Debug for PresentationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentationToken(..)")
    }
}

/// What the database keeps of a token. No salt and no slow hash: 256 random bits can't be guessed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TokenHash(pub(crate) String);

// === impl TokenHash ===

impl TokenHash {
    pub(crate) fn of(token: &PresentationToken) -> Self {
        Self(hex::encode(Sha256::digest(token.expose())))
    }

    /// Names a presentation in records without being its token.
    pub(crate) fn short(&self) -> String {
        self.0.chars().take(16).collect()
    }
}

/// Who may redeem a presentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verifier {
    /// Any scenario of a department.
    Department(DepartmentId),
    /// An enterprise, a bank say, that signs in with its credit code proven.
    Enterprise(CreditCode),
}

impl FromStr for Verifier {
    type Err = CertificateError;

    /// A department, such as `441802-chengguan`, or a unified social credit code.
    fn from_str(text: &str) -> Result<Self, CertificateError> {
        text.parse()
            .map(Self::Department)
            .or_else(|_| text.parse().map(Self::Enterprise))
            .map_err(|_| CertificateError::invalid("verifier", "a department or a unified social credit code"))
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Department(department) => department.fmt(f),
            Self::Enterprise(code) => code.fmt(f),
        }
    }
}

/// Why somebody asks to see a certificate: 1 to 64 of a-z, 0-9 and `-`, as manifests declare it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurposeName(String);

// === impl PurposeName ===

impl PurposeName {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PurposeName {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        let valid = is_slug(text).then(|| Self(text.to_owned()));
        valid.ok_or_else(|| CertificateError::invalid("purpose", "1 to 64 of a-z, 0-9 and `-`"))
    }
}

/// What a presentation shows, to whom, why and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPresentation {
    /// The certificate.
    pub certificate: CertificateId,
    /// The names of the fields that the verifier sees; none shows only that it is valid.
    pub fields: Vec<String>,
    /// What for.
    pub purpose: PurposeName,
    /// Who may redeem it.
    pub verifier: Verifier,
    /// From when on it is no good.
    pub expires_at: Timestamp,
}

/// A presentation as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presentation {
    /// Names it without being its token.
    pub id: String,
    /// What it shows, and to whom.
    pub shows: NewPresentation,
    /// When it was redeemed.
    pub redeemed_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_from_itself_and_from_its_qr_code_and_never_prints_itself() {
        let token = PresentationToken::generate().unwrap();
        let page = token.qr_payload(Some("https://zt.example.cn/c"));
        assert_eq!(page, format!("https://zt.example.cn/c#{}", token.expose()));
        for text in [token.expose(), &token.qr_payload(None), &page] {
            assert_eq!(text.parse::<PresentationToken>().unwrap().expose(), token.expose());
        }
        assert_eq!(format!("{token:?}"), "PresentationToken(..)");
        for text in ["", "ztc_", "zt_AAAA", &format!("{}A", token.expose()), &token.expose()[4..]] {
            assert!(text.parse::<PresentationToken>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_verifier_is_a_department_or_an_enterprise() {
        assert!(matches!("441802-chengguan".parse(), Ok(Verifier::Department(_))));
        assert!(matches!("91350100M000100Y43".parse(), Ok(Verifier::Enterprise(_))));
        assert!("anybody".parse::<Verifier>().is_err());
    }
}
