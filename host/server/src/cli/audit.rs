//! `zt audit ...`

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use zhongtai_audit::{InclusionProof, PublicKeys, check_proof, verify};

use super::Client;
use crate::admin::{AuditKeysReport, Records};

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Records, one JSON object a line.
    List {
        /// The number of the first; the oldest by default.
        #[arg(long)]
        from: Option<u64>,
        /// How many, 1,000 at most.
        #[arg(long, default_value_t = 100)]
        limit: u64,
    },
    /// The public keys of the host's log. Keep them somewhere else: a log is checked with them.
    Keys,
    /// Copy the log to a folder of your own.
    Export {
        /// A new folder.
        folder: PathBuf,
    },
    /// Check a copy, or one proof, with nothing but the public keys.
    Verify {
        /// A folder from `export`, or a file from `prove`.
        what: PathBuf,
        /// A file with the public keys, as `zt audit keys` printed them.
        #[arg(long)]
        keys: PathBuf,
        /// An older `checkpoint` file: is everything still there that was there then?
        #[arg(long)]
        since: Option<PathBuf>,
    },
    /// Prove that a record is in the log.
    Prove {
        /// The record's number.
        number: u64,
    },
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::List { from, limit } => list(client, from, limit).await,
            Self::Keys => {
                let keys: AuditKeysReport = client.get("audit/keys").await?;
                print!("{}", keys.public);
                Ok(())
            }
            Self::Export { folder } => export(client, &folder).await,
            Self::Verify { what, keys, since } => check(client, &what, &keys, since.as_deref()),
            Self::Prove { number } => {
                let proof: InclusionProof = client.get(&format!("audit/records/{number}/proof")).await?;
                println!("{}", serde_json::to_string_pretty(&proof)?);
                Ok(())
            }
        }
    }
}

async fn list(client: &Client, from: Option<u64>, limit: u64) -> anyhow::Result<()> {
    let from = from.map(|number| format!("from={number}&")).unwrap_or_default();
    let records: Records = client.get(&format!("audit/records?{from}limit={limit}")).await?;
    for record in records.records {
        println!("{record}");
    }
    Ok(())
}

/// Unpacks what the host sends as it arrives.
async fn export(client: &Client, folder: &Path) -> anyhow::Result<()> {
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty: name a new folder", folder.display());
    }
    let mut response = client.download("audit/export").await?;
    let mut file = tempfile::tempfile().context("no temporary file can be made")?;
    while let Some(bytes) = response.chunk().await.context("the copy is not complete: ask again")? {
        std::io::Write::write_all(&mut file, &bytes)?;
    }
    std::io::Seek::rewind(&mut file)?;
    let inside = tempfile::tempdir()?;
    tar::Archive::new(file).unpack(inside.path()).context("the host did not send a tar file")?;
    copy(&inside.path().join("audit"), folder)?;
    println!("copied to {}; check it with: zt audit verify {} --keys KEYS", folder.display(), folder.display());
    Ok(())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("{} can't be made", to.display()))?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => drop(std::fs::copy(entry.path(), &target)?),
        }
    }
    Ok(())
}

fn check(client: &Client, what: &Path, keys: &Path, since: Option<&Path>) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(keys).with_context(|| format!("{} can't be read", keys.display()))?;
    let keys: PublicKeys = text.parse()?;
    if what.is_file() {
        let text = std::fs::read_to_string(what)?;
        let proof: InclusionProof =
            serde_json::from_str(&text).with_context(|| format!("{} is not a proof", what.display()))?;
        check_proof(&proof, &keys)?;
        println!("record {} is in the log, among {} signed records:\n{}", proof.index, proof.size, proof.record);
        return Ok(());
    }
    let older = since.map(std::fs::read).transpose().context("the older checkpoint can't be read")?;
    let report = verify(what, &keys, older.as_deref())?;
    match client.json() {
        true => println!("{}", serde_json::to_string(&report)?),
        false => print!("{report}"),
    }
    if report.is_ok() { Ok(()) } else { bail!("the log is not as it was signed") }
}
