use std::time::{Duration, SystemTime};

use const_oid::{AssociatedOid as _, ObjectIdentifier};
use der::{
    Encode as _,
    asn1::{BitString, GeneralizedTime, OctetString},
};
use x509_cert::{
    Version,
    crl::{CertificateList, RevokedCert, TbsCertList},
    ext::{
        Extension,
        pkix::{CrlNumber, CrlReason},
    },
    serial_number::SerialNumber,
};

use crate::{
    Authority, CredentialError, IssueError,
    profile::{authority_key, extension},
    time::{encode, seconds},
};

/// `expiredCertsOnCRL` (X.509, 9.5.2.8): since when expired certificates are kept on the list.
pub(crate) const EXPIRED_ON_LIST: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.60");

/// A certificate that its authority took back.
#[derive(Debug, Clone)]
pub struct Revoked {
    /// The certificate's serial number.
    pub serial: SerialNumber,
    /// From when it is no longer good. Signatures with a trusted time before it stay good.
    pub since: SystemTime,
    /// Why.
    pub reason: Reason,
}

/// Why a certificate was taken back (RFC 5280, 5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Somebody else has, or may have, the key.
    KeyCompromise,
    /// The department has changed its name or tasks.
    AffiliationChanged,
    /// Another certificate takes its place.
    Superseded,
    /// The seal or signature is no longer used.
    CessationOfOperation,
}

// === impl Authority: revocation lists ===

impl Authority {
    /// A version 2 list of all certificates of this authority that were ever taken back, signed now.
    ///
    /// `number` grows with every list. `valid_for` is until when it may be relied on. Expired certificates stay on it,
    /// so that a document can be checked many years later.
    ///
    /// # Errors
    /// When the key makes no signature or a time does not fit.
    pub fn revocation_list(
        &self,
        number: u64,
        revoked: &[Revoked],
        valid_for: Duration,
    ) -> Result<CertificateList, IssueError> {
        let now = SystemTime::from(self.clock.now());
        let next = now.checked_add(valid_for).ok_or(IssueError::Time)?;
        let entries = revoked.iter().map(entry).collect::<der::Result<Vec<_>>>()?;
        let signer = &self.credential.signer;
        let tbs_cert_list = TbsCertList {
            version: Version::V2,
            signature: signer.algorithm().identifier(),
            issuer: self.name()?,
            this_update: encode(now)?,
            next_update: Some(encode(next)?),
            // An empty list is left out (RFC 5280, 5.1.2.6).
            revoked_certificates: (!entries.is_empty()).then_some(entries),
            crl_extensions: Some(self.list_extensions(number)?),
        };
        let signature = BitString::from_bytes(&signer.sign(&tbs_cert_list.to_der()?)?)?;
        Ok(CertificateList { tbs_cert_list, signature_algorithm: signer.algorithm().identifier(), signature })
    }

    fn list_extensions(&self, number: u64) -> Result<Vec<Extension>, IssueError> {
        let since = self.certificate()?.tbs_certificate().validity().not_before.to_system_time();
        let since = GeneralizedTime::from_unix_duration(seconds(since)?)?;
        Ok(vec![
            extension(&authority_key(self.key_identifier()?), false)?,
            extension(&CrlNumber::try_from(number)?, false)?,
            Extension { extn_id: EXPIRED_ON_LIST, critical: false, extn_value: OctetString::new(since.to_der()?)? },
        ])
    }
}

fn entry(revoked: &Revoked) -> der::Result<RevokedCert> {
    let reason = match revoked.reason {
        Reason::KeyCompromise => CrlReason::KeyCompromise,
        Reason::AffiliationChanged => CrlReason::AffiliationChanged,
        Reason::Superseded => CrlReason::Superseded,
        Reason::CessationOfOperation => CrlReason::CessationOfOperation,
    };
    let extn_value = OctetString::new(reason.to_der()?)?;
    Ok(RevokedCert {
        serial_number: revoked.serial.clone(),
        revocation_date: encode(revoked.since)?,
        crl_entry_extensions: Some(vec![Extension { extn_id: CrlReason::OID, critical: false, extn_value }]),
    })
}

/// Reads a revocation list as PEM (`BEGIN X509 CRL`).
///
/// # Errors
/// When it is something else.
pub fn revocation_list(text: &str) -> Result<CertificateList, CredentialError> {
    let (label, document) = der::Document::from_pem(text).map_err(|_| CredentialError::NotAList)?;
    let list = (label == "X509 CRL").then(|| document.decode_msg::<CertificateList>().ok()).flatten();
    list.ok_or(CredentialError::NotAList)
}
