//! Every call of the seal capability, a route each. What the host answered is told as it is: an error by its variant.
use std::fmt::Debug;

use zhongtai::{
    files,
    prelude::*,
    seal::{self, Place, Reasons, Report, Sealed},
};

const APPLY: Purpose = Purpose("apply");

/// What the host answered.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Told<T> {
    Ok(T),
    Error(String),
}

fn told<T, E: Debug>(outcome: Result<T, E>) -> Json<Told<T>> {
    Json(outcome.map_or_else(|error| Told::Error(format!("{error:?}")), Told::Ok))
}

#[post("/cases/{case}/ticket")]
fn ticket(Path(case): Path<String>) -> Result<Json<files::Ticket>> {
    Ok(Json(files::upload(&case, APPLY).kind(files::Kind::Pdf).kind(files::Kind::Ofd).at_most(8 << 20).ticket()?))
}

#[post("/files/{id}/link")]
fn link(Path(id): Path<String>) -> Result<Json<files::Ticket>> {
    Ok(Json(files::download(&id, APPLY)?))
}

#[derive(Deserialize)]
struct Ask {
    case: String,
    stage: String,
    #[serde(default = "apply")]
    purpose: String,
    once: String,
    page: u32,
}

fn apply() -> String {
    APPLY.0.to_owned()
}

impl Ask {
    fn reasons(&self) -> Reasons {
        Reasons::new(&self.case, &self.stage, Purpose(&self.purpose)).note("占道挖掘许可")
    }

    fn place(&self) -> Place {
        Place::on(self.page, 120.0, 210.0)
    }
}

#[post("/files/{id}/seal/{department}/{seal}")]
fn put_seal(Path((id, department, name)): Path<(String, String, String)>, Json(ask): Json<Ask>) -> Json<Told<Sealed>> {
    told(seal::apply(&format!("{department}/{name}"), &id, ask.place(), &ask.reasons(), &ask.once))
}

/// The same as a scenario would: a refusal is the answer's.
#[post("/files/{id}/need/{department}/{seal}")]
fn need_seal(
    Path((id, department, name)): Path<(String, String, String)>,
    Json(ask): Json<Ask>,
) -> Result<Json<Sealed>> {
    Ok(Json(seal::apply(&format!("{department}/{name}"), &id, ask.place(), &ask.reasons(), &ask.once)?))
}

#[post("/files/{id}/sign")]
fn sign(Path(id): Path<String>, Json(ask): Json<Ask>) -> Json<Told<Sealed>> {
    told(seal::sign(&id, ask.place(), &ask.reasons(), &ask.once))
}

#[get("/files/{id}/verify/{purpose}")]
fn verify(Path((id, purpose)): Path<(String, String)>) -> Json<Told<Report>> {
    told(seal::verify(&id, Purpose(&purpose)))
}

zhongtai::plugin!(ticket, link, put_seal, need_seal, sign, verify);
