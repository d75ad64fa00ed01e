//! Every call of the logistics capability. What the host answered is told as it is: an error by its variant, so that tests
//! see each of them. What it hears of shipments it remembers.
use zhongtai::{
    event::Event,
    logistics::{self, Destination, Error, Progress, Recipient, Shipment},
    prelude::*,
};

#[derive(Deserialize)]
struct Ask {
    what: String,
    case: String,
    to: Option<String>,
    carrier: Option<String>,
    kept: Option<bool>,
    purpose: Option<String>,
    key: String,
}

/// What the host answered.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Told<T> {
    Ok(T),
    Error(String),
}

fn told<T>(answer: Result<T, Error>) -> Json<Told<T>> {
    Json(answer.map_or_else(|error| Told::Error(format!("{error:?}")), Told::Ok))
}

#[post("/shipments")]
fn ship(Json(ask): Json<Ask>) -> Json<Told<String>> {
    let shipment = Shipment {
        to: ask.to.map_or(Recipient::Asker, Recipient::Subject),
        destination: if ask.kept.unwrap_or_default() { Destination::Kept } else { Destination::Asked },
        case: ask.case,
        what: ask.what,
        carrier: ask.carrier,
        purpose: ask.purpose.unwrap_or_else(|| "deliver-result".into()),
    };
    told(logistics::ship(&shipment, &ask.key))
}

#[get("/shipments/{waybill}")]
fn track(Path(waybill): Path<String>) -> Json<Told<Progress>> {
    told(logistics::track(&waybill))
}

#[delete("/shipments/{waybill}")]
fn cancel(Path(waybill): Path<String>) -> Json<Told<Progress>> {
    told(logistics::cancel(&waybill))
}

#[get("/heard/{waybill}")]
fn heard(Path(waybill): Path<String>) -> Result<Json<Vec<String>>> {
    Ok(Json(keyvalue::get(&format!("heard/{waybill}"))?.unwrap_or_default()))
}

#[on("logistics.signed")]
fn signed(event: Event) -> Result<()> {
    remember(&event)
}

#[on("logistics.returned")]
fn returned(event: Event) -> Result<()> {
    remember(&event)
}

#[on("logistics.lost")]
fn lost(event: Event) -> Result<()> {
    remember(&event)
}

/// With how far the shipment is now: a plugin that hears of it may look.
fn remember(event: &Event) -> Result<()> {
    let state = logistics::track(&event.about)?.state;
    let key = format!("heard/{}", event.about);
    let mut heard: Vec<String> = keyvalue::get(&key)?.unwrap_or_default();
    let fact = format!("{} {state:?} {}", event.kind, event.case.as_deref().unwrap_or("-"));
    if !heard.contains(&fact) {
        heard.push(fact);
    }
    keyvalue::set(&key, &heard)?;
    Ok(())
}

zhongtai::plugin!(ship, track, cancel, heard; events: signed, returned, lost);
