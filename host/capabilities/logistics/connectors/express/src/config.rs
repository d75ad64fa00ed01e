use serde::Deserialize;
use zhongtai_kernel::ErrorKind;
use zhongtai_outbound::{OutboundError, SecretError, SecretSource, SystemConfig};

/// A `[logistics.express.<name>]` table of `zt.toml`, with the keys of every system that is called.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpressConfig {
    /// What the carrier calls us: 1 to 64 of `A-Z`, `a-z`, `0-9`, `-` and `_`.
    pub partner: String,
    /// The key that both sides sign with: 32 bytes or more.
    pub key: SecretSource,
    /// How far the time of a callback may be from ours, seconds; 30 to 3,600.
    #[serde(default = "window_s")]
    pub window_s: u32,
    /// Where the carrier is.
    #[serde(flatten)]
    pub system: SystemConfig,
}

fn window_s() -> u32 {
    300
}

/// The configuration can't be used. The message names the key and never a secret.
#[derive(Debug, thiserror::Error)]
pub enum ExpressConfigError {
    /// A value is not valid.
    #[error("logistics.express.{carrier}.{key}: expected {expected}")]
    Value {
        /// The carrier's name.
        carrier: String,
        /// The key.
        key: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// The secret can't be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The system can't be called.
    #[error(transparent)]
    System(#[from] OutboundError),
}

// === impl ExpressConfig ===

impl ExpressConfig {
    pub(crate) fn check(&self, carrier: &str) -> Result<(), ExpressConfigError> {
        let wrong = |key, expected| Err(ExpressConfigError::Value { carrier: carrier.to_owned(), key, expected });
        let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !(1..=64).contains(&self.partner.len()) || !is_word(&self.partner) {
            return wrong("partner", "1 to 64 of A-Z, a-z, 0-9, `-` and `_`");
        }
        if !(30..=3_600).contains(&self.window_s) {
            return wrong("window_s", "30 to 3600");
        }
        Ok(())
    }
}

// === impl ExpressConfigError ===

impl ExpressConfigError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_the_system_stand_beside_its_own_and_an_unknown_one_is_refused_by_name() {
        let text = "partner = 'qc'\nkey = { env = 'SF_KEY' }\nbase_url = 'https://sf.example.cn'\ntimeout_ms = 5000";
        let config: ExpressConfig = toml::from_str(text).unwrap();
        assert_eq!((config.window_s, config.system.timeout_ms), (300, 5000));
        let error = toml::from_str::<ExpressConfig>(&format!("{text}\nwindow = 1")).unwrap_err().to_string();
        assert!(error.contains("unknown field `window`"), "{error}");
        let error = toml::from_str::<ExpressConfig>(&text.replace("{ env = 'SF_KEY' }", "'hunter2'")).unwrap_err();
        assert!(error.to_string().contains("key"), "a key is never in the text: {error}");
    }

    #[test]
    fn a_value_that_can_not_be_is_refused_by_its_key() {
        let text = "partner = 'qc'\nkey = { env = 'SF_KEY' }\nbase_url = 'https://sf.example.cn'";
        let config: ExpressConfig = toml::from_str(text).unwrap();
        assert!(config.check("sf").is_ok());
        let wrong = ExpressConfig { partner: "清城".to_owned(), ..config.clone() }.check("sf").unwrap_err();
        assert!(wrong.to_string().starts_with("logistics.express.sf.partner: "), "{wrong}");
        let wrong = ExpressConfig { window_s: 0, ..config }.check("sf").unwrap_err();
        assert_eq!(wrong.to_string(), "logistics.express.sf.window_s: expected 30 to 3600");
    }
}
