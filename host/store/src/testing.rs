//! Fresh databases for tests: a SQLite file, and a database on a real PostgreSQL server.
//!
//! The server is the one that `ZHONGTAI_TEST_POSTGRES` names (`cargo xtask test` starts one for the whole run), or
//! one started here for this process. `initdb` and `postgres` refuse to run as root, so root starts them as the
//! user `postgres` or `nobody`.
#![expect(clippy::expect_used, clippy::panic, reason = "test support: a broken fixture must stop the test")]

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock},
    time::Duration,
};

use tempfile::TempDir;

use crate::{Migration, Store};

/// A database that is gone when this is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    /// The opened store.
    pub store: Store,
    /// How to open it once more.
    pub url: String,
    _dir: Option<TempDir>,
}

/// One fresh database of each kind, migrated.
pub async fn both(migrations: &[Migration]) -> [TestDatabase; 2] {
    [sqlite(migrations).await, postgres(migrations).await]
}

/// A fresh SQLite database.
pub async fn sqlite(migrations: &[Migration]) -> TestDatabase {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let url = format!("sqlite://{}?mode=rwc", dir.path().join("test.db").display());
    let store = Store::open(&url, migrations).await.expect("a SQLite database");
    TestDatabase { store, url, _dir: Some(dir) }
}

/// A fresh database on the test's PostgreSQL server.
pub async fn postgres(migrations: &[Migration]) -> TestDatabase {
    let server = server_url();
    let name = format!("t{}", unique());
    let admin = Store::open(&format!("{server}/postgres"), &[]).await.expect("the test's PostgreSQL server");
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(create).execute(admin.pool()).await.expect("a database of its own");
    admin.close().await;
    let url = format!("{server}/{name}");
    let store = Store::open(&url, migrations).await.expect("a PostgreSQL database");
    TestDatabase { store, url, _dir: None }
}

fn unique() -> String {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    format!("{}_{nanos}_{count}", std::process::id())
}

fn server_url() -> String {
    if let Ok(url) = std::env::var("ZHONGTAI_TEST_POSTGRES") {
        return url;
    }
    static SERVER: OnceLock<Mutex<PostgresServer>> = OnceLock::new();
    let server = SERVER.get_or_init(|| Mutex::new(PostgresServer::start()));
    server.lock().expect("the server's lock").url.clone()
}

/// A PostgreSQL server of our own on a free loopback port.
#[derive(Debug)]
pub struct PostgresServer {
    /// `postgres://postgres@127.0.0.1:port`, without a database.
    pub url: String,
    process: Child,
    _dir: TempDir,
}

// === impl PostgresServer ===

impl PostgresServer {
    /// Makes a cluster in a temporary directory and starts it.
    pub fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("zt-pg").tempdir().expect("a temporary directory");
        let data = dir.path().join("data");
        run_as_server(dir.path(), "initdb", &["-D", path(&data), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8"])
            .stdout(Stdio::null())
            .status()
            .ok()
            .filter(|status| status.success())
            .unwrap_or_else(|| panic!("initdb failed: apt-get install postgresql"));
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|socket| socket.local_addr())
            .expect("a free port")
            .port()
            .to_string();
        let settings = [
            "-D",
            path(&data),
            "-p",
            &port,
            "-k",
            path(dir.path()),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
            "-c",
            "max_connections=200",
        ];
        let process = spawn_for_life(run_as_server(dir.path(), "postgres", &settings));
        wait_for(&port);
        Self { url: format!("postgres://postgres@127.0.0.1:{port}"), process, _dir: dir }
    }

    /// The process to stop when done; SIGINT is PostgreSQL's fast shutdown.
    pub fn stop(&mut self) {
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        let _ = self.process.wait();
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a temporary path is UTF-8")
}

/// The command, as a user that PostgreSQL accepts, who then owns the folder.
fn run_as_server(dir: &Path, program: &str, arguments: &[&str]) -> Command {
    let program = locate(program);
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n");
    // setpriv's pdeathsig: the server ends with the test, however the test ends.
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig").arg("INT");
    if is_root {
        let user = if std::fs::read_to_string("/etc/passwd").unwrap_or_default().contains("\npostgres:") {
            "postgres"
        } else {
            "nobody"
        };
        let _ = Command::new("chown").arg(user).arg(dir).status();
        command.args(["--reuid", user, "--clear-groups"]);
    }
    command.arg(program).args(arguments).current_dir(dir);
    command
}

/// Debian keeps the server's programs out of PATH, in a folder per version.
fn locate(program: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin").join(program)).filter(|path| path.exists()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| program.into())
}

/// Spawns from a thread that never ends: the death signal comes with the end of the spawning thread, not of the
/// process, and a test's thread ends before its neighbours.
fn spawn_for_life(mut command: Command) -> Child {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _ = send.send(command.stderr(Stdio::null()).spawn());
        loop {
            std::thread::park();
        }
    });
    receive.recv().expect("the spawning thread").expect("postgres starts")
}

fn wait_for(port: &str) {
    for _ in 0..300 {
        if std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("PostgreSQL did not come up on port {port} within 15 seconds");
}
