use std::{fmt, sync::Arc, time::SystemTime};

use cms::{
    cert::{CertificateChoices, IssuerAndSerialNumber},
    content_info::{CmsVersion, ContentInfo},
    signed_data::{CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos},
};
use const_oid::ObjectIdentifier;
use der::{
    Any, Decode as _, Encode as _, Tag,
    asn1::{BitString, GeneralizedTime, Int, OctetString, SetOfVec, Uint},
};
use x509_cert::attr::Attributes;
use zhongtai_kernel::Clock;

use super::{
    TimeStamper,
    syntax::{Accuracy, MessageImprint, Status, TST_INFO, TimeStampRequest, TimeStampResponse, TstInfo},
};
use crate::{
    Credential, Hash, SignError, Usage,
    attribute::{CONTENT_TYPE, MESSAGE_DIGEST, attribute, signing_certificate},
    form::Form,
    time::seconds,
};

pub(super) const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// How far the host's clock may be off, in seconds: what a synchronised clock keeps easily.
const ACCURACY_S: u8 = 1;

/// `PKIFailureInfo` bits (RFC 3161, 2.4.2).
const BAD_ALGORITHM: u8 = 0;
const BAD_REQUEST: u8 = 2;
const UNACCEPTED_POLICY: u8 = 15;
const UNACCEPTED_EXTENSION: u8 = 16;

/// The built-in time-stamping authority.
pub struct TimeStampAuthority {
    credential: Credential,
    policy: ObjectIdentifier,
    clock: Arc<dyn Clock>,
}

/// What a token is to say besides the time.
struct Asked {
    imprint: [u8; 32],
    nonce: Option<Int>,
    with_certificates: bool,
}

// === impl TimeStampAuthority ===

impl TimeStampAuthority {
    /// An authority that stamps under `policy`, an object identifier of whoever runs it.
    ///
    /// # Errors
    /// When the certificate is not one for time stamps and nothing else (RFC 3161, 2.3).
    pub fn new(credential: Credential, policy: ObjectIdentifier, clock: Arc<dyn Clock>) -> Result<Self, SignError> {
        let fits = Form(credential.certificate()?).check_usage(Usage::TimeStamping);
        fits.map_err(|_| SignError::Credential("for time stamps needs a certificate for them and nothing else"))?;
        Ok(Self { credential, policy, clock })
    }

    /// Answers a `TimeStampReq`, DER, with a `TimeStampResp`: over HTTP the body of `application/timestamp-query`.
    ///
    /// What can't be granted is answered too, with the reason.
    ///
    /// # Errors
    /// When the key makes no signature.
    pub fn respond(&self, request: &[u8]) -> Result<Vec<u8>, SignError> {
        let response = match self.read(request) {
            Ok(asked) => TimeStampResponse {
                status: Status { status: 0, failure: None },
                token: Some(Any::from_der(&self.token(asked)?)?),
            },
            Err(bit) => TimeStampResponse { status: Status { status: 2, failure: Some(failure(bit)?) }, token: None },
        };
        Ok(response.to_der()?)
    }

    /// What a request asks for, or the bit that says why not.
    fn read(&self, request: &[u8]) -> Result<Asked, u8> {
        let request = TimeStampRequest::from_der(request).map_err(|_| BAD_REQUEST)?;
        if request.version != 1 {
            return Err(BAD_REQUEST);
        }
        if !Hash::Sha256.is_named_by(&request.message_imprint.hash_algorithm) {
            return Err(BAD_ALGORITHM);
        }
        if request.policy.is_some_and(|policy| policy != self.policy) {
            return Err(UNACCEPTED_POLICY);
        }
        if request.extensions.is_some() {
            return Err(UNACCEPTED_EXTENSION);
        }
        let imprint = request.message_imprint.hashed_message.as_bytes().try_into().map_err(|_| BAD_REQUEST)?;
        Ok(Asked { imprint, nonce: request.nonce, with_certificates: request.certificate })
    }

    fn token(&self, asked: Asked) -> Result<Vec<u8>, SignError> {
        let with_certificates = asked.with_certificates;
        let content = self.info(asked)?.to_der()?;
        let signer = self.signer_info(&content)?;
        let chain = self.credential.chain.iter().cloned().map(CertificateChoices::Certificate).collect::<Vec<_>>();
        let certificates = if with_certificates { Some(CertificateSet(SetOfVec::try_from(chain)?)) } else { None };
        let signed = SignedData {
            // The content is not `id-data` (RFC 5652, 5.1).
            version: CmsVersion::V3,
            digest_algorithms: SetOfVec::try_from(vec![signer.digest_alg.clone()])?,
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: TST_INFO,
                econtent: Some(Any::new(Tag::OctetString, content)?),
            },
            certificates,
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![signer])?),
        };
        Ok(ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&signed)? }.to_der()?)
    }

    fn info(&self, asked: Asked) -> Result<TstInfo, SignError> {
        let now = seconds(SystemTime::from(self.clock.now()))?;
        let hash_algorithm = Hash::Sha256.identifier();
        Ok(TstInfo {
            version: 1,
            policy: self.policy,
            message_imprint: MessageImprint { hash_algorithm, hashed_message: OctetString::new(asked.imprint)? },
            serial_number: serial()?,
            gen_time: GeneralizedTime::from_unix_duration(now)?,
            accuracy: Some(Accuracy { seconds: Some(Uint::new(&[ACCURACY_S])?), millis: None, micros: None }),
            ordering: false,
            nonce: asked.nonce,
            tsa: None,
            extensions: None,
        })
    }

    fn signer_info(&self, content: &[u8]) -> Result<SignerInfo, SignError> {
        let certificate = self.credential.certificate()?;
        let signer = &self.credential.signer;
        let hash = signer.algorithm().hash();
        let digest = OctetString::new(hash.digest(content))?;
        let attributes: Attributes = SetOfVec::try_from(vec![
            attribute(CONTENT_TYPE, Any::encode_from(&TST_INFO)?)?,
            attribute(MESSAGE_DIGEST, Any::encode_from(&digest)?)?,
            signing_certificate(certificate)?,
        ])?;
        let signature = signer.sign(&attributes.to_der()?)?;
        let tbs = certificate.tbs_certificate();
        Ok(SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: tbs.issuer().clone(),
                serial_number: tbs.serial_number().clone(),
            }),
            digest_alg: hash.identifier(),
            signed_attrs: Some(attributes),
            signature_algorithm: signer.algorithm().identifier(),
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        })
    }
}

impl TimeStamper for TimeStampAuthority {
    fn stamp(&self, imprint: &[u8; 32]) -> Result<Vec<u8>, SignError> {
        self.token(Asked { imprint: *imprint, nonce: None, with_certificates: true })
    }
}

impl fmt::Debug for TimeStampAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { credential, policy, .. } = self;
        f.debug_struct("TimeStampAuthority")
            .field("signer", &credential.signer)
            .field("policy", policy)
            .finish_non_exhaustive()
    }
}

/// 126 random bits: unique without a counter that hosts would have to share.
fn serial() -> Result<Int, SignError> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| SignError::Random)?;
    if let Some(first) = bytes.first_mut() {
        *first = *first & 0x3f | 0x40;
    }
    Ok(Int::new(&bytes)?)
}

fn failure(bit: u8) -> der::Result<BitString> {
    let mut bytes = vec![0_u8; usize::from(bit / 8) + 1];
    if let Some(last) = bytes.last_mut() {
        *last = 0x80 >> (bit % 8);
    }
    BitString::new(7 - bit % 8, bytes)
}
