//! `/api/v1/certificates/...`: the holder's own, the officer's issuing and revoking, and what anybody may verify.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zhongtai_cap_certificate::{
    ActKey, Certificate, CertificateError, Holder, NewCertificate, PurposeName, ShownField, Why,
};
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
        .route("/api/v1/certificates", get(list).post(issue))
        .route("/api/v1/certificates/search", post(search))
        .route("/api/v1/certificates/verify", post(verify))
        .route("/api/v1/certificates/redeem", post(redeem))
        .route("/api/v1/certificates/{id}/papers/{name}", get(paper))
        .route("/api/v1/certificates/{id}/present", post(present))
        .route("/api/v1/certificates/{id}/revoke", post(revoke))
}

/// A certificate without what it says.
#[derive(Serialize, Deserialize)]
pub(crate) struct CertificateReport {
    pub(crate) id: String,
    pub(crate) number: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) standing: String,
    pub(crate) valid_from: String,
    pub(crate) valid_until: Option<String>,
    /// Sealed files; none where the host makes no papers.
    pub(crate) papers: Vec<PaperReport>,
}

/// A sealed file by its digests.
#[derive(Serialize, Deserialize)]
pub(crate) struct PaperReport {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) sha256: String,
    pub(crate) sm3: String,
}

/// A certificate that somebody presented.
#[derive(Serialize, Deserialize)]
pub(crate) struct PresentedReport {
    #[serde(flatten)]
    pub(crate) certificate: CertificateReport,
    pub(crate) fields: Vec<FieldReport>,
}

/// A field that the holder lets the verifier see.
#[derive(Serialize, Deserialize)]
pub(crate) struct FieldReport {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) value: String,
}

/// What an officer issues.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issue {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// `credit-code:...` or `resident-id:...`.
    pub(crate) holder: String,
    pub(crate) fields: Map<String, Value>,
    pub(crate) valid_until: Option<Date>,
    pub(crate) case: String,
    pub(crate) idempotency_key: String,
}

/// What an officer takes back.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revoke {
    pub(crate) reason: String,
    pub(crate) case: Option<String>,
    pub(crate) idempotency_key: String,
}

/// A number, and why somebody wants to know.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verify {
    pub(crate) number: String,
    pub(crate) purpose: String,
}

/// A token or the text of its QR code, and what it was given for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redeem {
    pub(crate) token: String,
    pub(crate) purpose: String,
}

/// What a holder shows, to whom and how long.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Present {
    #[serde(default)]
    pub(crate) fields: Vec<String>,
    pub(crate) purpose: String,
    pub(crate) verifier: String,
    pub(crate) minutes: u32,
}

/// A presentation: the only time that it is shown.
#[derive(Serialize, Deserialize)]
pub(crate) struct Shown {
    pub(crate) token: String,
    pub(crate) qr: String,
    pub(crate) expires_at: Timestamp,
}

/// Why somebody looks at the own certificates.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    purpose: String,
}

/// Why somebody fetches a paper.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PaperReason {
    purpose: String,
    /// 依据: what is of level 4 is shown on one only.
    basis: Option<String>,
    /// An officer's case.
    case: Option<String>,
}

/// Whose certificates, and why. In a body: a holder's code must not get into a log of addresses.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    pub(crate) holder: String,
    pub(crate) purpose: String,
    pub(crate) case: String,
}

/// The subject behind the token, at a desk that declares the purpose.
async fn desk(app: &App, headers: &HeaderMap, purpose: Option<&str>) -> Result<Asker, Problem> {
    let who = subject::signed_in(app, headers).await?;
    let purpose = purpose.map(str::parse::<PurposeName>).transpose()?;
    desk::desk(app, who, purpose.as_ref().map(PurposeName::as_str))
}

/// `GET /api/v1/certificates?purpose=`: the own ones.
async fn list(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(reason): Query<Reason>,
) -> Result<Json<Vec<CertificateReport>>, Problem> {
    let mut desk = desk(&app, &headers, Some(&reason.purpose)).await?;
    let (why, host) = (Why::purpose(reason.purpose), app.clone());
    let found = on_shared(&app, async move { Ok(host.certificates.mine(&mut desk, &why).await?) }).await?;
    let now = app.clock.now();
    Ok(Json(found.iter().map(|one| report(one, now)).collect()))
}

/// `POST /api/v1/certificates/search`: a holder's, for a case.
async fn search(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(search): Body<Search>,
) -> Result<Json<Vec<CertificateReport>>, Problem> {
    let mut desk = desk(&app, &headers, Some(&search.purpose)).await?;
    let (why, holder) = (Why::purpose(search.purpose).case(search.case), holder(&search.holder)?);
    let host = app.clone();
    let found = async move { Ok(host.certificates.held_by(&mut desk, &why, holder).await?) };
    let (found, now) = (on_shared(&app, found).await?, app.clock.now());
    Ok(Json(found.iter().map(|one| report(one, now)).collect()))
}

/// `POST /api/v1/certificates`
async fn issue(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(new): Body<Issue>,
) -> Result<Json<CertificateReport>, Problem> {
    let mut desk = desk(&app, &headers, None).await?;
    let (why, key) = (Why::default().case(new.case), ActKey::try_from(new.idempotency_key)?);
    let holder = holder(&new.holder)?;
    let (kind, fields, valid_until) = (new.kind, new.fields, new.valid_until);
    let new = NewCertificate { kind, holder, fields, valid_from: None, valid_until };
    let host = app.clone();
    let issued =
        on_shared(&app, async move { Ok(host.certificates.issue(&mut desk, (&why, key), new).await?) }).await?;
    Ok(Json(report(&issued, app.clock.now())))
}

/// `POST /api/v1/certificates/{id}/revoke`
async fn revoke(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Body(request): Body<Revoke>,
) -> Result<Json<CertificateReport>, Problem> {
    let mut desk = desk(&app, &headers, None).await?;
    let (id, key) = (id.parse()?, ActKey::try_from(request.idempotency_key)?);
    let (why, reason) = (Why { case: request.case, ..Why::default() }, request.reason);
    let host = app.clone();
    let revoke = async move { Ok(host.certificates.revoke(&mut desk, (&why, key), id, reason).await?) };
    Ok(Json(report(&on_shared(&app, revoke).await?, app.clock.now())))
}

/// `POST /api/v1/certificates/verify`
async fn verify(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(request): Body<Verify>,
) -> Result<Json<CertificateReport>, Problem> {
    let mut desk = desk(&app, &headers, Some(&request.purpose)).await?;
    let number = request.number.parse().map_err(CertificateError::Number)?;
    let why = Why::purpose(request.purpose);
    let host = app.clone();
    let verify = async move { Ok(host.certificates.verify(&mut desk, &why, &number).await?) };
    Ok(Json(report(&on_shared(&app, verify).await?, app.clock.now())))
}

/// `GET /api/v1/certificates/{id}/papers/{name}?purpose=`: a sealed file, to whoever may see all that it says.
async fn paper(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path((id, name)): Path<(String, String)>,
    Query(reason): Query<PaperReason>,
) -> Result<Response, Problem> {
    let mut desk = desk(&app, &headers, Some(&reason.purpose)).await?;
    let (id, why) = (id.parse()?, Why { case: reason.case, basis: reason.basis, ..Why::purpose(reason.purpose) });
    let host = app.clone();
    let fetch = async move { Ok(host.certificates.paper(&mut desk, &why, id, &name).await?) };
    let (file, bytes) = on_shared(&app, fetch).await?;
    let headers = [
        (header::CONTENT_TYPE, file.media_type),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

/// `POST /api/v1/certificates/{id}/present`
async fn present(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Body(request): Body<Present>,
) -> Result<Json<Shown>, Problem> {
    let mut desk = desk(&app, &headers, Some(&request.purpose)).await?;
    let (id, what) = (id.parse()?, (request.fields, request.purpose.parse()?, request.verifier.parse()?));
    let host = app.clone();
    let present = async move { Ok(host.certificates.present(&mut desk, id, what, request.minutes).await?) };
    let shared = on_shared(&app, present).await?;
    Ok(Json(Shown { token: shared.token.expose().to_owned(), qr: shared.qr, expires_at: shared.expires_at }))
}

/// `POST /api/v1/certificates/redeem`
async fn redeem(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(request): Body<Redeem>,
) -> Result<Json<PresentedReport>, Problem> {
    let mut desk = desk(&app, &headers, Some(&request.purpose)).await?;
    let (token, purpose) = (request.token.parse()?, request.purpose.parse()?);
    let host = app.clone();
    let redeem = async move { Ok(host.certificates.redeem(&mut desk, &token, &purpose).await?) };
    let seen = on_shared(&app, redeem).await?;
    let field = |field: ShownField| FieldReport { name: field.name, title: field.title, value: field.value };
    let fields = seen.fields.into_iter().map(field).collect();
    Ok(Json(PresentedReport { certificate: report(&seen.certificate, app.clock.now()), fields }))
}

/// `credit-code:...` or `resident-id:...`; the code is never repeated in an error.
fn holder(text: &str) -> Result<Holder, Problem> {
    let invalid = |detail: String| Problem::new(ErrorKind::Invalid, "invalid-holder", detail);
    match text.split_once(':') {
        Some(("credit-code", code)) => code.parse().map(Holder::Enterprise).map_err(|error| invalid(error.to_string())),
        Some(("resident-id", id)) => id.parse().map(Holder::Person).map_err(|error| invalid(error.to_string())),
        _ => Err(invalid("a holder is `credit-code:` or `resident-id:` and the code".to_owned())),
    }
}

fn report(certificate: &Certificate, now: Timestamp) -> CertificateReport {
    let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let paper = |file: &zhongtai_cap_certificate::PaperFile| PaperReport {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        sha256: hex(file.sha256),
        sm3: hex(file.sm3),
    };
    CertificateReport {
        id: certificate.id.to_string(),
        number: certificate.number.to_string(),
        kind: certificate.kind.name().to_owned(),
        title: certificate.kind.title().to_owned(),
        standing: certificate.standing(now).to_string(),
        valid_from: certificate.valid_from.to_string(),
        valid_until: certificate.valid_until.map(|day| day.to_string()),
        papers: certificate.papers.iter().map(paper).collect(),
    }
}
