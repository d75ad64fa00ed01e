//! `cargo xtask conformance cedar`: other people's tests, run through ours.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::run::{cargo, must};

/// Where the Cedar project's integration tests may lie when nobody says: beside the repository.
const BESIDE: &str = "../shared/data/cedar-integration-tests";

/// Runs the Cedar project's integration tests; the folder is `cedar-integration-tests` of its repository.
pub(crate) fn cedar(folder: Option<PathBuf>) -> anyhow::Result<()> {
    let folder = folder.or_else(cedar_tests).with_context(|| {
        format!("name the folder of the Cedar project's integration tests; {BESIDE} is not there either")
    })?;
    must(&mut command(&folder))
}

/// What runs them.
pub(crate) fn command(folder: &Path) -> std::process::Command {
    let mut command = cargo(&["run", "--quiet", "--package", "zhongtai-authz", "--example", "conformance", "--"]);
    command.arg(folder);
    command
}

/// Where they are, if they are: `$ZHONGTAI_CEDAR_TESTS`, or beside the repository.
pub(crate) fn cedar_tests() -> Option<PathBuf> {
    let named = std::env::var_os("ZHONGTAI_CEDAR_TESTS").map(PathBuf::from);
    // What was named is not passed over in silence: the run itself says that it is not there.
    named.or_else(|| Some(crate::root().join(BESIDE)).filter(|folder| folder.is_dir()))
}
