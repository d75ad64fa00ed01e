use const_oid::{AssociatedOid, ObjectIdentifier};
use der::{Encode, asn1::OctetString, flagset::FlagSet, referenced::RefToOwned as _};
use x509_cert::{
    TbsCertificate,
    builder::{self, profile::BuilderProfile},
    ext::{
        Extension,
        pkix::{AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectKeyIdentifier},
    },
    name::Name,
    spki::SubjectPublicKeyInfoRef,
};

use crate::Hash;

pub(crate) const ANY_USE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
/// RFC 9336.
pub(crate) const DOCUMENT_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36");
pub(crate) const EMAIL_PROTECTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4");
/// RFC 3161, 2.3.
pub(crate) const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");

/// What a certificate of the built-in authority is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Issues authorities of departments.
    Root,
    /// A department's authority: issues to those who sign, and no further authority.
    Department,
    /// Seals and signatures of documents.
    DocumentSigner,
    /// The time-stamping authority.
    TimeStamper,
}

/// A certificate to be issued.
pub(crate) struct Order {
    pub(crate) profile: Profile,
    pub(crate) issuer: Name,
    pub(crate) subject: Name,
    /// The issuer's `subjectKeyIdentifier`; its own for a root.
    pub(crate) issuer_key: OctetString,
    /// Further extensions, such as where revocation lists are.
    pub(crate) further: Vec<Extension>,
}

// === impl Profile ===

impl Profile {
    pub(crate) fn is_authority(self) -> bool {
        matches!(self, Self::Root | Self::Department)
    }

    fn constraints(self) -> BasicConstraints {
        let path_len_constraint = match self {
            Self::Root => Some(1),
            Self::Department => Some(0),
            Self::DocumentSigner | Self::TimeStamper => None,
        };
        BasicConstraints { ca: self.is_authority(), path_len_constraint }
    }

    fn key_usage(self) -> KeyUsage {
        let usage: FlagSet<KeyUsages> = match self {
            Self::Root | Self::Department => KeyUsages::KeyCertSign | KeyUsages::CRLSign,
            Self::DocumentSigner => KeyUsages::DigitalSignature | KeyUsages::NonRepudiation,
            Self::TimeStamper => KeyUsages::DigitalSignature.into(),
        };
        KeyUsage(usage)
    }

    /// Readers of PDF that build on TLS libraries look for e-mail protection, others for document signing.
    fn extended(self) -> Option<(ExtendedKeyUsage, bool)> {
        match self {
            Self::Root | Self::Department => None,
            Self::DocumentSigner => Some((ExtendedKeyUsage(vec![DOCUMENT_SIGNING, EMAIL_PROTECTION]), false)),
            Self::TimeStamper => Some((ExtendedKeyUsage(vec![TIME_STAMPING]), true)),
        }
    }
}

// === impl Order ===

impl BuilderProfile for Order {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        key: SubjectPublicKeyInfoRef<'_>,
        _issuer_key: SubjectPublicKeyInfoRef<'_>,
        _tbs: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        let mut extensions = vec![
            extension(&self.profile.constraints(), self.profile.is_authority())?,
            extension(&self.profile.key_usage(), true)?,
            extension(&SubjectKeyIdentifier(key_identifier(key)?), false)?,
            extension(&authority_key(self.issuer_key.clone()), false)?,
        ];
        if let Some((usage, critical)) = self.profile.extended() {
            extensions.push(extension(&usage, critical)?);
        }
        extensions.extend(self.further.iter().cloned());
        Ok(extensions)
    }
}

pub(crate) fn extension<T: AssociatedOid + Encode>(value: &T, critical: bool) -> der::Result<Extension> {
    Ok(Extension { extn_id: T::OID, critical, extn_value: OctetString::new(value.to_der()?)? })
}

pub(crate) fn authority_key(identifier: OctetString) -> AuthorityKeyIdentifier {
    AuthorityKeyIdentifier { key_identifier: Some(identifier), ..Default::default() }
}

/// The first 160 bits of the SHA-256 of the key (RFC 7093, 2, method 1).
pub(crate) fn key_identifier(key: SubjectPublicKeyInfoRef<'_>) -> der::Result<OctetString> {
    let owned: x509_cert::spki::SubjectPublicKeyInfoOwned = key.ref_to_owned();
    let digest = Hash::Sha256.digest(owned.subject_public_key.raw_bytes());
    OctetString::new(digest.into_iter().take(20).collect::<Vec<u8>>())
}
