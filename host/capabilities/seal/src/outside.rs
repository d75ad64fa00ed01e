//! Other authorities, which the operator trusts when documents are verified.

use std::path::Path;

use zhongtai_pki::{Trust, certificates, revocation_list};

use crate::{SealConfig, SealError};

/// Reads the roots and lists of the configuration.
///
/// # Errors
/// When a file can't be read or is something else; names it.
pub fn outside_trust(config: &SealConfig) -> Result<Trust, SealError> {
    let mut trust = Trust::default();
    for path in &config.roots {
        trust.roots.extend(certificates(&text(path)?).map_err(|error| wrong(path, &error))?);
    }
    for path in &config.lists {
        for part in text(path)?.split_inclusive("-----END X509 CRL-----").filter(|part| !part.trim().is_empty()) {
            trust.revocations.push(revocation_list(part.trim_start()).map_err(|error| wrong(path, &error))?);
        }
    }
    Ok(trust)
}

fn text(path: &Path) -> Result<String, SealError> {
    std::fs::read_to_string(path).map_err(|error| wrong(path, &error))
}

fn wrong(path: &Path, error: &dyn std::error::Error) -> SealError {
    SealError::Fault(format!("{}: {error}", path.display()))
}
