//! Signatures of mails (DKIM, RFC 6376): whoever receives one can tell that the domain sent it, and that it arrived as
//! it was sent.

use lettre::{
    Message,
    message::{
        dkim::{
            DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm, DkimSigningKey, dkim_sign,
        },
        header::HeaderName,
    },
};

use crate::{ConfigError, config::read_file};

/// What a receiver shows, or acts on (RFC 6376, 5.4.1). The encoding of the body too: changed, it would read otherwise.
const HEADERS: [&str; 7] = ["From", "To", "Subject", "Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding"];

/// Characters of the base64 of an RSA key of 2048 bits, at least. Shorter keys are refused by receivers (RFC 8301, 3.2).
const KEY_CHARS: usize = 1_500;

/// Signs mails with the domain's key.
pub(super) struct Signer(DkimConfig);

// === impl Signer ===

impl Signer {
    /// Reads the key. `sender` is the domain that mails are from: a signature of another one says nothing about it.
    pub(super) fn new(config: &crate::DkimConfig, sender: &str) -> Result<Self, ConfigError> {
        let is_above =
            sender.strip_suffix(config.domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        if config.domain.is_empty() || !is_above {
            return Err(ConfigError::value("smtp.dkim.domain", "expected the sender's domain or one above it"));
        }
        let is_label = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
        if config.selector.is_empty() || !config.selector.bytes().all(is_label) {
            return Err(ConfigError::value("smtp.dkim.selector", "expected letters, digits, `-` and `.`"));
        }
        let key = signing_key(&read_file("smtp.dkim.key_file", &config.key_file)?)?;
        let relaxed = DkimCanonicalizationType::Relaxed;
        Ok(Self(DkimConfig::new(
            config.selector.clone(),
            config.domain.clone(),
            key,
            HEADERS.into_iter().map(HeaderName::new_from_ascii_str).collect(),
            // Relays fold headers anew and take blanks away from the ends of lines.
            DkimCanonicalization { header: relaxed, body: relaxed },
        )))
    }

    pub(super) fn sign(&self, mail: &mut Message) {
        dkim_sign(mail, &self.0);
    }
}

fn signing_key(pem: &str) -> Result<DkimSigningKey, ConfigError> {
    let invalid =
        || ConfigError::value("smtp.dkim.key_file", "expected an RSA key of 2048 bits or more as PKCS #1 (PEM)");
    let base64: usize = pem.lines().filter(|line| !line.starts_with("-----")).map(|line| line.trim().len()).sum();
    if base64 < KEY_CHARS {
        return Err(invalid());
    }
    DkimSigningKey::new(pem, DkimSigningAlgorithm::Rsa).map_err(|_| invalid())
}
