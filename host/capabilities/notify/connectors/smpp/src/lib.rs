//! Short messages through an SMSC by SMPP 3.4, as a transceiver.
//!
//! [`Smpp`] keeps one connection: it binds, keeps it alive, comes back when it is lost, has so many messages under way
//! at once, cuts long ones into parts, and takes receipts. What it speaks is in `pdu`, what it writes in `text`.
//!
//! The protocol's codec is our own: the ten PDUs that a sender needs have fixed layouts, and nothing of a message may
//! get into a log. It is tested against npm `smpp`, an implementation that is not ours.
//!
//! ```no_run
//! # fn example() -> Result<(), zhongtai_conn_notify_smpp::SmppConfigError> {
//! use std::sync::Arc;
//!
//! use zhongtai_cap_notify::Channels;
//! use zhongtai_conn_notify_smpp::{Smpp, SmppConfig};
//! use zhongtai_outbound::SecretSource;
//!
//! let config = SmppConfig {
//!     ca_file: Some("/etc/zhongtai/smsc-ca.pem".into()),
//!     ..SmppConfig::at("smsc.example.cn", 3550, "qingcheng", SecretSource::Env("SMSC_PASSWORD".to_owned()))
//! };
//! let mut channels = Channels::default();
//! channels.sms = Some(Arc::new(Smpp::new(&config)?));
//! # Ok(()) }
//! ```

mod channel;
mod config;
mod link;
mod pdu;
mod receipt;
mod session;
mod status;
mod text;

pub use channel::Smpp;
pub use config::{Alphabet, SmppConfig, SmppConfigError, SmppTls};
