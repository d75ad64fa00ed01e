use std::path::PathBuf;

use serde::Deserialize;
use zhongtai_cap_payment::GatewayConfigError;
use zhongtai_outbound::{SecretSource, SystemConfig, Url};

/// A table `[payment.gateways.<name>]` of `kind = "alipay"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlipayConfig {
    /// The application (`app_id`).
    pub app_id: String,
    /// Who receives the money (`seller_id`, the merchant's PID).
    pub seller_id: String,
    /// The application's private key: PKCS #8 or PKCS #1, PEM or bare base64.
    pub app_key: SecretSource,
    /// Alipay's public key, PEM or bare base64. It is not the application's own public key.
    pub alipay_key_file: PathBuf,
    /// Where Alipay reaches this host: `https://<host>/api/v1/payments/callbacks/<name>`.
    pub callback_url: String,
    /// Where bills are fetched.
    #[serde(default = "bill_url")]
    pub bill_url: String,
    /// `https://openapi.alipay.com`, and how it is called.
    #[serde(flatten)]
    pub system: SystemConfig,
}

fn bill_url() -> String {
    "https://dwbillcenter.alipay.com".to_owned()
}

// === impl AlipayConfig ===

impl AlipayConfig {
    pub(crate) fn check(&self, at: &str) -> Result<(), GatewayConfigError> {
        let wrong = |key: &str, problem| Err(GatewayConfigError::value(format!("{at}.{key}"), problem));
        let is_number = |text: &str| (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(&self.app_id) {
            return wrong("app_id", "expected digits");
        }
        if !is_number(&self.seller_id) {
            return wrong("seller_id", "expected digits");
        }
        let url = Url::parse(&self.callback_url).ok().filter(|url| url.query().is_none() && url.fragment().is_none());
        if !url.is_some_and(|url| matches!(url.scheme(), "https" | "http")) {
            return wrong("callback_url", "expected https://<host>/<path> without a query");
        }
        Ok(())
    }
}
