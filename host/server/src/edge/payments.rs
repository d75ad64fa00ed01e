//! `/api/v1/payments/...`: what a payer sees and pays, what cashiers decide, and what payment channels call back.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use zhongtai_cap_payment::{ActKey, Headers, Line, Notice, OrderRecord, PaymentError, RefundRecord};
use zhongtai_kernel::{ErrorKind, Timestamp};
use zhongtai_runtime::Asker;

use super::{api::on_shared, subject};
use crate::{app::App, desk, json::Body, params::Path, problem::Problem};

/// A callback's body, bytes: the largest of the known gateways' are a few KiB.
const MOST_CALLBACK: usize = 64 << 10;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/payments/channels", get(channels))
        .route("/api/v1/payments/{number}", get(find))
        .route("/api/v1/payments/{number}/pay", post(pay))
        .route("/api/v1/payments/{number}/order", get(order))
        .route("/api/v1/payments/{number}/receipt", get(receipt))
        .route("/api/v1/payments/{number}/refunds", get(refunds).post(request_refund))
        .route("/api/v1/payments/refunds/{id}/{decision}", post(decide))
        .route("/api/v1/payments/callbacks/{channel}", post(callback))
}

/// A notice as its payer and its department see it.
#[derive(Serialize, Deserialize)]
pub(crate) struct NoticeReport {
    pub(crate) number: String,
    /// `due`, `paid`, `refunded` or `closed`.
    pub(crate) standing: String,
    pub(crate) department: String,
    pub(crate) lines: Vec<Line>,
    /// Fen.
    pub(crate) total: i64,
    /// Fen that were given back, or are on their way.
    pub(crate) refunded: i64,
    pub(crate) case: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// When it was paid or closed.
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) channel: Option<String>,
}

/// An order with its code.
#[derive(Serialize, Deserialize)]
pub(crate) struct OrderReport {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) channel: String,
    pub(crate) standing: String,
    /// Fen.
    pub(crate) amount: i64,
    /// What a QR code holds.
    pub(crate) qr: Option<String>,
    pub(crate) expires_at: Timestamp,
}

/// A refund.
#[derive(Serialize, Deserialize)]
pub(crate) struct RefundReport {
    pub(crate) id: String,
    pub(crate) number: String,
    /// Fen.
    pub(crate) amount: i64,
    pub(crate) reason: String,
    pub(crate) standing: String,
    /// Money that came too late.
    pub(crate) late: bool,
}

/// How somebody pays.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pay {
    pub(crate) channel: String,
    pub(crate) idempotency_key: String,
}

/// What is asked back.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskBack {
    /// Fen.
    pub(crate) amount: i64,
    pub(crate) reason: String,
    pub(crate) idempotency_key: String,
}

/// The subject behind the token or the cookie.
async fn desk(app: &App, headers: &HeaderMap) -> Result<Asker, Problem> {
    let who = subject::signed_in(app, headers).await?;
    desk::desk(app, who, None)
}

/// `GET /api/v1/payments/channels`
async fn channels(State(app): State<Arc<App>>) -> Json<Vec<String>> {
    Json(app.payments.channels())
}

/// `GET /api/v1/payments/{number}`
async fn find(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(number): Path<String>,
) -> Result<Json<NoticeReport>, Problem> {
    let (mut desk, number) = (desk(&app, &headers).await?, number.parse()?);
    let host = app.clone();
    let found = on_shared(&app, async move { Ok(host.payments.find(&mut desk, &number).await?) }).await?;
    Ok(Json(notice(found)))
}

/// `POST /api/v1/payments/{number}/pay`: its payer begins to pay; the answer has the code.
async fn pay(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(number): Path<String>,
    Body(request): Body<Pay>,
) -> Result<Json<OrderReport>, Problem> {
    let (mut desk, number) = (desk(&app, &headers).await?, number.parse()?);
    let key = ActKey::try_from(request.idempotency_key)?;
    let host = app.clone();
    let pay = async move { Ok(host.payments.pay(&mut desk, &number, (&request.channel, key)).await?) };
    Ok(Json(order_report(on_shared(&app, pay).await?)))
}

/// `GET /api/v1/payments/{number}/order`: the latest one.
async fn order(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(number): Path<String>,
) -> Result<Json<Option<OrderReport>>, Problem> {
    let (mut desk, number) = (desk(&app, &headers).await?, number.parse()?);
    let host = app.clone();
    let found = on_shared(&app, async move { Ok(host.payments.order(&mut desk, &number).await?) }).await?;
    Ok(Json(found.map(order_report)))
}

/// `GET /api/v1/payments/{number}/receipt`: the electronic receipt, a PDF, to its payer.
async fn receipt(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let (mut desk, number) = (desk(&app, &headers).await?, number.parse()?);
    let host = app.clone();
    let fetch = async move { Ok(host.payments.receipt_pdf(&mut desk, &number).await?) };
    let (receipt, pdf) = on_shared(&app, fetch).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"receipt-{}.pdf\"", receipt.number)),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ];
    Ok((headers, pdf).into_response())
}

/// `GET /api/v1/payments/{number}/refunds`
async fn refunds(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(number): Path<String>,
) -> Result<Json<Vec<RefundReport>>, Problem> {
    let (mut desk, number) = (desk(&app, &headers).await?, number.parse()?);
    let host = app.clone();
    let found = on_shared(&app, async move { Ok(host.payments.refunds(&mut desk, &number).await?) }).await?;
    Ok(Json(found.into_iter().map(refund_report).collect()))
}

/// `POST /api/v1/payments/{number}/refunds`: an officer of the department asks for one.
async fn request_refund(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(number): Path<String>,
    Body(request): Body<AskBack>,
) -> Result<Json<RefundReport>, Problem> {
    let (mut desk, number) = (desk(&app, &headers).await?, number.parse()?);
    let key = ActKey::try_from(request.idempotency_key)?;
    let what = (request.amount, request.reason, key);
    let host = app.clone();
    let ask = async move { Ok(host.payments.request_refund(&mut desk, &number, what).await?) };
    Ok(Json(refund_report(on_shared(&app, ask).await?)))
}

/// `POST /api/v1/payments/refunds/{id}/approve` and `.../reject`: a cashier of the department decides.
async fn decide(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path((id, decision)): Path<(String, String)>,
) -> Result<Json<RefundReport>, Problem> {
    let is_approved = match decision.as_str() {
        "approve" => true,
        "reject" => false,
        _ => return Err(Problem::not_found("decision")),
    };
    let mut desk = desk(&app, &headers).await?;
    let id = id.parse().map_err(|_| Problem::new(ErrorKind::Invalid, "invalid-id", "a refund's id is a ULID"))?;
    let host = app.clone();
    let decide = async move { Ok(host.payments.decide_refund(&mut desk, id, is_approved).await?) };
    Ok(Json(refund_report(on_shared(&app, decide).await?)))
}

/// `POST /api/v1/payments/callbacks/{channel}`: nobody signs in; the channel's signature is what counts.
async fn callback(
    State(app): State<Arc<App>>,
    Path(channel): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    if body.len() > MOST_CALLBACK {
        return Err(Problem::new(ErrorKind::TooLarge, "body-too-large", "a callback has 64 KiB at most"));
    }
    let known = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?.to_owned())));
    let headers = Headers::new(known);
    let host = app.clone();
    let take = async move { Ok(host.payments.on_callback(&channel, &headers, &body).await) };
    let answer = on_shared(&app, take).await?.ok_or_else(|| Problem::not_found("payment channel"))?;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Ok((status, [(header::CONTENT_TYPE, answer.content_type)], answer.body).into_response())
}

fn notice(notice: Notice) -> NoticeReport {
    NoticeReport {
        number: notice.number.to_string(),
        standing: notice.standing.to_string(),
        department: notice.owner.to_string(),
        lines: notice.lines,
        total: notice.total.get(),
        refunded: notice.reserved,
        case: notice.case,
        created_at: notice.created_at,
        expires_at: notice.expires_at,
        ended_at: notice.ended_at,
        channel: notice.channel,
    }
}

fn order_report(order: OrderRecord) -> OrderReport {
    OrderReport {
        id: order.id.to_string(),
        number: order.notice.to_string(),
        channel: order.channel,
        standing: order.standing.to_string(),
        amount: order.amount.get(),
        qr: order.qr,
        expires_at: order.expires_at,
    }
}

fn refund_report(refund: RefundRecord) -> RefundReport {
    RefundReport {
        id: refund.id.to_string(),
        number: refund.notice.to_string(),
        amount: refund.amount.get(),
        reason: refund.reason,
        standing: refund.standing.to_string(),
        late: refund.late,
    }
}

/// Policy's refusals look alike everywhere; a channel that does not answer is not the host's fault.
impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::Denied(reference) => zhongtai_runtime::Refusal::Denied(reference).into(),
            PaymentError::Unrecorded => zhongtai_runtime::Refusal::Unrecorded.into(),
            error => Self::inside(error.kind(), error.code(), &error),
        }
    }
}
