//! What every seal provider must do.
#![expect(clippy::expect_used, clippy::panic, reason = "a contract that does not hold must stop the test")]

use std::time::{Duration, SystemTime};

use zhongtai_impression::{Design, Segment};
use zhongtai_kernel::{AccountId, Clock as _, ManualClock, ScenarioId};
use zhongtai_ofd::{Item, Layout, Page, Stroke};

use crate::{
    Act, ActKey, Cause, Facts, Format, NewSeal, Order, Place, Report, SealError, SealKind, SealName, SealProvider,
    Sealed, Status, Verdict, examine,
};

/// Where the contract puts seals.
pub const PLACE: Place = Place { page: 1, x_mm: 120.0, y_mm: 210.0 };

const DAY: Duration = Duration::from_secs(86_400);

/// The scenario that acts in the contract.
pub fn scenario() -> ScenarioId {
    "441802-chengguan/excavation".parse().expect("a scenario")
}

/// An act of that scenario.
pub fn act(key: &str) -> Act {
    Act::of(scenario(), self::key(key))
}

/// An idempotency key.
pub fn key(text: &str) -> ActKey {
    ActKey::try_from(text.to_owned()).expect("a key")
}

/// The name of a seal of the department.
pub fn name(slug: &str) -> SealName {
    format!("441802-chengguan/{slug}").parse().expect("a seal's name")
}

/// An official seal for three years.
pub fn official(slug: &str) -> NewSeal {
    NewSeal {
        name: name(slug),
        title: "清远市清城区城市管理局".to_owned(),
        kind: SealKind::Official,
        design: Design::round("清远市清城区城市管理局"),
        stage: "issue".to_owned(),
        days: 1095,
        token: None,
    }
}

/// A document to be sealed for a case.
pub fn order(document: Vec<u8>) -> Order {
    Order {
        document, place: PLACE, facts: Facts { reason: Some("占道挖掘许可".into()), ..Facts::issuing("WJ-1") }
    }
}

/// A page of A4 with one line of text that names a number.
pub fn pdf(number: u32) -> Vec<u8> {
    let content = format!("BT /F1 24 Tf 72 720 Td (Permit No. {number}) Tj ET");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R/Lang(zh-CN)>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595.276 841.89]>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".to_owned(),
        format!("<</Length {}>>\nstream\n{content}\nendstream", content.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
    ];
    let (mut file, mut table) = ("%PDF-1.7\n".to_owned(), "xref\n0 6\n0000000000 65535 f\r\n".to_owned());
    for (object, number) in objects.iter().zip(1..) {
        table.push_str(&format!("{:010} 00000 n\r\n", file.len()));
        file.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let start = file.len();
    file.push_str(&format!("{table}trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"));
    file.into_bytes()
}

/// A page of A4 with a line at a height.
pub fn ofd(height_mm: u32) -> Vec<u8> {
    let y = f64::from(height_mm);
    let segments = vec![Segment::MoveTo { x: 20.0, y }, Segment::LineTo { x: 190.0, y }];
    let line = Item::Path { fill: None, stroke: Some(Stroke { colour: [0, 0, 0], width_mm: 0.3 }), segments };
    let page = Page { width_mm: 210.0, height_mm: 297.0, items: vec![line] };
    let (title, created) = ("占道挖掘许可证".to_owned(), SystemTime::UNIX_EPOCH);
    zhongtai_ofd::write(&Layout { title, created, pages: vec![page], fonts: Vec::new() }).expect("a document")
}

/// What is found out about a document now.
pub async fn report(provider: &dyn SealProvider, clock: &ManualClock, document: &[u8]) -> Report {
    examine(document, &provider.trust().await.expect("what is trusted"), clock.now())
}

/// How a refusal says that the seal can't be used; anything else is a failure.
fn standing<T>(outcome: Result<T, SealError>) -> Status {
    match outcome {
        Err(SealError::Standing { status, .. }) => status,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("it was used"),
    }
}

/// Holds when the provider, empty and on the clock given, keeps the whole contract.
pub async fn holds(provider: &dyn SealProvider, clock: &ManualClock) {
    a_name_is_of_one_seal(provider).await;
    seals_hold_and_are_counted(provider, clock).await;
    a_key_stands_for_one_act(provider).await;
    what_cannot_be_used_is_refused(provider, clock).await;
    a_person_signs_with_an_own_key(provider, clock).await;
    what_is_revoked_is_so_from_then_on(provider, clock).await;
    a_time_stamp_is_given(provider).await;
    lists_do_not_run_out(provider, clock).await;
    validity_ends(provider, clock).await;
}

async fn a_name_is_of_one_seal(provider: &dyn SealProvider) {
    let made = provider.create(official("permit"), "keeper").await.expect("a seal");
    assert_eq!(made.serials.len(), 2, "a certificate of each kind");
    assert_eq!(provider.create(official("permit"), "keeper").await.expect("the same"), made);
    let other = NewSeal { title: "清城区民政局".to_owned(), ..official("permit") };
    assert!(matches!(provider.create(other, "keeper").await, Err(SealError::Exists)));
    for days in [0, crate::MOST_DAYS + 1] {
        let refused = provider.create(NewSeal { days, ..official("x") }, "keeper").await;
        assert!(matches!(refused, Err(SealError::Invalid { what: "days", .. })));
    }
    let special = NewSeal {
        kind: SealKind::Special,
        design: Design {
            line_text: Some("行政许可专用章".to_owned()), ..Design::round("清城区城市管理局")
        },
        ..official("licence")
    };
    provider.create(special, "keeper").await.expect("a special seal");
    let found = provider.list(name("x").department()).await.expect("seals");
    assert_eq!(
        found.iter().map(|seal| seal.name.as_str()).collect::<Vec<_>>(),
        ["441802-chengguan/licence", "441802-chengguan/permit"]
    );
    assert!(provider.find(&name("nothing")).await.expect("an answer").is_none());
    let face = provider.face(&name("permit")).await.expect("a face");
    assert!(face.width_mm > 40.0 && face.svg().starts_with("<svg"));
}

async fn seals_hold_and_are_counted(provider: &dyn SealProvider, clock: &ManualClock) {
    for (number, document) in [pdf(1), ofd(50)].into_iter().enumerate() {
        let act = act(&format!("hold-{number}"));
        let sealed = provider.apply(&act, &name("permit"), order(document.clone())).await.expect("a sealed document");
        let report = report(provider, clock, &sealed.bytes).await;
        assert!(report.is_valid(), "{report:?}");
        let [signature] = report.signatures.as_slice() else { panic!("one seal: {report:?}") };
        assert_eq!(signature.name.as_deref(), Some("清远市清城区城市管理局"));
        assert!(signature.stamped && signature.whole_file && signature.page == Some(1), "{signature:?}");
        assert_eq!(report.sha256, hex::encode(sealed.sha256));
        let before = self::report(provider, clock, &document).await;
        assert_eq!(before.verdict, Verdict::Unsigned);
    }
    let seal = provider.find(&name("permit")).await.expect("an answer").expect("the seal");
    assert_eq!((seal.uses, seal.last_used_at.map(|at| at.as_second())), (2, Some(clock.now().as_second())));
    let uses = provider.uses(&name("permit")).await.expect("uses");
    let told: Vec<_> = uses.iter().map(|one| (one.case.as_str(), one.by.as_str())).collect();
    assert_eq!(told, [("WJ-1", "441802-chengguan/excavation"); 2]);
    assert!(uses.iter().any(|one| one.document == hex::encode(zhongtai_pki::Hash::Sha256.digest(&pdf(1)))));

    let both = provider.apply(&act("twice-1"), &name("permit"), order(pdf(2))).await.expect("one seal");
    let both = provider.apply(&act("twice-2"), &name("licence"), order(both.bytes)).await.expect("two seals");
    let report = report(provider, clock, &both.bytes).await;
    assert!(report.is_valid() && report.signatures.len() == 2, "{report:?}");
    let beside = Order { place: Place { page: 2, ..PLACE }, ..order(pdf(1)) };
    assert!(matches!(provider.apply(&act("no-page"), &name("permit"), beside).await, Err(SealError::Pdf(_))));
    let text = provider.apply(&act("text"), &name("permit"), order(b"permit".to_vec())).await;
    assert!(matches!(text, Err(SealError::Format)));
}

async fn a_key_stands_for_one_act(provider: &dyn SealProvider) {
    let before = provider.find(&name("permit")).await.expect("an answer").expect("the seal").uses;
    for document in [pdf(3), ofd(60)] {
        let act = act(Format::of(&document).expect("a format").as_str());
        let first = provider.apply(&act, &name("permit"), order(document.clone())).await.expect("a seal");
        let second = provider.apply(&act, &name("permit"), order(document.clone())).await.expect("the same");
        assert!(first == second, "the same bytes");
        let moved = Order { place: Place { x_mm: 20.0, ..PLACE }, ..order(document.clone()) };
        let other_case = Order { facts: Facts::issuing("WJ-2"), ..order(document) };
        for other in [moved, other_case, order(pdf(4))] {
            let refused = provider.apply(&act, &name("permit"), other).await;
            assert!(matches!(refused, Err(SealError::KeyReused)), "{refused:?}");
        }
        let refused = provider.apply(&act, &name("licence"), order(pdf(3))).await;
        assert!(matches!(refused, Err(SealError::KeyReused)), "{refused:?}");
    }
    let after = provider.find(&name("permit")).await.expect("an answer").expect("the seal").uses;
    assert_eq!(after - before, 2, "each counted once");
}

async fn what_cannot_be_used_is_refused(provider: &dyn SealProvider, clock: &ManualClock) {
    let permit = name("permit");
    let done = provider.apply(&act("before"), &permit, order(pdf(5))).await.expect("a seal");
    clock.advance(Duration::from_secs(1));
    let suspended = provider.suspend(&permit, "keeper", "换届").await.expect("suspended");
    assert_eq!(suspended.status(clock.now()), Status::Suspended);
    provider.suspend(&permit, "keeper", "换届").await.expect("it is already");
    assert_eq!(standing(provider.apply(&act("during"), &permit, order(pdf(5))).await), Status::Suspended);
    let again = provider.apply(&act("before"), &permit, order(pdf(5))).await.expect("what was done");
    assert!(again == done, "what was done is told again");
    assert!(report(provider, clock, &done.bytes).await.is_valid(), "what was sealed before holds");
    clock.advance(Duration::from_secs(1));
    provider.resume(&permit, "keeper", "已交接").await.expect("usable again");
    provider.apply(&act("during"), &permit, order(pdf(5))).await.expect("the key was not used up");
    let events = provider.events(&permit).await.expect("what happened");
    let told: Vec<_> = events.iter().map(|event| (event.what.as_str(), event.reason.as_deref())).collect();
    assert_eq!(told, [("made", None), ("suspended", Some("换届")), ("resumed", Some("已交接"))]);
    let unknown = provider.apply(&act("unknown"), &name("nothing"), order(pdf(5))).await;
    assert!(matches!(unknown, Err(SealError::NotFound("seal"))));
}

async fn a_person_signs_with_an_own_key(provider: &dyn SealProvider, clock: &ManualClock) {
    let (zhang, smith) = (AccountId::generate(), AccountId::generate());
    assert!(provider.signing_key(zhang).await.expect("an answer").is_none());
    let none = provider.sign(&act("p0"), zhang, order(pdf(6))).await;
    assert!(matches!(none, Err(SealError::NotFound("signing key"))));
    let key = provider.enrol(zhang, "张小明", "zhang").await.expect("a key");
    assert_eq!(provider.enrol(zhang, "张小明", "zhang").await.expect("the same"), key);
    for (number, document) in [pdf(6), ofd(70)].into_iter().enumerate() {
        let act = act(&format!("p1-{number}"));
        let signed = provider.sign(&act, zhang, order(document.clone())).await.expect("a signed document");
        let found = report(provider, clock, &signed.bytes).await;
        let signer = found.signatures.first().and_then(|one| one.signer.clone()).unwrap_or_default();
        assert!(found.is_valid() && signer.contains("张小明"), "{found:?}");
        assert!(provider.sign(&act, zhang, order(document)).await.expect("the same") == signed);
    }
    // A name that is no seal's face signs PDF, without a mark.
    provider.enrol(smith, "John Smith", "smith").await.expect("a key");
    let signed = provider.sign(&act("p2"), smith, order(pdf(7))).await.expect("a signed document");
    assert!(report(provider, clock, &signed.bytes).await.is_valid());
    assert!(matches!(provider.sign(&act("p3"), smith, order(ofd(70))).await, Err(SealError::NoFace)));

    clock.advance(Duration::from_secs(3600));
    let why = (Cause::KeyCompromise, "手机丢失");
    assert_eq!(provider.retire(zhang, "zhang", why).await.expect("gone").status(clock.now()), Status::Revoked);
    assert_eq!(standing(provider.sign(&act("p4"), zhang, order(pdf(8))).await), Status::Revoked);
    assert_ne!(provider.enrol(zhang, "张小明", "zhang").await.expect("a new key").id, key.id);
    provider.sign(&act("p5"), zhang, order(pdf(8))).await.expect("with the new key");
}

async fn what_is_revoked_is_so_from_then_on(provider: &dyn SealProvider, clock: &ManualClock) {
    let lost = name("lost");
    provider.create(official("lost"), "keeper").await.expect("a seal");
    let mut before: Vec<Sealed> = Vec::new();
    for (key, document) in [("lost-pdf", pdf(9)), ("lost-ofd", ofd(80))] {
        before.push(provider.apply(&act(key), &lost, order(document)).await.expect("a seal"));
    }
    clock.advance(Duration::from_secs(3600));
    let revoked = provider.revoke(&lost, "keeper", (Cause::KeyCompromise, "印章系统被入侵")).await.expect("revoked");
    assert_eq!(revoked.status(clock.now()), Status::Revoked);
    assert_eq!(standing(provider.apply(&act("lost-2"), &lost, order(pdf(9))).await), Status::Revoked);
    assert_eq!(standing(provider.resume(&lost, "keeper", "找回").await), Status::Revoked);
    assert_eq!(standing(provider.suspend(&lost, "keeper", "找回").await), Status::Revoked);
    for sealed in &before {
        assert!(report(provider, clock, &sealed.bytes).await.is_valid(), "a trusted stamp says that it was before");
    }
    let trust = provider.trust().await.expect("what is trusted");
    let listed = |serial: &String| {
        trust.revocations.iter().any(|list| {
            let entries = list.tbs_cert_list.revoked_certificates.iter().flatten();
            entries.into_iter().any(|entry| hex::encode(entry.serial_number.as_bytes()) == *serial)
        })
    };
    assert!(revoked.serials.iter().all(listed), "both certificates are on the lists at once");
}

async fn a_time_stamp_is_given(provider: &dyn SealProvider) {
    // TimeStampReq (RFC 3161, 2.4.1): version 1, SHA-256 of something, with certificates.
    let mut query = hex::decode("30390201013031300d060960864801650304020105000420").expect("the head");
    query.extend([7; 32]);
    query.extend([0x01, 0x01, 0xff]);
    let answer = provider.time_stamp(&query).await.expect("an answer");
    // PKIStatusInfo: granted.
    let granted = [0x30, 0x03, 0x02, 0x01, 0x00];
    assert!(answer.windows(granted.len()).take(16).any(|part| part == granted), "{}", hex::encode(&answer));
    assert!(provider.time_stamp(b"nonsense").await.expect("an answer").len() < 64, "a rejection says why");
}

async fn lists_do_not_run_out(provider: &dyn SealProvider, clock: &ManualClock) {
    assert_eq!(provider.tick().await.expect("lists"), 0, "they are fresh");
    for _ in 0..10 {
        clock.advance(2 * DAY + Duration::from_secs(1));
        assert!(provider.tick().await.expect("lists") >= 6, "root, department and persons, of both kinds");
        let sealed = provider
            .apply(&act(&clock.now().to_string()), &name("permit"), order(ofd(90)))
            .await
            .expect("a sealed document");
        assert!(report(provider, clock, &sealed.bytes).await.is_valid());
    }
    let states = provider.authorities().await.expect("authorities");
    let department = states.iter().find(|one| one.id == "441802-chengguan-p256-1").expect("the department's");
    assert_eq!(department.revoked, 1, "the seal that was lost");
    assert!(department.list_until.is_some_and(|until| until > clock.now()) && department.list_number > 10);
    let list = provider.revocation_list("441802-chengguan-sm2-1").await.expect("an answer");
    assert!(list.is_some_and(|list| list.starts_with(&[0x30])));
    assert!(provider.revocation_list("nobody-p256-1").await.expect("an answer").is_none());
}

async fn validity_ends(provider: &dyn SealProvider, clock: &ManualClock) {
    let brief = NewSeal { days: 1, ..official("brief") };
    provider.create(brief, "keeper").await.expect("a seal");
    let sealed = provider.apply(&act("brief"), &name("brief"), order(pdf(10))).await.expect("in its time");
    clock.advance(DAY);
    assert_eq!(standing(provider.apply(&act("late"), &name("brief"), order(pdf(10))).await), Status::Expired);
    provider.tick().await.expect("lists");
    assert!(report(provider, clock, &sealed.bytes).await.is_valid(), "it was sealed in time");
}
