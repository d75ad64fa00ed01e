//! `/api/v1/shipments/...`: what comes to somebody, where it goes, what the courier desk books, and what carriers send.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use serde::{Deserialize, Serialize};
use zhongtai_cap_logistics::{AddressText, Booking, Event, PostalAddress, Shipment, Waybill};
use zhongtai_kernel::{ErrorKind, RequestId, Timestamp};
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
        .route("/api/v1/shipments", get(list))
        .route("/api/v1/shipments/callbacks/{carrier}", post(callback))
        .route("/api/v1/shipments/{waybill}", get(show))
        .route("/api/v1/shipments/{waybill}/address", put(give_address))
        .route("/api/v1/shipments/{waybill}/label", get(label))
        .route("/api/v1/shipments/{waybill}/events", post(record))
        .route("/api/v1/shipments/{waybill}/cancel", post(cancel))
        .route("/api/v1/me/delivery-address", get(kept_address).put(keep_address).delete(forget_address))
}

/// A shipment.
#[derive(Serialize, Deserialize)]
pub(crate) struct ShipmentReport {
    pub(crate) waybill: String,
    /// What is in it.
    pub(crate) what: String,
    pub(crate) scenario: String,
    pub(crate) case: String,
    pub(crate) state: String,
    /// It can't go on before the recipient gives an address.
    pub(crate) needs_address: bool,
    /// It is to be taken back, and the carrier has not answered yet.
    pub(crate) cancelling: bool,
    pub(crate) carrier: String,
    pub(crate) carrier_number: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) signature: Option<SignatureReport>,
    /// What happened, the oldest first; left out in a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) events: Vec<EventReport>,
}

/// Who signed, masked.
#[derive(Serialize, Deserialize)]
pub(crate) struct SignatureReport {
    pub(crate) by: String,
    pub(crate) at: Timestamp,
}

/// Something that happened to a shipment.
#[derive(Serialize, Deserialize)]
pub(crate) struct EventReport {
    pub(crate) state: String,
    /// `platform`, `desk` or `carrier`.
    pub(crate) source: String,
    pub(crate) at: Timestamp,
    pub(crate) known_at: Timestamp,
    pub(crate) place: Option<String>,
}

/// What the courier desk books.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Book {
    pub(crate) state: String,
    pub(crate) at: Option<Timestamp>,
    pub(crate) place: Option<String>,
    pub(crate) signer: Option<String>,
    /// Booked once under it.
    pub(crate) idempotency_key: String,
}

/// What the courier desk writes on a shipment.
#[derive(Serialize, Deserialize)]
pub(crate) struct LabelReport {
    pub(crate) waybill: String,
    pub(crate) what: String,
    pub(crate) address: AddressText,
}

/// Where a shipment goes; without an address, to the one that is kept.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Give {
    address: Option<AddressText>,
}

/// Whose shipments.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whose {
    /// `department`: what the officer's own department ships; by default what comes to whoever asks.
    of: Option<String>,
}

/// Why somebody reads a label.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    purpose: String,
}

/// The subject behind the token, at a desk.
async fn desk(app: &App, headers: &HeaderMap, purpose: Option<&str>) -> Result<Asker, Problem> {
    let who = subject::signed_in(app, headers).await?;
    desk::desk(app, who, purpose)
}

/// `GET /api/v1/shipments`
async fn list(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(whose): Query<Whose>,
) -> Result<Json<Vec<ShipmentReport>>, Problem> {
    let of_department = match whose.of.as_deref() {
        None => false,
        Some("department") => true,
        Some(_) => return Err(Problem::new(ErrorKind::Invalid, "invalid-query", "`of` is `department` or left out")),
    };
    let mut desk = desk(&app, &headers, None).await?;
    let shipments = app.shipments.clone();
    let list = async move {
        Ok(match of_department {
            true => shipments.of_department(&mut desk).await?,
            false => shipments.mine(&mut desk).await?,
        })
    };
    Ok(Json(on_shared(&app, list).await?.into_iter().map(report).collect()))
}

/// `GET /api/v1/shipments/{waybill}`
async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(waybill): Path<String>,
) -> Result<Json<ShipmentReport>, Problem> {
    let (waybill, mut desk) = at_desk(&app, &headers, &waybill).await?;
    let shipments = app.shipments.clone();
    let show = async move { Ok(shipments.show(&mut desk, waybill).await?) };
    Ok(Json(report(on_shared(&app, show).await?)))
}

/// `PUT /api/v1/shipments/{waybill}/address`
async fn give_address(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(waybill): Path<String>,
    Body(give): Body<Give>,
) -> Result<Json<ShipmentReport>, Problem> {
    let (waybill, mut desk) = at_desk(&app, &headers, &waybill).await?;
    let address = give.address.map(PostalAddress::try_from).transpose()?;
    let shipments = app.shipments.clone();
    let give = async move { Ok(shipments.give_address(&mut desk, waybill, address).await?) };
    Ok(Json(report(on_shared(&app, give).await?)))
}

/// `GET /api/v1/shipments/{waybill}/label?purpose=`
async fn label(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(waybill): Path<String>,
    Query(reason): Query<Reason>,
) -> Result<Response, Problem> {
    let waybill: Waybill = waybill.parse()?;
    let purpose = reason.purpose;
    // A purpose's name, as a certificate's is: it goes into a manifest.
    let purpose: zhongtai_cap_certificate::PurposeName = purpose.parse()?;
    let mut desk = desk(&app, &headers, Some(purpose.as_str())).await?;
    let shipments = app.shipments.clone();
    let label = async move { Ok(shipments.label(&mut desk, waybill, purpose.as_str()).await?) };
    let label = on_shared(&app, label).await?;
    let label = LabelReport { waybill: waybill.to_string(), what: label.what, address: label.address.into() };
    Ok(([(header::CACHE_CONTROL, "private, no-store")], Json(label)).into_response())
}

/// `POST /api/v1/shipments/{waybill}/events`
async fn record(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(waybill): Path<String>,
    Body(book): Body<Book>,
) -> Result<Json<ShipmentReport>, Problem> {
    let (waybill, mut desk) = at_desk(&app, &headers, &waybill).await?;
    let (key, state) = (book.idempotency_key.try_into()?, book.state.parse()?);
    let booking = Booking { key, state, at: book.at, place: book.place, signer: book.signer };
    let shipments = app.shipments.clone();
    let record = async move { Ok(shipments.record(&mut desk, waybill, booking).await?) };
    Ok(Json(report(on_shared(&app, record).await?)))
}

/// `POST /api/v1/shipments/{waybill}/cancel`
async fn cancel(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(waybill): Path<String>,
) -> Result<Json<ShipmentReport>, Problem> {
    let (waybill, mut desk) = at_desk(&app, &headers, &waybill).await?;
    let shipments = app.shipments.clone();
    let withdraw = async move { Ok(shipments.withdraw(&mut desk, waybill).await?) };
    Ok(Json(report(on_shared(&app, withdraw).await?)))
}

/// `GET /api/v1/me/delivery-address`
async fn kept_address(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    let mut desk = desk(&app, &headers, None).await?;
    let shipments = app.shipments.clone();
    let kept = on_shared(&app, async move { Ok(shipments.kept_address(&mut desk).await?) }).await?;
    let address: AddressText = kept.ok_or_else(|| Problem::not_found("address"))?.into();
    Ok(([(header::CACHE_CONTROL, "private, no-store")], Json(address)).into_response())
}

/// `PUT /api/v1/me/delivery-address`
async fn keep_address(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(text): Body<AddressText>,
) -> Result<StatusCode, Problem> {
    let mut desk = desk(&app, &headers, None).await?;
    let address = PostalAddress::try_from(text)?;
    let shipments = app.shipments.clone();
    on_shared(&app, async move { Ok(shipments.keep_address(&mut desk, Some(&address)).await?) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/me/delivery-address`
async fn forget_address(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<StatusCode, Problem> {
    let mut desk = desk(&app, &headers, None).await?;
    let shipments = app.shipments.clone();
    on_shared(&app, async move { Ok(shipments.keep_address(&mut desk, None).await?) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/shipments/callbacks/{carrier}`: the carrier's system, which signs.
async fn callback(
    State(app): State<Arc<App>>,
    Path(carrier): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let shipments = app.shipments.clone();
    let apply = async move {
        let answer = shipments.callback(&carrier, &headers, &body).await;
        answer.ok_or_else(|| Problem::not_found("carrier").in_request(RequestId::generate()))
    };
    let answer = on_shared(&app, apply).await?;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Ok((status, [(header::CONTENT_TYPE, answer.content_type)], answer.body).into_response())
}

/// Who asks about which shipment.
async fn at_desk(app: &App, headers: &HeaderMap, waybill: &str) -> Result<(Waybill, Asker), Problem> {
    let desk = desk(app, headers, None).await?;
    Ok((waybill.parse()?, desk))
}

fn report(shipment: Shipment) -> ShipmentReport {
    let event = |event: Event| EventReport {
        state: event.state.to_string(),
        source: event.source.as_str().to_owned(),
        at: event.at,
        known_at: event.known_at,
        place: event.place,
    };
    ShipmentReport {
        waybill: shipment.waybill.to_string(),
        what: shipment.what,
        scenario: shipment.scenario.to_string(),
        case: shipment.case,
        state: shipment.state.to_string(),
        needs_address: shipment.needs_address,
        cancelling: shipment.cancelling,
        carrier: shipment.carrier,
        carrier_number: shipment.number.map(|number| number.to_string()),
        created_at: shipment.created_at,
        signature: shipment.signature.map(|one| SignatureReport { by: one.by, at: one.at }),
        events: shipment.events.into_iter().map(event).collect(),
    }
}
