//! Signed attributes of CMS that bind a signature to its content and its certificate.

use const_oid::ObjectIdentifier;
use der::{
    Any, Decode as _, Encode as _, Sequence,
    asn1::{OctetString, SetOfVec},
};
use x509_cert::{
    Certificate,
    attr::{Attribute, Attributes},
    ext::pkix::name::GeneralName,
    serial_number::SerialNumber,
    spki::AlgorithmIdentifierOwned,
};

use crate::Hash;

/// `id-contentType` (RFC 5652, 11.1).
pub const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
/// `id-messageDigest` (RFC 5652, 11.2).
pub const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// `id-aa-signingCertificateV2` (RFC 5035, 3).
pub const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

#[derive(Clone, Debug, Sequence)]
struct SigningCertificateV2 {
    certs: Vec<EssCertIdV2>,
    #[asn1(optional = "true")]
    policies: Option<Any>,
}

#[derive(Clone, Debug, Sequence)]
struct EssCertIdV2 {
    /// SHA-256 when left out.
    #[asn1(optional = "true")]
    hash_algorithm: Option<AlgorithmIdentifierOwned>,
    cert_hash: OctetString,
    #[asn1(optional = "true")]
    issuer_serial: Option<IssuerSerial>,
}

#[derive(Clone, Debug, Sequence)]
struct IssuerSerial {
    issuer: Vec<GeneralName>,
    serial_number: SerialNumber,
}

/// An attribute of one value.
///
/// # Errors
/// When the value has no DER form.
pub fn attribute(oid: ObjectIdentifier, value: Any) -> der::Result<Attribute> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

/// The value of the attribute that is there once and has one value.
pub fn sole_value(attributes: &Attributes, oid: ObjectIdentifier) -> Option<&Any> {
    let mut named = attributes.iter().filter(|one| one.oid == oid);
    let (Some(only), None) = (named.next(), named.next()) else { return None };
    match only.values.as_slice() {
        [value] => Some(value),
        _ => None,
    }
}

/// `signing-certificate-v2` (RFC 5035, 3), which names `certificate` by its SHA-256, issuer and serial number.
///
/// # Errors
/// When the certificate has no DER form.
pub fn signing_certificate(certificate: &Certificate) -> der::Result<Attribute> {
    let issuer_serial = IssuerSerial {
        issuer: vec![GeneralName::DirectoryName(certificate.tbs_certificate().issuer().clone())],
        serial_number: certificate.tbs_certificate().serial_number().clone(),
    };
    let id = EssCertIdV2 {
        hash_algorithm: None,
        cert_hash: OctetString::new(Hash::Sha256.digest(&certificate.to_der()?))?,
        issuer_serial: Some(issuer_serial),
    };
    attribute(SIGNING_CERTIFICATE, Any::encode_from(&SigningCertificateV2 { certs: vec![id], policies: None })?)
}

/// Whether `attributes` name `certificate` as the signer's: the first id of `signing-certificate-v2` counts.
pub fn names_signer(attributes: &Attributes, certificate: &Certificate) -> bool {
    let named = sole_value(attributes, SIGNING_CERTIFICATE).and_then(|value| value.to_der().ok());
    let named = named.and_then(|value| SigningCertificateV2::from_der(&value).ok());
    named.and_then(|named| named.certs.first().cloned()).is_some_and(|id| id.is_of(certificate))
}

// === impl EssCertIdV2 ===

impl EssCertIdV2 {
    fn is_of(&self, certificate: &Certificate) -> bool {
        let hash = match &self.hash_algorithm {
            None => Some(Hash::Sha256),
            Some(named) => [Hash::Sha256, Hash::Sm3].into_iter().find(|hash| hash.is_named_by(named)),
        };
        let (Some(hash), Ok(certificate_der)) = (hash, certificate.to_der()) else { return false };
        let same_name = self.issuer_serial.as_ref().is_none_or(|named| named.is_of(certificate));
        same_name && self.cert_hash.as_bytes() == hash.digest(&certificate_der)
    }
}

// === impl IssuerSerial ===

impl IssuerSerial {
    fn is_of(&self, certificate: &Certificate) -> bool {
        let tbs = certificate.tbs_certificate();
        let [GeneralName::DirectoryName(issuer)] = self.issuer.as_slice() else { return false };
        issuer == tbs.issuer() && self.serial_number == *tbs.serial_number()
    }
}
