//! The way from a certificate up to a root (RFC 5280, 6), stricter than it: a revocation list is always needed.

use std::{cell::Cell, time::SystemTime};

use x509_cert::Certificate;

use crate::{PathError, Trust, Usage, credential::signature_holds, form::Form};

/// How many authorities may stand in a row. Ours has two; national ones have three.
const LONGEST: usize = 8;

/// How many signatures are checked for one question: certificates of an attacker can be many and all fit together.
const MOST_SIGNATURES: usize = 64;

// === impl Trust ===

impl Trust {
    /// Checks that `leaf` was good for `usage` at that time.
    ///
    /// `others` are certificates that may stand between it and a root, in any order; a document brings them along and
    /// they need no trust. Every certificate but the root needs a revocation list of its issuer that covers the time.
    ///
    /// # Errors
    /// Why not. Where several ways lead up, the error is that of the one that leads furthest.
    pub fn check(
        &self,
        leaf: &Certificate,
        others: &[Certificate],
        at: SystemTime,
        usage: Usage,
    ) -> Result<(), PathError> {
        Form(leaf).check()?;
        Form(leaf).check_usage(usage)?;
        let search = Search { trust: self, others, at, usage, signatures: Cell::new(0) };
        search.climb(&mut vec![leaf])
    }
}

struct Search<'a> {
    trust: &'a Trust,
    others: &'a [Certificate],
    at: SystemTime,
    usage: Usage,
    signatures: Cell<usize>,
}

// === impl Search ===

impl<'a> Search<'a> {
    /// Goes on from the last certificate of `path`, all of which are good as far as they could be checked.
    fn climb(&self, path: &mut Vec<&'a Certificate>) -> Result<(), PathError>
    where
        Self: 'a,
    {
        let Some(last) = path.last().copied() else { return Ok(()) };
        self.check_time(last)?;
        if self.trust.roots.iter().any(|root| root == last) {
            return Ok(());
        }
        let mut failure = None;
        for issuer in self.issuers_of(last) {
            if path.len() > LONGEST || path.contains(&issuer) {
                continue;
            }
            match self.step(path, last, issuer) {
                Ok(()) => return Ok(()),
                Err(error) => failure = Some(nearer(failure, error)),
            }
        }
        Err(failure.unwrap_or_else(|| PathError::Untrusted { subject: Form(last).subject() }))
    }

    fn step(
        &self,
        path: &mut Vec<&'a Certificate>,
        last: &'a Certificate,
        issuer: &'a Certificate,
    ) -> Result<(), PathError> {
        self.signatures.set(self.signatures.get() + 1);
        if self.signatures.get() > MOST_SIGNATURES || !signature_holds(last, issuer) {
            return Err(PathError::Signature { subject: Form(last).subject() });
        }
        Form(issuer).check()?;
        Form(issuer).check_authority(path.len() - 1)?;
        Form(issuer).check_limit(self.usage)?;
        path.push(issuer);
        let above = self.climb(path);
        path.pop();
        // Told last: that a certificate is untrusted says more than that nothing is known of it.
        above.and_then(|()| self.trust.check_revocation(last, issuer, self.at))
    }

    /// Whoever bears the name of the issuer, and its key identifier where both name one; roots first.
    fn issuers_of(&self, below: &'a Certificate) -> impl Iterator<Item = &'a Certificate> + use<'a> {
        let name = below.tbs_certificate().issuer();
        let key = Form(below).issuer_key_identifier();
        self.trust.roots.iter().chain(self.others).filter(move |above| {
            let own = Form(above).key_identifier();
            let same_key = key.is_none() || own.is_none() || key == own;
            above.tbs_certificate().subject() == name && same_key
        })
    }

    fn check_time(&self, certificate: &Certificate) -> Result<(), PathError> {
        let validity = certificate.tbs_certificate().validity();
        let subject = || Form(certificate).subject();
        if self.at < validity.not_before.to_system_time() {
            return Err(PathError::NotYetValid { subject: subject() });
        }
        if self.at > validity.not_after.to_system_time() {
            return Err(PathError::Expired { subject: subject() });
        }
        Ok(())
    }
}

/// The more telling of two failures: that a namesake did not sign says least.
fn nearer(first: Option<PathError>, second: PathError) -> PathError {
    match first {
        Some(PathError::Signature { .. } | PathError::Untrusted { .. }) | None => second,
        Some(first) => first,
    }
}
