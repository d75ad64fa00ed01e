use std::path::PathBuf;

use serde::Deserialize;
use zhongtai_cap_payment::GatewayConfigError;
use zhongtai_outbound::{SecretSource, SystemConfig, Url};

/// A table `[payment.gateways.<name>]` of `kind = "wechatpay"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WechatPayConfig {
    /// The official account or app that the merchant is bound to (`appid`).
    pub app_id: String,
    /// The merchant's number (`mchid`).
    pub merchant: String,
    /// The serial number of the merchant's API certificate, hexadecimal.
    pub merchant_serial: String,
    /// That certificate's private key, PEM.
    pub merchant_key: SecretSource,
    /// The APIv3 key, 32 bytes.
    pub api_key: SecretSource,
    /// Where WeChat Pay reaches this host: `https://<host>/api/v1/payments/callbacks/<name>`.
    pub callback_url: String,
    /// WeChat Pay's public key, for merchants that have one; its certificates by default.
    pub platform_key: Option<PlatformKeyConfig>,
    /// `https://api.mch.weixin.qq.com`, and how it is called.
    #[serde(flatten)]
    pub system: SystemConfig,
}

/// WeChat Pay's public key (微信支付公钥), as the merchant's console gives it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformKeyConfig {
    /// `PUB_KEY_ID_` and a number.
    pub id: String,
    /// The key, PEM.
    pub file: PathBuf,
}

// === impl WechatPayConfig ===

impl WechatPayConfig {
    pub(crate) fn check(&self, at: &str) -> Result<(), GatewayConfigError> {
        let wrong = |key: &str, problem| Err(GatewayConfigError::value(format!("{at}.{key}"), problem));
        let is_word = |text: &str| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if !is_word(&self.app_id) {
            return wrong("app_id", "expected letters and digits");
        }
        if !is_word(&self.merchant) {
            return wrong("merchant", "expected digits");
        }
        if !is_word(&self.merchant_serial) || !self.merchant_serial.bytes().all(|b| b.is_ascii_hexdigit()) {
            return wrong("merchant_serial", "expected hexadecimal digits");
        }
        let url = Url::parse(&self.callback_url).ok().filter(|url| url.query().is_none() && url.fragment().is_none());
        if !url.is_some_and(|url| matches!(url.scheme(), "https" | "http")) {
            return wrong("callback_url", "expected https://<host>/<path> without a query");
        }
        Ok(())
    }
}
