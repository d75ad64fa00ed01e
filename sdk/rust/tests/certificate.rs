//! Certificates and anchors, against the mock.

use zhongtai::{
    Purpose,
    certificate::{self, Error, Holder, Issue, Presenting, Reissue, Standing, TokenRefusal, Why},
    evidence,
    prelude::*,
    testing::json,
};

#[get("/mine")]
fn mine(_: Subject) -> Result<Json<Vec<certificate::Summary>>> {
    Ok(Json(certificate::mine(Purpose("road-repair"))?))
}

#[post("/permits")]
fn permit(subject: Subject) -> Result<Created<certificate::Issued>> {
    let holder = Holder::Subject(subject.handle);
    let fields = json!({ "place": "桥北路1号", "area_m2": 12.5 });
    let issue = Issue::new("excavation-permit", holder, &fields, Why::case("WJ-1"), "WJ-1")?.until("2026-06-30");
    Ok(Created(certificate::issue(&issue)?))
}

zhongtai::plugin!(mine, permit);

fn why() -> Why {
    Why::purpose(Purpose("road-repair")).for_case("WJ-1").on_basis("statutory-duty")
}

#[test]
fn a_permit_is_issued_once_for_its_key_and_found_by_its_holder_only() {
    let host = MockHost::new().subject("wang");
    let first = host.post("/permits", json!({}));
    assert_eq!(first.status(), 201);
    assert_eq!(host.post("/permits", json!({})).json()["id"], first.json()["id"]);
    assert_eq!(host.issued_certificates().len(), 1);
    assert_eq!(host.get("/mine").json()[0]["valid_until"], "2026-06-30");
    assert_eq!(host.subject("li").get("/mine").json(), json!([]));
}

#[test]
fn a_refusal_is_403_and_an_undeclared_purpose_the_plugins_fault() {
    let host = MockHost::new().subject("wang").deny("certificate:issue");
    assert_eq!(host.post("/permits", json!({})).json()["code"], "access-denied");
    let host = MockHost::new().subject("wang").purposes(&["marketing"]);
    assert_eq!(host.get("/mine").status(), 500);
}

#[test]
fn what_a_certificate_says_is_read_instead_of_asked_for_without_the_fields_that_policy_refuses() {
    let host = MockHost::new().subject("wang").deny("certificate:read-field/legal_representative").certificate(
        "business-licence",
        "wang",
        json!({ "name": "某公司", "legal_representative": "王小明", "registered_capital_fen": 100 }),
    );
    host.run(|| {
        let found = certificate::mine(Purpose("road-repair")).unwrap();
        let read = certificate::read(&found[0].id, &[], &why()).unwrap();
        assert_eq!(read.get("name"), Some("某公司"));
        assert_eq!(read.get_as::<u64>("registered_capital_fen"), Some(100));
        assert_eq!(read.get("legal_representative"), None);
        assert_eq!(certificate::read("none", &[], &why()), Err(Error::NotFound));
    });
}

#[test]
fn a_presentation_is_redeemed_once_for_its_purpose_and_shows_what_was_chosen() {
    let host = MockHost::new().certificate("permit", "wang", json!({ "place": "桥北路1号", "area_m2": 1 }));
    host.run(|| {
        let (purpose, verifier) = ("loan".to_owned(), "441802-minzheng".to_owned());
        let presenting = Presenting { fields: vec!["place".into()], purpose, verifier, minutes: 10 };
        let shown = certificate::present("mock-certificate-1", &presenting).unwrap();
        let redeem = |purpose| certificate::redeem(&shown.qr, Purpose(purpose));
        assert_eq!(redeem("other"), Err(Error::Token(TokenRefusal::OtherPurpose)));
        let seen = redeem("loan").unwrap();
        assert_eq!((seen.get("place"), seen.get("area_m2")), (Some("桥北路1号"), None));
        assert_eq!(redeem("loan"), Err(Error::Token(TokenRefusal::Used)));
    });
}

#[test]
fn a_reissue_supersedes_and_a_revocation_ends() {
    let host = MockHost::new().certificate("permit", "wang", json!({ "place": "桥北路1号" }));
    host.run(|| {
        let new = Reissue::new("mock-certificate-1", &json!({ "place": "别处" }), "地址变更", why(), "new").unwrap();
        let second = certificate::reissue(&new).unwrap().summary;
        let old = certificate::verify("mock-number-1", Purpose("road-repair")).unwrap();
        assert_eq!((old.standing, second.standing), (Standing::Superseded, Standing::Valid));
        let revoked = certificate::revoke(&second.id, "虚假承诺", &why(), "revoke").unwrap();
        assert_eq!(revoked.standing, Standing::Revoked);
    });
}

#[test]
fn a_hash_is_anchored_once_and_anything_else_is_no_hash() {
    MockHost::new().run(|| {
        let hash = format!("sm3:{}", "0".repeat(64));
        let first = evidence::anchor(&hash, "permit-issued", "WJ-1").unwrap();
        assert_eq!(evidence::anchor(&hash, "permit-issued", "WJ-1").unwrap(), first);
        assert!(evidence::prove(&first.id).unwrap().contains(&hash));
        assert!(matches!(evidence::anchor("md5:0", "permit-issued", "WJ-1"), Err(evidence::Error::Invalid(_))));
        assert_eq!(evidence::prove("none"), Err(evidence::Error::NotFound));
    });
}
