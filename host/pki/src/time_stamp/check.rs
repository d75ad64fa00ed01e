use std::time::SystemTime;

use cms::{
    cert::CertificateChoices,
    content_info::{CmsVersion, ContentInfo},
    signed_data::{SignedData, SignerIdentifier, SignerInfo},
};
use const_oid::ObjectIdentifier;
use der::{Decode as _, Encode as _, asn1::OctetString};
use x509_cert::Certificate;
use zhongtai_kernel::ErrorKind;

use super::{
    authority::SIGNED_DATA,
    syntax::{TST_INFO, TstInfo},
};
use crate::{
    Algorithm, Hash, PathError, Trust, Usage, VerifyError,
    attribute::{CONTENT_TYPE, MESSAGE_DIGEST, names_signer, sole_value},
    verify,
};

/// A time stamp does not say what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeStampError {
    /// Its form is not that of RFC 3161, or one that is not used any more.
    #[error("not a time-stamp token that can be relied on: {0}")]
    Malformed(&'static str),
    /// It stamps something else.
    #[error("the time stamp is of something else")]
    Imprint,
    /// The signature does not hold.
    #[error("the time stamp's signature does not hold")]
    Signature(#[from] VerifyError),
    /// Its signer is not trusted to stamp.
    #[error("the time stamp's signer is not trusted")]
    Untrusted(#[from] PathError),
}

// === impl TimeStampError ===

impl TimeStampError {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

/// Checks a token against what was stamped, and its signer against `trust`; returns when it was stamped.
///
/// Stricter than RFC 3161: strict DER, one signer, `signing-certificate-v2` with SHA-256 or SM3, the signer's
/// certificate inside, and a revocation list for it.
///
/// # Errors
/// What is wrong with it.
pub fn verify_time_stamp(token: &[u8], imprint: &[u8; 32], trust: &Trust) -> Result<SystemTime, TimeStampError> {
    let signed = read(token)?;
    let content = content(&signed)?;
    let info = TstInfo::from_der(&content).map_err(|_| TimeStampError::Malformed("its TSTInfo can't be read"))?;
    if info.version != 1 {
        return Err(TimeStampError::Malformed("its version is not 1"));
    }
    if info.extensions.iter().flatten().any(|one| one.critical) {
        return Err(TimeStampError::Malformed("a critical extension is not understood"));
    }
    let stamped = &info.message_imprint;
    if !Hash::Sha256.is_named_by(&stamped.hash_algorithm) || stamped.hashed_message.as_bytes() != imprint {
        return Err(TimeStampError::Imprint);
    }
    let [signer] = signed.signer_infos.0.as_slice() else {
        return Err(TimeStampError::Malformed("it needs one signer"));
    };
    if signer.version != CmsVersion::V1 || signed.digest_algorithms.as_slice() != [signer.digest_alg.clone()] {
        return Err(TimeStampError::Malformed("its version or digests are not those of its signer"));
    }
    let certificates = certificates(&signed);
    let certificate = own(signer, &certificates)?;
    check_signature(signer, certificate, &content)?;
    let at = info.gen_time.to_system_time();
    trust.check(certificate, &certificates, at, Usage::TimeStamping)?;
    Ok(at)
}

fn read(token: &[u8]) -> Result<SignedData, TimeStampError> {
    let malformed = TimeStampError::Malformed("it is not signed data in DER");
    let Ok(outer) = ContentInfo::from_der(token) else { return Err(malformed) };
    let Ok(signed) = outer.content.decode_as::<SignedData>() else { return Err(malformed) };
    // Decoding sorts sets; what was signed is what is here only when encoding it again gives the same.
    let same = signed.to_der().is_ok_and(|inner| outer.content.to_der().is_ok_and(|given| inner == given));
    if outer.content_type == SIGNED_DATA && signed.version == CmsVersion::V3 && same {
        Ok(signed)
    } else {
        Err(malformed)
    }
}

fn content(signed: &SignedData) -> Result<Vec<u8>, TimeStampError> {
    let inside = &signed.encap_content_info;
    let content = inside.econtent.as_ref().and_then(|content| content.decode_as::<OctetString>().ok());
    match content {
        Some(content) if inside.econtent_type == TST_INFO => Ok(content.as_bytes().to_vec()),
        _ => Err(TimeStampError::Malformed("its content is not a TSTInfo")),
    }
}

fn certificates(signed: &SignedData) -> Vec<Certificate> {
    let all = signed.certificates.iter().flat_map(|set| set.0.iter());
    all.filter_map(|one| match one {
        CertificateChoices::Certificate(certificate) => Some(certificate.clone()),
        CertificateChoices::Other(_) => None,
    })
    .collect()
}

fn own<'a>(signer: &SignerInfo, certificates: &'a [Certificate]) -> Result<&'a Certificate, TimeStampError> {
    let SignerIdentifier::IssuerAndSerialNumber(id) = &signer.sid else {
        return Err(TimeStampError::Malformed("its signer is not named by issuer and serial number"));
    };
    let named = certificates.iter().find(|one| {
        let tbs = one.tbs_certificate();
        *tbs.issuer() == id.issuer && *tbs.serial_number() == id.serial_number
    });
    named.ok_or(TimeStampError::Malformed("its signer's certificate is not inside"))
}

fn check_signature(signer: &SignerInfo, certificate: &Certificate, content: &[u8]) -> Result<(), TimeStampError> {
    let malformed = |reason| Err(TimeStampError::Malformed(reason));
    let Some(attributes) = &signer.signed_attrs else { return malformed("it has no signed attributes") };
    let Some(algorithm) = Algorithm::of_cms_signature(&signer.signature_algorithm) else {
        return malformed("its signature algorithm is not known");
    };
    if !algorithm.hash().is_named_by(&signer.digest_alg) {
        return malformed("its digest does not go with its signature");
    }
    let kind = sole_value(attributes, CONTENT_TYPE).and_then(|value| value.decode_as::<ObjectIdentifier>().ok());
    if kind != Some(TST_INFO) {
        return malformed("its signed content type is another");
    }
    let digest = sole_value(attributes, MESSAGE_DIGEST).and_then(|value| value.decode_as::<OctetString>().ok());
    if digest.is_none_or(|digest| digest.as_bytes() != algorithm.hash().digest(content)) {
        return malformed("its signed digest is of another content");
    }
    if !names_signer(attributes, certificate) {
        return malformed("its signing-certificate-v2 does not name its signer's certificate");
    }
    let Ok(message) = attributes.to_der() else { return malformed("its signed attributes have no DER form") };
    let key = certificate.tbs_certificate().subject_public_key_info();
    Ok(verify(key, algorithm, &message, signer.signature.as_bytes())?)
}
