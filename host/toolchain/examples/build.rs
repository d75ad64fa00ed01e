//! Builds a plugin crate: `cargo run -p zhongtai-toolchain --example build -- <directory> [output]`.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::{env, path::PathBuf};

use anyhow::Context as _;
use zhongtai_toolchain::{BuildOptions, Toolchain};

fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let directory = PathBuf::from(arguments.next().context("which directory?")?);
    let output = arguments.next().map(PathBuf::from);
    let toolchain = Toolchain::find()?;
    println!("toolchain  {}", toolchain.describe());
    let built = toolchain.build(&directory, &BuildOptions { output, ..BuildOptions::default() })?;
    println!("built      {}@{}  sha256:{}  {} bytes", built.package, built.version, built.sha256, built.size);
    println!("file       {}", built.component_path.display());
    println!("imports    {}", built.imports.join(" "));
    println!("exports    {}", built.exports.join(" "));
    Ok(())
}
