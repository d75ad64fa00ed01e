//! One PostgreSQL for a whole test run, or until Ctrl-C for tests that are run one by one.

use std::{
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};

use crate::run::{must, output};

/// A server on a free loopback port, stopped by its own id when dropped.
pub(crate) struct Postgres {
    process: Child,
    folder: PathBuf,
    /// `postgres://postgres@127.0.0.1:port`
    pub(crate) url: String,
}

// === impl Postgres ===

impl Postgres {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let folder = PathBuf::from(output(Command::new("mktemp").args(["-d", "-t", "zt-pg-XXXXXX"]))?.trim());
        let data = folder.join("data");
        let data = data.to_str().context("a temporary path is UTF-8")?;
        must(
            as_server(&folder, "initdb")?
                .args(["-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8"])
                .stdout(Stdio::null()),
        )?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut server = as_server(&folder, "postgres")?;
        server.args(["-D", data, "-p", &port.to_string(), "-k"]).arg(&folder);
        for setting in ["listen_addresses=127.0.0.1", "fsync=off", "max_connections=500"] {
            server.args(["-c", setting]);
        }
        let log = std::fs::File::create(folder.join("log"))?;
        let process = server.stderr(log).spawn().context("postgres can't be started")?;
        let postgres = Self { process, folder, url: format!("postgres://postgres@127.0.0.1:{port}") };
        wait_for(port)?;
        Ok(postgres)
    }

    /// The end of what the server said of itself, without the statements that tests mean to fail.
    pub(crate) fn said(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let told = |line: &&str| ["LOG:", "WARNING:", "FATAL:", "PANIC:"].iter().any(|level| line.contains(level));
        let mut last: Vec<_> = log.lines().rev().filter(told).take(40).collect();
        last.reverse();
        last.join("\n")
    }
}

/// `cargo xtask postgres`: a server for tests that are run one by one, until Ctrl-C.
pub(crate) fn stay() -> anyhow::Result<()> {
    let mut postgres = Postgres::start()?;
    println!("export ZHONGTAI_TEST_POSTGRES={}", postgres.url);
    // Ctrl-C goes to the server as well, which is in the same process group.
    ctrlc::set_handler(|| {})?;
    postgres.process.wait()?;
    Ok(())
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            // SIGINT is PostgreSQL's fast shutdown.
            let _ = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
            let _ = self.process.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The server's program, as a user that it accepts, who then owns the folder: it refuses to run as root.
fn as_server(folder: &Path, program: &str) -> anyhow::Result<Command> {
    let program = locate(program);
    let is_root = output(Command::new("id").arg("-u"))?.trim() == "0";
    let mut command;
    if is_root {
        let passwd = std::fs::read_to_string("/etc/passwd")?;
        let user = if passwd.contains("\npostgres:") { "postgres" } else { "nobody" };
        must(Command::new("chown").arg(user).arg(folder))?;
        command = Command::new("setpriv");
        command.args(["--reuid", user, "--clear-groups"]).arg(program);
    } else {
        command = Command::new(program);
    }
    command.current_dir(folder);
    Ok(command)
}

/// Debian keeps the server's programs out of PATH, in a folder per version.
fn locate(program: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(program)).filter(|path| path.exists());
    found.max().unwrap_or_else(|| program.into())
}

fn wait_for(port: u16) -> anyhow::Result<()> {
    for _ in 0..300 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("PostgreSQL did not come up on port {port} within 15 seconds")
}
