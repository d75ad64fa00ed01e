use serde::Deserialize;
use zhongtai_outbound::{SecretSource, SystemConfig};

/// A table `[payment.gateways.<name>]` of `kind = "cashdesk"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CashDeskConfig {
    /// What both sides sign with, 32 bytes or more: the file that `zt payment cashdesk --secret-file` reads too.
    pub secret: SecretSource,
    /// Where the desk listens, without a path.
    #[serde(flatten)]
    pub system: SystemConfig,
}
