use std::path::PathBuf;

use serde::Deserialize;
use zhongtai_kernel::ErrorKind;
use zhongtai_outbound::{SecretError, SecretSource};

/// The `[notify.sms.smpp]` table of `zt.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmppConfig {
    /// The SMSC's name; with TLS, the one its certificate is for.
    pub host: String,
    /// 2775 usually, 3550 with TLS.
    pub port: u16,
    /// Who we are there: 1 to 15 ASCII characters.
    pub system_id: String,
    /// 1 to 8 ASCII characters: SMPP 3.4, 5.2.2 has no room for more.
    pub password: SecretSource,
    /// What kind of system we are, where the SMSC wants to know: 12 ASCII characters at most.
    #[serde(default)]
    pub system_type: String,
    /// The sender: a number, or up to 11 letters and digits; the SMSC's own when it is empty.
    #[serde(default)]
    pub source: String,
    /// How the connection is protected.
    #[serde(default)]
    pub tls: SmppTls,
    /// PEM certificates of the authorities that the SMSC's certificate must come from, instead of the machine's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// How texts travel that the GSM alphabet can write.
    #[serde(default)]
    pub alphabet: Alphabet,
    /// Messages that may wait for their answer at once; 1 to 100.
    #[serde(default = "defaults::window")]
    pub window: usize,
    /// How long an answer may take, milliseconds; 100 to 60,000.
    #[serde(default = "defaults::response_ms")]
    pub response_ms: u64,
    /// How often a silent connection is tried, milliseconds; 100 to 600,000.
    #[serde(default = "defaults::enquire_ms")]
    pub enquire_ms: u64,
    /// The pause before the second attempt to connect, milliseconds; each later one is twice as long, up to a minute.
    /// 10 to 60,000.
    #[serde(default = "defaults::reconnect_ms")]
    pub reconnect_ms: u64,
    /// How long nothing is sent after the SMSC said that it is too much, milliseconds; 10 to 60,000.
    #[serde(default = "defaults::throttle_ms")]
    pub throttle_ms: u64,
}

mod defaults {
    pub(super) fn window() -> usize {
        10
    }

    pub(super) fn response_ms() -> u64 {
        10_000
    }

    pub(super) fn enquire_ms() -> u64 {
        30_000
    }

    pub(super) fn reconnect_ms() -> u64 {
        1_000
    }

    pub(super) fn throttle_ms() -> u64 {
        1_000
    }
}

/// How the connection to the SMSC is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SmppTls {
    /// From the first byte.
    #[default]
    Tls,
    /// Not at all: password and texts can be read on the way. Only inside a network of one's own, or a tunnel.
    None,
}

/// How texts travel that the GSM 7-bit default alphabet can write; others are UCS-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alphabet {
    /// In that alphabet, one septet in an octet: what SMSCs take as their default.
    #[default]
    Gsm7,
    /// As UCS-2 too: for an SMSC whose default alphabet is another one.
    Ucs2,
}

/// The configuration can't be used. The message names the key and never a secret.
#[derive(Debug, thiserror::Error)]
pub enum SmppConfigError {
    /// A value is not valid.
    #[error("notify.sms.smpp.{key}: expected {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// The password can't be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// TLS can't be set up.
    #[error("notify.sms.smpp: TLS can't be set up")]
    Tls(#[source] rustls::Error),
}

// === impl SmppConfig ===

impl SmppConfig {
    /// An SMSC with TLS, the rest by default.
    pub fn at(host: impl Into<String>, port: u16, system_id: impl Into<String>, password: SecretSource) -> Self {
        Self {
            host: host.into(),
            port,
            system_id: system_id.into(),
            password,
            system_type: String::new(),
            source: String::new(),
            tls: SmppTls::default(),
            ca_file: None,
            alphabet: Alphabet::default(),
            window: defaults::window(),
            response_ms: defaults::response_ms(),
            enquire_ms: defaults::enquire_ms(),
            reconnect_ms: defaults::reconnect_ms(),
            throttle_ms: defaults::throttle_ms(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), SmppConfigError> {
        let must = |fits: bool, key, expected| match fits {
            true => Ok(()),
            false => Err(SmppConfigError::Value { key, expected }),
        };
        let is_ascii = |text: &str, least, most| {
            (least..=most).contains(&text.len()) && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        };
        let source = self.source.strip_prefix('+').unwrap_or(&self.source);
        let is_number = source.len() <= 20 && source.bytes().all(|byte| byte.is_ascii_digit());
        let is_name = self.source.len() <= 11 && self.source.bytes().all(|byte| byte.is_ascii_alphanumeric());
        must(!self.host.is_empty(), "host", "a name or an address")?;
        must(is_ascii(&self.system_id, 1, 15), "system_id", "1 to 15 ASCII characters")?;
        must(is_ascii(&self.system_type, 0, 12), "system_type", "12 ASCII characters at most")?;
        must(is_number || is_name, "source", "a number, or up to 11 letters and digits")?;
        must(self.ca_file.is_none() || self.tls == SmppTls::Tls, "ca_file", "none without TLS")?;
        must((1..=100).contains(&self.window), "window", "1 to 100")?;
        must((100..=60_000).contains(&self.response_ms), "response_ms", "100 to 60000")?;
        must((100..=600_000).contains(&self.enquire_ms), "enquire_ms", "100 to 600000")?;
        must((10..=60_000).contains(&self.reconnect_ms), "reconnect_ms", "10 to 60000")?;
        must((10..=60_000).contains(&self.throttle_ms), "throttle_ms", "10 to 60000")
    }

    /// The password, which has to fit into the PDU.
    pub(crate) fn read_password(&self) -> Result<String, SmppConfigError> {
        let secret = self.password.read("notify.sms.smpp.password")?;
        let text = secret
            .expose_str()
            .filter(|text| (1..=8).contains(&text.len()) && text.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
        let wrong = SmppConfigError::Value { key: "password", expected: "1 to 8 ASCII characters" };
        text.map(str::to_owned).ok_or(wrong)
    }
}

// === impl SmppConfigError ===

impl SmppConfigError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "host = 'smsc.example.cn'\nport = 3550\nsystem_id = 'qc'\npassword = { env = 'SMSC' }";

    #[test]
    fn a_table_has_defaults_and_an_unknown_key_is_refused_by_name() {
        let config: SmppConfig = toml::from_str(TEXT).unwrap();
        assert_eq!(config, SmppConfig::at("smsc.example.cn", 3550, "qc", SecretSource::Env("SMSC".to_owned())));
        assert_eq!((config.tls, config.window), (SmppTls::Tls, 10));
        assert!(config.check().is_ok());
        let error = toml::from_str::<SmppConfig>(&format!("{TEXT}\nwindows = 1")).unwrap_err().to_string();
        assert!(error.contains("unknown field `windows`"), "{error}");
        let error = toml::from_str::<SmppConfig>(&TEXT.replace("{ env = 'SMSC' }", "'hunter2'")).unwrap_err();
        assert!(error.to_string().contains("password"), "a password is never in the text: {error}");
    }

    #[test]
    fn what_can_not_be_is_refused_by_its_key() {
        let wrong = |change: fn(&mut SmppConfig)| {
            let mut config: SmppConfig = toml::from_str(TEXT).unwrap();
            change(&mut config);
            match config.check() {
                Err(SmppConfigError::Value { key, .. }) => key,
                _ => "nothing",
            }
        };
        assert_eq!(wrong(|config| config.host.clear()), "host");
        assert_eq!(wrong(|config| config.system_id = "x".repeat(16)), "system_id");
        assert_eq!(wrong(|config| config.system_type = "系统".to_owned()), "system_type");
        assert_eq!(wrong(|config| config.source = "清城政务".to_owned()), "source");
        assert_eq!(wrong(|config| config.source = "+8610690000".to_owned()), "nothing");
        assert_eq!(wrong(|config| config.window = 0), "window");
        assert_eq!(wrong(|config| config.response_ms = 1), "response_ms");
        assert_eq!(wrong(|config| config.enquire_ms = 1), "enquire_ms");
        assert_eq!(wrong(|config| config.reconnect_ms = 1), "reconnect_ms");
        assert_eq!(wrong(|config| config.throttle_ms = 1), "throttle_ms");
        let in_the_clear = |config: &mut SmppConfig| {
            config.tls = SmppTls::None;
            config.ca_file = Some("/ca.pem".into());
        };
        assert_eq!(wrong(in_the_clear), "ca_file");
    }

    #[test]
    fn a_password_that_does_not_fit_is_refused_without_being_quoted() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let read = |text: &str| {
            std::fs::write(file.path(), text).unwrap();
            let source = SecretSource::File(file.path().into());
            SmppConfig::at("h", 1, "s", source).read_password().map_err(|error| error.to_string())
        };
        assert_eq!(read("geheim\n"), Ok("geheim".to_owned()));
        for text in ["too-long-1", "密码"] {
            assert_eq!(read(text), Err("notify.sms.smpp.password: expected 1 to 8 ASCII characters".to_owned()));
        }
    }
}
