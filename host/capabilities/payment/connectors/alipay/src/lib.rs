//! Payment through a gateway of Alipay's kind (支付宝): the payer scans a code (`alipay.trade.precreate`). Requests are
//! signed with the application's key (RSA2), answers and notifications are believed only when Alipay signed them.
//! README.md has what is checked, and what is peculiar.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use zhongtai_cap_payment::{Gateway, GatewayConfigError};
//! use zhongtai_conn_payment_alipay::{Alipay, AlipayConfig};
//! use zhongtai_kernel::SystemClock;
//! use zhongtai_outbound::Outbound;
//!
//! /// `[payment.gateways.alipay]`
//! fn channel(config: &AlipayConfig, outbound: &Outbound) -> Result<Arc<dyn Gateway>, GatewayConfigError> {
//!     Ok(Arc::new(Alipay::new("alipay", config, outbound, Arc::new(SystemClock))?))
//! }
//! ```

mod bill;
mod call;
mod config;
mod gateway;
mod notification;
mod sheet;
mod time;
mod wire;

pub use config::AlipayConfig;
pub use gateway::Alipay;
