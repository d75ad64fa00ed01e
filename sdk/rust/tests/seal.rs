//! Seals and signatures, against the mock.

use zhongtai::{
    Purpose,
    files::Kind,
    prelude::*,
    seal::{self, Error, Place, Reasons, Standing, Verdict},
    testing::{Upload, json},
};

const ISSUE: Purpose<'static> = Purpose("excavation-permit");
const SEAL: &str = "441802-chengguan/permit";

#[post("/permits/{file}/seal")]
fn seal_permit(Path(file): Path<String>) -> Result<Json<seal::Sealed>> {
    Ok(Json(seal::apply(SEAL, &file, Place::on(1, 130.0, 220.0), &reasons(), "WJ-1")?))
}

#[post("/promises/{file}/sign")]
fn sign_promise(_: Subject, Path(file): Path<String>) -> Result<Json<seal::Sealed>> {
    Ok(Json(seal::sign(&file, Place::on(1, 130.0, 220.0), &reasons(), "promise")?))
}

zhongtai::plugin!(seal_permit, sign_promise);

fn reasons() -> Reasons {
    Reasons::new("WJ-1", "issue", ISSUE).note("占道挖掘许可")
}

fn host() -> MockHost {
    MockHost::new().subject("wang").uploaded(Upload::new("WJ-1", Kind::Pdf, b"%PDF-1.7").id("draft").by("wang"))
}

#[test]
fn a_permit_is_sealed_once_for_its_key_and_then_valid() {
    let host = host();
    let first = host.post("/permits/draft/seal", json!({}));
    assert_eq!(first.status(), 200, "{}", first.text());
    assert_eq!(host.post("/permits/draft/seal", json!({})).json(), first.json());
    assert_eq!(host.sealings().len(), 1);
    assert_eq!(host.sealings()[0].place, Place::on(1, 130.0, 220.0));
    host.run(|| {
        let sealed = first.json()["file"].as_str().unwrap_or_default().to_owned();
        let report = seal::verify(&sealed, ISSUE).unwrap();
        assert!(report.is_valid() && report.signatures.len() == 1, "{report:?}");
        assert_eq!(seal::verify("draft", ISSUE).unwrap().verdict, Verdict::Unsigned);
        let both = seal::sign(&sealed, Place::on(1, 10.0, 10.0), &reasons(), "countersign").unwrap();
        let names = seal::verify(&both.file, ISSUE).unwrap().signatures;
        assert_eq!(names.iter().map(|one| one.name.as_deref()).collect::<Vec<_>>(), [Some(SEAL), Some("signature")]);
        let moved = seal::apply(SEAL, "draft", Place::on(2, 130.0, 220.0), &reasons(), "WJ-1");
        assert_eq!(moved, Err(Error::KeyReused));
    });
}

#[test]
fn what_cannot_be_used_is_409_and_what_policy_refuses_403() {
    let suspended = host().seal(SEAL, Standing::Suspended);
    assert_eq!(suspended.post("/permits/draft/seal", json!({})).status(), 409);
    let other = host().seal("441802-chengguan/other", Standing::Valid);
    assert_eq!(other.post("/permits/draft/seal", json!({})).status(), 404);
    assert_eq!(host().deny("seal:apply").post("/permits/draft/seal", json!({})).json()["code"], "access-denied");
    assert_eq!(host().deny("seal:sign").post("/promises/draft/sign", json!({})).status(), 403);
    assert_eq!(host().post("/permits/nothing/seal", json!({})).status(), 404);
    assert_eq!(host().purposes(&["marketing"]).post("/permits/draft/seal", json!({})).status(), 500);
    let nobody = MockHost::new().run(|| seal::sign("draft", Place::on(1, 0.0, 0.0), &reasons(), "x"));
    assert_eq!(nobody, Err(Error::Anonymous));
}
