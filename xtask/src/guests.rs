//! Guest components: the shipped plugins and the tests' fixtures.

use std::path::{Path, PathBuf};

use anyhow::Context;
use zhongtai_toolchain::{BuildOptions, Toolchain};

use crate::{run::step, target};

/// The shipped plugins, by folder.
pub(crate) const PLUGINS: [&str; 2] = ["excavation", "grid-report"];

/// The tests' and the benchmark's guests, by folder.
const FIXTURES: [&str; 11] = [
    "fees",
    "hello",
    "hostile",
    "licences",
    "listening",
    "materials",
    "papers",
    "parcels",
    "places",
    "promises",
    "seals",
];

/// Builds the shipped plugins; returns the folder with `<name>.wasm`.
pub(crate) fn plugins() -> anyhow::Result<PathBuf> {
    build("plugins", &PLUGINS)
}

/// Builds the fixtures; returns the folder with `<name>.wasm`.
pub(crate) fn fixtures() -> anyhow::Result<PathBuf> {
    build("tests/guests", &FIXTURES)
}

fn build(workspace: &str, packages: &[&str]) -> anyhow::Result<PathBuf> {
    step(&format!("guests of {workspace}"));
    let toolchain = Toolchain::find()?;
    println!("guest toolchain: {}", toolchain.describe());
    let folder = target().join("components");
    std::fs::create_dir_all(&folder)?;
    for package in packages {
        let built = component(&toolchain, workspace, package, &folder)
            .with_context(|| format!("{workspace}/{package} can't be built"))?;
        println!("built  {package}  {} KiB", built / 1024);
    }
    Ok(folder)
}

fn component(toolchain: &Toolchain, workspace: &str, package: &str, folder: &Path) -> anyhow::Result<usize> {
    let options = BuildOptions {
        package: Some(package.to_owned()),
        target_dir: Some(target().join("guest")),
        output: Some(folder.join(format!("{package}.wasm"))),
        ..BuildOptions::default()
    };
    Ok(toolchain.build(Path::new(workspace), &options)?.size)
}
