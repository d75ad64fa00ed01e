use std::sync::Arc;

use async_trait::async_trait;
use jiff::{
    civil::Date,
    tz::{self, TimeZone},
};
use tokio::sync::Mutex;
use zhongtai_cap_payment::{
    BillRow, CURRENCY, Callback, CallbackAnswer, CallbackError, Gateway, GatewayConfigError, GatewayError,
    GatewayState, Headers, Order, OrderId, Prepaid, RefundOrder, RefundState, Seen,
    rsa::{SigningKey, VerifyingKey},
};
use zhongtai_kernel::{Clock, Timestamp};
use zhongtai_outbound::{Outbound, SecretSource, StatusCode, System, SystemConfig};

use crate::{
    WechatPayConfig,
    aead::ApiKey,
    authorization::Merchant,
    call::{Call, Said},
    callback,
    platform::{Platform, SKEW},
    wire::{self, Amount, NewOrder, NewRefund, RefundAmount},
};

/// The longest bill, KiB: some hundred thousand payments.
const BILL_KIB: u32 = 64 * 1024;

/// How long a bill may take to come, milliseconds.
const BILL_MS: u64 = 120_000;

/// WeChat Pay as a channel.
pub struct WechatPay {
    pub(crate) name: String,
    pub(crate) system: System,
    /// The same place with room for a bill.
    pub(crate) bills: System,
    pub(crate) merchant: Merchant,
    pub(crate) api_key: ApiKey,
    pub(crate) callback_url: String,
    pub(crate) platform: Platform,
    /// When its certificates were fetched.
    pub(crate) asked: Mutex<Option<Timestamp>>,
    pub(crate) seen: Seen,
    pub(crate) clock: Arc<dyn Clock>,
}

// === impl WechatPay ===

impl WechatPay {
    /// The channel `name`. Reads the secrets, asks nothing yet.
    pub fn new(
        name: &str,
        config: &WechatPayConfig,
        outbound: &Outbound,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, GatewayConfigError> {
        let at = format!("payment.gateways.{name}");
        config.check(&at)?;
        let wrong = |key: &str, problem| GatewayConfigError::value(format!("{at}.{key}"), problem);
        let key = SigningKey::from_text(config.merchant_key.read(&format!("{at}.merchant_key"))?.expose());
        let key = key.ok_or_else(|| wrong("merchant_key", "expected an RSA key of 2048 bits or more, PEM"))?;
        let api_key = ApiKey::new(&config.api_key.read(&format!("{at}.api_key"))?);
        let bills = SystemConfig {
            max_answer_kib: BILL_KIB,
            timeout_ms: BILL_MS,
            deadline_ms: 2 * BILL_MS,
            ..config.system.clone()
        };
        Ok(Self {
            system: outbound.system(&at, &config.system)?,
            bills: outbound.system(&format!("{at}.bills"), &bills)?,
            merchant: Merchant {
                id: config.merchant.clone(),
                app_id: config.app_id.clone(),
                serial: config.merchant_serial.clone(),
                key,
            },
            api_key: api_key.ok_or_else(|| wrong("api_key", "expected 32 bytes"))?,
            callback_url: config.callback_url.clone(),
            platform: Platform::with_key(platform_key(&at, config)?),
            asked: Mutex::default(),
            seen: Seen::new(SKEW * 2),
            name: name.to_owned(),
            clock,
        })
    }

    /// What an answer says of our order and of nobody else's.
    fn state_of(&self, order: &OrderId, transaction: wire::Transaction) -> Result<GatewayState, GatewayError> {
        if !self.is_ours(&transaction) || transaction.out_trade_no != order.to_string() {
            return Err(GatewayError::Untrusted("it is about another order".to_owned()));
        }
        transaction.try_into()
    }

    pub(crate) fn is_ours(&self, transaction: &wire::Transaction) -> bool {
        transaction.mchid == self.merchant.id && transaction.appid == self.merchant.app_id
    }
}

#[async_trait]
impl Gateway for WechatPay {
    fn name(&self) -> &str {
        &self.name
    }

    async fn prepay(&self, order: &Order) -> Result<Prepaid, GatewayError> {
        let body = NewOrder {
            appid: &self.merchant.app_id,
            mchid: &self.merchant.id,
            description: &order.subject,
            out_trade_no: order.id.to_string(),
            time_expire: local(order.expires_at),
            notify_url: &self.callback_url,
            amount: Amount { total: order.amount.get(), currency: CURRENCY },
        };
        match self.call(Call::post("/v3/pay/transactions/native", &body)?).await?.read::<wire::Placed>()? {
            Ok(placed) => Ok(Prepaid { qr: placed.code_url }),
            Err(code) => Err(GatewayError::Refused { code }),
        }
    }

    async fn query(&self, order: &OrderId) -> Result<GatewayState, GatewayError> {
        let path = format!("/v3/pay/transactions/out-trade-no/{order}");
        match self.call(Call::get(&path, &[("mchid", &self.merchant.id)])).await?.read()? {
            Ok(transaction) => self.state_of(order, transaction),
            Err(code) if is_unknown_order(&code) => Ok(GatewayState::Unknown),
            Err(code) => Err(GatewayError::Refused { code }),
        }
    }

    async fn close(&self, order: &OrderId) -> Result<GatewayState, GatewayError> {
        let path = format!("/v3/pay/transactions/out-trade-no/{order}/close");
        let body = serde_json::json!({ "mchid": self.merchant.id });
        match self.call(Call::post(&path, &body)?).await? {
            Said::Yes(StatusCode::NO_CONTENT, _) => Ok(GatewayState::Closed),
            Said::No(code) if is_unknown_order(&code) => Ok(GatewayState::Unknown),
            // Paid, closed already, or somebody is typing a password.
            Said::Yes(..) | Said::No(_) => self.query(order).await,
        }
    }

    async fn refund(&self, refund: &RefundOrder) -> Result<RefundState, GatewayError> {
        let amount = RefundAmount { refund: refund.amount.get(), total: refund.total.get(), currency: CURRENCY };
        let body = NewRefund {
            out_trade_no: refund.order.to_string(),
            out_refund_no: refund.id.to_string(),
            reason: &refund.reason,
            notify_url: &self.callback_url,
            amount,
        };
        match self.call(Call::post("/v3/refund/domestic/refunds", &body)?).await?.read::<wire::Refund>()? {
            Ok(answer) => refund_state(refund, answer),
            // The merchant's account is empty today: the same refund works once there is money in it.
            Err(code) if code == "NOT_ENOUGH" => Err(GatewayError::Unavailable(code)),
            Err(code) => Ok(RefundState::Failed(code)),
        }
    }

    async fn query_refund(&self, refund: &RefundOrder) -> Result<RefundState, GatewayError> {
        let path = format!("/v3/refund/domestic/refunds/{}", refund.id);
        match self.call(Call::get(&path, &[])).await?.read::<wire::Refund>()? {
            Ok(answer) => refund_state(refund, answer),
            Err(code) if matches!(code.as_str(), "RESOURCE_NOT_EXISTS" | "REFUND_NOT_EXISTS") => {
                Ok(RefundState::Unknown)
            }
            Err(code) => Err(GatewayError::Refused { code }),
        }
    }

    async fn callback(&self, headers: &Headers, body: &[u8]) -> Result<Callback, CallbackError> {
        self.verified(headers, body).await?;
        self.read_callback(body)
    }

    fn accepted(&self) -> CallbackAnswer {
        callback::answer(200, "SUCCESS", "成功")
    }

    fn refused(&self, why: CallbackError) -> CallbackAnswer {
        callback::refused(why)
    }

    async fn bill(&self, day: Date) -> Result<Vec<BillRow>, GatewayError> {
        self.read_bill(day).await
    }
}

fn refund_state(refund: &RefundOrder, answer: wire::Refund) -> Result<RefundState, GatewayError> {
    if answer.out_refund_no != refund.id.to_string() {
        return Err(GatewayError::Untrusted("it is about another refund".to_owned()));
    }
    answer.try_into()
}

fn is_unknown_order(code: &str) -> bool {
    matches!(code, "ORDER_NOT_EXIST" | "ORDERNOTEXIST" | "RESOURCE_NOT_EXISTS")
}

fn platform_key(at: &str, config: &WechatPayConfig) -> Result<Option<(String, VerifyingKey)>, GatewayConfigError> {
    let Some(key) = &config.platform_key else { return Ok(None) };
    if !key.id.starts_with("PUB_KEY_ID_") {
        return Err(GatewayConfigError::value(format!("{at}.platform_key.id"), "expected PUB_KEY_ID_ and a number"));
    }
    let file = format!("{at}.platform_key.file");
    let text = SecretSource::File(key.file.clone()).read(&file)?;
    let public = VerifyingKey::from_text(text.expose());
    let public = public.ok_or_else(|| GatewayConfigError::value(file, "expected an RSA public key, PEM"))?;
    Ok(Some((key.id.clone(), public)))
}

/// RFC 3339 in China's time, to the second.
fn local(time: Timestamp) -> String {
    time.to_zoned(TimeZone::fixed(tz::offset(8))).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
