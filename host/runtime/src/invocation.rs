use std::{sync::Arc, time::Instant};

use zhongtai_kernel::{
    Access, AccountId, Attribute, Caller, Decision, Event, Mask, Question, Record, Release, RequestId, Subject,
    Timestamp,
};

use crate::{Services, limiter::MemoryBudget, stack::on_host_stack};

/// Policy, or the audit, does not let a host function go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Policy refuses; carries the record's reference.
    #[error("access denied ({0})")]
    Denied(String),
    /// The decision can't be recorded, so there is none.
    #[error("the decision can't be recorded")]
    Unrecorded,
}

/// How a field's value may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown(Option<Mask>);

// === impl Shown ===

impl Shown {
    /// As a decision's mask says.
    pub fn by(mask: Option<Mask>) -> Self {
        Self(mask)
    }

    /// The value as this caller may see it.
    pub fn apply(self, value: String) -> String {
        match self.0 {
            Some(mask) => mask.apply(&value),
            None => value,
        }
    }
}

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
    request: RequestId,
    caller: Arc<Caller>,
    services: Arc<Services>,
    started: Instant,
    records: u32,
    denials: u32,
    logged: u32,
}

// === impl Invocation ===

impl Invocation {
    pub(crate) fn new(request: RequestId, caller: Arc<Caller>, services: Arc<Services>) -> Self {
        let budget = MemoryBudget::new(caller.release().manifest().limits.memory_mib);
        Self {
            budget,
            panic: None,
            request,
            caller,
            services,
            started: Instant::now(),
            records: 0,
            denials: 0,
            logged: 0,
        }
    }

    /// The request's id, from the edge to every record.
    pub fn request_id(&self) -> RequestId {
        self.request
    }

    /// What runs.
    pub fn release(&self) -> &Arc<Release> {
        self.caller.release()
    }

    /// Who asks, when somebody signed in.
    pub fn subject(&self) -> Option<&Arc<Subject>> {
        self.caller.subject()
    }

    /// The account that asks.
    pub fn account(&self) -> Option<AccountId> {
        self.subject().map(|subject| subject.account)
    }

    /// The host's time.
    pub fn now(&self) -> Timestamp {
        self.services.clock.now()
    }

    /// When the request came in.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// A capability's provider. There is one for whatever was linked; its absence is a fault of ours.
    pub fn provider<P: Clone + Send + Sync + 'static>(&self) -> wasmtime::Result<P> {
        self.services
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

    /// Asks policy, and records the question and its answer. The only way to a provider, with [`Self::show`]. What may
    /// only be shown masked is refused here: whoever can mask it asks `show`.
    pub async fn authorise(&mut self, access: &Access<'_>) -> Result<(), Refusal> {
        let reference = self.records;
        match self.decide(access).await?.mask {
            None => Ok(()),
            Some(_) => {
                self.denials += 1;
                Err(Refusal::Denied(format!("{}/{reference}", self.request)))
            }
        }
    }

    /// The field filter: what of `access`'s value may be shown. `None` leaves the field out. An error only when the
    /// decision can't be recorded.
    pub async fn show(&mut self, access: &Access<'_>) -> Result<Option<Shown>, Refusal> {
        match self.decide(access).await {
            Ok(decision) => Ok(Some(Shown(decision.mask))),
            Err(Refusal::Denied(_)) => Ok(None),
            Err(Refusal::Unrecorded) => Err(Refusal::Unrecorded),
        }
    }

    async fn decide(&mut self, access: &Access<'_>) -> Result<Arc<Decision>, Refusal> {
        let now = self.now();
        let decision = match self.services.guard.remembered(&self.caller, access, now) {
            Some(decision) => decision,
            None => self.evaluate(access.into(), now).await,
        };
        let sequence = self.records;
        self.records += 1;
        let event = Event::Decision { caller: self.caller.clone(), decision: decision.clone() };
        let record = Record { at: now, request: self.request, sequence, event };
        if let Err(error) = self.services.recorder.record(record) {
            tracing::error!(request = %self.request, %error, "a decision can't be recorded");
            return Err(Refusal::Unrecorded);
        }
        if decision.is_allow() {
            return Ok(decision);
        }
        self.denials += 1;
        let reference = format!("{}/{sequence}", self.request);
        tracing::info!(
            request = %self.request,
            scenario = %self.release().scenario(),
            action = access.action,
            reasons = ?decision.reasons,
            errors = ?decision.errors,
            %reference,
            "access denied"
        );
        Err(Refusal::Denied(reference))
    }

    async fn evaluate(&self, question: Question, now: Timestamp) -> Arc<Decision> {
        let (services, caller) = (self.services.clone(), self.caller.clone());
        on_host_stack(move || services.guard.evaluate(&caller, question, now)).await
    }

    /// Waits until every decision so far is on disk: an irreversible act that can't be recorded must not happen. On the
    /// slow lane only.
    pub async fn committed(&self) -> Result<(), Refusal> {
        self.services.recorder.committed().await.map_err(|error| {
            tracing::error!(request = %self.request, %error, "decisions can't be committed");
            Refusal::Unrecorded
        })
    }

    /// How often policy refused.
    pub fn denials(&self) -> u32 {
        self.denials
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
