use zhongtai_kernel::ErrorKind;
use zhongtai_outbound::{OutboundError, SecretError};

/// A table `[payment.gateways.<name>]` can't be used. It names the key, never a secret.
#[derive(Debug, thiserror::Error)]
pub enum GatewayConfigError {
    /// A secret can't be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The gateway can't be called as configured.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// A value is wrong.
    #[error("{at}: {problem}")]
    Value {
        /// The key, with its table.
        at: String,
        /// What is wrong.
        problem: &'static str,
    },
}

// === impl GatewayConfigError ===

impl GatewayConfigError {
    /// The value of `at` is wrong.
    pub fn value(at: impl Into<String>, problem: &'static str) -> Self {
        Self::Value { at: at.into(), problem }
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}
