//! Whether a certificate was taken back.

use std::time::SystemTime;

use const_oid::{AssociatedOid as _, ObjectIdentifier};
use der::{Decode as _, Encode as _, asn1::GeneralizedTime};
use x509_cert::{
    Certificate, Version,
    crl::{CertificateList, RevokedCert},
    ext::{
        Extension,
        pkix::{AuthorityKeyIdentifier, CrlReason},
    },
};

use crate::{Algorithm, PathError, Trust, form::Form, revocation::EXPIRED_ON_LIST, verify};

/// RFC 5280, 5.3.2.
const INVALIDITY_DATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.24");

// === impl Trust: revocation ===

impl Trust {
    /// Looks for `certificate` on its issuer's lists.
    pub(crate) fn check_revocation(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: SystemTime,
    ) -> Result<(), PathError> {
        let subject = || Form(certificate).subject();
        let lists: Vec<&CertificateList> = self.revocations.iter().filter(|list| is_of(list, issuer)).collect();
        let since =
            lists.iter().filter_map(|list| revoked_since(list, certificate, covers(list, certificate, at))).min();
        match since {
            Some(since) if since <= at => Err(PathError::Revoked { subject: subject(), since }),
            _ if lists.iter().any(|list| covers(list, certificate, at)) => Ok(()),
            _ => Err(PathError::RevocationUnknown { subject: subject() }),
        }
    }
}

/// Whether the issuer signed this list, in a form that is understood: complete, direct, of version 2.
fn is_of(list: &CertificateList, issuer: &Certificate) -> bool {
    let tbs = &list.tbs_cert_list;
    let named = tbs.issuer == *issuer.tbs_certificate().subject() && same_key(list, issuer);
    named
        && tbs.version == Version::V2
        && tbs.signature == list.signature_algorithm
        && understood(tbs.crl_extensions.as_deref())
        && tbs.revoked_certificates.iter().flatten().all(|entry| understood(entry.crl_entry_extensions.as_deref()))
        && Form(issuer).may_sign_lists()
        && signature_holds(list, issuer)
}

/// No critical extension of a list is understood: each makes it cover less than it seems to.
fn understood(extensions: Option<&[Extension]>) -> bool {
    extensions.unwrap_or_default().iter().all(|one| !one.critical)
}

fn same_key(list: &CertificateList, issuer: &Certificate) -> bool {
    let named = extension(list.tbs_cert_list.crl_extensions.as_deref(), AuthorityKeyIdentifier::OID)
        .and_then(|one| AuthorityKeyIdentifier::from_der(one.extn_value.as_bytes()).ok())
        .and_then(|one| one.key_identifier);
    match (named, Form(issuer).key_identifier()) {
        (Some(named), Some(own)) => named.as_bytes() == own,
        _ => true,
    }
}

fn signature_holds(list: &CertificateList, issuer: &Certificate) -> bool {
    let Some(algorithm) = Algorithm::of_signature(&list.signature_algorithm) else { return false };
    let (Ok(message), Some(signature)) = (list.tbs_cert_list.to_der(), list.signature.as_bytes()) else {
        return false;
    };
    verify(issuer.tbs_certificate().subject_public_key_info(), algorithm, &message, signature).is_ok()
}

/// Whether a list says of every certificate that was revoked by then, that it was.
///
/// It has to be in force at that time or younger. Younger than the certificate's end it only counts when it keeps
/// expired certificates: others leave them out.
fn covers(list: &CertificateList, certificate: &Certificate, at: SystemTime) -> bool {
    let tbs = &list.tbs_cert_list;
    let in_force = tbs.next_update.is_some_and(|next| at <= next.to_system_time());
    let end = certificate.tbs_certificate().validity().not_after.to_system_time();
    let kept = extension(tbs.crl_extensions.as_deref(), EXPIRED_ON_LIST)
        .and_then(|one| GeneralizedTime::from_der(one.extn_value.as_bytes()).ok())
        .is_some_and(|since| since.to_system_time() <= end);
    in_force && (kept || tbs.this_update.to_system_time() <= end)
}

/// Since when, as far as this list says. A hold counts while its list is in force: it may be lifted again.
fn revoked_since(list: &CertificateList, certificate: &Certificate, in_force: bool) -> Option<SystemTime> {
    let serial = certificate.tbs_certificate().serial_number();
    let entries = list.tbs_cert_list.revoked_certificates.iter().flatten();
    let entry = entries.filter(|entry| entry.serial_number == *serial).find(|entry| in_force || !is_hold(entry))?;
    Some(invalid_since(entry).unwrap_or_else(|| entry.revocation_date.to_system_time()))
}

fn is_hold(entry: &RevokedCert) -> bool {
    let reason = extension(entry.crl_entry_extensions.as_deref(), CrlReason::OID)
        .and_then(|one| CrlReason::from_der(one.extn_value.as_bytes()).ok());
    reason == Some(CrlReason::CertificateHold)
}

/// An authority may say that the key was lost earlier than it learnt of it (RFC 5280, 5.3.2).
fn invalid_since(entry: &RevokedCert) -> Option<SystemTime> {
    let date = extension(entry.crl_entry_extensions.as_deref(), INVALIDITY_DATE)?;
    let date = GeneralizedTime::from_der(date.extn_value.as_bytes()).ok()?.to_system_time();
    Some(date.min(entry.revocation_date.to_system_time()))
}

fn extension(extensions: Option<&[Extension]>, oid: ObjectIdentifier) -> Option<&Extension> {
    extensions.unwrap_or_default().iter().find(|one| one.extn_id == oid)
}
