//! `zt evidence ...`

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use zhongtai_audit::{InclusionProof, PublicKeys, check_proof};
use zhongtai_cap_evidence::Bundle;

use super::Client;

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Check a bundle with nothing but the public keys of the log. Asks no host.
    Verify {
        /// The bundle, JSON, as the platform gave it out.
        bundle: PathBuf,
        /// A file with the public keys, as `zt audit keys` printed them.
        #[arg(long)]
        keys: PathBuf,
        /// What was anchored: is it still the same?
        #[arg(long)]
        file: Option<PathBuf>,
    },
}

// === impl Verb ===

impl Verb {
    pub(super) fn run(self, client: &Client) -> anyhow::Result<()> {
        let Self::Verify { bundle, keys, file } = self;
        let text = read(&keys)?;
        let keys: PublicKeys = String::from_utf8(text).context("the keys are not text")?.parse()?;
        let bundle: Bundle =
            serde_json::from_slice(&read(&bundle)?).with_context(|| format!("{} is not a bundle", bundle.display()))?;
        verify(&bundle, &keys, file.as_deref())?;
        let anchor = &bundle.anchor;
        match client.json() {
            true => println!("{}", serde_json::to_string(anchor)?),
            false => println!(
                "{} was anchored by {} at {} for {} as {}",
                anchor.hash, anchor.scenario, anchor.at, anchor.purpose, anchor.reference
            ),
        }
        Ok(())
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))
}

/// The record is of this anchor, it is in the signed log, and the file is what was hashed.
fn verify(bundle: &Bundle, keys: &PublicKeys, file: Option<&Path>) -> anyhow::Result<()> {
    bundle.check_record()?;
    let proof = &bundle.proof;
    let proof = InclusionProof {
        record: proof.record.clone(),
        index: proof.index,
        size: proof.size,
        hashes: proof.hashes.clone(),
        checkpoint: proof.checkpoint.clone(),
    };
    check_proof(&proof, keys)?;
    if let Some(file) = file
        && !bundle.anchor.hash.is_of(&read(file)?)
    {
        bail!("{} is not what was anchored: its digest is another one", file.display());
    }
    Ok(())
}
