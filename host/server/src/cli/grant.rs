//! `zt grant ...`

use reqwest::Method;
use zhongtai_kernel::ScenarioId;

use super::{Client, format::table};

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Approve a capability.
    Add {
        /// Such as `441802-chengguan/pothole`.
        scenario: ScenarioId,
        /// Such as `credit`; several may be named.
        #[arg(required = true)]
        capabilities: Vec<String>,
    },
    /// Take an approval back; a release that imports it stops at once.
    Remove {
        /// Such as `441802-chengguan/pothole`.
        scenario: ScenarioId,
        /// Such as `credit`.
        capability: String,
    },
    /// What a scenario was granted.
    List {
        /// Such as `441802-chengguan/pothole`.
        scenario: ScenarioId,
    },
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::Add { scenario, capabilities } => {
                for capability in capabilities {
                    client.act(Method::PUT, &format!("grants/{scenario}/{capability}")).await?;
                    println!("granted {capability} to {scenario}");
                }
                Ok(())
            }
            Self::Remove { scenario, capability } => {
                client.act(Method::DELETE, &format!("grants/{scenario}/{capability}")).await?;
                println!("{capability} is no longer granted to {scenario}");
                Ok(())
            }
            Self::List { scenario } => list(client, &scenario).await,
        }
    }
}

async fn list(client: &Client, scenario: &ScenarioId) -> anyhow::Result<()> {
    let grants: Vec<serde_json::Value> = client.get(&format!("grants/{scenario}")).await?;
    if client.json() {
        println!("{}", serde_json::to_string(&grants)?);
        return Ok(());
    }
    let text = |grant: &serde_json::Value, key: &str| {
        grant.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    };
    let rows: Vec<_> = grants
        .iter()
        .map(|grant| ["capability", "granted_by", "granted_at"].map(|key| text(grant, key)).to_vec())
        .collect();
    table(&["CAPABILITY", "GRANTED BY", "AT"], &rows);
    Ok(())
}
