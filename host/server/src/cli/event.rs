//! `zt event ...`

use reqwest::Method;

use super::{Client, format::table};
use crate::admin::DeadEventReport;

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Events that their scenarios did not handle.
    Dead,
    /// Tell an event again.
    Replay {
        /// The event's id.
        id: String,
    },
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::Dead => dead(client).await,
            Self::Replay { id } => {
                client.act(Method::POST, &format!("events/{id}/replay")).await?;
                println!("{id} is told again");
                Ok(())
            }
        }
    }
}

async fn dead(client: &Client) -> anyhow::Result<()> {
    let events: Vec<DeadEventReport> = client.get("events/dead").await?;
    if client.json() {
        println!("{}", serde_json::to_string(&events)?);
        return Ok(());
    }
    let row = |event: &DeadEventReport| {
        vec![
            event.id.clone(),
            event.scenario.clone(),
            event.kind.clone(),
            event.about.clone(),
            event.attempts.to_string(),
            event.last_error.clone(),
        ]
    };
    let heads = ["EVENT", "SCENARIO", "KIND", "ABOUT", "TRIES", "LAST ERROR"];
    table(&heads, &events.iter().map(row).collect::<Vec<_>>());
    Ok(())
}
