//! One exchange: signed parameters, and an answer whose signed part is taken exactly as it was sent.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use zhongtai_cap_payment::GatewayError;
use zhongtai_outbound::{Answer, Repeat, Request, StatusCode};

use crate::{Alipay, sheet::Sheet, time, wire};

const FORM: &str = "application/x-www-form-urlencoded;charset=utf-8";

/// What Alipay said, verified.
pub(crate) enum Said<T> {
    /// Code 10000.
    Yes(T),
    /// It refuses: its `sub_code`.
    No(String),
}

// === impl Alipay ===

impl Alipay {
    /// Asks `method`, such as `alipay.trade.query`, and believes nothing that Alipay did not sign. Every request may be
    /// sent twice: our numbers are idempotency keys.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        content: &impl Serialize,
    ) -> Result<Said<T>, GatewayError> {
        let request = self.request(method, content).ok_or_else(unsigned)?;
        let answer = self.system.send(request, Repeat::Idempotent).await;
        let answer = answer.map_err(|error| GatewayError::Unavailable(error.to_string()))?;
        let signed = self.verified(method, &answer)?;
        let common: wire::Common = serde_json::from_str(signed.get()).map_err(|_| wire::unreadable())?;
        match common.code.as_str() {
            "10000" => serde_json::from_str(signed.get()).map(Said::Yes).map_err(|_| wire::unreadable()),
            code => refusal(code, common.sub_code).map(Said::No),
        }
    }

    /// What concerns the gateway goes into the query, what concerns the trade into the form; both are signed.
    pub(crate) fn request(&self, method: &str, content: &impl Serialize) -> Option<Request> {
        let content = serde_json::to_string(content).ok()?;
        let sheet = Sheet::of([
            ("app_id", self.app_id.clone()),
            ("biz_content", content.clone()),
            ("charset", "utf-8".to_owned()),
            ("format", "JSON".to_owned()),
            ("method", method.to_owned()),
            ("notify_url", self.callback_url.clone()),
            ("sign_type", "RSA2".to_owned()),
            ("timestamp", time::written(self.clock.now())),
            ("version", "1.0".to_owned()),
        ]);
        let sheet = sheet.signed(&self.key)?;
        let form = form_urlencoded::Serializer::new(String::new()).append_pair("biz_content", &content).finish();
        let mut request = Request::post("gateway.do", FORM, form);
        for (name, value) in sheet.pairs().filter(|(name, _)| *name != "biz_content") {
            request = request.query(name, value);
        }
        Some(request)
    }

    /// The part of an answer that is signed.
    fn verified(&self, method: &str, answer: &Answer) -> Result<Box<RawValue>, GatewayError> {
        if !answer.is_success() {
            return Err(match answer.status {
                StatusCode::TOO_MANY_REQUESTS => GatewayError::Unavailable("HTTP status 429".to_owned()),
                status if status.is_server_error() => {
                    GatewayError::Unavailable(format!("HTTP status {}", status.as_u16()))
                }
                status => GatewayError::Untrusted(format!("HTTP status {}", status.as_u16())),
            });
        }
        let mut parts: BTreeMap<String, Box<RawValue>> =
            serde_json::from_slice(&answer.body).map_err(|_| wire::unreadable())?;
        let sign = parts.remove("sign").and_then(|sign| serde_json::from_str::<String>(sign.get()).ok());
        let part = parts.remove(&format!("{}_response", method.replace('.', "_")));
        let part = part.or_else(|| parts.remove("error_response")).ok_or_else(wire::unreadable)?;
        let sign = sign.ok_or_else(|| GatewayError::Untrusted("it is not signed".to_owned()))?;
        if !self.alipay_key.verifies(part.get().as_bytes(), &sign) {
            return Err(GatewayError::Untrusted("its signature is wrong".to_owned()));
        }
        Ok(part)
    }
}

/// A refusal's word, or that it may work later.
fn refusal(code: &str, sub_code: Option<String>) -> Result<String, GatewayError> {
    let word: String = sub_code.unwrap_or_else(|| code.to_owned()).chars().take(64).collect();
    let later = code == "20000"
        || matches!(
            word.as_str(),
            "ACQ.SYSTEM_ERROR" | "aop.ACQ.SYSTEM_ERROR" | "isp.unknow-error" | "aop.unknow-error" | "isp.call-limited"
        );
    if later { Err(GatewayError::Unavailable(word)) } else { Ok(word) }
}

fn unsigned() -> GatewayError {
    GatewayError::Unavailable("no request can be signed".to_owned())
}
