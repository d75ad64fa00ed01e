//! `zt user mandate ...`

use reqwest::Method;
use zhongtai_kernel::Timestamp;

use super::{Client, format::table};
use crate::admin::{GivenMandate, MandateReport};

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Let a person act for an enterprise; a mandate that the two have already ends.
    Add {
        /// The enterprise's login name.
        enterprise: String,
        /// The login name of the person who is to act.
        agent: String,
        /// `*`, or a scenario such as 441802-chengguan/pothole; may be repeated.
        #[arg(long = "scenario", required = true)]
        scenarios: Vec<String>,
        /// apply, pay or sign; may be repeated.
        #[arg(long = "action", required = true)]
        actions: Vec<String>,
        /// Days that it holds, from now on.
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=1830))]
        days: u16,
    },
    /// The mandates that an account gave and has.
    List {
        /// The login name.
        login: String,
    },
    /// Take a mandate back, at once.
    Revoke {
        /// The mandate's id, as `zt user mandate list` shows it.
        id: String,
    },
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::Add { enterprise, agent, scenarios, actions, days } => {
                let until = Timestamp::now() + std::time::Duration::from_secs(u64::from(days) * 86_400);
                let given = GivenMandate { agent, scenarios, actions, from: None, until };
                let made: MandateReport = client.post(&format!("users/{enterprise}/mandates"), &given).await?;
                match client.json() {
                    true => println!("{}", serde_json::to_string(&made)?),
                    false => {
                        println!("{} may act for {} until {} ({})", made.agent, made.principal, made.until, made.id)
                    }
                }
                Ok(())
            }
            Self::List { login } => list(client, &login).await,
            Self::Revoke { id } => {
                client.act(Method::DELETE, &format!("mandates/{id}")).await?;
                println!("{id} is taken back");
                Ok(())
            }
        }
    }
}

async fn list(client: &Client, login: &str) -> anyhow::Result<()> {
    let mandates: Vec<MandateReport> = client.get(&format!("users/{login}/mandates")).await?;
    if client.json() {
        println!("{}", serde_json::to_string(&mandates)?);
        return Ok(());
    }
    let row = |mandate: &MandateReport| {
        vec![
            mandate.id.clone(),
            mandate.principal.clone(),
            mandate.agent.clone(),
            mandate.actions.join(" "),
            mandate.scenarios.join(" "),
            mandate.until.to_string(),
            mandate.status.clone(),
        ]
    };
    let head = ["MANDATE", "ENTERPRISE", "AGENT", "ACTIONS", "SCENARIOS", "UNTIL", ""];
    table(&head, &mandates.iter().map(row).collect::<Vec<_>>());
    Ok(())
}
