//! What the chores need beyond cargo: Debian packages, installed when this is root and named when it is not, and
//! the Python and npm packages that tests check our work with, in a folder of their own.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use zhongtai_toolchain::Toolchain;

use crate::run::{exists, must, output, step};

/// What shows that a Debian package is installed.
enum Sign {
    Program(&'static str),
    File(&'static str),
    PythonModule(&'static str),
    Postgres,
    /// The extension's library and its scripts, for any version of PostgreSQL.
    Postgis,
}

const DEBIAN: &[(&str, Sign)] = &[
    ("build-essential", Sign::Program("cc")),
    ("chromium", Sign::Program("chromium")),
    ("chromium-driver", Sign::Program("chromedriver")),
    ("curl", Sign::Program("curl")),
    ("cvc5", Sign::Program("cvc5")),
    ("openssl", Sign::Program("openssl")),
    ("postgresql", Sign::Postgres),
    ("postgresql-postgis", Sign::Postgis),
    ("python3-aiosmtpd", Sign::PythonModule("aiosmtpd")),
    ("python3-venv", Sign::PythonModule("ensurepip")),
    ("npm", Sign::Program("npm")),
    ("poppler-utils", Sign::Program("pdfsig")),
    ("fonts-noto-cjk", Sign::File("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")),
    ("softhsm2", Sign::Program("softhsm2-util")),
    ("libxml2-utils", Sign::Program("xmllint")),
    ("unzip", Sign::Program("unzip")),
    ("fonts-dejavu-core", Sign::File("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")),
    ("qpdf", Sign::Program("qpdf")),
    ("fontconfig", Sign::Program("fc-scan")),
    ("libnss3-tools", Sign::Program("certutil")),
];

/// From PyPI, into a virtual environment of Debian's Python.
const PYTHON: &[&str] = &[
    "pyhanko==0.38.0",
    "pyhanko-cli==0.6.0",
    "asn1crypto==1.5.1",
    "gmssl==3.2.2",
    "openapi-spec-validator==0.9.0",
    "mapbox-vector-tile==2.2.0",
    "wechatpayv3==2.0.4",
    "alipay-sdk-python==3.7.1411",
    "cryptography==50.0.2",
    "pyproj==3.7.2",
    "dkimpy==1.1.8",
];

const NODE: &[&str] = &["jsdom@26.1.0", "ofd.js@0.2.6", "oidc-provider@9.13.3", "smpp@0.5.1"];

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

/// The fonts of documents and seals, the city's identity provider, and a browser for the command line.
pub(crate) fn for_demo() -> anyhow::Result<()> {
    let wanted = |package: &str| package.starts_with("fonts-") || ["curl", "npm"].contains(&package);
    let missing = DEBIAN.iter().filter(|(package, shown_by)| wanted(package) && !shown_by.is_there());
    install(&missing.map(|(package, _)| *package).collect::<Vec<_>>())?;
    npm_packages()
}

/// Debian packages, real servers, and the tools that check our work.
pub(crate) fn for_tests() -> anyhow::Result<()> {
    let missing = DEBIAN.iter().filter(|(_, shown_by)| !shown_by.is_there()).map(|(package, _)| *package);
    install(&missing.collect::<Vec<_>>())?;
    python_packages()?;
    npm_packages()
}

fn python_packages() -> anyhow::Result<()> {
    let folder = tools()?.join("python");
    let python = folder.join("bin/python");
    once(&folder, PYTHON, || {
        must(Command::new("/usr/bin/python3").args(["-m", "venv"]).arg(&folder))?;
        must(
            Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PYTHON),
        )
    })
}

fn npm_packages() -> anyhow::Result<()> {
    let folder = tools()?.join("node");
    once(&folder, NODE, || {
        std::fs::write(folder.join("package.json"), "{}")?;
        must(
            Command::new("npm")
                .args(["install", "--silent", "--no-audit", "--no-fund"])
                .args(NODE)
                .current_dir(&folder),
        )
    })
}

/// Installs `packages` into an empty folder, unless just these are in it.
fn once(folder: &Path, packages: &[&str], install: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let list = folder.join("installed.txt");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&list).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("installing {}", packages.join(" "));
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    install()?;
    Ok(std::fs::write(list, wanted)?)
}

/// Where `tests/tools` looks.
fn tools() -> anyhow::Result<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/zhongtai/tools"));
    std::env::var_os("ZHONGTAI_TOOLS").map(PathBuf::from).or_else(home).context("HOME is not set")
}

/// A load generator that we did not write.
pub(crate) fn for_bench() -> anyhow::Result<()> {
    if exists("wrk") { Ok(()) } else { install(&["wrk"]) }
}

// === impl Sign ===

impl Sign {
    fn is_there(&self) -> bool {
        match self {
            Self::Program(name) => exists(name),
            Self::File(path) => Path::new(path).exists(),
            Self::PythonModule(name) => {
                let import = Command::new("/usr/bin/python3").args(["-c", &format!("import {name}")]).output();
                import.is_ok_and(|output| output.status.success())
            }
            Self::Postgres => {
                let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
                exists("initdb") || versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
            }
            Self::Postgis => {
                let versions = std::fs::read_dir("/usr/share/postgresql").into_iter().flatten().flatten();
                versions.into_iter().any(|version| version.path().join("extension/postgis.control").is_file())
            }
        }
    }
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
