//! The change process: what a person does to a version on the host.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use reqwest::Method;
use zhongtai_authz::PolicyTexts;
use zhongtai_governance::{Act, Proof, State, Version};
use zhongtai_kernel::Lang;

use super::{
    super::{Client, format::table},
    ask,
    draft::Folders,
};
use crate::{
    admin::{Draft, Proposed, Why},
    analysis,
};

/// How long `propose` waits for the analysis before it leaves it to the host.
const PATIENCE: Duration = Duration::from_secs(180);

/// A version.
#[derive(clap::Args)]
pub(in crate::cli) struct Number {
    /// Its number, from `zt policy history`.
    number: i64,
}

/// `zt policy propose`
#[derive(clap::Args)]
pub(in crate::cli) struct Propose {
    #[command(flatten)]
    folders: Folders,
    /// Why; the approver and the audit read it.
    #[arg(long)]
    reason: String,
}

/// `zt policy approve`
#[derive(clap::Args)]
pub(in crate::cli) struct Approve {
    #[command(flatten)]
    version: Number,
    /// Why, where nothing proves that the change grants nothing new.
    #[arg(long, default_value = "")]
    reason: String,
}

/// `zt policy reject`
#[derive(clap::Args)]
pub(in crate::cli) struct Reject {
    #[command(flatten)]
    version: Number,
    /// Why.
    #[arg(long)]
    reason: String,
}

/// `zt policy rollback`
#[derive(clap::Args)]
pub(in crate::cli) struct Rollback {
    /// To which version; the one before by default.
    #[arg(long)]
    to: Option<i64>,
    /// Why.
    #[arg(long)]
    reason: String,
}

/// `zt policy pull`
#[derive(clap::Args)]
pub(in crate::cli) struct Pull {
    /// Where to; it must be empty or new.
    folder: PathBuf,
    /// Which version; the one in force by default.
    #[arg(long)]
    number: Option<i64>,
}

/// `zt policy shadow`
#[derive(clap::Args)]
pub(in crate::cli) struct Shadow {
    /// The version to evaluate; without one, what the present shadow found.
    number: Option<i64>,
    /// End it.
    #[arg(long, conflicts_with = "number")]
    end: bool,
}

// === impl Propose ===

impl Propose {
    pub(super) async fn run(self, client: &Client, lang: Lang) -> anyhow::Result<()> {
        let texts = self.folders.read()?;
        let Proposed { number } = client.post("policies", &Draft { reason: self.reason, texts }).await?;
        if client.json() {
            println!("{}", serde_json::to_string(&Proposed { number })?);
            return Ok(());
        }
        println!("version {number} is proposed; comparing it with the version in force");
        let version = analysed(client, number).await?;
        if let Some(event) = version.event(Act::Analyse) {
            print!("{}", analysis::render(&event.detail, lang));
        }
        match version.proof {
            Some(Proof::Proved) => println!("Another security administrator approves it: zt policy approve {number}"),
            Some(_) => println!(
                "Not safe to activate without a named approver, who says why: zt policy approve {number} --reason '...'"
            ),
            None => println!("The host is still comparing: see zt policy history"),
        }
        Ok(())
    }
}

/// The version, once its analysis is done or patience ends.
async fn analysed(client: &Client, number: i64) -> anyhow::Result<Version> {
    let begun = std::time::Instant::now();
    loop {
        let version: Version = client.get(&format!("policies/{number}")).await?;
        if version.proof.is_some() || begun.elapsed() > PATIENCE {
            return Ok(version);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

// === impl Approve ===

impl Approve {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        let number = self.version.number;
        client.tell(&format!("policies/{number}/approve"), &Why { reason: self.reason, to: None }).await?;
        println!("version {number} is approved; put it in force with: zt policy activate {number}");
        Ok(())
    }
}

// === impl Reject ===

impl Reject {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        let number = self.version.number;
        client.tell(&format!("policies/{number}/reject"), &Why { reason: self.reason, to: None }).await?;
        println!("version {number} is rejected");
        Ok(())
    }
}

/// `zt policy activate`
pub(super) async fn activate(client: &Client, Number { number }: &Number) -> anyhow::Result<()> {
    client.act(Method::POST, &format!("policies/{number}/activate")).await?;
    println!("version {number} is in force; undo with: zt policy rollback --reason '...'");
    Ok(())
}

// === impl Rollback ===

impl Rollback {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        let why = Why { reason: self.reason, to: self.to };
        let Proposed { number } = client.post("policies/rollback", &why).await?;
        println!("version {number} is in force again");
        Ok(())
    }
}

// === impl Pull ===

impl Pull {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        let number = match self.number {
            Some(number) => number,
            None => in_force(client).await?,
        };
        let texts: PolicyTexts = client.get(&format!("policies/{number}/texts")).await?;
        if std::fs::read_dir(&self.folder).is_ok_and(|mut entries| entries.next().is_some()) {
            bail!("{} is not empty: name a new folder", self.folder.display());
        }
        let mut files = 0;
        for (path, text) in texts.files() {
            let path = self.folder.join(path);
            std::fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
            std::fs::write(&path, text).with_context(|| format!("{} can't be written", path.display()))?;
            files += 1;
        }
        println!("version {number}: {files} files in {}", self.folder.display());
        Ok(())
    }
}

/// The number of the version in force.
pub(super) async fn in_force(client: &Client) -> anyhow::Result<i64> {
    let report: crate::admin::InForceReport = client.get("policies/in-force").await?;
    report.number.context("this host follows policy files, so it has no versions (policy.follow_files in zt.toml)")
}

// === impl Shadow ===

impl Shadow {
    pub(super) async fn run(self, client: &Client, lang: Lang) -> anyhow::Result<()> {
        if self.end {
            client.act(Method::DELETE, "policies/shadow").await?;
            println!("no version is in shadow");
            return Ok(());
        }
        if let Some(number) = self.number {
            client.act(Method::POST, &format!("policies/{number}/shadow")).await?;
            println!("version {number} is evaluated beside the version in force; see zt policy shadow");
            return Ok(());
        }
        ask::print(client, &client.get("policies/shadow").await?, lang)
    }
}

/// `zt policy history`
pub(super) async fn history(client: &Client) -> anyhow::Result<()> {
    let versions: Vec<Version> = client.get("policies").await?;
    if client.json() {
        println!("{}", serde_json::to_string(&versions)?);
        return Ok(());
    }
    let header = ["VERSION", "STATE", "ON TOP OF", "PROOF", "PROPOSED BY", "APPROVED BY", "LAST CHANGE", "WHY"];
    table(&header, &versions.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

fn row(version: &Version) -> Vec<String> {
    let actor = |act| version.event(act).map_or_else(|| "-".to_owned(), |event| event.actor.clone());
    let last = version.events.last();
    vec![
        version.number.to_string(),
        state(version.state).to_owned(),
        version.base.to_string(),
        version.proof.map_or("-", Proof::as_str).to_owned(),
        actor(Act::Propose),
        actor(Act::Approve),
        last.map(|event| event.at.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default(),
        version.event(Act::Propose).map(|event| event.reason.clone()).unwrap_or_default(),
    ]
}

fn state(state: State) -> &'static str {
    match state {
        State::Proposed => "proposed",
        State::Approved => "approved",
        State::Rejected => "rejected",
        State::InForce => "in force",
        State::Replaced => "replaced",
    }
}
