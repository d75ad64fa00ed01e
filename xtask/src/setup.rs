//! What the chores need beyond cargo: Debian packages, installed when this is root, named when it is not.

use std::process::Command;

use anyhow::bail;
use zhongtai_toolchain::Toolchain;

use crate::run::{exists, must, output, step};

/// Installs everything.
pub(crate) fn run() -> anyhow::Result<()> {
    step("what the tests need");
    for_tests()?;
    step("what the benchmark needs");
    for_bench()?;
    step("the guest toolchain");
    println!("guest toolchain: {}", Toolchain::find()?.describe());
    Ok(())
}

/// Room for what is built and for the databases of tests: a full disk shows as errors that name anything but the disk.
pub(crate) fn disk() -> anyhow::Result<()> {
    const NEEDED_KIB: u64 = 4 * 1024 * 1024;
    let target = crate::target();
    std::fs::create_dir_all(&target)?;
    for folder in [target, std::env::temp_dir()] {
        let free = output(Command::new("df").args(["--output=avail", "-k"]).arg(&folder))?;
        let free: u64 = free.lines().nth(1).and_then(|line| line.trim().parse().ok()).unwrap_or(u64::MAX);
        if free < NEEDED_KIB {
            bail!("{} has {} MiB left and 4 GiB are needed: delete old build folders", folder.display(), free / 1024);
        }
    }
    Ok(())
}

/// A C compiler, a real PostgreSQL, a real SMTP server, a solver, and OpenSSL to check our signatures.
pub(crate) fn for_tests() -> anyhow::Result<()> {
    let mut missing = Vec::new();
    if !exists("cc") {
        missing.push("build-essential");
    }
    if !has_postgres() {
        missing.push("postgresql");
    }
    let has_smtp = Command::new("/usr/bin/python3").args(["-c", "import aiosmtpd"]).output();
    if !has_smtp.is_ok_and(|output| output.status.success()) {
        missing.push("python3-aiosmtpd");
    }
    for tool in ["cvc5", "openssl"] {
        if !exists(tool) {
            missing.push(tool);
        }
    }
    install(&missing)
}

/// A load generator that we did not write.
pub(crate) fn for_bench() -> anyhow::Result<()> {
    if exists("wrk") { Ok(()) } else { install(&["wrk"]) }
}

fn has_postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    exists("initdb") || versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
}

fn install(packages: &[&str]) -> anyhow::Result<()> {
    if packages.is_empty() {
        println!("nothing to install");
        return Ok(());
    }
    let by_hand = format!("apt-get install {}", packages.join(" "));
    let is_root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || !exists("apt-get") {
        bail!("missing: as root, run `{by_hand}`");
    }
    println!("installing {}", packages.join(" "));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        must(&mut command)
    };
    apt(&["update", "-qq"])?;
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(packages);
    apt(&arguments)
}
