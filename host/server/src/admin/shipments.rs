//! Shipments that a host gave up on.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_cap_logistics::{Stuck, Waybill};
use zhongtai_kernel::Timestamp;

use crate::{
    admin::{
        auth::{Operator, Role as _, System},
        openapi::{Missing, Refused},
    },
    app::App,
    params::Path,
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(stuck)).routes(routes!(retry))
}

/// A shipment that a host gave up on: everything but whom it is for, what is in it and where it goes.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct StuckReport {
    pub(crate) waybill: String,
    pub(crate) scenario: String,
    pub(crate) carrier: String,
    /// What was to be done: `order` or `cancel`.
    pub(crate) work: String,
    pub(crate) attempts: u32,
    pub(crate) created_at: Timestamp,
    pub(crate) last_error: String,
}

/// Shipments that their carrier refused or did not answer for.
#[utoipa::path(
    get,
    path = "/shipments/stuck",
    operation_id = "list_stuck_shipments",
    tag = "shipments",
    security(("bearer" = [System::NAME])),
    responses((status = 200, description = "newest first", body = Vec<StuckReport>), Refused),
)]
async fn stuck(State(app): State<Arc<App>>, _: Operator) -> Result<Json<Vec<StuckReport>>, Problem> {
    Ok(Json(app.shipments.book().stuck().await?.into_iter().map(report).collect()))
}

fn report(one: Stuck) -> StuckReport {
    StuckReport {
        waybill: one.waybill.to_string(),
        scenario: one.scenario.to_string(),
        carrier: one.carrier,
        work: one.work,
        attempts: one.attempts,
        created_at: one.created_at,
        last_error: one.last_error,
    }
}

/// Asks the carrier again about a shipment that a host gave up on.
#[utoipa::path(
    post,
    path = "/shipments/{waybill}/retry",
    operation_id = "retry_shipment",
    tag = "shipments",
    security(("bearer" = [System::NAME])),
    params(("waybill" = String, Path, description = "a ULID")),
    responses((status = 204, description = "it is tried again"), Refused, Missing),
)]
async fn retry(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path(waybill): Path<String>,
) -> Result<StatusCode, Problem> {
    let waybill: Waybill = waybill.parse()?;
    app.record_first(operator.actor(), "shipment:retry", waybill.to_string()).await?;
    app.shipments.book().retry(waybill).await?;
    Ok(StatusCode::NO_CONTENT)
}
