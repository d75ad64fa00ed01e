//! Every call of the payment capability. What the host answered is told as it is: an error by its variant, so that tests
//! see each of them. What it hears of payments it remembers.
use zhongtai::{
    event::Event,
    payment::{self, Error, Fen},
    prelude::*,
};

#[derive(Deserialize)]
struct Ask {
    item: String,
    quantity: i64,
    amount: Option<i64>,
    case: Option<String>,
    minutes: Option<u32>,
    key: String,
}

#[derive(Deserialize)]
struct Pay {
    channel: String,
    key: String,
}

#[derive(Deserialize)]
struct Back {
    fen: i64,
    reason: String,
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

#[post("/notices")]
fn ask(Json(ask): Json<Ask>) -> Json<Told<payment::Notice>> {
    let notice = payment::notice(&ask.item).units(ask.quantity).once(&ask.key);
    let notice = ask.amount.into_iter().fold(notice, |notice, fen| notice.amount(Fen(fen)));
    let notice = ask.case.iter().fold(notice, |notice, case| notice.for_case(case));
    told(ask.minutes.into_iter().fold(notice, |notice, minutes| notice.within_minutes(minutes)).send())
}

#[get("/notices/{number}")]
fn find(Path(number): Path<String>) -> Json<Told<payment::Notice>> {
    told(payment::find(&number))
}

#[post("/notices/{number}/pay")]
fn pay(Path(number): Path<String>, Json(pay): Json<Pay>) -> Json<Told<payment::Order>> {
    told(payment::pay(&number, &pay.channel, &pay.key))
}

#[get("/notices/{number}/order")]
fn order(Path(number): Path<String>) -> Json<Told<Option<payment::Order>>> {
    told(payment::order(&number))
}

#[post("/notices/{number}/close")]
fn close(Path(number): Path<String>) -> Json<Told<payment::Notice>> {
    told(payment::close(&number, &number))
}

#[post("/notices/{number}/refunds")]
fn back(Path(number): Path<String>, Json(back): Json<Back>) -> Json<Told<payment::Refund>> {
    told(payment::request_refund(&number, Fen(back.fen), &back.reason, &back.key))
}

#[get("/notices/{number}/refunds")]
fn refunds(Path(number): Path<String>) -> Json<Told<Vec<payment::Refund>>> {
    told(payment::refunds(&number))
}

#[get("/notices/{number}/receipt")]
fn receipt(Path(number): Path<String>) -> Json<Told<payment::Receipt>> {
    told(payment::receipt(&number))
}

#[get("/items")]
fn items() -> Json<Told<Vec<payment::FeeItem>>> {
    told(payment::items())
}

#[get("/channels")]
fn channels() -> Json<Vec<String>> {
    Json(payment::channels())
}

#[get("/heard/{number}")]
fn heard(Path(number): Path<String>) -> Result<Json<Vec<String>>> {
    Ok(Json(keyvalue::get(&format!("heard/{number}"))?.unwrap_or_default()))
}

#[on("payment.settled")]
fn settled(event: Event) -> Result<()> {
    remember(&event)
}

#[on("payment.refunded")]
fn refunded(event: Event) -> Result<()> {
    remember(&event)
}

#[on("payment.closed")]
fn closed(event: Event) -> Result<()> {
    remember(&event)
}

/// With how the notice stands now: a plugin that hears of it may look.
fn remember(event: &Event) -> Result<()> {
    let standing = payment::find(&event.about)?.standing;
    let key = format!("heard/{}", event.about);
    let mut heard: Vec<String> = keyvalue::get(&key)?.unwrap_or_default();
    let fact = format!("{} {standing:?} {}", event.kind, event.case.as_deref().unwrap_or("-"));
    if !heard.contains(&fact) {
        heard.push(fact);
    }
    keyvalue::set(&key, &heard)?;
    Ok(())
}

zhongtai::plugin!(ask, find, pay, order, close, back, refunds, receipt, items, channels, heard; events: settled, refunded, closed);
