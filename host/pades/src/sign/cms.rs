//! The signature value: CMS (RFC 5652) with the attributes of CAdES (ETSI EN 319 122-1) that PAdES asks for.

use cms::{
    cert::{CertificateChoices, IssuerAndSerialNumber},
    content_info::{CmsVersion, ContentInfo},
    signed_data::{CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos},
};
use der::{
    Any, Decode, Encode,
    asn1::{OctetString, SetOfVec},
};
use sha2::{Digest, Sha256};
use x509_cert::attr::Attributes;
use zhongtai_pki::{
    Certificate, Credential, TimeStamper,
    attribute::{CONTENT_TYPE, MESSAGE_DIGEST, attribute, signing_certificate},
};

use crate::{
    PadesError,
    verify::oid::{DATA, SIGNED_DATA, TIME_STAMP_TOKEN},
};

/// Who signs, and who says when.
pub(super) struct Signing<'a> {
    credential: &'a Credential,
    certificate: &'a Certificate,
    stamper: Option<&'a dyn TimeStamper>,
    certificates: CertificateSet,
}

// === impl Signing ===

impl<'a> Signing<'a> {
    pub(super) fn new(credential: &'a Credential, stamper: Option<&'a dyn TimeStamper>) -> Result<Self, PadesError> {
        let certificates = credential.chain.iter().cloned().map(CertificateChoices::Certificate).collect::<Vec<_>>();
        let certificates = CertificateSet(SetOfVec::try_from(certificates)?);
        Ok(Self { credential, certificate: credential.certificate()?, stamper, certificates })
    }

    pub(super) fn certificates_len(&self) -> usize {
        self.certificates.encoded_len().ok().and_then(|length| length.try_into().ok()).unwrap_or_default()
    }

    /// The `ContentInfo`, DER, over bytes whose SHA-256 is `digest`.
    pub(super) fn sign(&self, digest: &[u8; 32]) -> Result<Vec<u8>, PadesError> {
        let signer = self.signer_info(digest)?;
        let signed = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::try_from(vec![signer.digest_alg.clone()])?,
            encap_content_info: EncapsulatedContentInfo { econtent_type: DATA, econtent: None },
            certificates: Some(self.certificates.clone()),
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![signer])?),
        };
        Ok(ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&signed)? }.to_der()?)
    }

    fn signer_info(&self, digest: &[u8; 32]) -> Result<SignerInfo, PadesError> {
        let signer = &self.credential.signer;
        let algorithm = signer.algorithm();
        let attributes = self.attributes(digest)?;
        let signature = signer.sign(&attributes.to_der()?)?;
        let tbs = self.certificate.tbs_certificate();
        Ok(SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: tbs.issuer().clone(),
                serial_number: tbs.serial_number().clone(),
            }),
            digest_alg: algorithm.hash().identifier(),
            signed_attrs: Some(attributes),
            signature_algorithm: algorithm.identifier(),
            unsigned_attrs: self.stamp(&signature)?,
            signature: OctetString::new(signature)?,
        })
    }

    /// EN 319 142-1, 6.3: these three; a signing time is not allowed, the dictionary's `M` has it.
    fn attributes(&self, digest: &[u8; 32]) -> Result<Attributes, PadesError> {
        Ok(SetOfVec::try_from(vec![
            attribute(CONTENT_TYPE, Any::encode_from(&DATA)?)?,
            attribute(MESSAGE_DIGEST, Any::encode_from(&OctetString::new(digest.as_slice())?)?)?,
            signing_certificate(self.certificate)?,
        ])?)
    }

    /// `signature-time-stamp` (EN 319 122-1, 5.3): it is of the signature's value.
    fn stamp(&self, signature: &[u8]) -> Result<Option<Attributes>, PadesError> {
        let Some(stamper) = self.stamper else { return Ok(None) };
        let token = stamper.stamp(&Sha256::digest(signature).into())?;
        let attribute = attribute(TIME_STAMP_TOKEN, Any::from_der(&token)?)?;
        Ok(Some(SetOfVec::try_from(vec![attribute])?))
    }
}
