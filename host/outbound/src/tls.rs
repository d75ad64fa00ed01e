//! Whom we trust: the machine's authorities, or a system's own and nobody else. Always with ring, always verified.

use std::{path::Path, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, Error as TlsError, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::Unreachable;

/// The authorities that the machine trusts. Some may be unusable; none at all is said when they are needed.
pub(crate) fn machine_roots() -> RootCertStore {
    let loaded = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (_, unusable) = roots.add_parsable_certificates(loaded.certs);
    if unusable > 0 || !loaded.errors.is_empty() {
        tracing::warn!(unusable, unreadable = loaded.errors.len(), "some of the machine's authorities can't be used");
    }
    roots
}

/// The authorities in a PEM file, every one of them usable.
pub(crate) fn roots_of(path: &Path) -> Result<RootCertStore, &'static str> {
    let pem = std::fs::read(path).map_err(|_| "the file can't be read")?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| "the file is not PEM")?;
        roots.add(certificate).map_err(|_| "a certificate in the file can't be used as an authority")?;
    }
    if roots.is_empty() {
        return Err("the file has no certificate");
    }
    Ok(roots)
}

/// TLS 1.2 and 1.3 over ring, whatever provider the process has.
pub(crate) fn client(roots: RootCertStore) -> Result<ClientConfig, TlsError> {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(ring).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// What TLS did not like, if it was TLS.
pub(crate) fn complaint(error: &(dyn std::error::Error + 'static)) -> Option<Unreachable> {
    if let Some(error) = error.downcast_ref::<TlsError>() {
        return Some(reason(error));
    }
    // An I/O error's source is that of what it holds: what it holds would be passed over.
    let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    match held {
        Some(held) => complaint(held),
        None => complaint(error.source()?),
    }
}

fn reason(error: &TlsError) -> Unreachable {
    match error {
        TlsError::InvalidCertificate(error) => match error {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Unreachable::OtherName
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Unreachable::Expired,
            _ => Unreachable::Untrusted,
        },
        _ => Unreachable::Tls,
    }
}
