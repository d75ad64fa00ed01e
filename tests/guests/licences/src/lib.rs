//! Every call of the certificate and evidence capabilities, a route each. What the host answered is told as it is: an
//! error by its variant, so that tests see each of them.
use std::fmt::Debug;

use zhongtai::{
    certificate::{self, Content, HistoryEntry, Issued, Presentation, Summary},
    evidence,
    prelude::*,
};

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

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Holder {
    Asker,
    Subject(String),
    CreditCode(String),
    ResidentId(String),
}

impl From<Holder> for certificate::Holder {
    fn from(holder: Holder) -> Self {
        match holder {
            Holder::Asker => Self::Asker,
            Holder::Subject(handle) => Self::Subject(handle),
            Holder::CreditCode(code) => Self::CreditCode(code),
            Holder::ResidentId(id) => Self::ResidentId(id),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Why {
    purpose: Option<String>,
    basis: Option<String>,
    consent: Option<String>,
    case: Option<String>,
}

impl From<Why> for certificate::Why {
    fn from(why: Why) -> Self {
        let Why { purpose, basis, consent, case } = why;
        Self { purpose, basis, consent, case }
    }
}

#[derive(Deserialize)]
struct Issue {
    kind: String,
    holder: Holder,
    fields: String,
    valid_from: Option<String>,
    valid_until: Option<String>,
    why: Why,
    once: String,
}

#[post("/issue")]
fn issue(Json(new): Json<Issue>) -> Json<Told<Issued>> {
    let Issue { kind, holder, fields, valid_from, valid_until, why, once } = new;
    let (holder, why) = (holder.into(), why.into());
    told(certificate::issue(&certificate::Issue { kind, holder, fields, valid_from, valid_until, why, once }))
}

#[derive(Deserialize)]
struct Reissue {
    fields: String,
    valid_until: Option<String>,
    reason: String,
    why: Why,
    once: String,
}

#[post("/{id}/reissue")]
fn reissue(Path(id): Path<String>, Json(new): Json<Reissue>) -> Json<Told<Issued>> {
    let Reissue { fields, valid_until, reason, why, once } = new;
    told(certificate::reissue(&certificate::Reissue { id, fields, valid_until, reason, why: why.into(), once }))
}

#[derive(Deserialize)]
struct Revoke {
    reason: String,
    why: Why,
    once: String,
}

#[post("/{id}/revoke")]
fn revoke(Path(id): Path<String>, Json(new): Json<Revoke>) -> Json<Told<Summary>> {
    told(certificate::revoke(&id, &new.reason, &new.why.into(), &new.once))
}

#[get("/mine/{purpose}")]
fn mine(Path(purpose): Path<String>) -> Json<Told<Vec<Summary>>> {
    told(certificate::mine(Purpose(&purpose)))
}

#[derive(Deserialize)]
struct Search {
    holder: Holder,
    why: Why,
}

#[post("/held-by")]
fn held_by(Json(search): Json<Search>) -> Json<Told<Vec<Summary>>> {
    told(certificate::held_by(&search.holder.into(), &search.why.into()))
}

#[derive(Deserialize)]
struct Read {
    #[serde(default)]
    names: Vec<String>,
    why: Why,
}

#[post("/{id}/read")]
fn read(Path(id): Path<String>, Json(what): Json<Read>) -> Json<Told<Content>> {
    let names: Vec<_> = what.names.iter().map(String::as_str).collect();
    told(certificate::read(&id, &names, &what.why.into()))
}

/// The same as a scenario would: a refusal is the answer's.
#[post("/{id}/need")]
fn need(Path(id): Path<String>, Json(what): Json<Read>) -> Result<Json<Content>> {
    Ok(Json(certificate::read(&id, &[], &what.why.into())?))
}

#[post("/{id}/history")]
fn history(Path(id): Path<String>, Json(why): Json<Why>) -> Json<Told<Vec<HistoryEntry>>> {
    told(certificate::history(&id, &why.into()))
}

#[derive(Deserialize)]
struct Verify {
    number: String,
    purpose: String,
}

#[post("/verify")]
fn verify(Json(what): Json<Verify>) -> Json<Told<Summary>> {
    told(certificate::verify(&what.number, Purpose(&what.purpose)))
}

#[derive(Deserialize)]
struct Present {
    #[serde(default)]
    fields: Vec<String>,
    purpose: String,
    verifier: String,
    minutes: u32,
}

#[post("/{id}/present")]
fn present(Path(id): Path<String>, Json(what): Json<Present>) -> Json<Told<Presentation>> {
    let Present { fields, purpose, verifier, minutes } = what;
    told(certificate::present(&id, &certificate::Presenting { fields, purpose, verifier, minutes }))
}

#[derive(Deserialize)]
struct Redeem {
    token: String,
    purpose: String,
}

#[post("/redeem")]
fn redeem(Json(what): Json<Redeem>) -> Json<Told<Content>> {
    told(certificate::redeem(&what.token, Purpose(&what.purpose)))
}

#[get("/handle")]
fn handle() -> Json<Option<String>> {
    Json(Subject::current().map(|subject| subject.handle))
}

#[derive(Deserialize)]
struct Anchor {
    hash: String,
    purpose: String,
    reference: String,
}

#[post("/anchors")]
fn anchor(Json(what): Json<Anchor>) -> Json<Told<evidence::Anchor>> {
    told(evidence::anchor(&what.hash, &what.purpose, &what.reference))
}

#[get("/anchors/{id}")]
fn prove(Path(id): Path<String>) -> Json<Told<String>> {
    told(evidence::prove(&id))
}

zhongtai::plugin!(
    issue, reissue, revoke, mine, held_by, read, need, history, verify, present, redeem, handle, anchor, prove
);
