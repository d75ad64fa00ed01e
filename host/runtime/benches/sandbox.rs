//! What the sandbox costs per request, without HTTP: prints one JSON object. Run by `cargo xtask bench`.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{future::Future, path::PathBuf, pin::Pin, sync::Arc, time::Instant};

use bytes::Bytes;
use http::{HeaderMap, Method};
use zhongtai_cap_clock::ClockCapability;
use zhongtai_cap_config::{Config, ConfigProvider, Settings};
use zhongtai_cap_credit::{
    CreditCapability, CreditConfig, CreditError, CreditProvider, CreditSubject, Credits, EmbeddedCredit,
    KeptByScenarios, Known, People, RuleBook,
};
use zhongtai_cap_log::{Log, LogTail};
use zhongtai_cap_random::Random;
use zhongtai_kernel::{
    Access, AccountId, AuditUnavailable, Caller, Channel, Clock, Decision, DepartmentId, Digest, Effect, Guard,
    Question, Record, Recorder, Release, RequestId, ScenarioId, SystemClock, Timestamp,
};
use zhongtai_runtime::{
    AdmissionOptions, Call, Capability, EngineOptions, HostKey, LoadedRelease, Request, Runtime, RuntimeOptions,
    Services,
};
use zhongtai_store::testing::sqlite;

/// As the host has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Requests per measurement.
const REQUESTS: u32 = 50_000;

struct Always(Arc<Decision>);

impl Guard for Always {
    fn remembered(&self, _: &Caller, _: &Access<'_>, _: Timestamp) -> Option<Arc<Decision>> {
        Some(self.0.clone())
    }

    fn evaluate(&self, _: &Caller, _: Question, _: Timestamp) -> Arc<Decision> {
        self.0.clone()
    }
}

struct Nowhere;

impl Recorder for Nowhere {
    fn record(&self, _: Record) -> Result<(), AuditUnavailable> {
        Ok(())
    }

    fn committed(&self) -> Pin<Box<dyn Future<Output = Result<(), AuditUnavailable>> + Send + '_>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

struct Empty;

impl ConfigProvider for Empty {
    fn settings(&self, _: &ScenarioId) -> Arc<Settings> {
        Arc::default()
    }
}

#[async_trait::async_trait]
impl CreditProvider for Empty {
    fn at_hand(&self, _: &CreditSubject) -> Option<Known> {
        Some(Known::fresh(Vec::new(), SystemClock.now()))
    }

    async fn records(&self, _: &CreditSubject) -> Result<Known, CreditError> {
        Ok(Known::fresh(Vec::new(), SystemClock.now()))
    }
}

#[async_trait::async_trait]
impl People for Empty {
    fn open(&self, _: &DepartmentId, _: &str) -> Option<AccountId> {
        None
    }

    async fn identities(&self, _: AccountId) -> Result<Vec<CreditSubject>, CreditError> {
        Ok(Vec::new())
    }
}

/// Credit without a record, by the table that every host begins with.
async fn credit() -> CreditCapability {
    let database = sqlite(zhongtai_cap_credit::MIGRATIONS).await;
    let (store, clock) = (database.store.clone(), Arc::new(SystemClock));
    let rules = Arc::new(RuleBook::open(store.clone(), clock.clone()).await.expect("rules"));
    let own = Arc::new(EmbeddedCredit::new(store, clock, &[7; 32], CreditConfig::default()));
    let credits = Credits::new((Arc::new(Empty), own), rules, Arc::new(Empty), Arc::new(KeptByScenarios));
    CreditCapability(Arc::new(credits))
}

fn main() {
    let components = std::env::var_os("ZHONGTAI_GUESTS").map(PathBuf::from).expect("run `cargo xtask bench`");
    let component = std::fs::read(components.join("hello.wasm")).expect("hello.wasm");
    let manifest = include_str!("../../../tests/guests/hello/plugin.toml");
    let release = Arc::new(Release::parse(Digest::of(&component), manifest).expect("a manifest"));
    let shared = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let dir = tempfile::tempdir().expect("a folder");
    let runtime = runtime(dir.path(), shared.handle(), shared.block_on(credit()));
    let grants = ["credit".to_owned()];

    let begun = Instant::now();
    runtime.load(release.clone(), &component, &grants).expect("it compiles");
    let compile_ms = begun.elapsed().as_secs_f64() * 1e3;
    let begun = Instant::now();
    let loaded = Arc::new(runtime.load(release, &component, &grants).expect("it loads"));
    let load_ms = begun.elapsed().as_secs_f64() * 1e3;

    let here = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let hello = here.block_on(measure(&runtime, &loaded, "/"));
    let credit = here.block_on(measure(&runtime, &loaded, "/credit/91512081MA62K0260E"));
    println!(
        "{{\"hello, us a request\": {hello:.2}, \"credit lookup, us a request\": {credit:.2}, \
         \"compile at deploy, ms\": {compile_ms:.0}, \"load from the AOT cache, ms\": {load_ms:.2}}}"
    );
    shared.shutdown_background();
}

fn runtime(dir: &std::path::Path, shared: &tokio::runtime::Handle, credit: CreditCapability) -> Runtime {
    let access = Access::declared("scenario:invoke", "Scenario", "441802-test/hello");
    let decision = Decision::new((&access).into(), Effect::Allow, Arc::from("bench"));
    let services = Services::new(Arc::new(Always(Arc::new(decision))), Arc::new(Nowhere), Arc::new(SystemClock));
    let capabilities: Vec<Arc<dyn Capability>> = vec![
        Arc::new(ClockCapability),
        Arc::new(Config(Arc::new(Empty))),
        Arc::new(credit),
        Arc::new(Log(Arc::new(LogTail::default()))),
        Arc::new(Random),
    ];
    let options = RuntimeOptions {
        engine: EngineOptions::default(),
        admission: AdmissionOptions::default(),
        artifacts: dir.join("aot"),
        key: HostKey::load_or_create(&dir.join("host.key")).expect("a key"),
    };
    Runtime::new(options, capabilities, services, shared.clone()).expect("a sandbox")
}

/// Microseconds a request: the best of five runs, as others use the machine too.
async fn measure(runtime: &Runtime, release: &Arc<LoadedRelease>, path: &str) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..5 {
        let begun = Instant::now();
        for _ in 0..REQUESTS / 5 {
            let request = Request {
                method: Method::GET,
                path: path.to_owned(),
                query: None,
                headers: HeaderMap::new(),
                body: Bytes::new(),
            };
            let call = Call { id: RequestId::generate(), subject: None, channel: Channel::Web, request };
            let outcome = runtime.invoke(release.clone(), call).await;
            assert!(outcome.response.is_ok_and(|response| response.status == 200), "the guest answers");
        }
        best = best.min(begun.elapsed().as_secs_f64() * 1e6 / f64::from(REQUESTS / 5));
    }
    best
}
