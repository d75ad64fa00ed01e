//! What the end-to-end tests share: the built `zt`, components, plugins to deploy, an HTTP client that keeps what it
//! got, and waiting with a bound.

#![allow(dead_code, unused_imports, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests use it")]

mod browser;
mod city;
pub mod counter;
pub mod district;
mod plugin;
mod reply;
mod visitor;

use std::{
    path::{Path, PathBuf},
    process::Output,
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;
use zhongtai_e2e::{Host, Setup};

pub use browser::Browser;
pub use city::SignInThere;
pub use plugin::{Plugin, answering, guest, manifest, wat};
pub use reply::Reply;
pub use visitor::{Page, Visitor, code};

/// For what has to happen at all: how soon is measured by `cargo xtask bench`, not asserted on a busy machine.
pub const SOON: Duration = Duration::from_secs(60);

/// A host on fresh data, and a folder that goes when it goes.
pub struct Place {
    pub host: Host,
    pub http: Client,
    pub dir: TempDir,
}

/// The `zt` beside this test's own executable: `target/debug/deps/..` -> `target/debug/zt`.
pub fn zt() -> PathBuf {
    let own = std::env::current_exe().expect("the test's own path");
    let profile = own.parent().and_then(Path::parent).expect("target/<profile>/deps");
    let zt = profile.join("zt");
    assert!(zt.exists(), "{} is missing: run `cargo build -p zhongtai-server` first", zt.display());
    zt
}

/// The target folder that this test was built in.
pub fn target() -> PathBuf {
    zt().ancestors().nth(2).expect("target/<profile>/zt").to_owned()
}

/// A client without a proxy that waits longer than any scenario may run. It keeps no connection between two requests:
/// a test that runs a command stands still meanwhile, and does not learn that the host closed a connection that was
/// idle for too long.
pub fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().timeout(Duration::from_secs(30)).pool_max_idle_per_host(0);
    client.build().expect("a client")
}

/// Asks until there is an answer; fails when there is none within [`SOON`].
pub async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = probe().await {
            return answer;
        }
        assert!(begun.elapsed() < SOON, "not within {SOON:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What a command printed, out and error together.
pub fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The lines of a JSON-lines file. A line that is not JSON fails the test.
pub fn json_lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("a file of JSON lines");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Copies a folder and what is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder to copy") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

// === impl Place ===

impl Place {
    /// A host as it is out of the box.
    pub fn start() -> Self {
        Self::start_with(|_, _| ())
    }

    /// A host whose setup is changed first; the folder is the test's own.
    pub fn start_with(change: impl FnOnce(&mut Setup, &Path)) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut setup = Self::setup(&dir);
        change(&mut setup, dir.path());
        let host = Host::start(&setup).expect("the host starts");
        Self { host, http: client(), dir }
    }

    /// How this folder's host is set up when nothing is changed.
    pub fn setup(dir: &TempDir) -> Setup {
        Setup::new(&zt(), &dir.path().join("data"))
    }

    /// `zt` as this host's operator; its standard output.
    pub fn zt(&self, arguments: &[&str]) -> String {
        self.host.zt(arguments).unwrap_or_else(|error| panic!("zt {}: {error}", arguments.join(" ")))
    }

    /// `zt` as another administrator; its standard output.
    pub fn zt_as(&self, administrator: &str, arguments: &[&str]) -> String {
        let output = self.host.command_as(administrator, arguments).output().expect("zt runs");
        assert!(output.status.success(), "zt {}: {}", arguments.join(" "), printed(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// `zt` that must be refused with exit code 1; all that it printed.
    pub fn refused(&self, arguments: &[&str]) -> String {
        self.refused_as("operator", arguments)
    }

    /// The same as another administrator.
    pub fn refused_as(&self, administrator: &str, arguments: &[&str]) -> String {
        let output = self.host.command_as(administrator, arguments).output().expect("zt runs");
        assert_eq!(output.status.code(), Some(1), "zt {}: {}", arguments.join(" "), printed(&output));
        printed(&output)
    }

    /// GET of a public path.
    pub async fn get(&self, path: &str) -> Reply {
        Reply::of(self.http.get(self.public(path))).await
    }

    /// The URL of a public path.
    pub fn public(&self, path: &str) -> String {
        format!("{}{path}", self.host.public)
    }

    /// The URL of a path below `/admin/v1/`.
    pub fn admin(&self, path: &str) -> String {
        format!("{}/admin/v1/{path}", self.host.admin)
    }

    /// The operator's token of the first start.
    pub fn operator_token(&self) -> String {
        self.data("operator.token").trim().to_owned()
    }

    /// A file of the host's data.
    pub fn data(&self, name: &str) -> String {
        std::fs::read_to_string(self.host.data().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Grants what its manifest asks for, and deploys it.
    pub fn install(&self, plugin: &Plugin) {
        for capability in &plugin.capabilities {
            self.zt(&["grant", "add", &plugin.scenario, capability]);
        }
        self.deploy(plugin, &[]);
    }

    /// Deploys it, with more arguments.
    pub fn deploy(&self, plugin: &Plugin, more: &[&str]) {
        self.zt(&[&plugin.deploy_arguments()[..], more].concat());
    }

    /// The host's log, line by line.
    pub fn log(&self) -> Vec<Value> {
        self.host.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The audit record of a request with this sequence number, once it is written.
    pub async fn audit(&self, reference: &str) -> Value {
        let path = self.host.audit();
        eventually("the audit record", async || {
            // The last line may be half there.
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let mut records = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            records.find(|record| record["reference"] == reference)
        })
        .await
    }

    /// Makes an account; its generated password.
    pub fn add_user(&self, login: &str, more: &[&str]) -> String {
        let added = self.zt(&[&["user", "add", login, "--json"], more].concat());
        let added: Value = serde_json::from_str(&added).expect("JSON");
        added["password"].as_str().expect("the password").to_owned()
    }

    /// A token of an account.
    pub fn token(&self, login: &str, more: &[&str]) -> String {
        self.zt(&[&["user", "token", login], more].concat()).trim().to_owned()
    }
}

/// `zt plugin new` and `zt plugin build` in `dir`, outside the repository; the plugin's folder.
pub fn note_box(dir: &Path) -> PathBuf {
    let folder = dir.join("note-box");
    let run = |at: &Path, arguments: &[&str]| {
        let mut command = std::process::Command::new(zt());
        command.current_dir(at).args(arguments).env("ZT_SDK", zhongtai_e2e::repository().join("sdk/rust"));
        // Where `cargo xtask` builds guests too: the SDK is compiled once.
        let output = command.env("CARGO_TARGET_DIR", target()).output().expect("zt runs");
        assert!(output.status.success(), "zt {}: {}", arguments.join(" "), printed(&output));
    };
    run(dir, &["plugin", "new", "note-box", "--department", "441802-test"]);
    run(&folder, &["plugin", "build"]);
    folder
}
