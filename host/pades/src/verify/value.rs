//! The signature value: CMS as PAdES asks for it (EN 319 142-1, 6.3), and nothing looser.

use std::time::SystemTime;

use cms::{
    cert::CertificateChoices,
    content_info::{CmsVersion, ContentInfo},
    signed_data::{SignedData, SignerIdentifier, SignerInfo},
};
use const_oid::ObjectIdentifier;
use der::{Decode, Encode, asn1::OctetString};
use sha2::{Digest, Sha256};
use zhongtai_pki::{
    Algorithm, Certificate, Hash, Trust, Usage,
    attribute::{CONTENT_TYPE, MESSAGE_DIGEST, names_signer, sole_value},
    verify_time_stamp,
};

use super::{
    Fault,
    oid::{DATA, SIGNED_DATA, SIGNING_TIME, TIME_STAMP_TOKEN},
};

/// What a signature value says, and what is wrong with it.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) certificate: Option<Certificate>,
    pub(super) stamped_at: Option<SystemTime>,
    pub(super) faults: Vec<Fault>,
}

/// Checks a signature over bytes whose SHA-256 is `digest`.
pub(super) fn check(contents: &[u8], digest: &[u8; 32], claimed_at: Option<SystemTime>, trust: &Trust) -> Checked {
    let mut checked = Checked::default();
    if let Err(fault) = checked.check(contents, digest, claimed_at, trust) {
        checked.faults.push(fault);
    }
    checked
}

// === impl Checked ===

impl Checked {
    fn check(
        &mut self,
        contents: &[u8],
        digest: &[u8; 32],
        claimed_at: Option<SystemTime>,
        trust: &Trust,
    ) -> Result<(), Fault> {
        let signed = read(contents)?;
        let [signer] = signed.signer_infos.0.as_slice() else { return Err(Fault::Form("it has not one signer")) };
        let certificates = certificates(&signed)?;
        let certificate = own(signer, &certificates)?;
        self.certificate = Some(certificate.clone());
        self.faults.extend(check_attributes(signer, certificate, digest));
        self.faults.extend(check_signature(signer, certificate).err());
        self.stamped_at = self.kept(stamp(signer, trust));
        // Without a stamp there is a fault already; what is wrong with the certificate is worth knowing all the same.
        if let Some(at) = self.stamped_at.or(claimed_at) {
            let path = trust.check(certificate, &certificates, at, Usage::DocumentSigning);
            self.faults.extend(path.map_err(Fault::Certificate).err());
        }
        Ok(())
    }

    fn kept<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.faults.push(fault)).ok()
    }
}

fn read(contents: &[u8]) -> Result<SignedData, Fault> {
    let form = Fault::Form("it is not signed data in DER");
    let length = der_length(contents).ok_or(form.clone())?;
    let (value, padding) = contents.split_at_checked(length).ok_or(form.clone())?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(Fault::Form("bytes follow it that are not zero"));
    }
    let outer = ContentInfo::from_der(value).map_err(|_| form.clone())?;
    let signed: SignedData = outer.content.decode_as().map_err(|_| form.clone())?;
    // Decoding sorts sets: only what gives the same bytes again was DER.
    let same = signed.to_der().is_ok_and(|inner| outer.content.to_der().is_ok_and(|given| given == inner));
    if outer.content_type != SIGNED_DATA || !same {
        return Err(form);
    }
    let inside = &signed.encap_content_info;
    if signed.version != CmsVersion::V1 || inside.econtent_type != DATA || inside.econtent.is_some() {
        return Err(Fault::Form("it is not a detached signature of data"));
    }
    Ok(signed)
}

/// How long the DER value at the beginning is, with its tag and length.
fn der_length(bytes: &[u8]) -> Option<usize> {
    let (&first, rest) = bytes.get(1..)?.split_first()?;
    if first < 0x80 {
        return Some(2 + usize::from(first));
    }
    let octets = usize::from(first & 0x7F);
    let length = rest.get(..octets).filter(|_| (1..=4).contains(&octets))?;
    let length = length.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    length.checked_add(2 + octets)
}

fn certificates(signed: &SignedData) -> Result<Vec<Certificate>, Fault> {
    let all = signed.certificates.iter().flat_map(|set| set.0.iter());
    all.map(|one| match one {
        CertificateChoices::Certificate(certificate) => Ok(certificate.clone()),
        CertificateChoices::Other(_) => Err(Fault::Form("it has a certificate of an unknown form")),
    })
    .collect()
}

fn own<'a>(signer: &SignerInfo, certificates: &'a [Certificate]) -> Result<&'a Certificate, Fault> {
    let SignerIdentifier::IssuerAndSerialNumber(id) = &signer.sid else {
        return Err(Fault::Form("its signer is not named by issuer and serial number"));
    };
    let named = certificates.iter().find(|certificate| {
        let tbs = certificate.tbs_certificate();
        *tbs.issuer() == id.issuer && *tbs.serial_number() == id.serial_number
    });
    named.ok_or(Fault::Form("it does not hold its signer's certificate"))
}

fn check_attributes(signer: &SignerInfo, certificate: &Certificate, digest: &[u8; 32]) -> Vec<Fault> {
    let Some(attributes) = &signer.signed_attrs else {
        return vec![Fault::Form("it has no signed attributes")];
    };
    let kind = sole_value(attributes, CONTENT_TYPE).and_then(|value| value.decode_as::<ObjectIdentifier>().ok());
    let named = sole_value(attributes, MESSAGE_DIGEST).and_then(|value| value.decode_as::<OctetString>().ok());
    let mut faults = Vec::new();
    if kind != Some(DATA) {
        faults.push(Fault::Form("its signed content type is not that of data"));
    }
    match named {
        None => faults.push(Fault::Form("it has no signed digest")),
        Some(named) if named.as_bytes() != digest => faults.push(Fault::Digest),
        Some(_) => {}
    }
    if !names_signer(attributes, certificate) {
        faults.push(Fault::Form("its signing-certificate-v2 does not name its signer's certificate"));
    }
    if attributes.iter().any(|one| one.oid == SIGNING_TIME) {
        faults.push(Fault::Form("it has a signing time, which PAdES does not allow"));
    }
    faults
}

fn check_signature(signer: &SignerInfo, certificate: &Certificate) -> Result<(), Fault> {
    let algorithm = Algorithm::of_cms_signature(&signer.signature_algorithm);
    let algorithm = algorithm
        .filter(|algorithm| algorithm.hash() == Hash::Sha256 && algorithm.hash().is_named_by(&signer.digest_alg));
    let algorithm = algorithm.ok_or(Fault::Form("it is neither ECDSA nor RSA over SHA-256"))?;
    let attributes = signer.signed_attrs.as_ref().and_then(|attributes| attributes.to_der().ok());
    let attributes = attributes.ok_or(Fault::Form("it has no signed attributes"))?;
    let key = certificate.tbs_certificate().subject_public_key_info();
    zhongtai_pki::verify(key, algorithm, &attributes, signer.signature.as_bytes()).map_err(Fault::Signature)
}

/// When the signature's value was stamped.
fn stamp(signer: &SignerInfo, trust: &Trust) -> Result<SystemTime, Fault> {
    let attributes = signer.unsigned_attrs.as_ref().ok_or(Fault::NotStamped)?;
    if attributes.iter().all(|one| one.oid != TIME_STAMP_TOKEN) {
        return Err(Fault::NotStamped);
    }
    let token = sole_value(attributes, TIME_STAMP_TOKEN).and_then(|token| token.to_der().ok());
    let token = token.ok_or(Fault::Form("it has more than one time stamp"))?;
    let imprint = Sha256::digest(signer.signature.as_bytes()).into();
    verify_time_stamp(&token, &imprint, trust).map_err(Fault::TimeStamp)
}
