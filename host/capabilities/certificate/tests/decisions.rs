//! Who may do what with certificates: the shipped policies, through the only way from a caller to a provider.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::{
    ops::{Deref, DerefMut},
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use support::{KEY, Press, clock, host, printed, with_types};
use zhongtai_authz::{Authz, PolicyFolder};
use zhongtai_cap_certificate::{
    ActKey, Certificate, CertificateError, CertificateNumber, CertificateProvider as _, Certificates, EXAMPLES,
    EmbeddedCertificates, Fields, Holder, Holders, MIGRATIONS, NewCertificate, ShownField, Standing, TokenRefusal, Why,
    contract,
};
use zhongtai_kernel::{
    AccountId, Assurance, AuditUnavailable, Caller, Channel, Clock, DepartmentId, Digest, Event, ManualClock, Record,
    Recorder, Release, RequestId, Subject, SubjectKind,
};
use zhongtai_runtime::{Asker, Services};
use zhongtai_store::testing::{TestDatabase, sqlite};

/// What was recorded: `action resource purpose`.
#[derive(Default)]
struct Log {
    recorded: Mutex<Vec<String>>,
    is_full: AtomicBool,
}

impl Recorder for Log {
    fn record(&self, record: Record) -> Result<(), AuditUnavailable> {
        let Event::Decision { decision, .. } = record.event else { return Ok(()) };
        assert_eq!(decision.errors, Vec::<String>::new(), "{decision:?}");
        let question = &decision.question;
        let purpose = question.purpose.as_deref().unwrap_or("-");
        self.recorded.lock().push(format!("{} {} {purpose}", question.action, question.kind));
        Ok(())
    }

    fn committed(&self) -> Pin<Box<dyn Future<Output = Result<(), AuditUnavailable>> + Send + '_>> {
        let is_full = self.is_full.load(Ordering::SeqCst);
        Box::pin(async move { if is_full { Err(AuditUnavailable("full".to_owned())) } else { Ok(()) } })
    }
}

/// Somebody who asks through a plugin of a department, with a log of their own.
struct Somebody {
    asker: Asker,
    log: Arc<Log>,
}

impl Deref for Somebody {
    type Target = Asker;

    fn deref(&self) -> &Asker {
        &self.asker
    }
}

impl DerefMut for Somebody {
    fn deref_mut(&mut self) -> &mut Asker {
        &mut self.asker
    }
}

impl Somebody {
    fn recorded(&self) -> Vec<String> {
        self.log.recorded.lock().clone()
    }

    /// Nothing gets to the disk any more.
    fn with_a_full_log(self) -> Self {
        self.log.is_full.store(true, Ordering::SeqCst);
        self
    }
}

/// Wang is the person with that resident ID, the bank the enterprise with that code.
struct People {
    wang: AccountId,
    bank: AccountId,
}

#[async_trait]
impl Holders for People {
    fn open(&self, department: &DepartmentId, handle: &str) -> Option<AccountId> {
        (handle == format!("wang-for-{department}")).then_some(self.wang)
    }

    async fn identities(&self, account: AccountId) -> Result<Vec<Holder>, CertificateError> {
        let mut known = vec![Holder::Account(account)];
        if account == self.wang {
            known.push(wang());
        }
        if account == self.bank {
            known.push(Holder::Enterprise("91512081MA62K0260E".parse().unwrap()));
        }
        Ok(known)
    }
}

fn wang() -> Holder {
    Holder::Person("11010519491231002X".parse().unwrap())
}

struct Office {
    authz: Arc<Authz>,
    clock: Arc<ManualClock>,
    certificates: Certificates,
    people: (AccountId, AccountId),
    _database: TestDatabase,
}

impl Office {
    async fn new() -> Self {
        let (database, clock) = (sqlite(MIGRATIONS).await, clock());
        let provider = host(&database, &clock);
        with_types(&provider).await;
        Self::of(database, clock, provider)
    }

    /// One whose residence permits have papers.
    async fn with_a_press() -> Self {
        let (database, clock) = (sqlite(MIGRATIONS).await, clock());
        let press = Some(Arc::new(Press::default()) as _);
        let provider = EmbeddedCertificates::new(database.store.clone(), clock.clone(), KEY, press);
        provider.put_type(printed(EXAMPLES[2])).await.unwrap();
        Self::of(database, clock, provider)
    }

    fn of(database: TestDatabase, clock: Arc<ManualClock>, provider: EmbeddedCertificates) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../policies");
        let authz = Arc::new(Authz::load(&[PolicyFolder(folder)]).unwrap());
        let people = (AccountId::generate(), AccountId::generate());
        let holders = Arc::new(People { wang: people.0, bank: people.1 });
        let page = Some("https://zt.example.cn/c".to_owned());
        let certificates = Certificates::new(Arc::new(provider), holders, page);
        Self { authz, clock, certificates, people, _database: database }
    }

    fn ask(&self, department: &str, channel: Channel, subject: Option<Subject>) -> Somebody {
        let manifest = format!(
            "[plugin]\nname = \"desk\"\nversion = \"1\"\ndepartment = \"{department}\"\ntitle = \"t\"\n\
             access = \"public\"\npurposes = [\"road-repair\", \"loan\"]"
        );
        let release = Arc::new(Release::parse(Digest::of(b"desk"), &manifest).unwrap());
        let caller = Caller::new(release, subject.map(Arc::new), channel);
        let log = Arc::new(Log::default());
        let services = Services::new(self.authz.clone(), log.clone(), self.clock.clone());
        Somebody { asker: Asker::new(RequestId::generate(), Arc::new(caller), Arc::new(services)), log }
    }

    /// The host at work on a case of the department.
    fn host(&self, department: &str) -> Somebody {
        self.ask(department, Channel::Internal, None)
    }

    fn wang(&self) -> Somebody {
        self.ask("441802-zhengshu", Channel::Api, Some(person(self.people.0)))
    }

    fn officer(&self, department: &str, role: &str, clearance: u8) -> Somebody {
        let officer = Subject {
            kind: SubjectKind::Officer,
            department: Some(department.parse().unwrap()),
            roles: vec![role.to_owned()],
            clearance,
            ..person(AccountId::generate())
        };
        self.ask(department, Channel::Api, Some(officer))
    }

    /// A residence permit of Wang's.
    async fn residence(&self) -> Certificate {
        let issued = self.certificates.issue(&mut self.host("441802-gongan"), (&case(), key("a")), residence()).await;
        issued.unwrap()
    }
}

fn person(account: AccountId) -> Subject {
    let (kind, assurance) = (SubjectKind::NaturalPerson, Assurance::Substantial);
    Subject { account, kind, assurance, department: None, roles: Vec::new(), clearance: 1, agent: None }
}

fn residence() -> NewCertificate {
    let fields: Fields = serde_json::from_str(
        r#"{"name":"王小明","resident_id":"11010519491231002X","address":"清城区凤城街道桥北路1号","authority":"清城分局"}"#,
    )
    .unwrap();
    NewCertificate { kind: "residence-permit".into(), holder: wang(), fields, valid_from: None, valid_until: None }
}

fn key(text: &str) -> ActKey {
    ActKey::try_from(text.to_owned()).unwrap()
}

fn case() -> Why {
    Why::default().case("WJ-1")
}

fn reading() -> Why {
    Why::purpose("road-repair").case("WJ-1").basis("statutory-duty")
}

fn values(fields: &[ShownField]) -> Vec<(&str, &str)> {
    fields.iter().map(|field| (field.name.as_str(), field.value.as_str())).collect()
}

fn is_denied<T>(outcome: Result<T, CertificateError>) -> bool {
    matches!(outcome, Err(CertificateError::Denied(_)))
}

#[tokio::test]
async fn a_department_issues_its_own_types_for_a_case_and_nobody_else_does() {
    let office = Office::new().await;
    let issue = async |mut who: Somebody, why: Why, id: &str| {
        office.certificates.issue(&mut who, (&why, key(id)), residence()).await
    };
    assert!(issue(office.host("441802-gongan"), case(), "1").await.is_ok());
    assert!(issue(office.officer("441802-gongan", "certificate-issuer", 2), case(), "2").await.is_ok());
    assert!(is_denied(issue(office.host("441802-chengguan"), case(), "3").await), "another department's type");
    assert!(is_denied(issue(office.host("441802-gongan"), Why::default(), "4").await), "no case");
    assert!(is_denied(issue(office.officer("441802-gongan", "window", 2), case(), "5").await), "not an issuer");
    assert!(is_denied(issue(office.wang(), case(), "6").await));
    let named = issue(office.host("441802-gongan"), Why::default().case("张三的办件"), "7").await;
    assert!(matches!(named, Err(CertificateError::Invalid { what: "case", .. })), "nothing personal in the record");
}

#[tokio::test]
async fn nothing_irreversible_happens_while_the_audit_log_cannot_be_written() {
    let office = Office::new().await;
    let mut who = office.host("441802-gongan").with_a_full_log();
    let refused = office.certificates.issue(&mut who, (&case(), key("1")), residence()).await;
    assert!(matches!(refused, Err(CertificateError::Unrecorded)));
    assert!(office.certificates.provider().held_by(&[wang()]).await.unwrap().is_empty());
    let issued = office.residence().await;
    let mut chief = office.officer("441802-gongan", "section-chief", 3).with_a_full_log();
    let refused = office.certificates.revoke(&mut chief, (&case(), key("2")), issued.id, "虚假承诺".into()).await;
    assert!(matches!(refused, Err(CertificateError::Unrecorded)));
    let certificate = office.certificates.provider().get(issued.id).await.unwrap().unwrap();
    assert_eq!(certificate.standing(office.clock.now()), Standing::Valid);
}

#[tokio::test]
async fn a_holder_sees_all_of_the_own_certificate_under_whichever_identity_it_is_held() {
    let office = Office::new().await;
    let issued = office.residence().await;
    let why = Why::purpose("road-repair").basis("statutory-duty");
    let mine = office.certificates.mine(&mut office.wang(), &why).await.unwrap();
    assert_eq!(mine.iter().map(|one| one.id).collect::<Vec<_>>(), [issued.id]);
    let (_, fields) = office.certificates.read(&mut office.wang(), &why, issued.id, &[]).await.unwrap();
    let seen = values(&fields);
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert!(seen.contains(&("resident_id", "11010519491231002X")));

    let mut stranger = office.ask("441802-zhengshu", Channel::Api, Some(person(AccountId::generate())));
    assert!(office.certificates.mine(&mut stranger, &why).await.unwrap().is_empty());
    assert!(is_denied(office.certificates.read(&mut stranger, &why, issued.id, &[]).await));
    let mut nobody = office.ask("441802-zhengshu", Channel::Web, None);
    assert!(matches!(office.certificates.mine(&mut nobody, &why).await, Err(CertificateError::Anonymous)));
    assert!(is_denied(office.certificates.read(&mut nobody, &why, issued.id, &[]).await));
}

#[tokio::test]
async fn a_paper_is_given_to_whoever_may_see_all_that_it_says() {
    let office = Office::with_a_press().await;
    let issued = office.residence().await;
    let paper = async |mut who: Somebody, why: &Why, name: &str| {
        office.certificates.paper(&mut who, why, issued.id, name).await.map(|(file, bytes)| (file.media_type, bytes))
    };
    let own = Why::purpose("road-repair").basis("statutory-duty");
    let (media_type, bytes) = paper(office.wang(), &own, "certificate.pdf").await.unwrap();
    assert_eq!((media_type.as_str(), bytes), ("application/pdf", issued.number.to_string().into_bytes()));
    assert!(matches!(paper(office.wang(), &own, "certificate.ofd").await, Err(CertificateError::NotFound)));
    let partly = paper(office.wang(), &Why::purpose("road-repair"), "certificate.pdf").await;
    assert!(matches!(partly, Err(CertificateError::Partly)), "a field of level 4 without a basis");
    let partly = paper(office.officer("441802-gongan", "window", 2), &reading(), "certificate.pdf").await;
    assert!(matches!(partly, Err(CertificateError::Partly)), "some fields are masked: {:?}", partly.err());
    assert!(paper(office.officer("441802-gongan", "window", 4), &reading(), "certificate.pdf").await.is_ok());
    let stranger = office.ask("441802-zhengshu", Channel::Api, Some(person(AccountId::generate())));
    assert!(is_denied(paper(stranger, &own, "certificate.pdf").await));
}

#[tokio::test]
async fn an_officer_with_a_case_sees_each_field_as_far_as_cleared_and_who_it_is_about_masked() {
    let office = Office::new().await;
    let issued = office.residence().await;
    let mut cleared = office.officer("441802-minzheng", "engineer", 4);
    let (_, fields) = office.certificates.read(&mut cleared, &reading(), issued.id, &[]).await.unwrap();
    assert!(values(&fields).contains(&("resident_id", "11010519491231002X")));

    let mut clerk = office.officer("441802-minzheng", "window", 2);
    let (_, fields) = office.certificates.read(&mut clerk, &reading(), issued.id, &[]).await.unwrap();
    let expected = [
        ("address", "清城区凤城街道***"),
        ("authority", "清城分局"),
        ("name", "王小明"),
        ("resident_id", "110105********002X"),
    ];
    assert_eq!(values(&fields), expected);
    assert_eq!(clerk.recorded().len(), 5, "the certificate, then each field: {:?}", clerk.recorded());

    let one = ["authority".to_owned(), "shoe-size".to_owned()];
    let mut clerk = office.officer("441802-minzheng", "window", 2);
    let (_, fields) = office.certificates.read(&mut clerk, &reading(), issued.id, &one).await.unwrap();
    assert_eq!(values(&fields), [("authority", "清城分局")]);

    let without_case = Why::purpose("road-repair").basis("statutory-duty");
    assert!(is_denied(office.certificates.read(&mut clerk, &without_case, issued.id, &[]).await));
    let undeclared = Why::purpose("marketing").case("WJ-1");
    let refused = office.certificates.read(&mut clerk, &undeclared, issued.id, &[]).await;
    assert!(matches!(refused, Err(CertificateError::UndeclaredPurpose(_))));
    let usage = office.certificates.provider().usage().await.unwrap();
    let used = usage.iter().find(|usage| usage.department == "441802-minzheng").unwrap().used;
    assert_eq!(used, 3, "read for a case, it counts as used");
}

#[tokio::test]
async fn anybody_verifies_a_number_for_a_declared_purpose_and_a_made_up_one_is_recorded_too() {
    let office = Office::new().await;
    let issued = office.residence().await;
    let mut nobody = office.ask("441802-minzheng", Channel::Web, None);
    let found = office.certificates.verify(&mut nobody, &Why::purpose("loan"), &issued.number).await.unwrap();
    assert_eq!(found.id, issued.id);
    assert!(is_denied(office.certificates.verify(&mut nobody, &Why::default(), &issued.number).await));
    let never: CertificateNumber =
        "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U".parse().unwrap();
    let unknown = office.certificates.verify(&mut nobody, &Why::purpose("loan"), &never).await;
    assert!(matches!(unknown, Err(CertificateError::NotFound)));
    assert_eq!(nobody.recorded().len(), 3);
}

#[tokio::test]
async fn what_a_holder_presents_is_seen_once_by_the_verifier_that_the_holder_chose() {
    let office = Office::new().await;
    let issued = office.residence().await;
    let bank = "91512081MA62K0260E";
    let present = async |mut who: Somebody, fields: &[&str], verifier: &str, minutes| {
        let fields = fields.iter().map(|name| (*name).to_owned()).collect();
        let what = (fields, "loan".parse().unwrap(), verifier.parse().unwrap());
        office.certificates.present(&mut who, issued.id, what, minutes).await
    };
    let shared = present(office.wang(), &["name", "address"], bank, 10).await.unwrap();
    assert_eq!(shared.qr, format!("https://zt.example.cn/c#{}", shared.token.expose()));
    let loan = "loan".parse().unwrap();
    let mut bank_asks = office.ask("441802-zhengshu", Channel::Api, Some(person(office.people.1)));
    let mut stranger = office.ask("441802-zhengshu", Channel::Api, Some(person(AccountId::generate())));
    assert!(is_denied(office.certificates.redeem(&mut stranger, &shared.token, &loan).await), "another verifier");
    let other = "road-repair".parse().unwrap();
    assert!(is_denied(office.certificates.redeem(&mut bank_asks, &shared.token, &other).await), "another purpose");
    let undeclared = "marketing".parse().unwrap();
    let refused = office.certificates.redeem(&mut bank_asks, &shared.token, &undeclared).await;
    assert!(matches!(refused, Err(CertificateError::UndeclaredPurpose(_))));
    let token = shared.qr.parse().unwrap();
    let seen = office.certificates.redeem(&mut bank_asks, &token, &loan).await.unwrap();
    assert_eq!(values(&seen.fields), [("address", "清城区凤城街道桥北路1号"), ("name", "王小明")], "and no more");
    assert_eq!(
        bank_asks.recorded().last().unwrap(),
        "certificate:redeem Presentation loan",
        "recorded with its purpose"
    );
    let again = office.certificates.redeem(&mut bank_asks, &token, &loan).await;
    assert!(matches!(again, Err(CertificateError::Token(TokenRefusal::Used))));

    let to_desk = present(office.wang(), &[], "441802-chengguan", 1).await.unwrap().token;
    let mut desk = office.ask("441802-chengguan", Channel::Web, None);
    let mut another_desk = office.ask("441802-minzheng", Channel::Web, None);
    assert!(is_denied(office.certificates.redeem(&mut another_desk, &to_desk, &loan).await));
    office.clock.advance(Duration::from_secs(60));
    let late = office.certificates.redeem(&mut desk, &to_desk, &loan).await;
    assert!(matches!(late, Err(CertificateError::Token(TokenRefusal::Expired))));

    assert!(is_denied(present(office.officer("441802-gongan", "window", 4), &[], bank, 10).await), "not the holder");
    let mut by_password = person(office.people.0);
    by_password.assurance = Assurance::Low;
    let by_password = office.ask("441802-zhengshu", Channel::Api, Some(by_password));
    assert!(is_denied(present(by_password, &[], bank, 10).await), "a password is not enough");
    for minutes in [0, 1_441] {
        let refused = present(office.wang(), &[], bank, minutes).await;
        assert!(matches!(refused, Err(CertificateError::Invalid { what: "minutes", .. })));
    }
    let refused = present(office.wang(), &["shoe-size"], bank, 10).await;
    assert!(matches!(refused, Err(CertificateError::Invalid { what: "fields", .. })));
}

#[tokio::test]
async fn the_issuers_section_chief_revokes_with_a_reason_and_what_is_revoked_is_not_presented() {
    let office = Office::new().await;
    let issued = office.residence().await;
    let revoke = async |mut who: Somebody, id: &str, reason: &str| {
        office.certificates.revoke(&mut who, (&case(), key(id)), issued.id, reason.to_owned()).await
    };
    assert!(is_denied(revoke(office.officer("441802-minzheng", "section-chief", 4), "1", "虚假承诺").await));
    assert!(is_denied(revoke(office.officer("441802-gongan", "engineer", 4), "2", "虚假承诺").await));
    let refused = revoke(office.officer("441802-gongan", "section-chief", 4), "3", "").await;
    assert!(matches!(refused, Err(CertificateError::Invalid { what: "reason", .. })));
    revoke(office.officer("441802-gongan", "section-chief", 4), "4", "虚假承诺").await.unwrap();
    let what = (Vec::new(), "loan".parse().unwrap(), "441802-chengguan".parse().unwrap());
    assert!(is_denied(office.certificates.present(&mut office.wang(), issued.id, what, 10).await));
}

#[tokio::test]
async fn a_holder_is_named_by_a_handle_of_the_own_department_only() {
    let office = Office::new().await;
    let gongan = "441802-gongan".parse().unwrap();
    let holder = office.certificates.holder_of(&gongan, "wang-for-441802-gongan").unwrap();
    assert!(holder == Holder::Account(office.people.0));
    assert!(office.certificates.holder_of(&gongan, "wang-for-441802-minzheng").is_err());
    let permit = contract::permit(holder);
    office.certificates.provider().issue(&contract::act("x"), permit).await.unwrap();
    let why = Why::purpose("road-repair");
    assert_eq!(office.certificates.mine(&mut office.wang(), &why).await.unwrap().len(), 1);
}
