//! Starts the real `zt serve` on fresh data and stops it by its own id. Used by the end-to-end tests beside this
//! file, by `cargo xtask demo` and by `cargo xtask bench`.
//!
//! ```no_run
//! use zhongtai_e2e::{Host, Setup};
//!
//! # fn main() -> anyhow::Result<()> {
//! let host = Host::start(&Setup::new("target/debug/zt".as_ref(), "/tmp/zt-data".as_ref()))?;
//! println!("{}", host.zt(&["plugin", "list"])?);
//! # Ok(()) }
//! ```

mod cash_desk;
mod city;
mod log;

use std::{
    ffi::OsStr,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::log::Ready;
pub use cash_desk::CashDesk;
pub use city::City;

/// What to start.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The `zt` binary.
    pub zt: PathBuf,
    /// Where the host keeps its state; kept when it stops.
    pub data: PathBuf,
    /// Public and admin ports; 0 takes free ones.
    pub ports: (u16, u16),
    /// More of `zt.toml`, after `[listen]`, `[store]`, `[policy]` and `[log]`.
    pub config: String,
    /// Folders of policies.
    pub policies: Vec<PathBuf>,
    /// Put in force what the folders hold as it changes, without versions.
    pub follow_files: bool,
    /// How long a request's body may take to arrive, seconds.
    pub body_s: u64,
    /// How long a connection may stay open without a request, seconds.
    pub idle_s: u64,
    /// `sqlite://...` or `postgres://...`; empty is a SQLite file in `data`.
    pub store_url: String,
    /// A command that starts the host, which becomes the host: such as `nsenter` into another file system.
    pub within: Vec<String>,
}

// === impl Setup ===

impl Setup {
    /// A host on free ports with the repository's policies.
    pub fn new(zt: &Path, data: &Path) -> Self {
        Self {
            zt: zt.to_owned(),
            data: data.to_owned(),
            ports: (0, 0),
            config: String::new(),
            policies: vec![repository().join("policies")],
            follow_files: false,
            body_s: 30,
            idle_s: 75,
            store_url: String::new(),
            within: Vec::new(),
        }
    }

    fn write_config(&self) -> anyhow::Result<PathBuf> {
        let policies: Vec<_> =
            self.policies.iter().map(|folder| format!("{:?}", folder.display().to_string())).collect();
        let (public, admin) = self.ports;
        let Self { body_s, idle_s, follow_files, .. } = self;
        let text = format!(
            "[listen]\npublic = \"127.0.0.1:{public}\"\nadmin = \"127.0.0.1:{admin}\"\ndrain_s = 10\nbody_s = {body_s}\n\
             idle_s = {idle_s}\n\n\
             [store]\ndata = {:?}\nurl = {:?}\n\n[policy]\nfolders = [{}]\nfollow_files = {follow_files}\n\n[log]\njson = true\n\n{}\n",
            self.data.display().to_string(),
            self.store_url,
            policies.join(", "),
            self.config
        );
        std::fs::create_dir_all(&self.data)?;
        let path = self.data.join("zt.toml");
        std::fs::write(&path, text)?;
        Ok(path)
    }
}

/// The repository's root.
pub fn repository() -> PathBuf {
    let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.pop();
    path.pop();
    path
}

/// A running host; killed when dropped.
#[derive(Debug)]
pub struct Host {
    /// `http://127.0.0.1:port`, for citizens.
    pub public: String,
    /// `http://127.0.0.1:port`, for operators.
    pub admin: String,
    setup: Setup,
    process: Child,
}

/// How long a start may take: components may have to be compiled.
const START: Duration = Duration::from_secs(60);

// === impl Host ===

impl Host {
    /// Starts the host and waits until it is ready.
    pub fn start(setup: &Setup) -> anyhow::Result<Self> {
        let config = setup.write_config()?;
        let log = setup.data.join("host.log");
        let mut words = setup.within.iter().map(OsStr::new).chain([setup.zt.as_os_str()]);
        let process = Command::new(words.next().context("nothing to start")?)
            .args(words)
            .args(["serve", "--config"])
            .arg(config)
            // A backtrace for each of the errors that the sandbox makes and handles would cost more than the request.
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("{} can't be started", setup.zt.display()))?;
        let mut host = Self { public: String::new(), admin: String::new(), setup: setup.clone(), process };
        let ready = host.wait_until_ready(&log)?;
        (host.public, host.admin) = (ready.public, ready.admin);
        Ok(host)
    }

    fn wait_until_ready(&mut self, log: &Path) -> anyhow::Result<Ready> {
        let begun = Instant::now();
        while begun.elapsed() < START {
            if let Some(ready) = log::ready(log)? {
                return Ok(ready);
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the host ended with {status}: {}", std::fs::read_to_string(log).unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the host was not ready within {} s; see {}", START.as_secs(), log.display())
    }

    /// Runs `zt` as an operator of this host and returns what it printed.
    pub fn zt(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(arguments).output()?;
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if !output.status.success() {
            bail!("{out}{err}");
        }
        Ok(out.into_owned())
    }

    /// `zt` as a system administrator of this host.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_as("operator", arguments)
    }

    /// `zt` as the administrator of that name, whose token is in the host's data.
    pub fn command_as(&self, administrator: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.setup.zt);
        command
            .args(arguments)
            .env("ZT_ADMIN", &self.admin)
            .env("ZT_PUBLIC", &self.public)
            .env("ZT_TOKEN_FILE", self.setup.data.join(format!("{administrator}.token")))
            .env_remove("ZT_TOKEN");
        command
    }

    /// What it was started with.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The host's state.
    pub fn data(&self) -> &Path {
        &self.setup.data
    }

    /// The first file of its audit log.
    pub fn audit(&self) -> PathBuf {
        self.setup.data.join("audit/audit-00000000000000000000.jsonl")
    }

    /// What the host logged so far, one JSON object a line.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.setup.data.join("host.log")).unwrap_or_default()
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// SIGKILL: what a power cut does.
    pub fn kill(mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// SIGTERM, and waits for the end: requests in flight may finish. Returns whether it ended well.
    pub fn terminate(mut self) -> anyhow::Result<bool> {
        self.signal("TERM")?;
        Ok(self.process.wait()?.success())
    }

    /// Sends a signal and goes on.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        Command::new("kill").args([format!("-{name}"), self.process.id().to_string()]).status()?;
        Ok(())
    }

    /// Waits until the host has ended by itself, or somebody stopped it.
    pub fn wait(&mut self) -> anyhow::Result<()> {
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
