//! Every call of the credit capability, a route each. What the host answered is told as it is: an error by its variant,
//! so that tests see each of them.
use std::fmt::Debug;

use zhongtai::{
    credit::{self, BrokenPromise, OwnRecord, Petition, Promiser, Record, ResidentId, Verdict},
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

#[get("/check/{code}/{purpose}")]
fn check(Path((code, purpose)): Path<(CreditCode, String)>) -> Json<Told<Verdict>> {
    told(credit::check(&code, Purpose(&purpose)))
}

#[get("/records/{code}")]
fn records(Path(code): Path<CreditCode>) -> Json<Told<Vec<Record>>> {
    told(credit::records(&code, Purpose("road-repair")))
}

#[derive(Deserialize)]
struct Somebody {
    id: ResidentId,
}

#[post("/person")]
fn person(Json(somebody): Json<Somebody>) -> Json<Told<Verdict>> {
    told(credit::check_person(&somebody.id, Purpose("road-repair")))
}

#[get("/mine/{purpose}")]
fn mine(Path(purpose): Path<String>) -> Json<Told<Vec<OwnRecord>>> {
    told(credit::mine(Purpose(&purpose)))
}

#[get("/petitions")]
fn petitions() -> Json<Told<Vec<Petition>>> {
    told(credit::petitions(Purpose("road-repair")))
}

#[derive(Deserialize)]
struct File {
    text: String,
    once: String,
}

#[post("/{id}/objection")]
fn object(Path(id): Path<String>, Json(new): Json<File>) -> Json<Told<Petition>> {
    told(credit::object(&id, &new.text, &new.once))
}

#[post("/{id}/repair")]
fn repair(Path(id): Path<String>, Json(new): Json<File>) -> Json<Told<Petition>> {
    told(credit::apply_for_repair(&id, &new.text, &new.once))
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Who {
    Subject(String),
    Enterprise(CreditCode),
    Person(ResidentId),
}

#[derive(Deserialize)]
struct Report {
    who: Who,
    case: String,
    detail: String,
    found_on: Option<String>,
    once: String,
}

#[post("/report")]
fn report(Json(new): Json<Report>) -> Json<Told<String>> {
    let who = match new.who {
        Who::Subject(handle) => Promiser::Subject(handle),
        Who::Enterprise(code) => code.into(),
        Who::Person(id) => id.into(),
    };
    let promise = BrokenPromise { found_on: new.found_on, ..BrokenPromise::new(who, &new.case, &new.detail) };
    told(credit::report(&promise, &new.once))
}

#[get("/handle")]
fn handle(subject: Subject) -> Json<String> {
    Json(subject.handle)
}

zhongtai::plugin!(check, records, person, mine, petitions, object, repair, report, handle);
