//! `zt message ...`

use reqwest::Method;

use super::{Client, format::table};
use crate::admin::DeadReport;

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Messages that were given up.
    Dead,
    /// Try a message again.
    Replay {
        /// The message's id.
        id: String,
    },
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::Dead => dead(client).await,
            Self::Replay { id } => {
                client.act(Method::POST, &format!("messages/{id}/replay")).await?;
                println!("{id} is tried again");
                Ok(())
            }
        }
    }
}

async fn dead(client: &Client) -> anyhow::Result<()> {
    let messages: Vec<DeadReport> = client.get("messages/dead").await?;
    if client.json() {
        println!("{}", serde_json::to_string(&messages)?);
        return Ok(());
    }
    let row = |message: &DeadReport| {
        vec![
            message.id.clone(),
            message.scenario.clone(),
            message.channel.clone(),
            message.attempts.to_string(),
            message.last_error.clone(),
        ]
    };
    table(&["MESSAGE", "SCENARIO", "CHANNEL", "TRIES", "LAST ERROR"], &messages.iter().map(row).collect::<Vec<_>>());
    Ok(())
}
