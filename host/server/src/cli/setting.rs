//! `zt setting ...`

use reqwest::Method;
use zhongtai_kernel::ScenarioId;

use super::Client;
use crate::admin::SettingValue;

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Set a value; it goes before the manifest's default.
    Set {
        /// Such as `441802-chengguan/pothole`.
        scenario: ScenarioId,
        /// Such as `greeting`.
        key: String,
        /// The value.
        value: String,
    },
    /// Take a value back; the manifest's default counts again.
    Unset {
        /// Such as `441802-chengguan/pothole`.
        scenario: ScenarioId,
        /// Such as `greeting`.
        key: String,
    },
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::Set { scenario, key, value } => {
                client.put(&format!("settings/{scenario}/{key}"), &SettingValue { value }).await?;
                println!("set {key} of {scenario}");
            }
            Self::Unset { scenario, key } => {
                client.act(Method::DELETE, &format!("settings/{scenario}/{key}")).await?;
                println!("{key} of {scenario} is the manifest's again");
            }
        }
        Ok(())
    }
}
