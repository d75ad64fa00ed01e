//! `/api/v1/credit/...`: the own records and petitions, and what officers publish and decide.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::HeaderMap,
    routing::{get, post},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zhongtai_cap_credit::{ActKey, CreditError, Credits, Entry, HistoryEntry, Petition, PetitionKind, RecordId};
use zhongtai_kernel::{ErrorKind, Timestamp};
use zhongtai_runtime::Asker;

use super::{api::on_shared, subject};
use crate::{
    app::App,
    desk,
    json::Body,
    params::{Path, Query},
    problem::Problem,
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/credit/records", get(mine))
        .route("/api/v1/credit/petitions", get(petitions))
        .route("/api/v1/credit/waiting", get(waiting))
        .route("/api/v1/credit/records/{id}/history", get(history))
        .route("/api/v1/credit/records/{id}/objections", post(object))
        .route("/api/v1/credit/records/{id}/repairs", post(apply_repair))
        .route("/api/v1/credit/records/{id}/publish", post(publish))
        .route("/api/v1/credit/records/{id}/withdraw", post(withdraw))
        .route("/api/v1/credit/petitions/{id}/decide", post(decide))
}

/// A record. Whom it is about is left out: who sees it knows.
#[derive(Serialize, Deserialize)]
pub(crate) struct RecordReport {
    pub(crate) id: String,
    pub(crate) category: String,
    pub(crate) gravity: String,
    pub(crate) source: String,
    /// The source's id.
    pub(crate) source_id: String,
    pub(crate) department: Option<String>,
    pub(crate) since: Date,
    pub(crate) until: Option<Date>,
    pub(crate) state: String,
    pub(crate) held: bool,
    pub(crate) published_on: Option<Date>,
    pub(crate) detail: String,
}

/// An objection, or an application for repair.
#[derive(Serialize, Deserialize)]
pub(crate) struct PetitionReport {
    pub(crate) id: String,
    pub(crate) record: String,
    pub(crate) kind: String,
    pub(crate) state: String,
    pub(crate) holds: bool,
    pub(crate) filed_at: Timestamp,
    pub(crate) due_on: Date,
    /// Still open after that day.
    pub(crate) overdue: bool,
    pub(crate) text: String,
    pub(crate) reason: Option<String>,
}

/// What waits for an officer's department.
#[derive(Serialize, Deserialize)]
pub(crate) struct WaitingReport {
    pub(crate) unpublished: Vec<RecordReport>,
    pub(crate) petitions: Vec<WaitingPetition>,
}

/// A petition, and the record that it is about.
#[derive(Serialize, Deserialize)]
pub(crate) struct WaitingPetition {
    #[serde(flatten)]
    pub(crate) petition: PetitionReport,
    pub(crate) about: RecordReport,
}

/// One thing that happened to a record.
#[derive(Serialize, Deserialize)]
pub(crate) struct HistoryLine {
    pub(crate) at: Timestamp,
    pub(crate) what: String,
    pub(crate) by: String,
    pub(crate) reason: Option<String>,
}

/// What a subject asks for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) text: String,
    pub(crate) idempotency_key: String,
}

/// Why an officer does it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Why {
    pub(crate) reason: String,
}

/// What an officer decides.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decide {
    /// `upheld` or `dismissed`.
    pub(crate) outcome: String,
    pub(crate) reason: String,
}

/// What for; to look at the own records, when it is left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Purpose {
    #[serde(default = "own_use")]
    purpose: String,
}

fn own_use() -> String {
    "own-use".to_owned()
}

/// The subject behind the token, at a desk that declares the purpose.
async fn desk(app: &App, headers: &HeaderMap, purpose: Option<&str>) -> Result<Asker, Problem> {
    let who = subject::signed_in(app, headers).await?;
    if purpose.is_some_and(|purpose| !is_purpose(purpose)) {
        return Err(Problem::new(ErrorKind::Invalid, "invalid-purpose", "a purpose is 1 to 64 of a-z, 0-9 and `-`"));
    }
    desk::desk(app, who, purpose)
}

fn is_purpose(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Does something at the credit of this host, on the shared runtime.
async fn at_credit<T: Send + 'static, F: Future<Output = Result<T, CreditError>> + Send>(
    app: &Arc<App>,
    work: impl FnOnce(Arc<Credits>) -> F + Send + 'static,
) -> Result<T, Problem> {
    let credit = app.credit.clone();
    on_shared(app, async move { Ok(work(credit).await?) }).await
}

/// `GET /api/v1/credit/records?purpose=`: the own ones.
async fn mine(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(why): Query<Purpose>,
) -> Result<Json<Vec<RecordReport>>, Problem> {
    let mut desk = desk(&app, &headers, Some(&why.purpose)).await?;
    let found = at_credit(&app, async move |credit| credit.mine(&mut desk, &why.purpose).await).await?;
    Ok(Json(found.iter().map(record).collect()))
}

/// `GET /api/v1/credit/petitions?purpose=`: the own ones.
async fn petitions(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(why): Query<Purpose>,
) -> Result<Json<Vec<PetitionReport>>, Problem> {
    let mut desk = desk(&app, &headers, Some(&why.purpose)).await?;
    let found = at_credit(&app, async move |credit| credit.petitions(&mut desk, &why.purpose).await).await?;
    let today = app.credit.own().today();
    Ok(Json(found.iter().map(|one| petition(one, today)).collect()))
}

/// `GET /api/v1/credit/waiting?purpose=`: what an officer's department is to publish and to decide.
async fn waiting(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(why): Query<Purpose>,
) -> Result<Json<WaitingReport>, Problem> {
    let mut desk = desk(&app, &headers, Some(&why.purpose)).await?;
    let found = at_credit(&app, async move |credit| credit.waiting(&mut desk, &why.purpose).await).await?;
    let today = app.credit.own().today();
    let open =
        |(open, about): &(Petition, Entry)| WaitingPetition { petition: petition(open, today), about: record(about) };
    let unpublished = found.unpublished.iter().map(record).collect();
    Ok(Json(WaitingReport { unpublished, petitions: found.petitions.iter().map(open).collect() }))
}

/// `GET /api/v1/credit/records/{id}/history?purpose=`
async fn history(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(why): Query<Purpose>,
) -> Result<Json<Vec<HistoryLine>>, Problem> {
    let mut desk = desk(&app, &headers, Some(&why.purpose)).await?;
    let id: RecordId = id.parse()?;
    let read = async move |credit: Arc<Credits>| credit.history(&mut desk, id, &why.purpose).await;
    let (_, lines) = at_credit(&app, read).await?;
    let line = |HistoryEntry { at, what, by, reason }: HistoryEntry| HistoryLine { at, what, by, reason };
    Ok(Json(lines.into_iter().map(line).collect()))
}

/// `POST /api/v1/credit/records/{id}/objections`
async fn object(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Body(request): Body<File>,
) -> Result<Json<PetitionReport>, Problem> {
    file(&app, &headers, &id, PetitionKind::Objection, request).await
}

/// `POST /api/v1/credit/records/{id}/repairs`
async fn apply_repair(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Body(request): Body<File>,
) -> Result<Json<PetitionReport>, Problem> {
    file(&app, &headers, &id, PetitionKind::Repair, request).await
}

async fn file(
    app: &Arc<App>,
    headers: &HeaderMap,
    id: &str,
    kind: PetitionKind,
    request: File,
) -> Result<Json<PetitionReport>, Problem> {
    let mut desk = desk(app, headers, None).await?;
    let (id, key) = (id.parse()?, ActKey::try_from(request.idempotency_key)?);
    let file = async move |credit: Arc<Credits>| credit.file(&mut desk, id, (kind, request.text), key).await;
    let filed = at_credit(app, file).await?;
    Ok(Json(petition(&filed, app.credit.own().today())))
}

/// `POST /api/v1/credit/records/{id}/publish`
async fn publish(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Body(request): Body<Why>,
) -> Result<Json<RecordReport>, Problem> {
    let mut desk = desk(&app, &headers, None).await?;
    let id: RecordId = id.parse()?;
    let publish = async move |credit: Arc<Credits>| credit.publish(&mut desk, id, request.reason).await;
    Ok(Json(record(&at_credit(&app, publish).await?)))
}

/// `POST /api/v1/credit/records/{id}/withdraw`
async fn withdraw(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Body(request): Body<Why>,
) -> Result<Json<RecordReport>, Problem> {
    let mut desk = desk(&app, &headers, None).await?;
    let id: RecordId = id.parse()?;
    let withdraw = async move |credit: Arc<Credits>| credit.withdraw(&mut desk, id, request.reason).await;
    Ok(Json(record(&at_credit(&app, withdraw).await?)))
}

/// `POST /api/v1/credit/petitions/{id}/decide`
async fn decide(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Body(request): Body<Decide>,
) -> Result<Json<PetitionReport>, Problem> {
    let mut desk = desk(&app, &headers, None).await?;
    let id = id.parse()?;
    let is_upheld = match request.outcome.as_str() {
        "upheld" => true,
        "dismissed" => false,
        _ => return Err(Problem::new(ErrorKind::Invalid, "invalid-value", "outcome: expected upheld or dismissed")),
    };
    let what = (is_upheld, request.reason);
    let decided = at_credit(&app, async move |credit: Arc<Credits>| credit.decide(&mut desk, id, what).await).await?;
    Ok(Json(petition(&decided, app.credit.own().today())))
}

fn record(entry: &Entry) -> RecordReport {
    let record = &entry.record;
    RecordReport {
        id: entry.id.to_string(),
        category: record.category.as_str().to_owned(),
        gravity: record.gravity.as_str().to_owned(),
        source: record.source.clone(),
        source_id: record.id.clone(),
        department: record.department.as_ref().map(ToString::to_string),
        since: record.since,
        until: record.until,
        state: record.state.as_str().to_owned(),
        held: record.held,
        published_on: entry.published_on,
        detail: record.detail.clone(),
    }
}

fn petition(petition: &Petition, today: Date) -> PetitionReport {
    PetitionReport {
        id: petition.id.to_string(),
        record: petition.about.to_string(),
        kind: petition.kind.as_str().to_owned(),
        state: petition.state.as_str().to_owned(),
        holds: petition.holds,
        filed_at: petition.filed_at,
        due_on: petition.due_on,
        overdue: petition.is_overdue_on(today),
        text: petition.text.clone(),
        reason: petition.reason.clone(),
    }
}
