//! Types of certificates, and how much certificates are used.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_cap_certificate::{CertificateType, Usage, UsageRate};

use crate::{
    admin::{
        auth::{AnyAdministrator, Audit, Operator, Role as _, Security, System},
        openapi::{Refused, Unusable},
        schema,
    },
    app::App,
    json::unreadable,
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list, put)).routes(routes!(usage))
}

/// A type as people see it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TypeReport {
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) title: String,
    pub(crate) owner: String,
    pub(crate) fields: usize,
    pub(crate) validity_days: Option<u32>,
}

/// What became of a type's file.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct RegisteredType {
    pub(crate) name: String,
    pub(crate) version: u32,
}

/// 用证率 and what it is made of.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct UsageReport {
    #[schema(value_type = Vec<schema::Usage>)]
    pub(crate) usage: Vec<Usage>,
    #[schema(value_type = Vec<schema::UsageRate>)]
    pub(crate) rates: Vec<UsageRate>,
}

/// The types of certificates.
#[utoipa::path(
    get,
    path = "/certificate-types",
    operation_id = "list_certificate_types",
    tag = "certificates",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    responses((status = 200, description = "the latest version of each", body = Vec<TypeReport>), Refused),
)]
async fn list(State(app): State<Arc<App>>, _: AnyAdministrator) -> Result<Json<Vec<TypeReport>>, Problem> {
    let types = app.certificates.provider().types().await?;
    Ok(Json(types.iter().map(|kind| report(kind)).collect()))
}

fn report(kind: &CertificateType) -> TypeReport {
    TypeReport {
        name: kind.name().to_owned(),
        version: kind.version(),
        title: kind.title().to_owned(),
        owner: kind.owner().to_string(),
        fields: kind.fields().len(),
        validity_days: kind.validity_days(),
    }
}

/// Registers a type of certificates by its file.
///
/// The same file again changes nothing.
#[utoipa::path(
    post,
    path = "/certificate-types",
    operation_id = "put_certificate_type",
    tag = "certificates",
    security(("bearer" = [System::NAME])),
    request_body(description = "the type's file", content((Object = "application/json"))),
    responses((status = 200, description = "what became of the file", body = RegisteredType), Refused, Unusable),
)]
async fn put(
    State(app): State<Arc<App>>,
    operator: Operator,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<RegisteredType>, Problem> {
    let kind = CertificateType::parse(&body.map_err(|_| unreadable())?)?;
    let name = kind.name().to_owned();
    app.record_first(operator.actor(), "certificate-type:put", name.clone()).await?;
    let version = app.certificates.provider().put_type(kind).await?;
    Ok(Json(RegisteredType { name, version }))
}

/// How much certificates are used (用证率).
#[utoipa::path(
    get,
    path = "/certificates/usage",
    operation_id = "show_certificate_usage",
    tag = "certificates",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    responses((status = 200, description = "by type and department", body = UsageReport), Refused),
)]
async fn usage(State(app): State<Arc<App>>, _: AnyAdministrator) -> Result<Json<UsageReport>, Problem> {
    let provider = app.certificates.provider();
    Ok(Json(UsageReport { usage: provider.usage().await?, rates: provider.usage_rates().await? }))
}
