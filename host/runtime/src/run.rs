use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::runtime::Handle;
use wasmtime::{Engine, Store, UpdateDeadline};
use zhongtai_kernel::{ALWAYS_GRANTED, Caller, Channel, DepartmentId, Release, RequestId, Subject};

use crate::{
    AdmissionOptions, Asker, Capability, EngineOptions, HostKey, Inspection, Invocation, InvokeError, LoadError,
    LoadedRelease, PoolSize, Refusal, Request, Response, Services,
    admission::{Admission, Permit},
    artifact::ArtifactCache,
    engine,
    inspect::inspect,
    lane::{self, SlowLaneError},
    load,
    stack::WithHostStack,
};

/// Bytes that a guest may hand over in one call, its response included.
const HOSTCALL_BYTES: usize = 16 << 20;

/// How the sandbox is set up.
pub struct RuntimeOptions {
    /// The pool.
    pub engine: EngineOptions,
    /// Concurrency.
    pub admission: AdmissionOptions,
    /// Where compiled components are kept.
    pub artifacts: PathBuf,
    /// What seals them.
    pub key: HostKey,
}

/// Loads releases and runs requests in them.
pub struct Runtime {
    engine: Engine,
    pool: PoolSize,
    artifacts: ArtifactCache,
    admission: Admission,
    capabilities: Vec<Arc<dyn Capability>>,
    services: Arc<Services>,
    shared: Handle,
}

/// One request for a release.
pub struct Call {
    /// From the edge.
    pub id: RequestId,
    /// Who asks.
    pub subject: Option<Arc<Subject>>,
    /// How it came in.
    pub channel: Channel,
    /// What.
    pub request: Request,
}

/// How a request ended, with what it cost.
#[derive(Debug)]
pub struct Outcome {
    /// The answer.
    pub response: Result<Response, InvokeError>,
    /// How often policy refused.
    pub denials: u32,
    /// Bytes of memories, tables and stack.
    pub memory: usize,
}

// === impl Runtime ===

impl Runtime {
    /// Sets the sandbox up. `shared` is the runtime of the slow lane, and of everything that does I/O.
    pub fn new(
        options: RuntimeOptions,
        capabilities: Vec<Arc<dyn Capability>>,
        mut services: Services,
        shared: Handle,
    ) -> Result<Self, LoadError> {
        let (engine, pool) = engine::engine(options.engine)?;
        engine::start_ticker(&engine);
        for capability in &capabilities {
            capability.add_provider(&mut services);
        }
        Ok(Self {
            engine,
            pool,
            artifacts: ArtifactCache::open(options.artifacts, options.key)?,
            admission: Admission::new(options.admission, pool.0),
            capabilities,
            services: Arc::new(services),
            shared,
        })
    }

    /// How many instances the pool has.
    pub fn pool(&self) -> PoolSize {
        self.pool
    }

    /// The capabilities of this host.
    pub fn capability_names(&self) -> Vec<&'static str> {
        self.capabilities.iter().map(|capability| capability.name()).collect()
    }

    /// True when this host has the capability.
    pub fn has_capability(&self, name: &str) -> bool {
        self.capability_names().contains(&name)
    }

    /// Who asks in a request to the host's own API, by the guard, recorder and clock that guests are under.
    pub fn asker(&self, request: RequestId, caller: Caller) -> Asker {
        Asker::new(request, Arc::new(caller), self.services.clone())
    }

    /// Requests running and waiting, by department.
    pub fn load_by_department(&self) -> Vec<(DepartmentId, usize, usize)> {
        self.admission.load()
    }

    /// Checks a component against its manifest and grants, without compiling it.
    pub fn check(&self, release: &Release, component: &[u8], grants: &[String]) -> Result<Inspection, LoadError> {
        let inspection = inspect(component)?;
        self.granted(&inspection, release, grants)?;
        Ok(inspection)
    }

    /// Makes a release ready to run, compiling it when the cache has no artifact of it. Takes a while: call it from
    /// a blocking thread. `component` is asked for its bytes only when needed.
    pub fn load(&self, release: Arc<Release>, component: &[u8], grants: &[String]) -> Result<LoadedRelease, LoadError> {
        let inspection = inspect(component)?;
        let granted = self.granted(&inspection, &release, grants)?;
        let digest = release.digest();
        let compiled = match self.artifacts.load(&self.engine, digest) {
            Some(compiled) => compiled,
            None => self.artifacts.compile(&self.engine, digest, component)?,
        };
        let gate = self.admission.gate(release.scenario().department());
        LoadedRelease::link(&self.engine, &compiled, &granted, release, gate)
    }

    fn granted(
        &self,
        inspection: &Inspection,
        release: &Release,
        grants: &[String],
    ) -> Result<Vec<Arc<dyn Capability>>, LoadError> {
        let is_granted = |name: &str| ALWAYS_GRANTED.contains(&name) || grants.iter().any(|granted| granted == name);
        load::granted(inspection, release, &self.capabilities, is_granted)
    }

    /// Runs one request in a fresh instance of the release.
    pub async fn invoke(&self, release: Arc<LoadedRelease>, call: Call) -> Outcome {
        let permit = match release.gate.enter().await {
            Ok(permit) => permit,
            Err(error) => return Outcome { response: Err(error), denials: 0, memory: 0 },
        };
        let limits = release.release().manifest().limits;
        let limit = Duration::from_millis(u64::from(limits.timeout_ms));
        let store = self.store(&release, &call, limit);
        let job = WithHostStack(Box::pin(run(store, release, call.request, permit)));
        match lane::run(job, &self.shared, limit).await {
            Ok(outcome) => outcome,
            Err(SlowLaneError::Deadline) => {
                Outcome { response: Err(InvokeError::Timeout(limits.timeout_ms)), denials: 0, memory: 0 }
            }
            Err(SlowLaneError::Lost) => {
                let error = InvokeError::Sandbox("the request's task was lost".to_owned());
                Outcome { response: Err(error), denials: 0, memory: 0 }
            }
        }
    }

    fn store(&self, release: &LoadedRelease, call: &Call, limit: Duration) -> Store<Invocation> {
        let caller = match (&call.subject, call.channel) {
            (None, Channel::Web) => release.anonymous.clone(),
            (subject, channel) => Arc::new(Caller::new(release.release().clone(), subject.clone(), channel)),
        };
        let invocation = Invocation::new(call.id, caller, self.services.clone());
        let mut store = Store::new(&self.engine, invocation);
        store.limiter(|invocation| &mut invocation.budget);
        store.set_hostcall_fuel(HOSTCALL_BYTES);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |store| {
            // At the deadline the guest is stopped; before it, others get their turn.
            if store.data().started().elapsed() >= limit {
                return Err(wasmtime::Error::new(DeadlineReached));
            }
            Ok(UpdateDeadline::Yield(1))
        });
        store
    }
}

/// Stops a guest at its deadline.
#[derive(Debug, thiserror::Error)]
#[error("the deadline was reached")]
struct DeadlineReached;

/// The request itself: authorise, instantiate, call, check.
async fn run(mut store: Store<Invocation>, release: Arc<LoadedRelease>, request: Request, permit: Permit) -> Outcome {
    let response = match authorise(store.data_mut()).await {
        Ok(()) => call(&mut store, &release, request).await,
        Err(error) => Err(error),
    };
    let (denials, memory) = (store.data().denials(), store.data().budget.used());
    // The instance goes back to the pool before the permit does.
    drop(store);
    drop(permit);
    Outcome { response, denials, memory }
}

/// May this caller use the scenario at all?
async fn authorise(invocation: &mut Invocation) -> Result<(), InvokeError> {
    invocation.authorise_own("scenario:invoke").await.map_err(|refusal| match refusal {
        Refusal::Denied(reference) => InvokeError::Denied { reference },
        Refusal::Unrecorded => InvokeError::Audit(zhongtai_kernel::AuditUnavailable("see the log".to_owned())),
    })
}

async fn call(
    store: &mut Store<Invocation>,
    release: &LoadedRelease,
    request: Request,
) -> Result<Response, InvokeError> {
    let answer = async {
        let scenario = release.pre.instantiate_async(&mut *store).await?;
        scenario.zhongtai_scenario_http().call_handle(&mut *store, &request.into_wit()).await
    }
    .await;
    match answer {
        Ok(response) => Response::from_wit(response),
        Err(error) => Err(blame(store.data_mut(), release.release(), &error)),
    }
}

/// Why the guest did not answer: the deadline, its memory, its panic, or another trap.
fn blame(invocation: &mut Invocation, release: &Release, error: &wasmtime::Error) -> InvokeError {
    let limits = release.manifest().limits;
    if error.is::<DeadlineReached>() {
        return InvokeError::Timeout(limits.timeout_ms);
    }
    if invocation.budget.exceeded() {
        return InvokeError::Memory(limits.memory_mib);
    }
    if let Some((reason, location)) = invocation.panic.take() {
        return InvokeError::Trap { reason, location: Some(location) };
    }
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(trap) => InvokeError::Trap { reason: trap.to_string(), location: None },
        None => InvokeError::Trap { reason: error.root_cause().to_string(), location: None },
    }
}
