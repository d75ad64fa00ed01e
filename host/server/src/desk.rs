//! A caller that is no plugin: somebody at the platform's own API. Policy is asked and the answer recorded as for a
//! plugin of the officer's department, named `desk`.

use std::sync::Arc;

use async_trait::async_trait;
use zhongtai_cap_certificate::Asker;
use zhongtai_kernel::{
    Access, AccountId, Caller, Channel, Decision, Digest, Event, Guard, Record, Recorder, Release, RequestId,
    ScenarioId, Subject, Timestamp,
};
use zhongtai_runtime::{Refusal, Shown};

use crate::{app::App, problem::Problem};

/// Where citizens and enterprises ask: of no department's.
const PLATFORM: &str = "000000-platform";

/// One request to the platform's own API.
pub(crate) struct Desk {
    app: Arc<App>,
    caller: Arc<Caller>,
    request: RequestId,
    records: u32,
}

// === impl Desk ===

impl Desk {
    /// The desk of the subject's department, which declares `purpose`; the API checked that it is a purpose's name.
    pub(crate) fn of(app: Arc<App>, subject: Arc<Subject>, purpose: Option<&str>) -> Result<Self, Problem> {
        let department = subject.department.as_ref().map_or(PLATFORM, |department| department.as_str());
        let purposes = toml::Value::from(purpose.into_iter().collect::<Vec<_>>());
        let manifest = format!(
            "[plugin]\nname = \"desk\"\nversion = \"1\"\ndepartment = \"{department}\"\ntitle = \"柜台\"\n\
             access = \"signed-in\"\npurposes = {purposes}\n"
        );
        let release = Release::parse(Digest::of(b"desk"), &manifest)?;
        let caller = Arc::new(Caller::new(Arc::new(release), Some(subject), Channel::Api));
        Ok(Self { app, caller, request: RequestId::generate(), records: 0 })
    }

    fn decide(&mut self, access: &Access<'_>) -> Result<Arc<Decision>, Refusal> {
        let now = self.app.clock.now();
        let decision = self.app.policies.authz().decide(&self.caller, access, now);
        let sequence = self.records;
        self.records += 1;
        let event = Event::Decision { caller: self.caller.clone(), decision: decision.clone() };
        let record = Record { at: now, request: self.request, sequence, event };
        self.app.audit.record(record).map_err(|_| Refusal::Unrecorded)?;
        if decision.is_allow() { Ok(decision) } else { Err(Refusal::Denied(format!("{}/{sequence}", self.request))) }
    }
}

#[async_trait]
impl Asker for Desk {
    fn scenario(&self) -> ScenarioId {
        self.caller.release().scenario().clone()
    }

    fn declares(&self, purpose: &str) -> bool {
        self.caller.release().declares(purpose)
    }

    fn account(&self) -> Option<AccountId> {
        self.caller.subject().map(|subject| subject.account)
    }

    fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    async fn authorise(&mut self, access: &Access<'_>) -> Result<(), Refusal> {
        let reference = format!("{}/{}", self.request, self.records);
        match self.decide(access)?.mask {
            None => Ok(()),
            Some(_) => Err(Refusal::Denied(reference)),
        }
    }

    async fn show(&mut self, access: &Access<'_>) -> Result<Option<Shown>, Refusal> {
        match self.decide(access) {
            Ok(decision) => Ok(Some(Shown::by(decision.mask))),
            Err(Refusal::Denied(_)) => Ok(None),
            Err(Refusal::Unrecorded) => Err(Refusal::Unrecorded),
        }
    }

    async fn committed(&self) -> Result<(), Refusal> {
        self.app.audit.committed().await.map_err(|_| Refusal::Unrecorded)
    }
}
