use serde::Deserialize;
use zhongtai_kernel::ErrorKind;
use zhongtai_outbound::{OutboundError, SecretError, SecretSource, SystemConfig};

/// The `[notify.sms.gateway]` table of `zt.toml`, with the keys of every system that is called.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// What the gateway calls us: 1 to 64 of `A-Z`, `a-z`, `0-9`, `-` and `_`.
    pub account: String,
    /// 短信签名, which the gateway puts before the text: 2 to 20 characters, as it was registered.
    pub sign: String,
    /// The key that both sides sign with: 32 bytes or more.
    pub key: SecretSource,
    /// How far the time of an answer or a callback may be from ours, seconds; 30 to 3,600.
    #[serde(default = "window_s")]
    pub window_s: u32,
    /// Where the gateway is.
    #[serde(flatten)]
    pub system: SystemConfig,
}

fn window_s() -> u32 {
    300
}

/// The configuration can't be used. The message names the key and never a secret.
#[derive(Debug, thiserror::Error)]
pub enum GatewayConfigError {
    /// A value is not valid.
    #[error("notify.sms.gateway.{key}: expected {expected}")]
    Value {
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

// === impl GatewayConfig ===

impl GatewayConfig {
    pub(crate) fn check(&self) -> Result<(), GatewayConfigError> {
        let wrong = |key, expected| Err(GatewayConfigError::Value { key, expected });
        let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !(1..=64).contains(&self.account.len()) || !is_word(&self.account) {
            return wrong("account", "1 to 64 of A-Z, a-z, 0-9, `-` and `_`");
        }
        let is_sign = (2..=20).contains(&self.sign.chars().count()) && !self.sign.chars().any(char::is_control);
        if !is_sign || self.sign.contains(['【', '】']) {
            return wrong("sign", "2 to 20 characters without `【】`: the gateway adds them");
        }
        match (30..=3_600).contains(&self.window_s) {
            true => Ok(()),
            false => wrong("window_s", "30 to 3600"),
        }
    }
}

// === impl GatewayConfigError ===

impl GatewayConfigError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_is_refused_by_its_key_and_an_unknown_key_by_name() {
        let text = "account = 'qc'\nsign = '清城政务'\nkey = { env = 'SMS_KEY' }\nbase_url = 'https://sms.example.cn'";
        let config: GatewayConfig = toml::from_str(text).unwrap();
        assert!(config.check().is_ok() && config.window_s == 300);
        let wrong = |change: fn(&mut GatewayConfig)| {
            let mut config = config.clone();
            change(&mut config);
            config.check().unwrap_err().to_string()
        };
        assert!(wrong(|config| config.account = "清城".to_owned()).starts_with("notify.sms.gateway.account: "));
        assert!(wrong(|config| config.sign = "【清城】".to_owned()).starts_with("notify.sms.gateway.sign: "));
        assert_eq!(wrong(|config| config.window_s = 1), "notify.sms.gateway.window_s: expected 30 to 3600");
        let error = toml::from_str::<GatewayConfig>(&format!("{text}\nsing = 'x'")).unwrap_err().to_string();
        assert!(error.contains("unknown field `sing`"), "{error}");
        let error = toml::from_str::<GatewayConfig>(&text.replace("{ env = 'SMS_KEY' }", "'hunter2'")).unwrap_err();
        assert!(error.to_string().contains("key"), "a key is never in the text: {error}");
    }
}
