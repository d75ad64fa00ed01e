//! A host small enough for a test: a guard and a recorder that obey the test, the capabilities that every guest has,
//! and an in-memory `keyvalue`. The guests are those of `tests/guests`.

#![allow(dead_code, unused_imports, reason = "each test binary uses a part of it")]
#![allow(clippy::expect_used, clippy::panic, reason = "only tests use it")]

mod guests;
mod keyvalue;
mod witnesses;

use std::{
    future::Future,
    sync::{Arc, LazyLock, mpsc},
    thread,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method};
use tempfile::TempDir;
use tokio::runtime::{Builder, Handle};
use zhongtai_cap_clock::ClockCapability;
use zhongtai_cap_log::{Log, LogTail};
use zhongtai_cap_random::Random;
use zhongtai_kernel::{Channel, Digest, Release, RequestId, SystemClock};
use zhongtai_runtime::{
    AdmissionOptions, Call, Capability, EngineOptions, HostKey, InvokeError, LoadError, LoadedRelease, Outcome,
    Request, Response, Runtime, RuntimeOptions, Services,
};

pub use guests::{guest, wat, wat_text};
pub use keyvalue::KeyValue;
pub use witnesses::{TestGuard, TestRecorder};

/// Compiled guests are shared by the tests of a binary: compiling takes longer than all that they do.
static CACHE: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a directory for artifacts"));

/// No misdeed may take longer than this, and no test.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What a test can change about its host.
pub struct Setup {
    pub admission: AdmissionOptions,
    pub instances: u32,
}

/// A host and the hands on it.
pub struct TestHost {
    pub runtime: Arc<Runtime>,
    pub guard: Arc<TestGuard>,
    pub recorder: Arc<TestRecorder>,
    pub log: Arc<LogTail>,
    pub keyvalue: Arc<KeyValue>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { admission: AdmissionOptions::default(), instances: 32 }
    }
}

// === impl TestHost ===

impl TestHost {
    pub fn new(setup: Setup, shared: Handle) -> Self {
        let (guard, recorder) = (Arc::new(TestGuard::default()), Arc::new(TestRecorder::default()));
        let (log, keyvalue) = (Arc::new(LogTail::default()), Arc::new(KeyValue::default()));
        let services = Services::new(guard.clone(), recorder.clone(), Arc::new(SystemClock));
        let capabilities: Vec<Arc<dyn Capability>> = vec![
            Arc::new(Log(log.clone())),
            Arc::new(ClockCapability),
            Arc::new(Random),
            Arc::new(keyvalue::InMemory(keyvalue.clone())),
        ];
        let options = RuntimeOptions {
            engine: EngineOptions { instances: setup.instances, ..EngineOptions::default() },
            admission: setup.admission,
            artifacts: CACHE.path().join("aot"),
            key: key(),
        };
        let runtime = Runtime::new(options, capabilities, services, shared).expect("a sandbox");
        Self { runtime: Arc::new(runtime), guard, recorder, log, keyvalue }
    }

    /// Loads a component as department `441802-<department>`'s, with a grant for `keyvalue`.
    pub fn load(&self, department: &str, component: &[u8], limits: &str) -> Result<Arc<LoadedRelease>, LoadError> {
        let more = format!("[capabilities]\nkeyvalue = {{ reason = \"asks\" }}\n[limits]\n{limits}");
        let release = Arc::new(release(department, component, &more));
        self.runtime.load(release, component, &["keyvalue".to_owned()]).map(Arc::new)
    }

    /// The hostile guest, with room for its answers and `timeout_ms` to live.
    pub fn hostile(&self, timeout_ms: u32) -> Arc<LoadedRelease> {
        let limits = format!("memory_mib = 160\ntimeout_ms = {timeout_ms}");
        self.load("test", guest("hostile"), &limits).expect("the hostile guest")
    }

    /// The same guest in another department, behaving well.
    pub fn neighbour(&self) -> Arc<LoadedRelease> {
        self.load("neighbour", guest("hostile"), "timeout_ms = 5000").expect("the neighbour")
    }

    /// Asks a release for `target`, a path with a query.
    pub async fn ask(&self, release: &Arc<LoadedRelease>, target: &str) -> Outcome {
        self.runtime.invoke(release.clone(), call(get(target))).await
    }

    /// The answer's text, where there has to be one.
    pub async fn text(&self, release: &Arc<LoadedRelease>, target: &str) -> String {
        text(self.ask(release, target).await.response.expect("an answer"))
    }

    /// The error, where there has to be one.
    pub async fn error(&self, release: &Arc<LoadedRelease>, target: &str) -> InvokeError {
        self.ask(release, target).await.response.expect_err("no answer")
    }

    /// The guest of before, and its neighbour, still answer.
    pub async fn still_works(&self, release: &Arc<LoadedRelease>) {
        assert_eq!(self.text(release, "/").await, "still here");
        assert_eq!(self.text(&self.neighbour(), "/").await, "still here");
    }
}

/// Runs a test on a listener's runtime, with a shared one beside it; fails when it takes too long, even when the
/// listener's thread never comes back.
pub fn on_host<F: Future<Output = ()>>(setup: Setup, test: impl FnOnce(TestHost) -> F + Send + 'static) {
    within(PATIENCE, move || {
        let shared = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let listener = Builder::new_current_thread().enable_all().build().expect("a runtime");
        listener.block_on(test(TestHost::new(setup, shared.handle().clone())));
        shared.shutdown_background();
    });
}

/// Fails when `work` takes longer than `limit`; its thread is left behind then.
fn within(limit: Duration, work: impl FnOnce() + Send + 'static) {
    guest("hostile");
    let (done, waiting) = mpsc::channel();
    let worker = thread::spawn(move || {
        work();
        let _ = done.send(());
    });
    match waiting.recv_timeout(limit) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("not done after {limit:?}"),
        _ => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
    }
}

fn key() -> HostKey {
    static KEY: LazyLock<HostKey> =
        LazyLock::new(|| HostKey::load_or_create(&CACHE.path().join("host.key")).expect("a key"));
    KEY.clone()
}

/// A release of `component` with the tables `more` in its manifest.
pub fn release(department: &str, component: &[u8], more: &str) -> Release {
    let manifest = format!(
        "[plugin]\nname = \"guest\"\nversion = \"1\"\ndepartment = \"441802-{department}\"\ntitle = \"测试\"\n\
         access = \"public\"\n{more}\n"
    );
    Release::parse(Digest::of(component), &manifest).expect("a manifest")
}

pub fn call(request: Request) -> Call {
    Call { id: RequestId::generate(), subject: None, channel: Channel::Web, request }
}

pub fn get(target: &str) -> Request {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    Request { method: Method::GET, path: path.to_owned(), query, headers: HeaderMap::new(), body: Bytes::new() }
}

pub fn text(response: Response) -> String {
    String::from_utf8(response.body.into()).expect("text")
}
