use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Deserialize;
use zhongtai_kernel::{Clock, ErrorKind};

use crate::{Channels, Schedule, Smtp, Webhook};

/// The `[notify]` table of `zt.toml`. A channel without its table is not set up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotifyConfig {
    /// Mail.
    pub smtp: Option<SmtpConfig>,
    /// Signed HTTP requests.
    pub webhook: Option<WebhookConfig>,
    /// When to try again.
    pub schedule: Schedule,
}

// === impl NotifyConfig ===

impl NotifyConfig {
    /// Sets the configured channels up. A process-wide rustls provider must be installed before.
    pub fn channels(&self, clock: &Arc<dyn Clock>) -> Result<Channels, ConfigError> {
        let mut channels = Channels::default();
        if let Some(config) = &self.smtp {
            channels.email = Some(Arc::new(Smtp::new(config, clock.clone())?));
        }
        if let Some(config) = &self.webhook {
            channels.webhook = Some(Arc::new(Webhook::new(config, clock.clone())?));
        }
        Ok(channels)
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

/// The first line of a secret's file.
pub(crate) fn read_secret(at: &'static str, path: &Path) -> Result<String, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Secret { at, path: path.into(), source })?;
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

    use super::*;

    fn smtp(text: &str) -> Result<Smtp, ConfigError> {
        let base = r#""host": "localhost", "port": 25, "from": "某区政务服务 <noreply@example.gov.cn>""#;
        let config: SmtpConfig = serde_json::from_str(&format!("{{{base}, {text}}}")).unwrap();
        Smtp::new(&config, Arc::new(SystemClock))
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = serde_json::from_str::<NotifyConfig>(r#"{"smpt": {}}"#).unwrap_err().to_string();
        assert!(error.contains("unknown field `smpt`"), "{error}");
        let error = serde_json::from_str::<WebhookConfig>(r#"{"secret": "x"}"#).unwrap_err().to_string();
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
    fn a_short_webhook_secret_is_refused() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "short\n").unwrap();
        let config = WebhookConfig { secret_file: file.path().into() };
        let error = Webhook::new(&config, Arc::new(SystemClock)).err().unwrap();
        assert_eq!(error.to_string(), "notify.webhook.secret_file: expected a secret of 32 bytes or more");
    }
}
