//! From materials to the permit: who hands in, who issues, and what happens once.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that gets something else should stop")]

mod office;

use office::{agent, application, decision, enterprise, manifest_host, window};
use zhongtai::{files::Kind as FileKind, testing::*};

/// An officer at the window who may issue certificates, too.
fn issuer() -> Person {
    Person::officer("li-si", &["window", "certificate-issuer"])
}

fn filed(host: &excavation::MockHost) -> String {
    host.post("/applications", application()).json()["number"].as_str().unwrap().to_owned()
}

#[test]
fn a_material_goes_into_the_application_and_the_window_sees_it() {
    let host = manifest_host().subject(enterprise());
    let number = filed(&host);
    let ticket = host.post(&format!("/applications/{number}/materials"), json!({}));
    assert_eq!(ticket.status(), 201, "{}", ticket.text());
    let wanted = host.wanted_files().pop().unwrap();
    assert_eq!((wanted.case.as_str(), wanted.max_bytes), (number.as_str(), 20 << 20));
    assert_eq!(wanted.kinds, [FileKind::Pdf, FileKind::Ofd, FileKind::Jpeg, FileKind::Png]);

    let host = host.uploaded(Upload::new(&number, FileKind::Pdf, b"%PDF-1.7").by("north-river"));
    let path = format!("/applications/{number}/materials/{}", "0".repeat(32));
    let listed = format!("/applications/{number}/materials");
    assert_eq!(host.get(&listed).json()["materials"], json!([]), "what is not handed in is not there");
    let handed_in = host.put(&path, json!({}));
    assert_eq!((handed_in.status(), &handed_in.json()["attached"]), (200, &json!(true)), "{}", handed_in.text());
    let host = host.subject(window());
    assert_eq!(host.get(&listed).json()["materials"][0]["kind"], "pdf");
    assert_eq!(host.post(&format!("{path}/link"), json!({})).status(), 201);
}

#[test]
fn materials_are_handed_in_by_the_applicant_until_somebody_decided() {
    let host = manifest_host().subject(enterprise());
    let number = filed(&host);
    let path = format!("/applications/{number}/materials");
    let host = host.subject("curious");
    assert_eq!(host.post(&path, json!({})).status(), 404);
    let host = host.subject(window());
    assert_eq!(host.post(&path, json!({})).json()["code"], "not-applicant");
    assert_eq!(host.post(&format!("/applications/{number}/decisions"), decision("reject")).status(), 201);
    let host = host.subject(enterprise());
    let late = host.post(&path, json!({}));
    assert_eq!((late.status(), &late.json()["code"]), (409, &json!("already-decided")));
}

#[test]
fn a_file_of_another_application_is_unknown_here() {
    let host = manifest_host().subject(enterprise());
    let number = filed(&host);
    let host = host.uploaded(Upload::new("WJ-20260105-0000", FileKind::Pdf, b"%PDF-1.7").by("north-river"));
    let path = format!("/applications/{number}/materials/{}", "0".repeat(32));
    assert_eq!(host.put(&path, json!({})).status(), 404);
    assert_eq!(host.post(&format!("{path}/link"), json!({})).status(), 404);
}

#[test]
fn what_an_issuer_approves_is_issued_at_once_and_once_only() {
    let host = manifest_host().subject(enterprise());
    let number = filed(&host);
    let host = host.subject(issuer());
    let reply = host.post(&format!("/applications/{number}/decisions"), decision("approve"));
    assert_eq!(reply.status(), 201, "{}", reply.text());
    let permit = reply.json()["permit"].clone();
    let issued = host.issued_certificates();
    assert_eq!((issued.len(), issued[0].kind.as_str()), (1, "excavation-permit"));
    assert_eq!(permit, json!({ "id": issued[0].id, "number": issued[0].number }));
    assert_eq!(issued[0].valid_until.as_deref(), Some("2026-01-20"));
    let told = host.sent_messages().pop().unwrap();
    assert!(told.variables.contains(&("permit".into(), issued[0].number.as_str().into())), "{told:?}");

    let again = host.post(&format!("/applications/{number}/permit"), json!({}));
    assert_eq!((again.status(), &again.json()["id"]), (201, &json!(issued[0].id)), "{}", again.text());
    assert_eq!(host.issued_certificates().len(), 1);
    let host = host.subject(enterprise());
    assert_eq!(host.get(&format!("/applications/{number}")).json()["permit"], permit);
}

#[test]
fn a_permit_says_whose_it_is_and_whom_to_call() {
    let permit_of = |person: Person| {
        let host = manifest_host().subject(person);
        let number = filed(&host);
        let host = host.subject(issuer());
        assert_eq!(host.post(&format!("/applications/{number}/decisions"), decision("approve")).status(), 201);
        host.certificate_fields(&host.issued_certificates()[0].id)
    };
    let enterprises = permit_of(enterprise());
    assert_eq!(enterprises["applicant"], "北江公司（91350100M000100Y43）");
    assert_eq!((enterprises.get("contact"), &enterprises["area_m2"]), (None, &json!(12)));
    let agents = permit_of(agent());
    assert_eq!(agents["applicant"], office::COMPANY);
    assert_eq!((&agents["contact"], &agents["contact_phone"]), (&json!("王小明"), &json!("13800000000")));
}

#[test]
fn a_permit_that_cannot_be_issued_now_leaves_the_decision_and_is_issued_later() {
    let host = manifest_host().subject(enterprise());
    let number = filed(&host);
    let host = host.subject(issuer()).deny("certificate:issue");
    let reply = host.post(&format!("/applications/{number}/decisions"), decision("approve"));
    assert_eq!((reply.status(), &reply.json()["state"]), (201, &json!("approved")));
    assert_eq!(reply.json()["permit"], Value::Null);
    let refused = host.post(&format!("/applications/{number}/permit"), json!({}));
    assert_eq!((refused.status(), &refused.json()["code"]), (403, &json!("access-denied")));
}

#[test]
fn only_an_issuer_issues_and_only_what_is_approved() {
    let host = manifest_host().subject(enterprise());
    let number = filed(&host);
    let path = format!("/applications/{number}/permit");
    assert_eq!(host.post(&path, json!({})).status(), 403);
    let host = host.subject(window());
    assert_eq!(host.post(&path, json!({})).status(), 403);
    let host = host.subject(issuer());
    let early = host.post(&path, json!({}));
    assert_eq!((early.status(), &early.json()["code"]), (409, &json!("not-approved")));
    assert_eq!(host.post(&format!("/applications/{number}/decisions"), decision("reject")).status(), 201);
    assert_eq!(host.post(&path, json!({})).json()["detail"], "it is rejected: there is nothing to issue");
    assert!(host.issued_certificates().is_empty());
    assert_eq!(host.post("/applications/WJ-20260105-0000/permit", json!({})).status(), 404);
}
