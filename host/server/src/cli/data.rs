//! `zt data ...`

use std::path::PathBuf;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::Client;

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Import a file: good rows are stored, bad ones are listed.
    Import {
        /// What it holds: `credit`.
        dataset: String,
        /// A .csv or .json file.
        file: PathBuf,
    },
}

#[derive(Deserialize)]
struct Report {
    accepted: usize,
    rejected: Vec<Rejected>,
}

#[derive(Deserialize)]
struct Rejected {
    row: usize,
    problem: String,
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        let Self::Import { dataset, file } = self;
        if dataset != "credit" {
            bail!("there is no dataset `{dataset}` to import: expected credit");
        }
        let content_type = match file.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => "text/csv",
            Some("json") => "application/json",
            _ => bail!("{}: expected a .csv or .json file", file.display()),
        };
        let body = std::fs::read(&file).with_context(|| format!("{} can't be read", file.display()))?;
        let report: Report = client.upload("data/credit", content_type, body).await?;
        for rejected in &report.rejected {
            println!("row {}: {}", rejected.row, rejected.problem);
        }
        println!("{} stored, {} rejected", report.accepted, report.rejected.len());
        Ok(())
    }
}
