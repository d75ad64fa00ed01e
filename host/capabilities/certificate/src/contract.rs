//! What every certificate provider must do.
#![expect(clippy::expect_used, clippy::panic, reason = "a contract that does not hold must stop the test")]

use std::time::Duration;

use serde_json::json;
use zhongtai_kernel::{ManualClock, ScenarioId};

use crate::{
    Act, ActKey, Certificate, CertificateError, CertificateId, CertificateProvider, CertificateType, EXAMPLES, Fields,
    Holder, NewCertificate, NewPresentation, PurposeName, Reissue, Standing, TokenRefusal, Verifier,
};

/// The scenario that acts in the contract.
pub fn scenario() -> ScenarioId {
    "441802-chengguan/excavation".parse().expect("a scenario")
}

/// An act of that scenario.
pub fn act(key: &str) -> Act {
    Act { scenario: scenario(), key: ActKey::try_from(key.to_owned()).expect("a key"), case: Some("WJ-1".to_owned()) }
}

/// Fields that fit the excavation permit.
pub fn fields() -> Fields {
    let fields = json!({
        "applicant": "清远市某建设有限公司", "contact": "张小明", "contact_phone": "13812345678",
        "place": "清城区桥北路1号", "area_m2": 12.5, "purpose": "燃气抢修", "conditions": "夜间施工"
    });
    fields.as_object().expect("an object").clone()
}

/// A permit for the holder.
pub fn permit(holder: Holder) -> NewCertificate {
    NewCertificate {
        kind: "excavation-permit".to_owned(),
        holder,
        fields: fields(),
        valid_from: None,
        valid_until: None,
    }
}

/// An enterprise that holds permits.
pub fn enterprise() -> Holder {
    Holder::Enterprise("91350100M000100Y43".parse().expect("a credit code"))
}

/// Holds when the provider, empty and on the clock given, keeps the whole contract.
pub async fn holds(provider: &dyn CertificateProvider, clock: &ManualClock) {
    types_are_versioned(provider).await;
    numbers_are_given_once_per_key(provider).await;
    what_does_not_fit_is_refused_by_field(provider).await;
    a_holder_finds_its_own(provider).await;
    a_new_issue_supersedes(provider, clock).await;
    revoking_is_for_good(provider, clock).await;
    a_presentation_is_redeemed_once_by_its_verifier(provider, clock).await;
    validity_ends(provider, clock).await;
}

async fn types_are_versioned(provider: &dyn CertificateProvider) {
    for example in EXAMPLES {
        let kind = CertificateType::parse(example.as_bytes()).expect("a shipped type");
        assert_eq!(provider.put_type(kind.clone()).await.expect("a version"), 1);
        assert_eq!(provider.put_type(kind).await.expect("a version"), 1, "the same file again changes nothing");
    }
    let longer = EXAMPLES[2].replace("\"validity_days\": 365", "\"validity_days\": 730");
    let kind = CertificateType::parse(longer.as_bytes()).expect("a type");
    assert_eq!(provider.put_type(kind).await.expect("a version"), 2);
    let newest = provider.find_type("residence-permit").await.expect("a type");
    assert_eq!((newest.version(), newest.validity_days()), (2, Some(730)));
    let names: Vec<String> = provider.types().await.expect("types").iter().map(|kind| kind.name().to_owned()).collect();
    assert_eq!(names, ["business-licence", "excavation-permit", "residence-permit"]);

    let stolen = EXAMPLES[1].replace("441802-chengguan", "441802-minzheng");
    let stolen = CertificateType::parse(stolen.as_bytes()).expect("a type");
    let error = provider.put_type(stolen).await.expect_err("another department's");
    assert!(matches!(error, CertificateError::Invalid { what: "owner", .. }), "{error}");
}

async fn numbers_are_given_once_per_key(provider: &dyn CertificateProvider) {
    let first = provider.issue(&act("permit-1"), permit(enterprise())).await.expect("a certificate");
    let again = provider.issue(&act("permit-1"), permit(enterprise())).await.expect("the same");
    assert_eq!((first.id, &first.number), (again.id, &again.number), "same key, same answer");
    let next = provider.issue(&act("permit-2"), permit(enterprise())).await.expect("another");
    assert_ne!(first.number, next.number);
    assert_eq!(first.number.to_string().parse(), Ok(first.number.clone()), "its check character fits");
    assert_eq!(first.fields, fields());
    assert_eq!(first.valid_until, first.valid_from.checked_add(jiff::Span::new().days(89)).ok(), "90 days");

    let mut other = permit(enterprise());
    other.fields.insert("place".to_owned(), json!("别处"));
    let error = provider.issue(&act("permit-1"), other).await.expect_err("another request");
    assert!(matches!(error, CertificateError::KeyReused), "{error}");
    let mut later = permit(enterprise());
    later.valid_from = first.valid_from.tomorrow().ok();
    let error = provider.issue(&act("permit-1"), later).await.expect_err("another first day");
    assert!(matches!(error, CertificateError::KeyReused), "{error}");
    let mut elsewhere = act("permit-1");
    elsewhere.scenario = "441802-chengguan/lamps".parse().expect("a scenario");
    let theirs = provider.issue(&elsewhere, permit(enterprise())).await.expect("keys are a scenario's own");
    assert_ne!(theirs.id, first.id);
}

async fn what_does_not_fit_is_refused_by_field(provider: &dyn CertificateProvider) {
    let mut unknown = permit(enterprise());
    unknown.kind = "dog-licence".to_owned();
    let error = provider.issue(&act("dog"), unknown).await.expect_err("no such type");
    assert!(matches!(&error, CertificateError::UnknownType(name) if name == "dog-licence"), "{error}");

    let mut wrong = permit(enterprise());
    wrong.fields.remove("place");
    wrong.fields.insert("area_m2".to_owned(), json!(-4321));
    wrong.fields.insert("colour".to_owned(), json!("red"));
    let error = provider.issue(&act("wrong"), wrong).await.expect_err("fields that do not fit");
    let CertificateError::Fields(problems) = &error else { panic!("{error}") };
    let mut named: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    named.sort_unstable();
    assert_eq!(named, ["area_m2", "colour", "place"]);
    assert!(!error.to_string().contains("4321"), "no value is repeated: {error}");
    // The key is still free: nothing happened.
    provider.issue(&act("wrong"), permit(enterprise())).await.expect("a certificate");
}

async fn a_holder_finds_its_own(provider: &dyn CertificateProvider) {
    let person = Holder::Person("11010519491231002X".parse().expect("a resident id"));
    let another = Holder::Person("34052419800101001X".parse().expect("a resident id"));
    let own = provider.issue(&act("own"), permit(person.clone())).await.expect("a certificate");
    let found = provider.held_by(&[person.clone(), another.clone()]).await.expect("certificates");
    assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), [own.id]);
    assert!(found.iter().all(|one| one.holder == person));
    assert!(provider.held_by(&[another]).await.expect("none").is_empty());
    let by_number = provider.find(&own.number).await.expect("an answer").expect("the certificate");
    assert_eq!(by_number.id, own.id);
    assert!(provider.get(CertificateId::generate()).await.expect("an answer").is_none());
}

async fn a_new_issue_supersedes(provider: &dyn CertificateProvider, clock: &ManualClock) {
    let first = provider.issue(&act("old"), permit(enterprise())).await.expect("a certificate");
    let again = |key: &'static str, previous: &Certificate| {
        let (previous, fields) = (previous.id, fields());
        let new = Reissue { previous, fields, valid_until: None, reason: "地址变更".to_owned() };
        async move { provider.reissue(&act(key), new).await }
    };
    let second = again("new", &first).await.expect("a new issue");
    assert_eq!(second.number.serial(), first.number.serial());
    assert_eq!((first.number.issue().get(), second.number.issue().get()), (1, 2));
    assert_eq!(second.previous, Some(first.id));
    assert_eq!(again("new", &first).await.expect("the same").id, second.id);
    let now = zhongtai_kernel::Clock::now(clock);
    let old = provider.get(first.id).await.expect("an answer").expect("the old one");
    assert_eq!((old.standing(now), second.standing(now)), (Standing::Superseded, Standing::Valid));
    let error = again("newer", &first).await.expect_err("only the newest has a next issue");
    assert!(matches!(error, CertificateError::Standing(Standing::Superseded)), "{error}");
    let what: Vec<String> =
        provider.history(first.id).await.expect("a history").into_iter().map(|entry| entry.what).collect();
    assert_eq!(what, ["issued", "superseded"]);
}

async fn revoking_is_for_good(provider: &dyn CertificateProvider, clock: &ManualClock) {
    let certificate = provider.issue(&act("false-promise"), permit(enterprise())).await.expect("a certificate");
    let revoke = |key: &'static str| async move { provider.revoke(&act(key), certificate.id, "虚假承诺").await };
    let revoked = revoke("revoke").await.expect("revoked");
    assert_eq!(revoked.standing(zhongtai_kernel::Clock::now(clock)), Standing::Revoked);
    assert_eq!(revoke("revoke").await.expect("same key, same answer").id, certificate.id);
    let error = revoke("revoke-again").await.expect_err("it is revoked");
    assert!(matches!(error, CertificateError::Standing(Standing::Revoked)), "{error}");
    let history = provider.history(certificate.id).await.expect("a history");
    assert_eq!(history.last().and_then(|entry| entry.reason.as_deref()), Some("虚假承诺"));
    assert_eq!(history.len(), 2, "issued and revoked, once each");
    let new = Reissue { previous: certificate.id, fields: fields(), valid_until: None, reason: "补发".to_owned() };
    let error = provider.reissue(&act("reissue-revoked"), new).await.expect_err("it is revoked");
    assert!(matches!(error, CertificateError::Standing(Standing::Revoked)), "{error}");
}

async fn a_presentation_is_redeemed_once_by_its_verifier(provider: &dyn CertificateProvider, clock: &ManualClock) {
    let certificate = provider.issue(&act("shown"), permit(enterprise())).await.expect("a certificate");
    let purpose: PurposeName = "loan".parse().expect("a purpose");
    let bank = Verifier::Enterprise("91512081MA62K0260E".parse().expect("a credit code"));
    let present = || async {
        let expires_at = zhongtai_kernel::Clock::now(clock) + Duration::from_secs(600);
        let (fields, purpose, verifier) = (vec!["place".to_owned()], purpose.clone(), bank.clone());
        let new = NewPresentation { certificate: certificate.id, fields, purpose, verifier, expires_at };
        provider.present(&scenario(), new).await
    };
    let by = scenario();
    let token = present().await.expect("a token");
    let refused = |error: CertificateError| match error {
        CertificateError::Token(refusal) => refusal,
        error => panic!("{error}"),
    };
    let other: PurposeName = "marketing".parse().expect("a purpose");
    let department = Verifier::Department(by.department().clone());
    let error = provider.redeem(&by, &token, &[department], &purpose).await.expect_err("another verifier");
    assert_eq!(refused(error), TokenRefusal::OtherVerifier);
    let banks = [bank.clone()];
    let error = provider.redeem(&by, &token, &banks, &other).await.expect_err("another purpose");
    assert_eq!(refused(error), TokenRefusal::OtherPurpose);
    let redeemed = provider.redeem(&by, &token, &banks, &purpose).await.expect("redeemed");
    assert_eq!(redeemed.id, certificate.id);
    let error = provider.redeem(&by, &token, &banks, &purpose).await.expect_err("a second time");
    assert_eq!(refused(error), TokenRefusal::Used);

    let late = present().await.expect("a token");
    clock.advance(Duration::from_secs(600));
    let error = provider.redeem(&by, &late, &banks, &purpose).await.expect_err("too late");
    assert_eq!(refused(error), TokenRefusal::Expired);

    let stale = present().await.expect("a token");
    provider.revoke(&act("revoke-shown"), certificate.id, "撤回").await.expect("revoked");
    let error = provider.redeem(&by, &stale, &banks, &purpose).await.expect_err("revoked meanwhile");
    assert_eq!(refused(error), TokenRefusal::NotValid(Standing::Revoked));
    let error = present().await.expect_err("nobody shows what is revoked");
    assert!(matches!(error, CertificateError::Standing(Standing::Revoked)), "{error}");
}

async fn validity_ends(provider: &dyn CertificateProvider, clock: &ManualClock) {
    let mut new = permit(enterprise());
    let today = crate::certificate::day_of(zhongtai_kernel::Clock::now(clock));
    new.valid_until = Some(today);
    let certificate = provider.issue(&act("one-day"), new.clone()).await.expect("a certificate");
    let now = zhongtai_kernel::Clock::now(clock);
    assert_eq!(certificate.standing(now), Standing::Valid, "its last day is a day of validity");
    assert_eq!(certificate.standing(now + Duration::from_secs(86_400)), Standing::Expired);
    assert_eq!(certificate.standing(now - Duration::from_secs(86_400)), Standing::NotYetValid);
    new.valid_until = today.yesterday().ok();
    let error = provider.issue(&act("never"), new).await.expect_err("it would never be valid");
    assert!(matches!(error, CertificateError::Invalid { what: "valid-until", .. }), "{error}");
}
