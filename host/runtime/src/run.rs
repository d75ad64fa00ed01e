use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::runtime::Handle;
use wasmtime::{Engine, Store, UpdateDeadline};
use zhongtai_kernel::{ALWAYS_GRANTED, Caller, Channel, DepartmentId, Release, RequestId, Subject};

use crate::{
    AdmissionOptions, Asker, Capability, EngineOptions, HostKey, Inspection, Invocation, InvokeError, LoadError,
    LoadedRelease, PoolSize, Refusal, Request, Response, ScenarioEvent, Services,
    admission::{Admission, Permit},
    artifact::ArtifactCache,
    engine,
    inspect::inspect,
    lane::{self, SlowLaneError},
    load,
    stack::WithHostStack,
    work::{Work, blame},
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
pub struct Outcome<A = Response> {
    /// The answer.
    pub response: Result<A, InvokeError>,
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
        let listens = inspection.listens();
        let digest = release.digest();
        let compiled = match self.artifacts.load(&self.engine, digest) {
            Some(compiled) => compiled,
            None => self.artifacts.compile(&self.engine, digest, component)?,
        };
        let gate = self.admission.gate(release.scenario().department());
        LoadedRelease::link(&self.engine, &compiled, listens, &granted, release, gate)
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
        let Call { id, subject, channel, request } = call;
        let caller = match subject.is_none() && channel == Channel::Web {
            true => release.anonymous.clone(),
            false => Arc::new(Caller::new(release.release().clone(), subject, channel)),
        };
        self.perform(release, id, caller, request).await
    }

    /// Tells a release that [listens](LoadedRelease::listens) of an event, in a fresh instance with nobody signed in.
    /// The answer is the guest's: an error asks for the event to be told again.
    pub async fn tell(
        &self,
        release: Arc<LoadedRelease>,
        id: RequestId,
        event: ScenarioEvent,
    ) -> Outcome<Result<(), String>> {
        let caller = Arc::new(Caller::new(release.release().clone(), None, Channel::Internal));
        self.perform(release, id, caller, event).await
    }

    async fn perform<W: Work>(
        &self,
        release: Arc<LoadedRelease>,
        id: RequestId,
        caller: Arc<Caller>,
        work: W,
    ) -> Outcome<W::Answer> {
        let failed = |error| Outcome { response: Err(error), denials: 0, memory: 0 };
        let permit = match release.gate.enter().await {
            Ok(permit) => permit,
            Err(error) => return failed(error),
        };
        let timeout_ms = release.release().manifest().limits.timeout_ms;
        let limit = Duration::from_millis(u64::from(timeout_ms));
        let store = self.store(id, caller, limit);
        let job = WithHostStack(Box::pin(run(store, release, work, permit)));
        match lane::run(job, id, &self.shared, limit).await {
            Ok(outcome) => outcome,
            Err(SlowLaneError::Deadline) => failed(InvokeError::Timeout(timeout_ms)),
            Err(SlowLaneError::Lost) => failed(InvokeError::Sandbox("the request's task was lost".to_owned())),
        }
    }

    fn store(&self, id: RequestId, caller: Arc<Caller>, limit: Duration) -> Store<Invocation> {
        let invocation = Invocation::new(id, caller, self.services.clone());
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
pub(crate) struct DeadlineReached;

/// The work itself: authorise, instantiate, call, check.
async fn run<W: Work>(
    mut store: Store<Invocation>,
    release: Arc<LoadedRelease>,
    work: W,
    permit: Permit,
) -> Outcome<W::Answer> {
    let response = match authorise(store.data_mut(), W::ACTION).await {
        Ok(()) => match work.call(&mut store, &release).await {
            Ok(answer) => W::check(answer),
            Err(error) => Err(blame(store.data_mut(), release.release(), &error)),
        },
        Err(error) => Err(error),
    };
    let (denials, memory) = (store.data().denials(), store.data().budget.used());
    // The instance goes back to the pool before the permit does.
    drop(store);
    drop(permit);
    Outcome { response, denials, memory }
}

/// May this caller use the scenario at all?
async fn authorise(invocation: &mut Invocation, action: &'static str) -> Result<(), InvokeError> {
    invocation.authorise_own(action).await.map_err(|refusal| match refusal {
        Refusal::Denied(reference) => InvokeError::Denied { reference },
        Refusal::Unrecorded => InvokeError::Audit(zhongtai_kernel::AuditUnavailable("see the log".to_owned())),
    })
}
