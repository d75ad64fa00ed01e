//! Payment through WeChat Pay (微信支付), APIv3, Native payment: the payer scans a code. Requests are signed with the
//! merchant's key, answers and callbacks are believed only when WeChat Pay signed them; its certificates are fetched and
//! rotated by themselves, or its public key is configured. README.md has what is checked.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use zhongtai_cap_payment::{Gateway, GatewayConfigError};
//! use zhongtai_conn_payment_wechatpay::{WechatPay, WechatPayConfig};
//! use zhongtai_kernel::SystemClock;
//! use zhongtai_outbound::Outbound;
//!
//! /// `[payment.gateways.wechat]`
//! fn channel(config: &WechatPayConfig, outbound: &Outbound) -> Result<Arc<dyn Gateway>, GatewayConfigError> {
//!     Ok(Arc::new(WechatPay::new("wechat", config, outbound, Arc::new(SystemClock))?))
//! }
//! ```

mod aead;
mod authorization;
mod bill;
mod call;
mod callback;
mod config;
mod gateway;
mod platform;
mod wire;

pub use config::{PlatformKeyConfig, WechatPayConfig};
pub use gateway::WechatPay;
