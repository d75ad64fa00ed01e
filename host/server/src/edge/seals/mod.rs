//! `/api/v1/seals/...`, `/api/v1/tsa`, `/api/v1/signing-key`: what outsiders check seals with, and a person's own key.

mod receive;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, Method, header};
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use zhongtai_cap_seal::{Report, SigningKey, certificates_pem};
use zhongtai_kernel::{ErrorKind, RequestId, Timestamp};
use zhongtai_runtime::Asker;

use super::{api::on_shared, subject};
use crate::{app::App, desk::desk, json::Body, problem::Problem};

/// Where documents are sent to be checked.
pub(super) const VERIFY: &str = "/api/v1/seals/verify";

/// Documents that are looked at in the same moment: each takes a thread for as long as it is large.
static LOOKED_AT: Semaphore = Semaphore::const_new(2);

const STAMP_QUERY: &str = "application/timestamp-query";
const STAMP_REPLY: &str = "application/timestamp-reply";

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/seals/root.pem", get(roots))
        .route("/api/v1/seals/crl/{file}", get(revocation_list))
        .route("/api/v1/tsa", post(time_stamp))
        .route("/api/v1/signing-key", get(own_key).post(enrol))
        .route("/api/v1/signing-key/retire", post(retire))
}

/// A person's key, without what names the person.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeyReport {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) valid_from: Timestamp,
    pub(crate) valid_until: Timestamp,
    /// Serial numbers of its certificates.
    pub(crate) serials: Vec<String>,
    pub(crate) uses: u64,
}

/// Why somebody gives up the own key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retire {
    /// `key-compromise`, `superseded` or `cessation-of-operation`.
    pub(crate) cause: String,
    pub(crate) reason: String,
}

/// `POST /api/v1/seals/verify`: the body is a PDF or OFD file. Anybody may ask: nothing of the platform's is told but
/// whether seals are real.
pub(super) async fn verify(app: &Arc<App>, request: Request<Incoming>) -> Response {
    let id = RequestId::generate();
    match try_verify(app, request).await {
        Ok(report) => Json(report).into_response(),
        Err(problem) => problem.in_request(id).into_response(),
    }
}

async fn try_verify(app: &Arc<App>, request: Request<Incoming>) -> Result<Report, Problem> {
    if request.method() != Method::POST {
        return Err(Problem::method_not_allowed());
    }
    let (_, body) = request.into_parts();
    // The room is held until the document was looked at.
    let (document, _room) = receive::document(body, app.seals.most_bytes(), app.body_patience).await?;
    let _turn = receive::turn(&LOOKED_AT).await?;
    let (host, now) = (app.clone(), app.clock.now());
    on_shared(app, async move { Ok(host.seals.examine(document, now).await?) }).await
}

/// `GET /api/v1/seals/root.pem`: what outsiders trust, P-256 and SM2.
async fn roots(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let host = app.clone();
    let roots = on_shared(&app, async move { Ok(host.seals.provider().roots().await?) }).await?;
    let pem = certificates_pem(&roots)?;
    Ok(([(header::CONTENT_TYPE, "application/x-pem-file"), (header::CACHE_CONTROL, "max-age=3600")], pem)
        .into_response())
}

/// `GET /api/v1/seals/crl/{authority}.crl`: DER (RFC 5280, 4.2.1.13).
async fn revocation_list(State(app): State<Arc<App>>, Path(file): Path<String>) -> Result<Response, Problem> {
    let missing = || Problem::not_found("revocation list of that name");
    let authority = file.strip_suffix(".crl").ok_or_else(missing)?.to_owned();
    let host = app.clone();
    let list = async move { Ok(host.seals.provider().revocation_list(&authority).await?) };
    let list = on_shared(&app, list).await?.ok_or_else(missing)?;
    Ok(([(header::CONTENT_TYPE, "application/pkix-crl"), (header::CACHE_CONTROL, "max-age=60")], list).into_response())
}

/// `POST /api/v1/tsa`: a time stamp (RFC 3161, 3.4).
async fn time_stamp(State(app): State<Arc<App>>, headers: HeaderMap, query: Bytes) -> Result<Response, Problem> {
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != STAMP_QUERY) {
        let detail = format!("expected content-type: {STAMP_QUERY}");
        return Err(Problem::new(ErrorKind::Invalid, "content-type", detail));
    }
    let host = app.clone();
    let reply = on_shared(&app, async move { Ok(host.seals.provider().time_stamp(&query).await?) }).await?;
    Ok(([(header::CONTENT_TYPE, STAMP_REPLY)], reply).into_response())
}

/// `GET /api/v1/signing-key`: the own one.
async fn own_key(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<KeyReport>, Problem> {
    let mut asker = asker(&app, &headers).await?;
    let host = app.clone();
    let key = on_shared(&app, async move { Ok(host.seals.signing_key(&mut asker).await?) }).await?;
    Ok(Json(report(&key, app.clock.now())))
}

/// `POST /api/v1/signing-key`: makes one, in the name that was verified.
async fn enrol(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<KeyReport>, Problem> {
    let mut asker = asker(&app, &headers).await?;
    let host = app.clone();
    let key = on_shared(&app, async move { Ok(host.seals.enrol(&mut asker).await?) }).await?;
    Ok(Json(report(&key, app.clock.now())))
}

/// `POST /api/v1/signing-key/retire`: gives it up for good.
async fn retire(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(request): Body<Retire>,
) -> Result<Json<KeyReport>, Problem> {
    let mut asker = asker(&app, &headers).await?;
    let (host, cause) = (app.clone(), request.cause.parse()?);
    let retire = async move { Ok(host.seals.retire(&mut asker, (cause, &request.reason)).await?) };
    let key = on_shared(&app, retire).await?;
    Ok(Json(report(&key, app.clock.now())))
}

/// Whoever signed in.
async fn asker(app: &App, headers: &HeaderMap) -> Result<Asker, Problem> {
    desk(app, subject::signed_in(app, headers).await?, None)
}

fn report(key: &SigningKey, now: Timestamp) -> KeyReport {
    KeyReport {
        id: key.id.clone(),
        status: key.status(now).to_string(),
        valid_from: key.valid_from,
        valid_until: key.valid_until,
        serials: key.serials.clone(),
        uses: key.uses,
    }
}
