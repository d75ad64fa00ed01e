use serde::Deserialize;
use zhongtai_outbound::{OutboundError, SecretError, SecretSource, SystemConfig};

use crate::sign::Method;

/// The `[credit.upper]` table of `zt.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpperConfig {
    /// Where the platform is, and the bounds of calls.
    #[serde(flatten)]
    pub system: SystemConfig,
    /// What it is called in errors.
    #[serde(default = "defaults::platform")]
    pub platform: String,
    /// Who we are there.
    pub app_id: String,
    /// The key that both sides sign with, 32 bytes or more.
    pub key: SecretSource,
    /// How they sign.
    #[serde(default)]
    pub signature: Method,
    /// How long an answer is used without asking again, seconds; 0 to 86,400.
    #[serde(default = "defaults::fresh_s")]
    pub fresh_s: u32,
    /// How old an answer may be that is used, and marked as stale, while the platform can't be asked, seconds; from
    /// `fresh_s` to 2,592,000 (30 days).
    #[serde(default = "defaults::stale_s")]
    pub stale_s: u32,
    /// Memory for answers, MiB; 1 to 16,384.
    #[serde(default = "defaults::memory_mib")]
    pub memory_mib: u32,
}

mod defaults {
    pub(super) fn platform() -> String {
        "upper".to_owned()
    }

    pub(super) fn fresh_s() -> u32 {
        300
    }

    pub(super) fn stale_s() -> u32 {
        86_400
    }

    pub(super) fn memory_mib() -> u32 {
        64
    }
}

/// The configuration can't be used. The message names the key and never a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value is not valid.
    #[error("credit.upper: {key}: expected {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// The platform can't be called so.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The key can't be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

// === impl UpperConfig ===

impl UpperConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let value = |key, expected| Err(ConfigError::Value { key, expected });
        if !is_name(&self.platform) {
            return value("platform", "1 to 64 characters on one line");
        }
        if !(1..=128).contains(&self.app_id.len()) || !self.app_id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return value("app_id", "1 to 128 visible ASCII characters");
        }
        if self.fresh_s > 86_400 {
            return value("fresh_s", "0 to 86400");
        }
        if !(self.fresh_s..=2_592_000).contains(&self.stale_s) {
            return value("stale_s", "`fresh_s` to 2592000");
        }
        if !(1..=16_384).contains(&self.memory_mib) {
            return value("memory_mib", "1 to 16384");
        }
        Ok(())
    }
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "base_url = 'https://credit.example.gov.cn'\napp_id = 'a'\nkey = { env = 'K' }\n";

    fn config(more: &str) -> UpperConfig {
        toml::from_str(&format!("{LEAST}{more}")).unwrap()
    }

    #[test]
    fn the_least_that_is_configured_has_sensible_defaults() {
        let config = config("");
        config.check().unwrap();
        assert_eq!((config.fresh_s, config.stale_s, config.signature), (300, 86_400, Method::HmacSha256));
        assert_eq!(config.system, SystemConfig::at("https://credit.example.gov.cn"));
    }

    #[test]
    fn what_can_not_be_meant_is_named() {
        let told = |more: &str| config(more).check().unwrap_err().to_string();
        assert_eq!(told("platform = ''"), "credit.upper: platform: expected 1 to 64 characters on one line");
        assert_eq!(told("fresh_s = 86401"), "credit.upper: fresh_s: expected 0 to 86400");
        assert_eq!(told("stale_s = 299"), "credit.upper: stale_s: expected `fresh_s` to 2592000");
        assert_eq!(told("memory_mib = 0"), "credit.upper: memory_mib: expected 1 to 16384");
        let mut unnamed = config("");
        unnamed.app_id = "a\r\nb".to_owned();
        assert!(unnamed.check().is_err(), "it goes into a header");
        let unknown = toml::from_str::<UpperConfig>(&format!("{LEAST}fresh = 1")).unwrap_err().to_string();
        assert!(unknown.contains("unknown field `fresh`"), "{unknown}");
        let method = toml::from_str::<UpperConfig>(&format!("{LEAST}signature = 'md5'")).unwrap_err().to_string();
        assert!(method.contains("hmac-sha256"), "{method}");
        let missing = toml::from_str::<UpperConfig>("base_url = 'x'\napp_id = 'a'").unwrap_err().to_string();
        assert!(missing.contains("missing field `key`"), "{missing}");
    }
}
