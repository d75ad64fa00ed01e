//! Seals, for the officers who keep them: Cedar decides, and an administrator has no right here. What administrators
//! see is how the authorities stand.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequestParts, State, rejection::BytesRejection},
    http::request::Parts,
    response::{IntoResponse, Response},
};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_cap_seal::{
    ActKey, AuthorityState, Design, Facts, NewSeal, Order, Place, Seal, SealEvent, SealName, SealRecord, SealUse,
    TokenCredential,
};
use zhongtai_cap_subject::Listener;
use zhongtai_kernel::{Channel, ErrorKind, Timestamp};
use zhongtai_runtime::Asker;

use crate::{
    admin::{
        auth::{AnyAdministrator, Audit, Role as _, Security, System, administrators_roles},
        openapi::{Conflicting, Missing, Refused, Unusable},
    },
    app::App,
    desk::desk,
    edge::session_at,
    json::{Body, unreadable},
    params::{Path, Query},
    problem::Problem,
};

/// Who keeps seals: no administrator, but an officer of a department. What the officer may do is for policy to say.
const KEEPER: &str = "seal-keeper";

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    let documents = OpenApiRouter::new().routes(routes!(apply)).layer(DefaultBodyLimit::max(256 << 20));
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(show))
        .routes(routes!(face))
        .routes(routes!(suspend))
        .routes(routes!(resume))
        .routes(routes!(revoke))
        .routes(routes!(authorities))
        .merge(documents)
}

/// An officer of a department who signed in.
struct Officer(Asker);

impl FromRequestParts<Arc<App>> for Officer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let session = session_at(app, Listener::Admin, &parts.headers).await?;
        if !session.has_scope("scenario") {
            return Err(Problem::new(ErrorKind::Denied, "missing-scope", "the token has not the scope `scenario`"));
        }
        let subject = session.subject;
        if subject.department.is_none() || !administrators_roles(&subject.roles).is_empty() {
            let detail = "seals are for the officers of their departments; administrators have no part in them";
            return Err(Problem::new(ErrorKind::Denied, "not-an-officer", detail));
        }
        Ok(Self(desk(app, (subject, Channel::Api), None)?))
    }
}

/// Which seal.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct OfSeal {
    /// `441802-chengguan`
    department: String,
    /// `permit`
    seal: String,
}

/// Whose seals.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfDepartment {
    /// `441802-chengguan`; the officer's own when left out.
    department: Option<String>,
}

/// In which form.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct FaceForm {
    /// `svg` or `png`.
    form: String,
}

/// Where a seal goes, and for what.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Application {
    /// The case.
    case: String,
    /// Where the case is.
    stage: String,
    /// From 1.
    page: u32,
    /// Millimetres from the left edge.
    x_mm: f64,
    /// Millimetres from the upper edge.
    y_mm: f64,
    /// The idempotency key.
    key: String,
    /// A line that readers of a PDF show.
    reason: Option<String>,
}

/// A seal to be made.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateSeal {
    /// `441802-chengguan/permit`
    pub(crate) seal: String,
    /// Whose name certificates and readers show, such as 清城区城市管理局.
    pub(crate) title: String,
    /// `official`, `special` or `personal`.
    pub(crate) kind: String,
    /// Its face: see `zhongtai_impression::Design`.
    #[schema(value_type = Object)]
    pub(crate) design: Design,
    /// From which stage of a case it is used; `issue` by default.
    #[serde(default = "issue")]
    pub(crate) stage: String,
    /// For how many days, at most 1830.
    pub(crate) days: u32,
    /// A P-256 key in the host's token, by its label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token_key: Option<String>,
    /// That key's chain, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token_chain: Option<String>,
}

fn issue() -> String {
    "issue".to_owned()
}

/// A seal.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct SealReport {
    pub(crate) seal: String,
    pub(crate) title: String,
    /// `official`, `special` or `personal`.
    pub(crate) kind: String,
    /// `valid`, `suspended`, `revoked` or `expired`.
    pub(crate) status: String,
    pub(crate) stage: String,
    pub(crate) valid_from: Timestamp,
    pub(crate) valid_until: Timestamp,
    /// How often it was used.
    pub(crate) uses: u64,
    pub(crate) last_used_at: Option<Timestamp>,
    /// Serial numbers of its certificates, P-256 and SM2.
    pub(crate) serials: Vec<String>,
    /// The label of its P-256 key, when that is in a token.
    pub(crate) token_key: Option<String>,
}

/// A seal with what happened to it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct SealHistory {
    pub(crate) seal: SealReport,
    /// The oldest first.
    pub(crate) events: Vec<EventReport>,
    /// The latest, the newest first.
    pub(crate) uses: Vec<UseReport>,
}

/// Something that happened to a seal.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct EventReport {
    pub(crate) at: Timestamp,
    /// `made`, `suspended`, `resumed` or `revoked`.
    pub(crate) what: String,
    /// The account or scenario that did it.
    pub(crate) by: String,
    pub(crate) reason: Option<String>,
}

/// A use of a seal: nothing of what was sealed but its digests.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct UseReport {
    pub(crate) at: Timestamp,
    /// The scenario that used it.
    pub(crate) by: String,
    pub(crate) case: String,
    /// `pdf` or `ofd`.
    pub(crate) format: String,
    /// SHA-256 of the document before, 64 hex digits.
    pub(crate) document: String,
    /// SHA-256 of the document with the seal.
    pub(crate) sealed: String,
}

/// How an authority stands.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct AuthorityReport {
    /// Its name, such as `441802-chengguan-sm2-1`.
    pub(crate) id: String,
    /// Until when its certificate is good.
    pub(crate) valid_until: Timestamp,
    /// Until when its revocation list is in force; none when it issues no certificates.
    pub(crate) list_until: Option<Timestamp>,
    pub(crate) list_number: i64,
    /// How many certificates it took back.
    pub(crate) revoked: i64,
}

/// Why a seal is taken out of use, or back into it.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) reason: String,
}

/// Why a seal is taken out of use for good.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeSeal {
    /// `key-compromise`, `affiliation-changed`, `superseded` or `cessation-of-operation`.
    pub(crate) cause: String,
    pub(crate) reason: String,
}

/// Makes a seal. The same again is the seal that is there.
#[utoipa::path(
    post,
    path = "/seals",
    operation_id = "create_seal",
    tag = "seals",
    security(("bearer" = [KEEPER])),
    request_body = CreateSeal,
    responses((status = 200, description = "the seal", body = SealReport), Refused, Unusable, Conflicting),
)]
async fn create(
    State(app): State<Arc<App>>,
    Officer(mut asker): Officer,
    Body(new): Body<CreateSeal>,
) -> Result<Json<SealReport>, Problem> {
    let token = match (new.token_key, new.token_chain) {
        (Some(key), Some(chain)) => Some(TokenCredential { key, chain }),
        (None, None) => None,
        _ => {
            return Err(Problem::new(ErrorKind::Invalid, "invalid-seal-request", "a token's key comes with its chain"));
        }
    };
    let (title, design, stage, days) = (new.title, new.design, new.stage, new.days);
    let new = NewSeal { name: new.seal.parse()?, title, kind: new.kind.parse()?, design, stage, days, token };
    Ok(Json(report(&app, &app.seals.create(&mut asker, new).await?)))
}

/// A department's seals.
#[utoipa::path(
    get,
    path = "/seals",
    operation_id = "list_seals",
    tag = "seals",
    params(OfDepartment),
    security(("bearer" = [KEEPER])),
    responses((status = 200, description = "by name", body = Vec<SealReport>), Refused, Unusable),
)]
async fn list(
    State(app): State<Arc<App>>,
    Officer(mut asker): Officer,
    Query(of): Query<OfDepartment>,
) -> Result<Json<Vec<SealReport>>, Problem> {
    let department = match of.department {
        Some(department) => department.parse()?,
        None => asker.scenario().department().clone(),
    };
    let seals = app.seals.list(&mut asker, &department).await?;
    Ok(Json(seals.iter().map(|seal| report(&app, seal)).collect()))
}

/// A seal, what happened to it, and what it was used for.
#[utoipa::path(
    get,
    path = "/seals/{department}/{seal}",
    operation_id = "show_seal",
    tag = "seals",
    params(OfSeal),
    security(("bearer" = [KEEPER])),
    responses((status = 200, description = "the seal", body = SealHistory), Refused, Missing),
)]
async fn show(
    State(app): State<Arc<App>>,
    Officer(mut asker): Officer,
    Path(of): Path<OfSeal>,
) -> Result<Json<SealHistory>, Problem> {
    let SealRecord { seal, events, uses } = app.seals.show(&mut asker, &of.name()?).await?;
    let event = |SealEvent { at, what, by, reason }| EventReport { at, what, by, reason };
    let used =
        |SealUse { at, by, case, format, document, sealed }| UseReport { at, by, case, format, document, sealed };
    let (events, uses) = (events.into_iter().map(event).collect(), uses.into_iter().map(used).collect());
    Ok(Json(SealHistory { seal: report(&app, &seal), events, uses }))
}

/// A seal's face (印模).
#[utoipa::path(
    get,
    path = "/seals/{department}/{seal}/face",
    operation_id = "show_seal_face",
    tag = "seals",
    params(OfSeal, FaceForm),
    security(("bearer" = [KEEPER])),
    responses((status = 200, description = "SVG or PNG", content_type = "image/*", body = Vec<u8>), Refused, Missing),
)]
async fn face(
    State(app): State<Arc<App>>,
    Officer(mut asker): Officer,
    Path(of): Path<OfSeal>,
    Query(form): Query<FaceForm>,
) -> Result<Response, Problem> {
    let name = of.name()?;
    let form = form.form.as_str();
    if !matches!(form, "svg" | "png") {
        return Err(Problem::new(ErrorKind::Invalid, "invalid-query", "a face's form is svg or png"));
    }
    let drawing = app.seals.face(&mut asker, &name).await?;
    Ok(match form {
        "svg" => ([(header::CONTENT_TYPE, "image/svg+xml")], drawing.svg()).into_response(),
        _ => ([(header::CONTENT_TYPE, "image/png")], drawing.png(12.0)).into_response(),
    })
}

/// Takes a seal out of use for a while.
#[utoipa::path(
    post,
    path = "/seals/{department}/{seal}/suspend",
    operation_id = "suspend_seal",
    tag = "seals",
    params(OfSeal),
    security(("bearer" = [KEEPER])),
    request_body = Change,
    responses((status = 200, description = "the seal", body = SealReport), Refused, Unusable, Missing, Conflicting),
)]
async fn suspend(
    State(app): State<Arc<App>>,
    Officer(mut asker): Officer,
    Path(of): Path<OfSeal>,
    Body(change): Body<Change>,
) -> Result<Json<SealReport>, Problem> {
    Ok(Json(report(&app, &app.seals.suspend(&mut asker, &of.name()?, &change.reason).await?)))
}

/// Lets a suspended seal be used again.
#[utoipa::path(
    post,
    path = "/seals/{department}/{seal}/resume",
    operation_id = "resume_seal",
    tag = "seals",
    params(OfSeal),
    security(("bearer" = [KEEPER])),
    request_body = Change,
    responses((status = 200, description = "the seal", body = SealReport), Refused, Unusable, Missing, Conflicting),
)]
async fn resume(
    State(app): State<Arc<App>>,
    Officer(mut asker): Officer,
    Path(of): Path<OfSeal>,
    Body(change): Body<Change>,
) -> Result<Json<SealReport>, Problem> {
    Ok(Json(report(&app, &app.seals.resume(&mut asker, &of.name()?, &change.reason).await?)))
}

/// Takes a seal out of use for good: its certificates are on the revocation lists at once.
#[utoipa::path(
    post,
    path = "/seals/{department}/{seal}/revoke",
    operation_id = "revoke_seal",
    tag = "seals",
    params(OfSeal),
    security(("bearer" = [KEEPER])),
    request_body = RevokeSeal,
    responses((status = 200, description = "the seal", body = SealReport), Refused, Unusable, Missing),
)]
async fn revoke(
    State(app): State<Arc<App>>,
    Officer(mut asker): Officer,
    Path(of): Path<OfSeal>,
    Body(change): Body<RevokeSeal>,
) -> Result<Json<SealReport>, Problem> {
    let why = (change.cause.parse()?, change.reason.as_str());
    Ok(Json(report(&app, &app.seals.revoke(&mut asker, &of.name()?, why).await?)))
}

/// Seals a document for a case. The answer is the sealed document; its digests are headers.
#[utoipa::path(
    post,
    path = "/seals/{department}/{seal}/apply",
    operation_id = "apply_seal",
    tag = "seals",
    params(OfSeal, Application),
    security(("bearer" = [KEEPER])),
    request_body(description = "a PDF or OFD file", content((Vec<u8> = "application/octet-stream"))),
    responses(
        (status = 200, description = "the sealed file; `x-sha256`, `x-sm3`", content_type = "application/octet-stream",
         body = Vec<u8>),
        Refused, Unusable, Missing, Conflicting,
    ),
)]
async fn apply(
    State(app): State<Arc<App>>,
    Officer(mut asker): Officer,
    Path(of): Path<OfSeal>,
    Query(application): Query<Application>,
    document: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let Application { case, stage, page, x_mm, y_mm, key, reason } = application;
    let (name, key) = (of.name()?, ActKey::try_from(key)?);
    let document = Vec::from(document.map_err(|_| unreadable())?);
    let facts = Facts { case: Some(case), stage: Some(stage), reason };
    let order = Order { document, place: Place { page, x_mm, y_mm }, facts };
    let sealed = app.seals.apply(&mut asker, &name, order, key).await?;
    let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let headers = [
        ("content-type", sealed.format.media_type().to_owned()),
        ("x-sha256", hex(sealed.sha256)),
        ("x-sm3", hex(sealed.sm3)),
    ];
    Ok((headers, sealed.bytes).into_response())
}

/// The platform's authorities: until when they and their revocation lists are good.
#[utoipa::path(
    get,
    path = "/seal-authorities",
    operation_id = "list_seal_authorities",
    tag = "seals",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    responses((status = 200, description = "by name", body = Vec<AuthorityReport>), Refused),
)]
async fn authorities(State(app): State<Arc<App>>, _: AnyAdministrator) -> Result<Json<Vec<AuthorityReport>>, Problem> {
    let report = |AuthorityState { id, valid_until, list_until, list_number, revoked }| AuthorityReport {
        id,
        valid_until,
        list_until,
        list_number,
        revoked,
    };
    Ok(Json(app.seals.provider().authorities().await?.into_iter().map(report).collect()))
}

// === impl OfSeal ===

impl OfSeal {
    fn name(&self) -> Result<SealName, Problem> {
        Ok(format!("{}/{}", self.department, self.seal).parse()?)
    }
}

fn report(app: &App, seal: &Seal) -> SealReport {
    SealReport {
        seal: seal.name.to_string(),
        title: seal.title.clone(),
        kind: seal.kind.to_string(),
        status: seal.status(app.clock.now()).to_string(),
        stage: seal.stage.clone(),
        valid_from: seal.valid_from,
        valid_until: seal.valid_until,
        uses: seal.uses,
        last_used_at: seal.last_used_at,
        serials: seal.serials.clone(),
        token_key: seal.token_key.clone(),
    }
}
