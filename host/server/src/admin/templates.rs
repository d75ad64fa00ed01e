//! Templates of documents: put online, looked at, tried.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    response::{IntoResponse, Response},
};
use http::header;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_cap_document::{DocumentTemplate, Format, TemplateSummary};

use crate::{
    admin::{
        auth::{AnyAdministrator, Audit, Operator, Role as _, Security, System},
        openapi::{Missing, Refused, Unusable},
    },
    app::App,
    json::{self, unreadable},
    params::{Path, Query},
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list, put)).routes(routes!(show)).routes(routes!(try_out))
}

/// A version of a template.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TemplateReport {
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) title: String,
    /// The department whose template it is.
    pub(crate) owner: String,
    /// SHA-256, 64 hex digits.
    pub(crate) digest: String,
    /// RFC 3339, UTC.
    pub(crate) created_at: String,
}

/// What became of a template.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct RegisteredTemplate {
    pub(crate) name: String,
    pub(crate) version: u32,
    /// SHA-256, 64 hex digits.
    pub(crate) digest: String,
    /// False when it was there already.
    pub(crate) is_new: bool,
}

/// A template in full, but for what its parts say.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TemplateDetail {
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) title: String,
    pub(crate) owner: String,
    /// SHA-256, 64 hex digits.
    pub(crate) digest: String,
    /// Sizes in bytes by name.
    pub(crate) parts: std::collections::BTreeMap<String, usize>,
    /// JSON Schema of the inputs.
    pub(crate) schema: Value,
    /// Inputs that fit.
    #[schema(value_type = Object)]
    pub(crate) sample: Map<String, Value>,
}

/// Which version of a template, and in which format.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// The newest when it is left out.
    version: Option<u32>,
    /// `pdf` or `ofd`; `pdf` when it is left out.
    #[param(inline)]
    format: Option<FormatName>,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum FormatName {
    #[default]
    Pdf,
    Ofd,
}

/// The templates with all their versions, the newest first.
#[utoipa::path(
    get,
    path = "/templates",
    operation_id = "list_templates",
    tag = "templates",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    responses((status = 200, description = "by name", body = Vec<TemplateReport>), Refused),
)]
async fn list(State(app): State<Arc<App>>, _: AnyAdministrator) -> Result<Json<Vec<TemplateReport>>, Problem> {
    let found = app.documents.provider().all().await?;
    Ok(Json(found.into_iter().map(report).collect()))
}

fn report(summary: TemplateSummary) -> TemplateReport {
    let TemplateSummary { name, version, title, owner, digest, created_at } = summary;
    TemplateReport { name, version, title, owner, digest, created_at: created_at.to_string() }
}

/// Puts a template online, once it was laid out with its sample.
///
/// A changed template is a new version; the same one again changes nothing.
#[utoipa::path(
    post,
    path = "/templates",
    operation_id = "put_template",
    tag = "templates",
    security(("bearer" = [System::NAME])),
    request_body(description = "definition, sample and parts (base64)", content((Object = "application/json"))),
    responses((status = 200, description = "what became of it", body = RegisteredTemplate), Refused, Unusable),
)]
async fn put(
    State(app): State<Arc<App>>,
    operator: Operator,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<RegisteredTemplate>, Problem> {
    let template = DocumentTemplate::parse(&body.map_err(|_| unreadable())?)?;
    let name = template.name().to_owned();
    app.record_first(operator.actor(), "template:put", format!("{name} {}", template.digest())).await?;
    let put = app.documents.put(template, app.clock.now()).await?;
    Ok(Json(RegisteredTemplate { name, version: put.version, digest: put.digest, is_new: put.is_new }))
}

/// A version of a template.
#[utoipa::path(
    get,
    path = "/templates/{name}",
    operation_id = "show_template",
    tag = "templates",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    params(Which, ("name" = String, Path, description = "the template's name")),
    responses((status = 200, description = "the template", body = TemplateDetail), Refused, Missing),
)]
async fn show(
    State(app): State<Arc<App>>,
    _: AnyAdministrator,
    Path(name): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<TemplateDetail>, Problem> {
    let template = app.documents.provider().find(&name, which.version).await?;
    Ok(Json(TemplateDetail {
        name,
        version: template.version(),
        title: template.title().to_owned(),
        owner: template.owner().to_string(),
        digest: template.digest(),
        parts: template.layout().parts().map(|(name, data)| (name.to_owned(), data.len())).collect(),
        schema: template.schema().clone(),
        sample: template.sample().clone(),
    }))
}

/// Makes a document to look at. It is kept nowhere, and without a seal it is none.
#[utoipa::path(
    post,
    path = "/templates/{name}/try",
    operation_id = "try_template",
    tag = "templates",
    security(("bearer" = [System::NAME])),
    params(Which, ("name" = String, Path, description = "the template's name")),
    request_body(description = "what is filled in", content((Object = "application/json"))),
    responses(
        (status = 200, description = "the document", content_type = "application/pdf", body = Vec<u8>),
        Refused, Missing, Unusable,
    ),
)]
async fn try_out(
    State(app): State<Arc<App>>,
    _: Operator,
    Path(name): Path<String>,
    Query(which): Query<Which>,
    json::Body(inputs): json::Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    let made = app.documents.render(&name, which.version, inputs, app.clock.now()).await?;
    let (media_type, format) = match which.format.unwrap_or_default() {
        FormatName::Pdf => ("application/pdf", Format::Pdf),
        FormatName::Ofd => ("application/ofd", Format::Ofd),
    };
    Ok(([(header::CONTENT_TYPE, media_type)], made.file(format).to_vec()).into_response())
}
