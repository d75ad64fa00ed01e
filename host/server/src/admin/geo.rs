//! Geography: files of addresses, grids and halls on their way in.

use std::sync::Arc;

use axum::{
    Json,
    body::Body as RawBody,
    extract::State,
    http::{HeaderMap, header},
};
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_cap_geo::{FileKind, ImportReport, Rows, read_addresses, read_grids, read_halls};
use zhongtai_geodesy::AnyCrs;
use zhongtai_kernel::ErrorKind;

use crate::{
    admin::{
        auth::{Operator, Role as _, System},
        openapi::{Conflicting, Missing, Refused, Unusable},
    },
    app::App,
    edge::on_shared,
    json::unreadable,
    params::{Path, Query},
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(import_geo))
}

/// How a file is to be imported.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct How {
    /// Store the good rows of a file with bad ones; otherwise one bad row refuses the whole file.
    #[serde(default)]
    skip_bad: bool,
    /// The system of its coordinates, `CGCS2000` where nothing is said: `GCJ-02`, `BD-09`, `EPSG:4547`. Grids are always
    /// in CGCS2000.
    crs: Option<String>,
}

/// A row that can't be taken.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct GeoRejected {
    /// From 1; a header is not counted.
    pub(crate) row: usize,
    /// Empty when it is the row as a whole.
    pub(crate) column: String,
    /// What is wrong, without the row's values.
    pub(crate) problem: String,
}

/// What became of a file.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct GeoImported {
    /// Rows stored.
    pub(crate) stored: usize,
    /// The first thousand rows that can't be taken.
    pub(crate) rejected: Vec<GeoRejected>,
    /// How many can't be taken in all.
    pub(crate) rejected_in_all: usize,
}

/// Takes addresses, grids or halls in.
///
/// One that was there with the same id is replaced. A row that can't be taken is told by its number, its column and the
/// reason, and then nothing is stored, unless the good rows alone are asked for. Grids that overlap are refused.
#[utoipa::path(
    post,
    path = "/geo/{layer}",
    operation_id = "import_geo",
    tag = "geo",
    security(("bearer" = [System::NAME])),
    params(("layer" = String, Path, description = "`addresses`, `grids` or `halls`"), How),
    request_body(
        description = "CSV with a header line, UTF-8 or GBK, or a GeoJSON collection; grids are GeoJSON",
        content((String = "text/csv"), (Object = "application/geo+json"))
    ),
    responses(
        (status = 200, description = "what became of the rows", body = GeoImported),
        Refused,
        Unusable,
        Missing,
        Conflicting
    ),
)]
async fn import_geo(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path(layer): Path<String>,
    Query(how): Query<How>,
    headers: HeaderMap,
    body: RawBody,
) -> Result<Json<GeoImported>, Problem> {
    // Before anything is refused: who is cut off while still sending may not see why.
    let bytes = received(&app, body).await?;
    let layer: &'static str = match layer.as_str() {
        "addresses" => "addresses",
        "grids" => "grids",
        "halls" => "halls",
        _ => return Err(Problem::not_found("layer")),
    };
    let kind = kind(&headers)?;
    if (layer, kind) == ("grids", FileKind::Csv) {
        return Err(Problem::new(ErrorKind::Invalid, "content-type", "grids are GeoJSON: application/geo+json"));
    }
    let crs = how.crs.as_deref().map_or(Ok(AnyCrs::Cgcs2000), str::parse);
    let crs = crs.map_err(|problem| Problem::new(ErrorKind::Invalid, "invalid-query", format!("crs {problem}")))?;
    app.record_first(operator.actor(), "data:import", format!("geo, {layer}")).await?;
    let host = app.clone();
    let import = async move {
        let provider = host.mapping.geography.provider().clone();
        let report = match layer {
            "addresses" => {
                let rows = read(move || read_addresses(kind, &bytes, crs)).await?;
                let good = rows.to_store(how.skip_bad);
                if !good.is_empty() {
                    provider.put_addresses(good).await?;
                }
                let stored = good.len();
                rows.report(stored)
            }
            "grids" => {
                let rows = read(move || read_grids(&bytes)).await?;
                let good = rows.to_store(how.skip_bad);
                if !good.is_empty() {
                    provider.put_grids(good).await?;
                }
                let stored = good.len();
                rows.report(stored)
            }
            _ => {
                let rows = read(move || read_halls(kind, &bytes, crs)).await?;
                let good = rows.to_store(how.skip_bad);
                if !good.is_empty() {
                    provider.put_halls(good).await?;
                }
                let stored = good.len();
                rows.report(stored)
            }
        };
        Ok(report)
    };
    Ok(Json(on_shared(&app, import).await?.into()))
}

fn kind(headers: &HeaderMap) -> Result<FileKind, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match content_type.split(';').next() {
        Some("text/csv") => Ok(FileKind::Csv),
        Some("application/geo+json" | "application/json") => Ok(FileKind::GeoJson),
        _ => {
            let detail = "expected content-type: text/csv or application/geo+json";
            Err(Problem::new(ErrorKind::Invalid, "content-type", detail))
        }
    }
}

/// The whole body, up to what the configuration allows; the rows of a file are in memory once all the same.
async fn received(app: &App, mut body: RawBody) -> Result<Vec<u8>, Problem> {
    let most = app.mapping.config.import_mib as usize * 1024 * 1024;
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| unreadable())?.into_data() {
            if bytes.len() + data.len() > most {
                let detail = format!("a file is at most {} MiB (`geo.import_mib`)", app.mapping.config.import_mib);
                return Err(Problem::new(ErrorKind::TooLarge, "too-large", detail));
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// Reads a file on a thread that may take its time.
async fn read<T: Send + 'static>(
    read: impl FnOnce() -> Result<Rows<T>, zhongtai_cap_geo::GeoError> + Send + 'static,
) -> Result<Rows<T>, Problem> {
    let lost = |_| Problem::new(ErrorKind::Internal, "lost", "the request was lost");
    Ok(tokio::task::spawn_blocking(read).await.map_err(lost)??)
}

impl From<ImportReport> for GeoImported {
    fn from(report: ImportReport) -> Self {
        let row = |row: zhongtai_cap_geo::RejectedRow| {
            let zhongtai_cap_geo::RejectedRow { row, column, problem } = row;
            GeoRejected { row, column, problem }
        };
        let rejected = report.rejected.into_iter().map(row).collect();
        Self { stored: report.stored, rejected, rejected_in_all: report.rejected_in_all }
    }
}
