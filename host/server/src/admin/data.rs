//! Reference data on its way in.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, header},
    routing::post,
};
use zhongtai_cap_credit::{ImportReport, parse_csv, parse_json};
use zhongtai_kernel::ErrorKind;

use crate::{admin::auth::Operator, app::App, problem::Problem};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/data/credit", post(import_credit))
}

/// `POST /admin/v1/data/credit`: records of public credit, `text/csv` or `application/json`.
async fn import_credit(
    State(app): State<Arc<App>>,
    operator: Operator,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<ImportReport>, Problem> {
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
