//! Short messages through an HTTP gateway: JSON, signed with HMAC-SHA256 both ways; receipts by signed callbacks.
//!
//! The protocol is in the README. Requests go through `zhongtai-outbound`; what the gateway answers and what it sends is
//! believed only when it is signed.
//!
//! ```no_run
//! # fn example(outbound: &zhongtai_outbound::Outbound) -> Result<(), zhongtai_conn_notify_sms::GatewayConfigError> {
//! use std::sync::Arc;
//!
//! use zhongtai_cap_notify::Channels;
//! use zhongtai_conn_notify_sms::{Gateway, GatewayConfig};
//! use zhongtai_kernel::SystemClock;
//! use zhongtai_outbound::{SecretSource, SystemConfig};
//!
//! let config = GatewayConfig {
//!     account: "qingcheng".to_owned(),
//!     sign: "清城政务".to_owned(),
//!     key: SecretSource::File("/etc/zhongtai/sms.key".into()),
//!     window_s: 300,
//!     system: SystemConfig::at("https://sms.example.cn/zhongtai"),
//! };
//! let mut channels = Channels::default();
//! channels.sms = Some(Arc::new(Gateway::new(&config, outbound, Arc::new(SystemClock))?));
//! # Ok(()) }
//! ```

mod config;
mod gateway;
mod signature;

pub use config::{GatewayConfig, GatewayConfigError};
pub use gateway::Gateway;
