//! What a scenario does in one instance: answers a request, or hears of an event.

use wasmtime::Store;
use zhongtai_kernel::{Release, Timestamp};

use crate::{
    Invocation, InvokeError, LoadedRelease, Request, Response,
    bindings::{http, listening::exports::zhongtai::events::listener},
    run::DeadlineReached,
};

/// What happened at a capability, for the scenario that it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioEvent {
    /// The same at each delivery.
    pub id: String,
    /// What happened, such as `payment.settled`.
    pub kind: String,
    /// What it happened to.
    pub about: String,
    /// The scenario's case.
    pub case: Option<String>,
    /// When it happened.
    pub at: Timestamp,
    /// Facts, a JSON object.
    pub data: String,
}

/// Done by a guest, in an instance of its own.
pub(crate) trait Work: Send + 'static {
    /// What the guest gives back, as it is.
    type Raw: Send;
    /// What is passed on.
    type Answer: Send + 'static;
    /// What policy is asked first, on the scenario.
    const ACTION: &'static str;

    /// Instantiates the release and calls it.
    fn call(
        self,
        store: &mut Store<Invocation>,
        release: &LoadedRelease,
    ) -> impl Future<Output = wasmtime::Result<Self::Raw>> + Send;

    /// Checks what the guest gave back.
    fn check(raw: Self::Raw) -> Result<Self::Answer, InvokeError>;
}

impl Work for Request {
    type Raw = http::Response;
    type Answer = Response;
    const ACTION: &'static str = "scenario:invoke";

    async fn call(self, store: &mut Store<Invocation>, release: &LoadedRelease) -> wasmtime::Result<http::Response> {
        let scenario = release.pre.instantiate_async(&mut *store).await?;
        scenario.zhongtai_scenario_http().call_handle(&mut *store, &self.into_wit()).await
    }

    fn check(raw: http::Response) -> Result<Response, InvokeError> {
        Response::from_wit(raw)
    }
}

impl Work for ScenarioEvent {
    type Raw = Result<(), String>;
    type Answer = Result<(), String>;
    const ACTION: &'static str = "scenario:tell";

    async fn call(self, store: &mut Store<Invocation>, release: &LoadedRelease) -> wasmtime::Result<Self::Raw> {
        let Some(listening) = &release.listening else {
            wasmtime::bail!("the release listens to no events");
        };
        let scenario = listening.instantiate_async(&mut *store).await?;
        scenario.zhongtai_events_listener().call_handle(&mut *store, &self.into_wit()).await
    }

    fn check(raw: Self::Raw) -> Result<Self::Answer, InvokeError> {
        Ok(raw)
    }
}

// === impl ScenarioEvent ===

impl ScenarioEvent {
    fn into_wit(self) -> listener::Event {
        let Self { id, kind, about, case, at, data } = self;
        let at = u64::try_from(at.as_nanosecond()).unwrap_or_default();
        listener::Event { id, kind, about, case, at, data }
    }
}

/// Why the guest did not answer: the deadline, its memory, its panic, or another trap.
pub(crate) fn blame(invocation: &mut Invocation, release: &Release, error: &wasmtime::Error) -> InvokeError {
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
