use std::sync::Arc;

use async_trait::async_trait;
use jiff::civil::Date;
use serde_json::json;
use zhongtai_cap_payment::{
    BillRow, Callback, CallbackAnswer, CallbackError, Gateway, GatewayConfigError, GatewayError, GatewayState, Headers,
    Order, OrderId, Prepaid, RefundOrder, RefundState,
    rsa::{SigningKey, VerifyingKey},
    yuan,
};
use zhongtai_kernel::Clock;
use zhongtai_outbound::{Outbound, SecretSource, System, SystemConfig};

use crate::{AlipayConfig, call::Said, notification, time, wire};

/// The longest bill, KiB, packed.
const BILL_KIB: u32 = 64 * 1024;

/// How long a bill may take to come, milliseconds.
const BILL_MS: u64 = 120_000;

/// Alipay as a channel.
pub struct Alipay {
    pub(crate) name: String,
    pub(crate) system: System,
    pub(crate) bills: System,
    pub(crate) app_id: String,
    pub(crate) seller_id: String,
    pub(crate) key: SigningKey,
    pub(crate) alipay_key: VerifyingKey,
    pub(crate) callback_url: String,
    pub(crate) clock: Arc<dyn Clock>,
}

// === impl Alipay ===

impl Alipay {
    /// The channel `name`. Reads the keys, asks nothing yet.
    pub fn new(
        name: &str,
        config: &AlipayConfig,
        outbound: &Outbound,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, GatewayConfigError> {
        let at = format!("payment.gateways.{name}");
        config.check(&at)?;
        let wrong = |key: &str, problem| GatewayConfigError::value(format!("{at}.{key}"), problem);
        let key = SigningKey::from_text(config.app_key.read(&format!("{at}.app_key"))?.expose());
        let public = SecretSource::File(config.alipay_key_file.clone()).read(&format!("{at}.alipay_key_file"))?;
        let alipay_key = VerifyingKey::from_text(public.expose());
        let bills = SystemConfig {
            base_url: config.bill_url.clone(),
            max_answer_kib: BILL_KIB,
            timeout_ms: BILL_MS,
            deadline_ms: 2 * BILL_MS,
            ..config.system.clone()
        };
        Ok(Self {
            system: outbound.system(&at, &config.system)?,
            bills: outbound.system(&format!("{at}.bills"), &bills)?,
            app_id: config.app_id.clone(),
            seller_id: config.seller_id.clone(),
            key: key.ok_or_else(|| wrong("app_key", "expected an RSA key of 2048 bits or more"))?,
            alipay_key: alipay_key.ok_or_else(|| wrong("alipay_key_file", "expected an RSA public key"))?,
            callback_url: config.callback_url.clone(),
            name: name.to_owned(),
            clock,
        })
    }

    /// Takes back a code that nobody scanned: there is no trade yet that could be closed.
    async fn cancel(&self, order: &OrderId) -> Result<GatewayState, GatewayError> {
        let content = json!({ "out_trade_no": order.to_string() });
        match self.call::<wire::Cancelled>("alipay.trade.cancel", &content).await? {
            Said::Yes(answer) if answer.out_trade_no != order.to_string() => Err(another()),
            Said::Yes(answer) if answer.retry_flag.as_deref() == Some("Y") => {
                Err(GatewayError::Unavailable("it asks to be asked again".to_owned()))
            }
            Said::Yes(answer) => {
                if answer.action.as_deref() == Some("refund") {
                    // Somebody paid within the same instant, and has the money back.
                    tracing::warn!(gateway = self.name, %order, "an order was paid while it was taken back");
                }
                Ok(GatewayState::Closed)
            }
            Said::No(code) if is_unknown_trade(&code) => Ok(GatewayState::Unknown),
            Said::No(code) => Err(GatewayError::Refused { code }),
        }
    }
}

#[async_trait]
impl Gateway for Alipay {
    fn name(&self) -> &str {
        &self.name
    }

    async fn prepay(&self, order: &Order) -> Result<Prepaid, GatewayError> {
        let content = json!({
            "out_trade_no": order.id.to_string(),
            "seller_id": self.seller_id,
            "total_amount": yuan::from_fen(order.amount),
            "subject": order.subject,
            "time_expire": time::written(order.expires_at),
        });
        match self.call::<wire::Placed>("alipay.trade.precreate", &content).await? {
            Said::Yes(placed) if placed.out_trade_no == order.id.to_string() => Ok(Prepaid { qr: placed.qr_code }),
            Said::Yes(_) => Err(another()),
            Said::No(code) => Err(GatewayError::Refused { code }),
        }
    }

    async fn query(&self, order: &OrderId) -> Result<GatewayState, GatewayError> {
        let content = json!({ "out_trade_no": order.to_string() });
        match self.call::<wire::Trade>("alipay.trade.query", &content).await? {
            Said::Yes(trade) if trade.out_trade_no == order.to_string() => trade.try_into(),
            Said::Yes(_) => Err(another()),
            Said::No(code) if is_unknown_trade(&code) => Ok(GatewayState::Unknown),
            Said::No(code) => Err(GatewayError::Refused { code }),
        }
    }

    async fn close(&self, order: &OrderId) -> Result<GatewayState, GatewayError> {
        let content = json!({ "out_trade_no": order.to_string() });
        match self.call::<serde_json::Value>("alipay.trade.close", &content).await? {
            Said::Yes(_) => Ok(GatewayState::Closed),
            Said::No(code) if is_unknown_trade(&code) => self.cancel(order).await,
            // Paid, or closed already.
            Said::No(_) => self.query(order).await,
        }
    }

    async fn refund(&self, refund: &RefundOrder) -> Result<RefundState, GatewayError> {
        let content = json!({
            "out_trade_no": refund.order.to_string(),
            "out_request_no": refund.id.to_string(),
            "refund_amount": yuan::from_fen(refund.amount),
            "refund_reason": refund.reason,
        });
        match self.call::<serde_json::Value>("alipay.trade.refund", &content).await? {
            // The answer says how much went back altogether, not whether this refund did.
            Said::Yes(_) => match self.query_refund(refund).await? {
                RefundState::Unknown => Ok(RefundState::Processing),
                state => Ok(state),
            },
            // The merchant's account is empty today: the same refund works once there is money in it.
            Said::No(code) if code == "ACQ.SELLER_BALANCE_NOT_ENOUGH" => Err(GatewayError::Unavailable(code)),
            Said::No(code) => Ok(RefundState::Failed(code)),
        }
    }

    async fn query_refund(&self, refund: &RefundOrder) -> Result<RefundState, GatewayError> {
        let number = refund.id.to_string();
        let content = json!({
            "out_trade_no": refund.order.to_string(),
            "out_request_no": number,
            "query_options": ["gmt_refund_pay"],
        });
        match self.call::<wire::Refund>("alipay.trade.fastpay.refund.query", &content).await? {
            Said::Yes(answer) => answer.state(&number),
            Said::No(code) if is_unknown_trade(&code) => Ok(RefundState::Unknown),
            Said::No(code) => Err(GatewayError::Refused { code }),
        }
    }

    async fn callback(&self, _headers: &Headers, body: &[u8]) -> Result<Callback, CallbackError> {
        self.read_notification(body)
    }

    fn accepted(&self) -> CallbackAnswer {
        notification::answer(200, "success")
    }

    fn refused(&self, why: CallbackError) -> CallbackAnswer {
        let status = match why {
            CallbackError::Forged | CallbackError::Stale => 401,
            CallbackError::Malformed => 400,
            CallbackError::Unverifiable | CallbackError::Unavailable => 503,
        };
        notification::answer(status, "failure")
    }

    async fn bill(&self, day: Date) -> Result<Vec<BillRow>, GatewayError> {
        self.read_bill(day).await
    }
}

fn another() -> GatewayError {
    GatewayError::Untrusted("it is about another order".to_owned())
}

fn is_unknown_trade(code: &str) -> bool {
    code == "ACQ.TRADE_NOT_EXIST"
}
