use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::Context;

/// The cash desk (`zt payment cashdesk`), a process of its own, which ends with this value.
#[derive(Debug)]
pub struct CashDesk {
    /// `http://127.0.0.1:port`
    pub url: String,
    zt: PathBuf,
    data: PathBuf,
    secret: PathBuf,
    callback: String,
    process: Child,
}

// === impl CashDesk ===

impl CashDesk {
    /// The channel's name in [`Self::config`].
    pub const CHANNEL: &str = "cashdesk";

    /// Starts one that calls the host at `public`, with what it keeps in `data`, on a free port.
    pub fn start(zt: &Path, data: &Path, public: &str) -> anyhow::Result<Self> {
        std::fs::create_dir_all(data)?;
        let secret = data.join("secret");
        std::fs::write(&secret, format!("{:?}{}", std::time::SystemTime::now(), "-for-one-run".repeat(4)))?;
        let callback = format!("{public}/api/v1/payments/callbacks/{}", Self::CHANNEL);
        let (process, url) = run(zt, data, &secret, &callback, "127.0.0.1:0")?;
        Ok(Self { url, zt: zt.to_owned(), data: data.to_owned(), secret, callback, process })
    }

    /// What the host has to be told of it.
    pub fn config(&self) -> String {
        format!(
            "[payment.gateways.{}]\nkind = \"cashdesk\"\nbase_url = {:?}\nsecret = {{ file = {:?} }}\n",
            Self::CHANNEL,
            self.url,
            self.secret.display().to_string(),
        )
    }

    /// Pays at an order's page, as a person does.
    pub fn pay(&self, page: &str) -> anyhow::Result<()> {
        curl(&["--data", "act=pay", page])
    }

    /// From now on it calls nobody back, until it is started again.
    pub fn hold_callbacks(&self) -> anyhow::Result<()> {
        let url = format!("{}/test/faults", self.url);
        curl(&["-H", "content-type: application/json", "--data", r#"{"hold":true}"#, &url])
    }

    /// SIGKILL: what a power cut does.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Starts it again where it was, with what it kept.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        let listen = self.url.trim_start_matches("http://");
        (self.process, self.url) = run(&self.zt, &self.data, &self.secret, &self.callback, listen)?;
        Ok(())
    }
}

impl Drop for CashDesk {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn curl(arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new("curl");
    let output = command.args(["-sS", "--fail", "--noproxy", "*", "-o", "/dev/null"]).args(arguments).output()?;
    anyhow::ensure!(output.status.success(), "the cash desk: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn run(zt: &Path, data: &Path, secret: &Path, callback: &str, listen: &str) -> anyhow::Result<(Child, String)> {
    let mut process = Command::new(zt)
        .args(["payment", "cashdesk", "--test-faults", "--listen", listen, "--callback", callback, "--data"])
        .arg(data)
        .arg("--secret-file")
        .arg(secret)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("{} can't be started", zt.display()))?;
    let mut line = String::new();
    BufReader::new(process.stdout.take().context("a pipe")?).read_line(&mut line)?;
    let url = line.trim().to_owned();
    anyhow::ensure!(url.starts_with("http://"), "the cash desk did not start");
    Ok((process, url))
}
