use const_oid::ObjectIdentifier;
use der::{
    Any, Decode as _, Encode as _, Tag,
    asn1::{PrintableString, SetOfVec, Utf8StringRef},
};
use x509_cert::{attr::AttributeTypeAndValue, name::Name};
use zhongtai_kernel::ErrorKind;

const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// Upper bound of each part, in characters (X.520, `ub-common-name` and its like).
const LONGEST: usize = 64;

/// Whom a certificate names: `C=CN`, an organization, a unit of it, a name. Each is 1 to 64 characters long.
///
/// ```
/// let subject = zhongtai_pki::Subject::new("城市管理局 公章")?.organization("清城区人民政府")?;
/// assert!(zhongtai_pki::Subject::new("").is_err());
/// # Ok::<(), zhongtai_pki::InvalidSubject>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    organization: Option<String>,
    unit: Option<String>,
    common_name: String,
}

/// A part of a subject that certificates can't carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {0} of a certificate needs 1 to 64 characters, no control characters, no space at its ends")]
pub struct InvalidSubject(&'static str);

// === impl InvalidSubject ===

impl InvalidSubject {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

// === impl Subject ===

impl Subject {
    /// A subject with this name only.
    ///
    /// # Errors
    /// When it is empty, longer than 64 characters, or holds control characters.
    pub fn new(common_name: &str) -> Result<Self, InvalidSubject> {
        Ok(Self { organization: None, unit: None, common_name: part(common_name, "name")? })
    }

    /// The same of an organization.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn organization(mut self, name: &str) -> Result<Self, InvalidSubject> {
        self.organization = Some(part(name, "organization")?);
        Ok(self)
    }

    /// The same of a unit of the organization.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn unit(mut self, name: &str) -> Result<Self, InvalidSubject> {
        self.unit = Some(part(name, "unit")?);
        Ok(self)
    }

    /// Its distinguished name: the country as `PrintableString`, all else as `UTF8String` (RFC 5280, 4.1.2.4).
    pub(crate) fn to_name(&self) -> der::Result<Name> {
        let country = Any::encode_from(&PrintableString::new("CN")?)?;
        let mut parts = vec![relative(COUNTRY, country)?];
        for (oid, text) in [(ORGANIZATION, self.organization.as_ref()), (UNIT, self.unit.as_ref())] {
            if let Some(text) = text {
                parts.push(relative(oid, utf8(text)?)?);
            }
        }
        parts.push(relative(COMMON_NAME, utf8(&self.common_name)?)?);
        Name::from_der(&parts.to_der()?)
    }
}

fn part(text: &str, what: &'static str) -> Result<String, InvalidSubject> {
    let fits = (1..=LONGEST).contains(&text.chars().count());
    let clean = !text.chars().any(char::is_control) && text.trim() == text;
    if fits && clean { Ok(text.to_owned()) } else { Err(InvalidSubject(what)) }
}

fn relative(oid: ObjectIdentifier, value: Any) -> der::Result<SetOfVec<AttributeTypeAndValue>> {
    SetOfVec::try_from(vec![AttributeTypeAndValue { oid, value }])
}

fn utf8(text: &str) -> der::Result<Any> {
    Any::new(Tag::Utf8String, Utf8StringRef::new(text)?.as_bytes())
}
