use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, de::DeserializeOwned};
use zhongtai_kernel::{Clock, ErrorKind};
use zhongtai_outbound::{OriginsConfig, Outbound, OutboundError};

use crate::{ChannelKind, Channels, Limits, Quiet, Schedule, Smtp, Webhook};

/// Where a message goes by default, and goes on when that fails. What is not set up, or has no address, is left out.
pub(crate) const ORDER: [ChannelKind; 4] =
    [ChannelKind::Sms, ChannelKind::Email, ChannelKind::Webhook, ChannelKind::Inbox];

/// The `[notify]` table of `zt.toml`. A channel without its table is not set up.
///
/// `S` is the configuration of whatever carries short messages, `[notify.sms]`: connectors are not known here, and the
/// server puts theirs in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, bound(deserialize = "S: DeserializeOwned"))]
pub struct NotifyConfig<S = NoSms> {
    /// Mail.
    pub smtp: Option<SmtpConfig>,
    /// Signed HTTP requests.
    pub webhook: Option<WebhookConfig>,
    /// Short messages.
    pub sms: Option<S>,
    /// When to try again.
    pub schedule: Schedule,
    /// How much is sent.
    pub limits: Limits,
    /// When channels are silent.
    pub quiet: Quiet,
    /// Where a message goes by default, and goes on when that fails: the first that the recipient has, after the one
    /// that they prefer.
    pub order: Vec<ChannelKind>,
    /// How long a text waits for its receipt, hours; after that a late failure goes no other way.
    pub receipt_wait_h: NonZeroU32,
    /// How long deliveries can be looked at, days. What is dead is forgotten then too, and keys that send once.
    pub retain_days: NonZeroU32,
    /// How long messages stay in the inbox, days.
    pub inbox_retain_days: NonZeroU32,
}

/// Short messages can't be set up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub enum NoSms {}

impl<S> Default for NotifyConfig<S> {
    fn default() -> Self {
        let days = |days: u32| NonZeroU32::MIN.saturating_add(days.saturating_sub(1));
        Self {
            smtp: None,
            webhook: None,
            sms: None,
            schedule: Schedule::default(),
            limits: Limits::default(),
            quiet: Quiet::default(),
            order: ORDER.to_vec(),
            receipt_wait_h: days(72),
            retain_days: days(180),
            inbox_retain_days: days(365),
        }
    }
}

/// What the outbox goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxOptions {
    /// When to try again.
    pub schedule: Schedule,
    /// How much is sent.
    pub limits: Limits,
    /// When channels are silent.
    pub quiet: Quiet,
    /// See [`NotifyConfig::order`].
    pub order: Vec<ChannelKind>,
    /// See [`NotifyConfig::receipt_wait_h`].
    pub receipt_wait_h: NonZeroU32,
    /// See [`NotifyConfig::retain_days`].
    pub retain_days: NonZeroU32,
    /// See [`NotifyConfig::inbox_retain_days`].
    pub inbox_retain_days: NonZeroU32,
}

impl Default for OutboxOptions {
    fn default() -> Self {
        NotifyConfig::<NoSms>::default().options()
    }
}

// === impl NotifyConfig ===

impl<S> NotifyConfig<S> {
    /// Sets up the configured channels that are our own. A process-wide rustls provider must be installed before.
    pub fn channels(&self, outbound: &Outbound, clock: &Arc<dyn Clock>) -> Result<Channels, ConfigError> {
        let mut channels = Channels::default();
        if let Some(config) = &self.smtp {
            channels.email = Some(Arc::new(Smtp::new(config, clock.clone())?));
        }
        if let Some(config) = &self.webhook {
            channels.webhook = Some(Arc::new(Webhook::new(config, outbound, clock.clone())?));
        }
        Ok(channels)
    }

    /// What the outbox goes by.
    pub fn options(&self) -> OutboxOptions {
        OutboxOptions {
            schedule: self.schedule,
            limits: self.limits,
            quiet: self.quiet,
            order: self.order.clone(),
            receipt_wait_h: self.receipt_wait_h,
            retain_days: self.retain_days,
            inbox_retain_days: self.inbox_retain_days,
        }
    }
}

/// The `[notify.smtp]` table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// The server's name; with TLS, the one its certificate is for.
    pub host: String,
    /// 25, 465 (`tls`) or 587 (`starttls`), usually.
    pub port: u16,
    /// The sender, `user@domain` or `Name <user@domain>`.
    pub from: String,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// Who signs in; needs TLS and `password_file`.
    pub username: Option<String>,
    /// The file with the password on its first line.
    pub password_file: Option<PathBuf>,
    /// The file with the certificates (PEM) of the only authorities to trust; those of the public web by default.
    pub ca_file: Option<PathBuf>,
    /// Signs every mail.
    pub dkim: Option<DkimConfig>,
}

/// The `[notify.smtp.dkim]` table: signatures of mails (RFC 6376), for whoever receives them to check against the key
/// that the domain publishes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DkimConfig {
    /// The domain that signs: the sender's, or one above it.
    pub domain: String,
    /// The name of the key: it is published at `<selector>._domainkey.<domain>`.
    pub selector: String,
    /// The file with an RSA key of 2048 bits or more (PKCS #1, PEM: `BEGIN RSA PRIVATE KEY`).
    pub key_file: PathBuf,
}

/// How a connection to the SMTP server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SmtpTls {
    /// Not at all: only for a server on the same machine or in a network of one's own.
    None,
    /// Upgraded before anything else is said (RFC 3207); a server that can't is refused.
    Starttls,
    /// From the first byte (RFC 8314).
    Tls,
}

/// The `[notify.webhook]` table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// The file with the signing secret on its first line, 32 bytes or more.
    pub secret_file: PathBuf,
    /// How receivers are called, and which hosts may be.
    #[serde(flatten)]
    pub receivers: OriginsConfig,
}

/// The configuration can't be used. The message names the key and never a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value is not valid.
    #[error("notify.{at}: {problem}")]
    Value {
        /// The key.
        at: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// A secret's file can't be read.
    #[error("notify.{at}: {} can't be read", path.display())]
    Secret {
        /// The key.
        at: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Receivers can't be called so.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
}

// === impl ConfigError ===

impl ConfigError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    pub(crate) fn value(at: &'static str, problem: &'static str) -> Self {
        Self::Value { at, problem }
    }
}

/// A file's text.
pub(crate) fn read_file(at: &'static str, path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Secret { at, path: path.into(), source })
}

/// The first line of a secret's file.
pub(crate) fn read_secret(at: &'static str, path: &Path) -> Result<String, ConfigError> {
    let text = read_file(at, path)?;
    match text.lines().next() {
        Some(secret) if !secret.is_empty() => Ok(secret.to_owned()),
        _ => Err(ConfigError::value(at, "the file's first line is empty")),
    }
}

/// TLS clients panic when no provider is installed; we say so instead.
pub(crate) fn crypto_is_there() -> Result<(), ConfigError> {
    match rustls::crypto::CryptoProvider::get_default() {
        Some(_) => Ok(()),
        None => Err(ConfigError::value("", "no process-wide rustls provider is installed; main installs it first")),
    }
}

#[cfg(test)]
mod tests {
    use zhongtai_kernel::SystemClock;
    use zhongtai_outbound::OutboundConfig;

    use super::*;

    fn smtp(text: &str) -> Result<Smtp, ConfigError> {
        let base = r#""host": "localhost", "port": 25, "from": "某区政务服务 <noreply@example.gov.cn>""#;
        let config: SmtpConfig = serde_json::from_str(&format!("{{{base}, {text}}}")).unwrap();
        Smtp::new(&config, Arc::new(SystemClock))
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let unknown = |text: &str| serde_json::from_str::<NotifyConfig>(text).unwrap_err().to_string();
        let cases = [
            (r#"{"smpt": {}}"#, "unknown field `smpt`"),
            (r#"{"limits": {"fax": {}}}"#, "unknown field `fax`"),
            (r#"{"limits": {"sms": {"per_hour": 1}}}"#, "unknown field `per_hour`"),
            (r#"{"quiet": {"sms": {"from": "22:00", "until": "07:00"}}}"#, "unknown field `until`"),
            (r#"{"order": ["fax"]}"#, "unknown variant `fax`"),
            (r#"{"retain_days": 0}"#, "nonzero"),
        ];
        for (text, expected) in cases {
            assert!(unknown(text).contains(expected), "{}", unknown(text));
        }
        let error =
            serde_json::from_str::<WebhookConfig>(r#"{"secret_file": "x", "secret": "x"}"#).unwrap_err().to_string();
        assert!(error.contains("unknown field `secret`"), "{error}");
    }

    #[tokio::test]
    async fn a_password_is_read_from_its_file_and_never_sent_without_tls() {
        assert!(smtp(r#""tls": "none""#).is_ok());
        let clear = smtp(r#""tls": "none", "username": "u", "password_file": "/dev/null""#).err().unwrap();
        assert_eq!(clear.to_string(), "notify.smtp.username: a password needs `tls = \"starttls\"` or `\"tls\"`");
        let alone = smtp(r#""tls": "none", "username": "u""#).err().unwrap();
        assert_eq!(alone.to_string(), "notify.smtp.username: `username` and `password_file` go together");
        let _ = rustls::crypto::ring::default_provider().install_default();
        let missing = smtp(r#""tls": "tls", "username": "u", "password_file": "/nowhere""#).err().unwrap();
        assert_eq!(missing.to_string(), "notify.smtp.password_file: /nowhere can't be read");
        let empty = smtp(r#""tls": "starttls", "username": "u", "password_file": "/dev/null""#).err().unwrap();
        assert_eq!(empty.to_string(), "notify.smtp.password_file: the file's first line is empty");
    }

    #[test]
    fn what_a_mail_is_signed_with_is_checked_at_the_start() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let file = tempfile::NamedTempFile::new().unwrap();
        let signed = |key: &str, domain: &str| {
            std::fs::write(file.path(), key).unwrap();
            let file = file.path().display();
            let dkim = format!(r#"{{"domain": "{domain}", "selector": "zt", "key_file": "{file}"}}"#);
            smtp(&format!(r#""tls": "none", "dkim": {dkim}"#)).err().unwrap().to_string()
        };
        let expected = "notify.smtp.dkim.key_file: expected an RSA key of 2048 bits or more as PKCS #1 (PEM)";
        assert_eq!(
            signed("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", "example.gov.cn"),
            expected
        );
        assert_eq!(signed("", "example.gov.cn"), expected);
        let other = "notify.smtp.dkim.domain: expected the sender's domain or one above it";
        assert_eq!(signed("", "example.org"), other);
        assert_eq!(signed("", "mple.gov.cn"), other);
    }

    #[test]
    fn an_authority_that_cannot_be_read_is_refused() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let missing = smtp(r#""tls": "tls", "ca_file": "/nowhere""#).err().unwrap();
        assert_eq!(missing.to_string(), "notify.smtp.ca_file: /nowhere can't be read");
        let empty = smtp(r#""tls": "tls", "ca_file": "/dev/null""#).err().unwrap();
        assert_eq!(empty.to_string(), "notify.smtp.ca_file: expected certificates (PEM)");
        let clear = smtp(r#""tls": "none", "ca_file": "/dev/null""#).err().unwrap();
        assert_eq!(clear.to_string(), "notify.smtp.ca_file: there is nothing to check without `tls`");
    }

    #[test]
    fn a_short_webhook_secret_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "short\n").unwrap();
        let outbound = Outbound::new(&OutboundConfig::default(), Arc::new(SystemClock)).unwrap();
        let refused = |config: &str| {
            let base = format!("secret_file = '{}'\n", file.path().display());
            let config: WebhookConfig = toml::from_str(&format!("{base}{config}")).unwrap();
            Webhook::new(&config, &outbound, Arc::new(SystemClock)).err().unwrap().to_string()
        };
        assert_eq!(refused(""), "notify.webhook.secret_file: expected a secret of 32 bytes or more");
        std::fs::write(file.path(), "0123456789abcdef0123456789abcdef\n").unwrap();
        assert_eq!(refused("timeout_ms = 1"), "notify.webhook: timeout_ms: expected 10 to 600000");
        let hosts = refused("hosts = ['https://oa.example.gov.cn']");
        assert_eq!(hosts, "notify.webhook: hosts: expected names of hosts in lower case, without port");
    }
}
