//! The way to the SMSC: a socket, with TLS or without.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::{SmppConfig, SmppConfigError, SmppTls};

pub(crate) type Reading = Box<dyn AsyncRead + Send + Unpin>;
pub(crate) type Writing = Box<dyn AsyncWrite + Send + Unpin>;

/// Connects.
pub(crate) struct Door {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

// === impl Door ===

impl Door {
    pub(crate) fn new(config: &SmppConfig) -> Result<Self, SmppConfigError> {
        let tls = match config.tls {
            SmppTls::None => None,
            SmppTls::Tls => Some(tls(config)?),
        };
        Ok(Self { host: config.host.clone(), port: config.port, tls })
    }

    pub(crate) async fn connect(&self) -> std::io::Result<(Reading, Writing)> {
        let socket = TcpStream::connect((self.host.as_str(), self.port)).await?;
        // PDUs are small, and each waits for an answer.
        socket.set_nodelay(true)?;
        match &self.tls {
            None => {
                let (reading, writing) = socket.into_split();
                Ok((Box::new(reading), Box::new(writing)))
            }
            Some((connector, name)) => {
                let (reading, writing) = tokio::io::split(connector.connect(name.clone(), socket).await?);
                Ok((Box::new(reading), Box::new(writing)))
            }
        }
    }
}

fn tls(config: &SmppConfig) -> Result<(TlsConnector, ServerName<'static>), SmppConfigError> {
    let wrong = |key, expected| SmppConfigError::Value { key, expected };
    let name = ServerName::try_from(config.host.clone());
    let name = name.map_err(|_| wrong("host", "a name that a certificate can be checked for"))?;
    let roots = match &config.ca_file {
        Some(file) => roots_of(file).ok_or_else(|| wrong("ca_file", "a file of certificates (PEM)"))?,
        None => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            roots
        }
    };
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(ring).with_safe_default_protocol_versions();
    let client = client.map_err(SmppConfigError::Tls)?.with_root_certificates(roots).with_no_client_auth();
    Ok((TlsConnector::from(Arc::new(client)), name))
}

/// The authorities of a file, every one of them usable.
fn roots_of(file: &Path) -> Option<RootCertStore> {
    let pem = std::fs::read(file).ok()?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots.add(certificate.ok()?).ok()?;
    }
    (!roots.is_empty()).then_some(roots)
}
