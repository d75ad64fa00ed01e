//! Who may make documents: the shipped policies, through the only way from a caller to a document.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::{path::PathBuf, pin::Pin, sync::Arc};

use parking_lot::Mutex;
use support::{TestShelf, clock, documents, example, with_gallery};
use zhongtai_authz::{Authz, PolicyFolder};
use zhongtai_cap_document::{DocumentError, Documents, Format, MIGRATIONS, Request, ShelfError};
use zhongtai_kernel::{
    AccountId, Assurance, AuditUnavailable, Caller, Channel, Digest, Event, ManualClock, Record, Recorder, Release,
    RequestId, Subject, SubjectKind,
};
use zhongtai_runtime::{Asker, Services};
use zhongtai_store::testing::{TestDatabase, sqlite};

/// What was recorded: `action kind id case`.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Recorder for Log {
    fn record(&self, record: Record) -> Result<(), AuditUnavailable> {
        let Event::Decision { decision, .. } = record.event else { return Ok(()) };
        assert_eq!(decision.errors, Vec::<String>::new(), "{decision:?}");
        let question = &decision.question;
        let case = question.case.as_deref().unwrap_or("-");
        self.0.lock().push(format!("{} {} {} {case}", question.action, question.kind, question.id));
        Ok(())
    }

    fn committed(&self) -> Pin<Box<dyn Future<Output = Result<(), AuditUnavailable>> + Send + '_>> {
        Box::pin(async { Ok(()) })
    }
}

struct Office {
    authz: Arc<Authz>,
    clock: Arc<ManualClock>,
    documents: Documents,
    shelf: Arc<TestShelf>,
    log: Arc<Log>,
    wang: AccountId,
    _database: TestDatabase,
}

impl Office {
    async fn new() -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../policies");
        let authz = Arc::new(Authz::load(&[PolicyFolder(folder)]).unwrap());
        let (database, clock, wang) = (sqlite(MIGRATIONS).await, clock(), AccountId::generate());
        let shelf = Arc::new(TestShelf { wang: Some(wang), ..TestShelf::default() });
        let documents = documents(&database, &clock, shelf.clone());
        with_gallery(&documents, &clock).await;
        Self { authz, clock, documents, shelf, log: Arc::default(), wang, _database: database }
    }

    fn ask(&self, department: &str, subject: Option<AccountId>) -> Asker {
        let manifest = format!(
            "[plugin]\nname = \"excavation\"\nversion = \"1\"\ndepartment = \"{department}\"\ntitle = \"t\"\n\
             access = \"public\"\npurposes = [\"road-repair\"]"
        );
        let release = Arc::new(Release::parse(Digest::of(b"excavation"), &manifest).unwrap());
        let (kind, assurance) = (SubjectKind::NaturalPerson, Assurance::Substantial);
        let subject = subject.map(|account| {
            Arc::new(Subject {
                account,
                kind,
                assurance,
                department: None,
                roles: Vec::new(),
                clearance: 1,
                agent: None,
            })
        });
        let caller = Caller::new(release, subject, Channel::Web);
        let services = Services::new(self.authz.clone(), self.log.clone(), self.clock.clone());
        Asker::new(RequestId::generate(), Arc::new(caller), Arc::new(services))
    }
}

fn permit() -> Request {
    Request {
        template: "excavation-permit".to_owned(),
        version: None,
        inputs: example("excavation-permit").sample().clone(),
        case: "WJ-1".to_owned(),
        purpose: "road-repair".to_owned(),
        subject: None,
        format: Format::Pdf,
    }
}

#[tokio::test]
async fn a_department_makes_its_own_documents_for_a_case_and_they_become_its_files() {
    let office = Office::new().await;
    let mut asker = office.ask("441802-chengguan", Some(office.wang));
    let made = office.documents.render_for(&mut asker, permit()).await.unwrap();
    assert_eq!((made.file.as_str(), made.pages, made.version), ("file-1", 2, 1));
    let ofd = Request { format: Format::Ofd, ..permit() };
    let made_ofd = office.documents.render_for(&mut asker, ofd).await.unwrap();

    let kept = office.shelf.kept.lock();
    let [pdf, ofd] = kept.as_slice() else { unreachable!("{kept:?}") };
    assert!(pdf.bytes.starts_with(b"%PDF-") && ofd.bytes.starts_with(b"PK"));
    assert_eq!((pdf.name.as_str(), ofd.name.as_str()), ("城市道路占用挖掘许可证.pdf", "城市道路占用挖掘许可证.ofd"));
    assert_eq!((pdf.case.as_str(), pdf.purpose.as_str(), pdf.account), ("WJ-1", "road-repair", office.wang));
    assert_eq!(pdf.scenario.as_str(), "441802-chengguan/excavation");
    assert_eq!(made.sha256, *<sha2::Sha256 as sha2::Digest>::digest(&pdf.bytes).first_chunk().unwrap());
    assert_eq!(made.sm3, *<sm3::Sm3 as sm3::Digest>::digest(&pdf.bytes).first_chunk().unwrap());
    assert_ne!(made.sha256, made_ofd.sha256);
    assert_eq!(office.log.0.lock()[0], "document:render Template excavation-permit WJ-1");
}

#[tokio::test]
async fn a_template_of_another_department_is_denied_and_nothing_is_kept() {
    let office = Office::new().await;
    let mut asker = office.ask("441802-minzheng", Some(office.wang));
    let error = office.documents.render_for(&mut asker, permit()).await.unwrap_err();
    assert!(matches!(error, DocumentError::Denied(_)), "{error}");
    assert_eq!(office.shelf.kept.lock().len(), 0);
    assert_eq!(office.log.0.lock().len(), 1, "the refusal is on record");
}

#[tokio::test]
async fn what_can_not_be_asked_is_refused_before_anything_is_looked_up() {
    let office = Office::new().await;
    let mut asker = office.ask("441802-chengguan", Some(office.wang));
    for case in ["", "WJ 1", "../WJ", &"1".repeat(65), "张三"] {
        let error = office.documents.render_for(&mut asker, Request { case: case.to_owned(), ..permit() }).await;
        assert!(matches!(error, Err(DocumentError::Invalid { what: "case-id", .. })), "{case}");
    }
    let error = office.documents.render_for(&mut asker, Request { purpose: "advertising".into(), ..permit() }).await;
    assert!(matches!(error, Err(DocumentError::UndeclaredPurpose(_))));
    let error = office.documents.render_for(&mut asker, Request { subject: Some("li".into()), ..permit() }).await;
    assert!(matches!(error, Err(DocumentError::Invalid { what: "subject", .. })));
    let error = office.documents.render_for(&mut asker, Request { template: "no".into(), ..permit() }).await;
    assert!(matches!(error, Err(DocumentError::UnknownTemplate(_))));
    let error = office.documents.render_for(&mut asker, Request { version: Some(9), ..permit() }).await;
    assert!(matches!(error, Err(DocumentError::UnknownTemplate(_))));
    let mut nobody = office.ask("441802-chengguan", None);
    let error = office.documents.render_for(&mut nobody, permit()).await;
    assert!(matches!(error, Err(DocumentError::Anonymous)));
    assert!(office.log.0.lock().is_empty());
}

#[tokio::test]
async fn nobody_has_to_be_signed_in_when_the_case_says_whose_document_it_is() {
    let office = Office::new().await;
    let mut host = office.ask("441802-chengguan", None);
    let subject = Some("wang-for-441802-chengguan".to_owned());
    office.documents.render_for(&mut host, Request { subject, ..permit() }).await.unwrap();
    assert_eq!(office.shelf.kept.lock()[0].account, office.wang);
}

#[tokio::test]
async fn inputs_that_do_not_fit_are_named_by_field_and_never_by_value() {
    let office = Office::new().await;
    let mut asker = office.ask("441802-chengguan", Some(office.wang));
    let mut inputs = permit().inputs;
    inputs.remove("place");
    inputs.insert("contact_phone".to_owned(), "一三八零零零".into());
    inputs.insert("valid_until".to_owned(), "2026-02-30".into());
    inputs.insert("bribe".to_owned(), "五千元".into());
    let error = office.documents.render_for(&mut asker, Request { inputs, ..permit() }).await.unwrap_err();
    let told = error.to_string();
    let DocumentError::Inputs(problems) = error else { unreachable!("{told}") };
    let mut fields: Vec<_> = problems.iter().map(|one| (one.field.as_str(), one.problem.zh.as_str())).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            ("bribe", "模板没有这个字段"),
            ("contact_phone", "应符合写法 ^[0-9+-]{3,20}$"),
            ("place", "必须填写"),
            ("valid_until", "应为日期，格式 YYYY-MM-DD"),
        ]
    );
    for value in ["一三八", "02-30", "五千元"] {
        assert!(!told.contains(value), "{told}");
    }
    assert_eq!(office.shelf.kept.lock().len(), 0);
}

#[tokio::test]
async fn a_full_shelf_is_told() {
    let office = Office::new().await;
    *office.shelf.full.lock() = true;
    let mut asker = office.ask("441802-chengguan", Some(office.wang));
    let error = office.documents.render_for(&mut asker, permit()).await.unwrap_err();
    assert!(matches!(error, DocumentError::Shelf(ShelfError::Quota(_))), "{error}");
}
