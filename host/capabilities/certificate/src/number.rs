//! The number of an electronic certificate, GB/T 36904.

use std::{fmt, str::FromStr};

use zhongtai_kernel::{CreditCode, ErrorKind};

use crate::check::mod_37_36;

/// The object identifier under which all numbers are: 1.2.156.3005.2.
const ROOT: &str = "1.2.156.3005.2.";

/// A text that is not a certificate's number, or not a part of one. Says how, never the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a certificate number by GB/T 36904: {0}")]
pub struct InvalidNumber(String);

// === impl InvalidNumber ===

impl InvalidNumber {
    fn new(problem: impl Into<String>) -> Self {
        Self(problem.into())
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

/// What sort of certificate: the credit code of the authority that defined the type, and three digits of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TypeCode(String);

// === impl TypeCode ===

impl TypeCode {
    /// The 21 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TypeCode {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let (authority, _) = text
            .split_at_checked(18)
            .filter(|(_, own)| own.len() == 3 && own.bytes().all(|b| b.is_ascii_digit()))
            .ok_or_else(|| InvalidNumber::new("the type has a credit code and three digits"))?;
        authority
            .parse::<CreditCode>()
            .map_err(|error| InvalidNumber::new(format!("the authority in the type's code: {error}")))?;
        Ok(Self(text.to_owned()))
    }
}

/// The issuer's own number of a certificate: 1 to 32 digits and capital letters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Serial(String);

// === impl Serial ===

impl Serial {
    /// The `count`th of a year: the year and seven digits. `None` when a year has had ten million.
    pub(crate) fn of_year(year: i16, count: i64) -> Option<Self> {
        (1..10_000_000).contains(&count).then(|| Self(format!("{year:04}{count:07}")))
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Serial {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|letter| letter.is_ascii_digit() || letter.is_ascii_uppercase());
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidNumber::new("the serial has 1 to 32 digits and capital letters"))
        }
    }
}

/// Which issue of the same certificate: 1 to 999. A certificate that is issued anew has the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Issue(u16);

// === impl Issue ===

impl Issue {
    /// The first.
    pub const FIRST: Self = Self(1);

    /// The one after this; `None` after 999.
    pub fn next(self) -> Option<Self> {
        (self.0 < 999).then_some(Self(self.0 + 1))
    }

    /// As a number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl FromStr for Issue {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let digits = text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
        let number = text.parse().ok().filter(|number| digits && *number > 0);
        number.map(Self).ok_or_else(|| InvalidNumber::new("the version has three digits, 001 at least"))
    }
}

/// The number of an electronic certificate (电子证照标识): type, issuer, serial, version and a check character.
///
/// ```
/// use zhongtai_cap_certificate::CertificateNumber;
///
/// let text = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U";
/// let number: CertificateNumber = text.parse().unwrap();
/// assert_eq!(number.serial().as_str(), "20230000403");
/// assert!(text.replace(".U", ".V").parse::<CertificateNumber>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CertificateNumber {
    kind: TypeCode,
    issuer: CreditCode,
    serial: Serial,
    issue: Issue,
    check: char,
}

// === impl CertificateNumber ===

impl CertificateNumber {
    /// Puts a number together, with its check character.
    pub fn new(kind: TypeCode, issuer: CreditCode, serial: Serial, issue: Issue) -> Self {
        let body = format!("{}{issuer}{}{:03}", kind.as_str(), serial.as_str(), issue.get());
        // Every part is of digits and capital letters, so there is a check character.
        let check = mod_37_36(body.chars()).unwrap_or_default();
        Self { kind, issuer, serial, issue, check }
    }

    /// What sort of certificate it is.
    pub fn kind(&self) -> &TypeCode {
        &self.kind
    }

    /// Who issued it.
    pub fn issuer(&self) -> &CreditCode {
        &self.issuer
    }

    /// The issuer's own number.
    pub fn serial(&self) -> &Serial {
        &self.serial
    }

    /// Which issue it is.
    pub fn issue(&self) -> Issue {
        self.issue
    }
}

impl FromStr for CertificateNumber {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let rest = text.strip_prefix(ROOT).ok_or_else(|| InvalidNumber::new(format!("it begins with {ROOT}")))?;
        let parts: Vec<&str> = rest.split('.').collect();
        let [kind, issuer, serial, issue, check] = parts.as_slice() else {
            return Err(InvalidNumber::new("it has type, issuer, serial, version and check character after that"));
        };
        let issuer = issuer.parse().map_err(|error| InvalidNumber::new(format!("the issuer: {error}")))?;
        let number = Self::new(kind.parse()?, issuer, serial.parse()?, issue.parse()?);
        if check.chars().eq([number.check]) {
            Ok(number)
        } else {
            Err(InvalidNumber::new("the check character does not fit"))
        }
    }
}

impl fmt::Display for CertificateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, issuer, serial, issue, check } = self;
        write!(f, "{ROOT}{}.{issuer}.{}.{:03}.{check}", kind.as_str(), serial.as_str(), issue.get())
    }
}

impl fmt::Debug for CertificateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
