//! What one certificate says about itself, read strictly.

use const_oid::{AssociatedOid as _, ObjectIdentifier};
use der::Decode;
use x509_cert::{
    Certificate, Version,
    ext::pkix::{
        AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, ExtendedKeyUsage, KeyUsage, NameConstraints,
        SubjectAltName, SubjectKeyIdentifier,
    },
};

use crate::{Algorithm, PathError, Usage, profile};

/// Critical extensions that are understood. Policies need no work: no policy is asked for.
const UNDERSTOOD: [ObjectIdentifier; 5] =
    [BasicConstraints::OID, KeyUsage::OID, ExtendedKeyUsage::OID, SubjectAltName::OID, CertificatePolicies::OID];

/// What viewers of documents accept as the purpose of a signature: RFC 9336, e-mail, and what two vendors had before.
const DOCUMENTS: [ObjectIdentifier; 5] = [
    profile::DOCUMENT_SIGNING,
    profile::EMAIL_PROTECTION,
    profile::ANY_USE,
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.10.3.12"),
    ObjectIdentifier::new_unwrap("1.2.840.113583.1.1.5"),
];

/// A certificate under examination.
#[derive(Clone, Copy)]
pub(crate) struct Form<'a>(pub(crate) &'a Certificate);

// === impl Form ===

impl<'a> Form<'a> {
    pub(crate) fn subject(self) -> String {
        self.0.tbs_certificate().subject().to_string()
    }

    fn malformed(self, reason: &'static str) -> PathError {
        PathError::Malformed { subject: self.subject(), reason }
    }

    fn unfit(self, reason: &'static str) -> PathError {
        PathError::Usage { subject: self.subject(), reason }
    }

    fn no_authority(self, reason: &'static str) -> PathError {
        PathError::NotAnAuthority { subject: self.subject(), reason }
    }

    /// An extension, and whether it is critical.
    fn read<T: Decode<'a, Error = der::Error> + const_oid::AssociatedOid>(
        self,
    ) -> Result<Option<(bool, T)>, PathError> {
        let found = self.0.tbs_certificate().get_extension::<T>();
        found.map_err(|_| self.malformed("an extension is there twice or can't be read"))
    }

    pub(crate) fn key_identifier(self) -> Option<Vec<u8>> {
        let found = self.read::<SubjectKeyIdentifier>().ok()??;
        Some(found.1.0.as_bytes().to_vec())
    }

    pub(crate) fn issuer_key_identifier(self) -> Option<Vec<u8>> {
        let found = self.read::<AuthorityKeyIdentifier>().ok()??;
        Some(found.1.key_identifier?.as_bytes().to_vec())
    }

    /// Rules for every certificate: version 3, a known key, one name for its algorithm, nothing critical that is
    /// not understood (RFC 5280, 4.1.1.2 and 4.2).
    pub(crate) fn check(self) -> Result<(), PathError> {
        let tbs = self.0.tbs_certificate();
        if tbs.version() != Version::V3 {
            return Err(self.malformed("not an X.509 certificate of version 3"));
        }
        if tbs.signature() != self.0.signature_algorithm() {
            return Err(self.malformed("it names two algorithms for its signature"));
        }
        if Algorithm::of_key(tbs.subject_public_key_info()).is_none() {
            return Err(self.malformed("its key is neither P-256 nor SM2 nor RSA"));
        }
        let extensions = tbs.extensions().map(Vec::as_slice).unwrap_or_default();
        if extensions.iter().any(|one| one.critical && !UNDERSTOOD.contains(&one.extn_id)) {
            return Err(self.malformed("a critical extension of it is not understood"));
        }
        if extensions.iter().any(|one| one.extn_id == NameConstraints::OID) {
            return Err(self.malformed("its name constraints are not understood"));
        }
        let repeated = |(at, one): (usize, &x509_cert::ext::Extension)| {
            extensions.iter().skip(at + 1).any(|other| other.extn_id == one.extn_id)
        };
        if extensions.iter().enumerate().any(repeated) {
            return Err(self.malformed("an extension is there twice"));
        }
        Ok(())
    }

    /// Rules for the certificate that is asked about.
    pub(crate) fn check_usage(self, usage: Usage) -> Result<(), PathError> {
        let authority = self.read::<BasicConstraints>()?.is_some_and(|(_, constraints)| constraints.ca);
        let (_, key) = self.read::<KeyUsage>()?.ok_or_else(|| self.unfit("it does not say what its key is for"))?;
        if usage == Usage::CertificateAuthority {
            return if authority { self.check_authority(0) } else { Err(self.unfit("it is not an authority's")) };
        }
        if authority {
            return Err(self.unfit("it is an authority's"));
        }
        if !key.digital_signature() && !key.non_repudiation() {
            return Err(self.unfit("its key is not for signatures"));
        }
        let extended = self.read::<ExtendedKeyUsage>()?;
        match (usage, extended) {
            (Usage::TimeStamping, Some((true, ExtendedKeyUsage(uses)))) if uses == [profile::TIME_STAMPING] => Ok(()),
            (Usage::TimeStamping, _) => Err(self.unfit("it is not critically for time stamps and nothing else")),
            (_, None) => Ok(()),
            (_, Some((_, uses))) if uses.0.iter().any(|one| DOCUMENTS.contains(one)) => Ok(()),
            _ => Err(self.unfit("its extended key usage does not include documents")),
        }
    }

    /// Rules for whoever issues, with `below` authorities between it and the certificate asked about.
    pub(crate) fn check_authority(self, below: usize) -> Result<(), PathError> {
        let (_, constraints) =
            self.read::<BasicConstraints>()?.ok_or_else(|| self.no_authority("it is not marked as an authority"))?;
        if !constraints.ca {
            return Err(self.no_authority("it is not marked as an authority"));
        }
        if constraints.path_len_constraint.is_some_and(|most| below > usize::from(most)) {
            return Err(self.no_authority("more authorities stand below it than it may have"));
        }
        match self.read::<KeyUsage>()? {
            Some((_, usage)) if usage.key_cert_sign() => Ok(()),
            _ => Err(self.no_authority("its key is not for signing certificates")),
        }
    }

    /// Where an issuer limits what its certificates are for, `usage` has to be among it.
    pub(crate) fn check_limit(self, usage: Usage) -> Result<(), PathError> {
        let Some((_, uses)) = self.read::<ExtendedKeyUsage>()? else { return Ok(()) };
        let allowed = match usage {
            Usage::DocumentSigning => uses.0.iter().any(|one| DOCUMENTS.contains(one)),
            Usage::TimeStamping => uses.0.iter().any(|one| [profile::TIME_STAMPING, profile::ANY_USE].contains(one)),
            Usage::CertificateAuthority => true,
        };
        if allowed { Ok(()) } else { Err(self.no_authority("it is limited to other uses")) }
    }

    pub(crate) fn may_sign_lists(self) -> bool {
        matches!(self.read::<KeyUsage>(), Ok(Some((_, usage))) if usage.crl_sign())
    }
}
