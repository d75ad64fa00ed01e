//! Files in a plugin: tickets, what arrived, and who sees it.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use zhongtai::{files, prelude::*, testing::*};

const APPLY: Purpose = Purpose("excavation-permit");
const ID: &str = "0123456789abcdef0123456789abcdef";

#[post("/applications/{number}/plan")]
fn plan(Path(number): Path<String>) -> Result<Json<files::Ticket>> {
    Ok(Json(files::upload(&number, APPLY).kind(files::Kind::Pdf).at_most(1_000).ticket()?))
}

#[get("/applications/{number}/files")]
fn list(Path(number): Path<String>, subject: Subject) -> Result<Json<Vec<files::File>>> {
    let listed = if subject.has_role("reviewer") { files::all(&number, APPLY)? } else { files::own(&number, APPLY)? };
    Ok(Json(listed))
}

#[get("/files/{id}")]
fn head(Path(id): Path<String>) -> Result<String> {
    let file = files::stat(&id, APPLY)?;
    Ok(format!("{} {:?}", file.bytes, files::read(&id, APPLY, 0, 4)?))
}

#[put("/files/{id}")]
fn attach(Path(id): Path<String>) -> Result<()> {
    Ok(files::attach(&id)?)
}

#[delete("/files/{id}")]
fn remove(Path(id): Path<String>) -> Result<()> {
    Ok(files::remove(&id)?)
}

#[post("/files/{id}/link")]
fn link(Path(id): Path<String>) -> Result<Json<files::Ticket>> {
    Ok(Json(files::download(&id, APPLY)?))
}

zhongtai::plugin!(plan, list, head, attach, remove, link);

fn host() -> MockHost {
    let upload = Upload::new("2026-1", files::Kind::Pdf, b"%PDF-1.7").id(ID).by("wang").named("图.pdf");
    MockHost::new().uploaded(upload)
}

#[test]
fn a_ticket_is_for_who_signed_in_and_says_what_is_taken() {
    let path = "/applications/2026-1/plan";
    assert_eq!(host().post(path, json!(null)).status(), 401);
    let host = host().subject("wang");
    let ticket = host.post(path, json!(null));
    assert_eq!(ticket.status(), 200);
    assert!(ticket.json()["path"].as_str().unwrap().starts_with("/api/v1/files/"));
    let wanted = host.wanted_files();
    assert_eq!((wanted[0].case.as_str(), wanted[0].max_bytes), ("2026-1", 1_000));
    assert_eq!(wanted[0].kinds, [files::Kind::Pdf]);
    assert_eq!(host.deny("files:ticket").post(path, json!(null)).json()["code"], "access-denied");
}

#[test]
fn who_handed_a_file_in_sees_it_and_officers_do() {
    let (path, file) = ("/applications/2026-1/files", format!("/files/{ID}"));
    let host = host().subject("wang");
    assert_eq!(host.get(path).json()[0]["name"], "图.pdf");
    assert_eq!(host.get(&file).text(), "8 [37, 80, 68, 70]");
    let other = host.clone().subject("li");
    assert_eq!(other.get(path).json(), json!([]));
    assert_eq!((other.get(&file).status(), other.get("/files/none").status()), (403, 403), "alike");
    let officer = host.subject(Person::officer("zhao", &["reviewer"]));
    assert_eq!(officer.get(path).json()[0]["kind"], "pdf");
    assert_eq!((officer.get(&file).status(), officer.get("/files/none").status()), (200, 404));
    assert_eq!(officer.request("POST", &format!("{file}/link")).send().status(), 200);
}

#[test]
fn an_attached_file_is_not_removed_any_more() {
    let (host, file) = (host().subject("wang"), format!("/files/{ID}"));
    assert_eq!(host.request("PUT", &file).send().status(), 204);
    assert_eq!(host.get("/applications/2026-1/files").json()[0]["attached"], true);
    assert_eq!(host.delete(&file).status(), 403);
}
