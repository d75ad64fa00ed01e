use std::{sync::Arc, time::Instant};

use zhongtai_kernel::{Access, AccountId, Attribute, Caller, Release, RequestId, Subject, Timestamp};

use crate::{Asker, Refusal, Services, Shown, limiter::MemoryBudget};

/// A guest's log event, with how many may still come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogEvent {
    /// Within the budget.
    Keep,
    /// The first one beyond the budget: say so.
    FirstDropped,
    /// Beyond the budget.
    Drop,
}

/// Log events that one request may write.
const LOG_EVENTS: u32 = 256;

/// One request inside the sandbox: the data of its store. Host functions get it, and nothing else.
pub struct Invocation {
    pub(crate) budget: MemoryBudget,
    pub(crate) panic: Option<(String, String)>,
    asker: Asker,
    started: Instant,
    logged: u32,
}

// === impl Invocation ===

impl Invocation {
    pub(crate) fn new(request: RequestId, caller: Arc<Caller>, services: Arc<Services>) -> Self {
        let budget = MemoryBudget::new(caller.release().manifest().limits.memory_mib);
        let asker = Asker::new(request, caller, services);
        Self { budget, panic: None, asker, started: Instant::now(), logged: 0 }
    }

    /// Who asks, for what the host's own API does as well.
    pub fn asker(&mut self) -> &mut Asker {
        &mut self.asker
    }

    /// The request's id, from the edge to every record.
    pub fn request_id(&self) -> RequestId {
        self.asker.request_id()
    }

    /// What runs.
    pub fn release(&self) -> &Arc<Release> {
        self.asker.release()
    }

    /// Who asks, when somebody signed in.
    pub fn subject(&self) -> Option<&Arc<Subject>> {
        self.asker.subject()
    }

    /// The account that asks.
    pub fn account(&self) -> Option<AccountId> {
        self.asker.account()
    }

    /// The host's time.
    pub fn now(&self) -> Timestamp {
        self.asker.now()
    }

    /// When the request came in.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// A capability's provider. There is one for whatever was linked; its absence is a fault of ours.
    pub fn provider<P: Clone + Send + Sync + 'static>(&self) -> wasmtime::Result<P> {
        self.asker
            .services
            .provider::<P>()
            .cloned()
            .ok_or_else(|| wasmtime::Error::msg(format!("no provider {}", std::any::type_name::<P>())))
    }

    /// [`authorise`](Self::authorise)s an action on the scenario that runs: what is its own.
    pub async fn authorise_own(&mut self, action: &'static str) -> Result<(), Refusal> {
        let release = self.release().clone();
        let scenario = release.scenario();
        let attributes = [
            ("owner", Attribute::Entity("Department".into(), scenario.department().as_str().into())),
            ("access", Attribute::Text(release.manifest().plugin.access.as_str().into())),
        ];
        self.authorise(&Access::described(action, "Scenario", scenario.as_str(), &attributes)).await
    }

    /// Asks policy, and records: [`Asker::authorise`]. The only way to a provider, with [`Self::show`].
    pub async fn authorise(&mut self, access: &Access<'_>) -> Result<(), Refusal> {
        self.asker.authorise(access).await
    }

    /// The field filter: [`Asker::show`].
    pub async fn show(&mut self, access: &Access<'_>) -> Result<Option<Shown>, Refusal> {
        self.asker.show(access).await
    }

    /// Waits until every decision so far is on disk: [`Asker::committed`]. On the slow lane only.
    pub async fn committed(&self) -> Result<(), Refusal> {
        self.asker.committed().await
    }

    /// How often policy refused.
    pub fn denials(&self) -> u32 {
        self.asker.denials()
    }

    /// Remembers why the guest is about to trap. Texts are cut: the guest chooses them.
    pub fn note_panic(&mut self, message: &str, location: String) {
        self.panic = Some((message.chars().take(500).collect(), location));
    }

    /// Counts a log event against the request's budget.
    pub fn count_log_event(&mut self) -> LogEvent {
        self.logged = self.logged.saturating_add(1);
        match self.logged {
            0..=LOG_EVENTS => LogEvent::Keep,
            n if n == LOG_EVENTS + 1 => LogEvent::FirstDropped,
            _ => LogEvent::Drop,
        }
    }
}
