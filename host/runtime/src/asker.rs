//! One request's way to policy and to the audit log: the only place where policy is asked and the answer recorded.

use std::sync::Arc;

use zhongtai_kernel::{
    Access, AccountId, Caller, Decision, Event, Mask, Question, Record, Release, RequestId, ScenarioId, Subject,
    Timestamp,
};

use crate::{Services, stack::on_host_stack};

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
    /// The value as this caller may see it.
    pub fn apply(self, value: String) -> String {
        match self.0 {
            Some(mask) => mask.apply(&value),
            None => value,
        }
    }
}

/// Who asks in one request: a guest, or somebody at the host's own API. Whoever holds it can ask policy; every answer
/// is on record before it is known.
pub struct Asker {
    request: RequestId,
    caller: Arc<Caller>,
    pub(crate) services: Arc<Services>,
    records: u32,
    denials: u32,
}

// === impl Asker ===

impl Asker {
    /// The caller of a request that nothing was asked in yet.
    pub fn new(request: RequestId, caller: Arc<Caller>, services: Arc<Services>) -> Self {
        Self { request, caller, services, records: 0, denials: 0 }
    }

    /// The request's id, from the edge to every record.
    pub fn request_id(&self) -> RequestId {
        self.request
    }

    /// What runs, or what stands for the API.
    pub fn release(&self) -> &Arc<Release> {
        self.caller.release()
    }

    /// The scenario that asks.
    pub fn scenario(&self) -> &ScenarioId {
        self.release().scenario()
    }

    /// True when its manifest declares the purpose.
    pub fn declares(&self, purpose: &str) -> bool {
        self.release().declares(purpose)
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

    /// How often policy refused.
    pub fn denials(&self) -> u32 {
        self.denials
    }

    /// Asks policy, and records the question and its answer. What may only be shown masked is refused here: whoever can
    /// mask it asks [`show`](Self::show).
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

    /// Waits until every decision so far is on disk: an irreversible act that can't be recorded must not happen. Not in
    /// the fast lane.
    pub async fn committed(&self) -> Result<(), Refusal> {
        self.services.recorder.committed().await.map_err(|error| {
            tracing::error!(request = %self.request, %error, "decisions can't be committed");
            Refusal::Unrecorded
        })
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
            scenario = %self.scenario(),
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
}
