//! Waybills and tracking by an express company's HTTP interface: JSON, signed with HMAC-SHA256 both ways.
//!
//! The protocol is in the README; a carrier that speaks another one is reached through an adapter on its side, or gets
//! a connector of its own. Requests go through `zhongtai-outbound`. What the carrier answers and what it sends is
//! believed only when it is signed: [`signature`].
//!
//! ```no_run
//! # fn example(outbound: &zhongtai_outbound::Outbound) -> Result<(), zhongtai_conn_logistics_express::ExpressConfigError> {
//! use std::sync::Arc;
//!
//! use zhongtai_conn_logistics_express::{Express, ExpressConfig};
//! use zhongtai_kernel::SystemClock;
//! use zhongtai_outbound::{SecretSource, SystemConfig};
//!
//! let config = ExpressConfig {
//!     partner: "qingcheng".to_owned(),
//!     key: SecretSource::File("/etc/zhongtai/sf.key".into()),
//!     window_s: 300,
//!     system: SystemConfig::at("https://open.express.example.cn/zhongtai"),
//! };
//! let carrier = Express::new("sf", &config, outbound, Arc::new(SystemClock))?;
//! # let _ = carrier; Ok(()) }
//! ```

mod carrier;
mod config;
pub mod signature;
mod wire;

pub use carrier::Express;
pub use config::{ExpressConfig, ExpressConfigError};
