//! `zt message ...`

use reqwest::Method;
use serde::Serialize;

use super::{Client, format::table};
use crate::admin::{DeliveryReport, ReplayAll, ReplayReport};

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Messages in one state, the newest first.
    List {
        /// queued, held-quiet, held-rate, sending, sent, delivered, failed or dead.
        #[arg(long, default_value = "dead")]
        state: String,
        /// Of one department, such as 441802-chengguan.
        #[arg(long)]
        department: Option<String>,
        /// Messages before this one: the next page.
        #[arg(long)]
        before: Option<String>,
    },
    /// Messages that were given up: `list --state dead`.
    Dead,
    /// One message on every channel; the recipient is masked, what it says is not shown.
    Show {
        /// The message's id.
        id: String,
    },
    /// Try a message again that was given up, or all of a department.
    Replay {
        /// The message's id.
        #[arg(required_unless_present = "department")]
        id: Option<String>,
        /// On this channel only: inbox, sms, email or webhook.
        #[arg(long, requires = "id")]
        channel: Option<String>,
        /// Every one of this department.
        #[arg(long, conflicts_with = "id")]
        department: Option<String>,
    },
    /// Drop a message that was given up, and erase whom it was for and what it said.
    Drop {
        /// The message's id.
        id: String,
        /// On this channel only: inbox, sms, email or webhook.
        #[arg(long)]
        channel: Option<String>,
    },
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::List { state, department, before } => list(client, &state, department, before).await,
            Self::Dead => list(client, "dead", None, None).await,
            Self::Show { id } => show(client, &client.get::<Vec<_>>(&format!("messages/{id}")).await?),
            Self::Replay { department: Some(department), .. } => replay_all(client, department).await,
            Self::Replay { id, channel, .. } => {
                let id = id.unwrap_or_default();
                act(client, &id, "replay", channel).await?;
                told(client, &id, "replayed", &format!("{id} is tried again"))
            }
            Self::Drop { id, channel } => {
                act(client, &id, "drop", channel).await?;
                told(client, &id, "dropped", &format!("{id} is dropped"))
            }
        }
    }
}

async fn list(client: &Client, state: &str, department: Option<String>, before: Option<String>) -> anyhow::Result<()> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("state", state);
    for (name, value) in [("department", department), ("before", before)] {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    show(client, &client.get::<Vec<_>>(&format!("messages?{}", query.finish())).await?)
}

fn show(client: &Client, messages: &[DeliveryReport]) -> anyhow::Result<()> {
    if client.json() {
        println!("{}", serde_json::to_string(messages)?);
        return Ok(());
    }
    let row = |one: &DeliveryReport| {
        vec![
            one.id.clone(),
            one.scenario.clone(),
            one.template.clone(),
            one.channel.clone(),
            one.recipient.clone().unwrap_or_default(),
            one.state.clone(),
            one.attempts.to_string(),
            one.failure.clone().unwrap_or_default(),
            one.last_error.clone(),
        ]
    };
    let heads = ["MESSAGE", "SCENARIO", "TEMPLATE", "CHANNEL", "TO", "STATE", "TRIES", "FAILURE", "LAST ERROR"];
    table(&heads, &messages.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

async fn replay_all(client: &Client, department: String) -> anyhow::Result<()> {
    let report: ReplayReport = client.post("messages/replay", &ReplayAll { department }).await?;
    match client.json() {
        true => println!("{}", serde_json::to_string(&report)?),
        false => println!("{} are tried again", report.replayed),
    }
    Ok(())
}

async fn act(client: &Client, id: &str, verb: &str, channel: Option<String>) -> anyhow::Result<()> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(channel.map(|channel| ("channel", channel)));
    client.act(Method::POST, &format!("messages/{id}/{verb}?{}", query.finish())).await
}

fn told(client: &Client, id: &str, done: &'static str, words: &str) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Done<'d> {
        id: &'d str,
        done: &'static str,
    }
    match client.json() {
        true => println!("{}", serde_json::to_string(&Done { id, done })?),
        false => println!("{words}"),
    }
    Ok(())
}
