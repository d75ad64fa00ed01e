//! A draft in a folder: looked over, tested and compared, on this machine.

use std::path::PathBuf;

use anyhow::bail;
use zhongtai_analysis::Report;
use zhongtai_authz::{PolicyFolder, PolicyTexts};
use zhongtai_kernel::Lang;

use super::{super::Client, change, default_folder};
use crate::analysis;

/// A draft.
#[derive(clap::Args)]
pub(in crate::cli) struct Folders {
    /// Its folders; several are one set.
    #[arg(default_values_os_t = [default_folder()])]
    folders: Vec<PathBuf>,
}

/// `zt policy check`
#[derive(clap::Args)]
pub(in crate::cli) struct Check {
    #[command(flatten)]
    folders: Folders,
    /// Write files that are not formatted as they should be.
    #[arg(long)]
    write: bool,
}

/// `zt policy analyze`
#[derive(clap::Args)]
pub(in crate::cli) struct Analyze {
    /// The folders of the draft.
    #[arg(long = "new", default_values_os_t = [default_folder()])]
    new: Vec<PathBuf>,
    /// The folders it is compared with; by default what is in force on the host.
    #[arg(long = "old")]
    old: Vec<PathBuf>,
    /// Save counterexamples as test cases in the first folder of the draft.
    #[arg(long)]
    save: bool,
}

// === impl Folders ===

impl Folders {
    pub(super) fn of(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    pub(super) fn read(&self) -> anyhow::Result<PolicyTexts> {
        read(&self.folders)
    }
}

fn read(folders: &[PathBuf]) -> anyhow::Result<PolicyTexts> {
    let folders: Vec<_> = folders.iter().cloned().map(PolicyFolder).collect();
    Ok(PolicyTexts::read(&folders)?)
}

// === impl Check ===

impl Check {
    pub(super) fn run(self, client: &Client, lang: Lang) -> anyhow::Result<()> {
        let report = zhongtai_workbench::check(&self.folders.read()?);
        if self.write {
            for file in &report.formatted {
                let path = self.find(&file.path);
                std::fs::write(&path, &file.text)?;
                println!("formatted {}", path.display());
            }
        }
        match client.json() {
            true => println!("{}", serde_json::to_string(&report)?),
            false => print!("{}", report.render(lang)),
        }
        if report.is_valid() { Ok(()) } else { bail!("the draft can't be put in force") }
    }

    /// The folder's file of that name.
    fn find(&self, path: &str) -> PathBuf {
        let mut files = self.folders.folders.iter().map(|folder| folder.join(path));
        files.rfind(|file| file.exists()).unwrap_or_else(|| path.into())
    }
}

/// `zt policy test`
pub(super) fn test(client: &Client, folders: &Folders, lang: Lang) -> anyhow::Result<()> {
    let report = zhongtai_workbench::test(&folders.read()?)?;
    match client.json() {
        true => println!("{}", serde_json::to_string(&report)?),
        false => print!("{}", report.render(lang)),
    }
    if report.passed() { Ok(()) } else { bail!("{} of {} cases fail", report.failures.len(), report.cases) }
}

// === impl Analyze ===

impl Analyze {
    pub(super) async fn run(self, client: &Client, lang: Lang) -> anyhow::Result<()> {
        let new = read(&self.new)?;
        let old = match self.old.is_empty() {
            false => read(&self.old)?,
            true => {
                let number = change::in_force(client).await?;
                client.get(&format!("policies/{number}/texts")).await?
            }
        };
        let report = analysis::run(&old, &new).await?;
        match client.json() {
            true => println!("{}", serde_json::to_string(&report)?),
            false => print!("{}", report.text(lang)),
        }
        if self.save {
            self.save(&report)?;
        }
        if report.is_proved_safe() { Ok(()) } else { bail!("not safe to activate without a named approver") }
    }

    fn save(&self, report: &Report) -> anyhow::Result<()> {
        let folder = self.new.first().cloned().unwrap_or_else(default_folder);
        for found in report.counterexamples() {
            let path = folder.join(&found.path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(&path, serde_json::to_string_pretty(&found.case)? + "\n")?;
            println!("saved as {}", path.display());
        }
        Ok(())
    }
}
