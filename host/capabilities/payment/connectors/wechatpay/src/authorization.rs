//! `Authorization: WECHATPAY2-SHA256-RSA2048`: who asks, proved by a signature over what is asked.

use zhongtai_cap_payment::rsa::SigningKey;
use zhongtai_kernel::Timestamp;

/// Who we are there. It has no `Debug`.
pub(crate) struct Merchant {
    pub(crate) id: String,
    pub(crate) app_id: String,
    pub(crate) serial: String,
    pub(crate) key: SigningKey,
}

// === impl Merchant ===

impl Merchant {
    /// The header's value for a request to `target`, path and query as they are sent. `None` without randomness.
    pub(crate) fn authorization(&self, method: &str, target: &str, body: &[u8], now: Timestamp) -> Option<String> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).ok()?;
        let (nonce, timestamp) = (hex::encode_upper(nonce), now.as_second());
        let mut message = format!("{method}\n{target}\n{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        let signature = self.key.sign(&message)?;
        Some(format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{}\",nonce_str=\"{nonce}\",signature=\"{signature}\",\
             timestamp=\"{timestamp}\",serial_no=\"{}\"",
            self.id, self.serial
        ))
    }
}
