//! Every call of the files capability, a route each.
use zhongtai::{files, prelude::*};

const APPLY: Purpose = Purpose("apply");

#[post("/cases/{case}/ticket")]
fn ticket(Path(case): Path<String>) -> Result<Json<files::Ticket>> {
    let draft = files::upload(&case, APPLY).kind(files::Kind::Pdf).kind(files::Kind::Zip);
    Ok(Json(draft.at_most(2 << 20).ticket()?))
}

#[get("/cases/{case}/own")]
fn own(Path(case): Path<String>) -> Result<Json<Vec<files::File>>> {
    Ok(Json(files::own(&case, APPLY)?))
}

#[get("/cases/{case}/all")]
fn all(Path(case): Path<String>) -> Result<Json<Vec<files::File>>> {
    Ok(Json(files::all(&case, APPLY)?))
}

#[get("/files/{id}")]
fn stat(Path(id): Path<String>) -> Result<Json<files::File>> {
    Ok(Json(files::stat(&id, APPLY)?))
}

#[get("/files/{id}/for/{purpose}")]
fn stat_for(Path((id, purpose)): Path<(String, String)>) -> Result<Json<files::File>> {
    Ok(Json(files::stat(&id, Purpose(&purpose))?))
}

#[get("/files/{id}/from/{offset}/{length}")]
fn read(Path((id, offset, length)): Path<(String, u64, u32)>) -> Result<String> {
    Ok(String::from_utf8_lossy(&files::read(&id, APPLY, offset, length)?).into_owned())
}

#[post("/files/{id}/link")]
fn link(Path(id): Path<String>) -> Result<Json<files::Ticket>> {
    Ok(Json(files::download(&id, APPLY)?))
}

#[put("/files/{id}")]
fn attach(Path(id): Path<String>) -> Result<()> {
    Ok(files::attach(&id)?)
}

#[delete("/files/{id}")]
fn remove(Path(id): Path<String>) -> Result<()> {
    Ok(files::remove(&id)?)
}

zhongtai::plugin!(ticket, own, all, stat, stat_for, read, link, attach, remove);
