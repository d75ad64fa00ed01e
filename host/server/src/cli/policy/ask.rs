//! Questions about decisions: why, and what if.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use zhongtai_authz::{Case, Compiled};
use zhongtai_kernel::Lang;
use zhongtai_workbench::explain_case;

use super::{super::Client, draft::Folders};
use crate::admin::{ExplainRequest, ReplayRequest, Told};

/// `zt policy explain`
#[derive(clap::Args)]
pub(in crate::cli) struct Explain {
    /// The reference of a recorded decision, as a refusal shows it.
    #[arg(required_unless_present = "case", conflicts_with = "case")]
    reference: Option<String>,
    /// A test case instead, decided by the draft in the folders.
    #[arg(long)]
    case: Option<PathBuf>,
    /// The folders of the draft.
    #[arg(long = "policies", default_values_os_t = [super::default_folder()])]
    policies: Vec<PathBuf>,
}

/// `zt policy replay`
#[derive(clap::Args)]
pub(in crate::cli) struct Replay {
    #[command(flatten)]
    folders: Folders,
    /// The decisions of how many days.
    #[arg(long, default_value_t = 7)]
    days: u16,
}

// === impl Explain ===

impl Explain {
    pub(super) async fn run(self, client: &Client, lang: Lang) -> anyhow::Result<()> {
        if let Some(reference) = self.reference {
            return print(client, &client.post("policies/explain", &ExplainRequest { reference }).await?, lang);
        }
        let path = self.case.context("a reference or a case is needed")?;
        let json = std::fs::read_to_string(&path).with_context(|| format!("{} can't be read", path.display()))?;
        let name = |problem: String| anyhow!("{}: {problem}", path.display());
        let case = Case::parse(&json).map_err(name)?;
        let texts = Folders::of(self.policies).read()?;
        let explanation = explain_case(&Compiled::new(&texts)?, &texts, &case).map_err(name)?;
        match client.json() {
            true => println!("{}", serde_json::to_string(&explanation)?),
            false => print!("{}", explanation.render(lang)),
        }
        Ok(())
    }
}

// === impl Replay ===

impl Replay {
    pub(super) async fn run(self, client: &Client, lang: Lang) -> anyhow::Result<()> {
        let request = ReplayRequest { texts: self.folders.read()?, days: self.days };
        print(client, &client.post("policies/replay", &request).await?, lang)
    }
}

/// Prints a report of the host.
pub(super) fn print(client: &Client, told: &Told, lang: Lang) -> anyhow::Result<()> {
    match client.json() {
        true => println!("{}", serde_json::to_string(&told.report)?),
        false => print!("{}", told.text.get(lang)),
    }
    Ok(())
}
