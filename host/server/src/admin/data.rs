//! Reference data on its way in.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, header},
};
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_cap_credit::{ImportReport, parse_csv, parse_json};
use zhongtai_kernel::ErrorKind;

use crate::{
    admin::{
        auth::{Operator, Role as _, System},
        openapi::{Refused, Unusable},
        schema,
    },
    app::App,
    json::unreadable,
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(import_credit))
}

/// Takes records of public credit in.
///
/// A row that can't be a record is left out and told; the others are stored.
#[utoipa::path(
    post,
    path = "/data/credit",
    operation_id = "import_credit",
    tag = "data",
    security(("bearer" = [System::NAME])),
    request_body(description = "one record a row", content((String = "text/csv"), (Vec<Object> = "application/json"))),
    responses((status = 200, description = "what became of the rows", body = schema::ImportReport), Refused, Unusable),
)]
async fn import_credit(
    State(app): State<Arc<App>>,
    operator: Operator,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ImportReport>, Problem> {
    let body = body.map_err(|_| unreadable())?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (records, rejected) = match content_type.split(';').next() {
        Some("text/csv") => parse_csv(&body)?,
        Some("application/json") => parse_json(&body)?,
        _ => {
            let detail = "expected content-type: text/csv or application/json";
            return Err(Problem::new(ErrorKind::Invalid, "content-type", detail));
        }
    };
    app.record_first(operator.actor(), "data:import", format!("credit, {} rows", records.len())).await?;
    app.credit.upsert(&records).await?;
    Ok(Json(ImportReport { accepted: records.len(), rejected }))
}
