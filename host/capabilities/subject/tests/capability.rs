//! The capability as a guest sees it, inside the real sandbox. Policy is a list of what is allowed: the policies
//! themselves are tested where they are.
#![allow(clippy::unwrap_used, reason = "a broken fixture must stop the test")]

mod support {
    pub mod guest;
    #[path = "mod.rs"]
    mod shared;
    pub use shared::*;
}

use std::{future::Future, pin::Pin, sync::Arc};

use parking_lot::Mutex;
use support::{clock, guest, host, officer};
use zhongtai_cap_subject::{Handles, MIGRATIONS, SubjectCapability, contract};
use zhongtai_kernel::{
    Access, AccountId, Agent, AuditUnavailable, Caller, Channel, Decision, Digest, Effect, Event, Guard, Question,
    Record, Recorder, Release, RequestId, Subject, SubjectKind, Timestamp,
};
use zhongtai_runtime::{
    AdmissionOptions, Call, EngineOptions, HostKey, LoadedRelease, Request, Runtime, RuntimeOptions, Services,
};
use zhongtai_store::testing::TestDatabase;

const MANIFEST: &str = r#"
    [plugin]
    name = "pothole"
    version = "0.1.0"
    department = "441802-chengguan"
    title = "坑洞上报"
    access = "signed-in"
    purposes = ["road-repair"]
    [capabilities]
    subject = { reason = "to call back" }
"#;

/// Allows what is in the list, written as `action resource`.
struct Allowing(&'static [&'static str]);

impl Guard for Allowing {
    fn remembered(&self, _: &Caller, _: &Access<'_>, _: Timestamp) -> Option<Arc<Decision>> {
        None
    }

    fn evaluate(&self, _: &Caller, question: Question, _: Timestamp) -> Arc<Decision> {
        let asked = format!("{} {}", question.action, question.id);
        let allowed = question.action == "scenario:invoke" || self.0.contains(&asked.as_str());
        let effect = if allowed { Effect::Allow } else { Effect::Deny };
        Arc::new(Decision::new(question, effect, "test".into()))
    }
}

/// Keeps what was recorded, `action resource purpose effect`, and fails from the given number of records on.
struct Audit {
    lines: Mutex<Vec<String>>,
    fails_after: usize,
}

impl Recorder for Audit {
    fn record(&self, record: Record) -> Result<(), AuditUnavailable> {
        let Event::Decision { decision, .. } = record.event else { return Ok(()) };
        let mut lines = self.lines.lock();
        if lines.len() >= self.fails_after {
            return Err(AuditUnavailable("the disk is full".into()));
        }
        let question = &decision.question;
        let purpose = question.purpose.as_deref().unwrap_or("-");
        lines.push(format!("{} {} {purpose} {:?}", question.action, question.resource(), decision.effect));
        Ok(())
    }

    fn committed(&self) -> Pin<Box<dyn Future<Output = Result<(), AuditUnavailable>> + Send + '_>> {
        Box::pin(async { Ok(()) })
    }
}

/// One sandbox with the guest in it, and an officer who asks.
struct Sandbox {
    runtime: Runtime,
    release: Arc<LoadedRelease>,
    audit: Arc<Audit>,
    subject: Arc<Subject>,
    _database: TestDatabase,
    _dir: tempfile::TempDir,
}

impl Sandbox {
    async fn new(allowed: &'static [&'static str], fails_after: usize) -> Self {
        let database = zhongtai_store::testing::sqlite(MIGRATIONS).await;
        let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
        let accounts = host(&database, &clock);
        let mut new = officer("zhang");
        new.attributes = contract::fixture();
        let subject = accounts.create(new).await.unwrap().subject;
        let audit = Arc::new(Audit { lines: Mutex::default(), fails_after });
        let capability = SubjectCapability { provider: Arc::new(accounts), handles: Arc::new(Handles::new([7; 32])) };
        let options = RuntimeOptions {
            engine: EngineOptions { instances: 8, ..EngineOptions::default() },
            admission: AdmissionOptions::default(),
            artifacts: dir.path().join("aot"),
            key: HostKey::load_or_create(&dir.path().join("host.key")).unwrap(),
        };
        let services = Services::new(Arc::new(Allowing(allowed)), audit.clone(), clock);
        let shared = tokio::runtime::Handle::current();
        let runtime = Runtime::new(options, vec![Arc::new(capability)], services, shared).unwrap();
        let component = guest::component();
        let release = Arc::new(Release::parse(Digest::of(&component), MANIFEST).unwrap());
        let release = Arc::new(runtime.load(release, &component, &["subject".to_owned()]).unwrap());
        Self { runtime, release, audit, subject, _database: database, _dir: dir }
    }

    /// The guest asks for `names` names for a purpose.
    async fn ask(&self, subject: Option<&Arc<Subject>>, purpose: &str, names: usize) -> guest::Memory {
        let request = Request {
            method: http::Method::POST,
            path: format!("/{purpose}"),
            query: None,
            headers: http::HeaderMap::new(),
            body: vec![0; names].into(),
        };
        let call = Call { id: RequestId::generate(), subject: subject.cloned(), channel: Channel::Web, request };
        let outcome = self.runtime.invoke(self.release.clone(), call).await;
        guest::Memory(outcome.response.unwrap().body.to_vec())
    }

    fn recorded(&self) -> Vec<String> {
        self.audit.lines.lock().clone()
    }
}

const ALL: &[&str] = &[
    "subject:identify 441802-chengguan/pothole",
    "subject:read-field subject.name",
    "subject:read-field subject.phone",
    "subject:read-field subject.address",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_guest_is_told_a_handle_of_its_departments_own_and_the_fields_that_policy_allows() {
    let sandbox = Sandbox::new(ALL, usize::MAX).await;
    let memory = sandbox.ask(Some(&sandbox.subject), "road-repair", 7).await;

    let told = memory.current().unwrap();
    let department = "441802-chengguan".parse().unwrap();
    let opened = Handles::new([7; 32]).open(&department, &told.handle);
    assert_eq!(opened, Some(sandbox.subject.account));
    assert_eq!((told.kind, told.assurance), (2, 1), "an officer, substantial");
    assert_eq!(told.roles, ["inspector", "reviewer"]);
    assert_eq!(told.agent, None);

    let fields = memory.fields().unwrap();
    let expected = [("name", "张三"), ("phone", "13800138000")].map(|(name, value)| (name.into(), value.into()));
    assert_eq!(fields, expected, "address does not exist, resident-id is refused, the others are no fields");
    assert_eq!(
        sandbox.recorded(),
        [
            "scenario:invoke Scenario::\"441802-chengguan/pothole\" - Allow",
            "subject:identify Scenario::\"441802-chengguan/pothole\" - Allow",
            "subject:read-field Field::\"subject.name\" road-repair Allow",
            "subject:read-field Field::\"subject.phone\" road-repair Allow",
            "subject:read-field Field::\"subject.resident-id\" road-repair Deny",
            "subject:read-field Field::\"subject.address\" road-repair Allow",
        ],
        "each name is decided once; what is no field is not asked for"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_guest_is_told_who_acts_for_an_enterprise_and_the_enterprise_is_who_asks() {
    let sandbox = Sandbox::new(ALL, usize::MAX).await;
    let person = AccountId::generate();
    let agent =
        Agent { account: person, mandate: "m".into(), scenarios: None, actions: vec!["apply".into(), "pay".into()] };
    let enterprise = Subject {
        kind: SubjectKind::LegalPerson,
        department: None,
        roles: Vec::new(),
        clearance: 1,
        agent: Some(agent),
        ..Subject::clone(&sandbox.subject)
    };
    let memory = sandbox.ask(Some(&Arc::new(enterprise)), "road-repair", 1).await;
    let told = memory.current().unwrap();
    let (handles, department) = (Handles::new([7; 32]), "441802-chengguan".parse().unwrap());
    assert_eq!((told.kind, handles.open(&department, &told.handle)), (1, Some(sandbox.subject.account)));
    let (handle, actions) = told.agent.unwrap();
    assert_eq!(
        (handles.open(&department, &handle), actions.as_slice()),
        (Some(person), &["apply".to_owned(), "pay".to_owned()][..])
    );
    assert_eq!(memory.fields().unwrap(), [("name".to_owned(), "张三".to_owned())], "what is known of the enterprise");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn refused_a_guest_is_told_nobody_and_nothing_and_the_refusals_are_recorded() {
    let sandbox = Sandbox::new(&[], usize::MAX).await;
    let memory = sandbox.ask(Some(&sandbox.subject), "road-repair", 2).await;
    assert_eq!(memory.current(), None);
    assert_eq!(memory.fields(), Ok(Vec::new()));
    assert_eq!(sandbox.recorded().iter().filter(|line| line.ends_with("Deny")).count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn anonymous_undeclared_and_too_many_are_errors_before_policy_is_asked() {
    let sandbox = Sandbox::new(ALL, usize::MAX).await;
    let anonymous = sandbox.ask(None, "road-repair", 1).await;
    assert_eq!(anonymous.current(), None);
    assert_eq!(anonymous.fields(), Err((0, String::new())));
    assert_eq!(sandbox.recorded().len(), 1, "the invocation only");

    let subject = Some(&sandbox.subject);
    assert_eq!(sandbox.ask(subject, "marketing", 1).await.fields(), Err((1, "marketing".to_owned())));
    let (case, text) = sandbox.ask(subject, "road-repair", 33).await.fields().unwrap_err();
    assert_eq!((case, text.as_str()), (2, "33 names in one call, at most 32 are allowed"));
    assert!(sandbox.ask(subject, "road-repair", 32).await.fields().is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn nothing_is_told_when_the_decision_cannot_be_recorded() {
    let sandbox = Sandbox::new(ALL, 1).await;
    let memory = sandbox.ask(Some(&sandbox.subject), "road-repair", 2).await;
    assert_eq!(memory.current(), None);
    let (case, text) = memory.fields().unwrap_err();
    assert_eq!((case, text.as_str()), (2, "the decision can't be recorded; try again later"));
}
