//! How the host calls other systems: one pooled HTTP client, and one way to use it.
//!
//! A connector asks [`Outbound`] for a [`System`] once, when the host starts, and sends [`Request`]s to it. A system is
//! held to its base URL, to bounds of time, size and number, and is left alone while it fails.
//!
//! ```
//! use std::sync::Arc;
//!
//! use zhongtai_kernel::SystemClock;
//! use zhongtai_outbound::{Outbound, OutboundConfig, OutboundError, Repeat, Request, SystemConfig};
//!
//! async fn records(outbound: &Outbound, code: &str) -> Result<Vec<u8>, OutboundError> {
//!     let system = outbound.system("credit.upper", &SystemConfig::at("https://credit.example.gov.cn/api"))?;
//!     let answer = system.send(Request::get("v1/records").segment(code), Repeat::Idempotent).await?;
//!     Ok(answer.body.to_vec())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), OutboundError> {
//! let outbound = Outbound::new(&OutboundConfig::default(), Arc::new(SystemClock))?;
//! let system = outbound.system("credit.upper", &SystemConfig::at("https://credit.example.gov.cn/api"))?;
//! let refused = system.send(Request::get("../admin"), Repeat::Idempotent).await;
//! assert!(matches!(refused, Err(OutboundError::NotAllowed { .. })));
//! # Ok(()) }
//! ```

mod breaker;
mod config;
mod encode;
mod error;
mod exchange;
mod observer;
mod origins;
mod outbound;
mod request;
mod retry;
mod secret;
mod system;
mod target;
mod tls;
mod trace;

pub use config::{OutboundConfig, SystemConfig};
pub use error::{OutboundError, Unreachable};
pub use observer::{BreakerState, Observer, Outcome};
pub use origins::{Origins, OriginsConfig};
pub use outbound::Outbound;
pub use request::{Answer, Repeat, Request};
pub use secret::{Secret, SecretError, SecretSource};
pub use system::System;

pub use bytes::Bytes;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
pub use reqwest::Url;
