//! `/api/v1/geo/...`: for pages of the platform. What somebody looks for, and where somebody is, stands in bodies: an
//! address of a request gets into logs.

use std::sync::Arc;

use axum::{Json, Router, extract::State, http::HeaderMap, routing::post};
use serde::{Deserialize, Serialize};
use zhongtai_cap_geo::{GeoError, HallsWanted, Level, Place};
use zhongtai_geodesy::{AnyCrs, Cgcs2000};
use zhongtai_kernel::Timestamp;
use zhongtai_runtime::Asker;

use super::{api::on_shared, subject};
use crate::{app::App, desk, json::Body, problem::Problem};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/geo/search", post(search))
        .route("/api/v1/geo/reverse", post(reverse))
        .route("/api/v1/geo/grid", post(grid))
        .route("/api/v1/geo/halls", post(halls))
        .route("/api/v1/geo/convert", post(convert))
}

/// A text that means an address.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    pub(crate) text: String,
    #[serde(default = "ten")]
    pub(crate) limit: u32,
    /// Units and rooms too.
    #[serde(default)]
    pub(crate) rooms: bool,
    pub(crate) purpose: String,
}

/// A place, in any system.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Where {
    pub(crate) lon: f64,
    pub(crate) lat: f64,
    /// `CGCS2000` where nothing is said; `GCJ-02`, `BD-09`, `EPSG:...`.
    #[serde(default)]
    pub(crate) crs: Option<String>,
    #[serde(default = "ten")]
    pub(crate) limit: u32,
    /// Units and rooms too: for `reverse`.
    #[serde(default)]
    pub(crate) rooms: bool,
    /// Open when: for `halls`; now, where nothing is said.
    #[serde(default)]
    pub(crate) when: Option<Timestamp>,
    /// Only halls with this service.
    #[serde(default)]
    pub(crate) service: Option<String>,
    pub(crate) purpose: String,
}

/// A place in one system that is wanted in another.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Convert {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) source: String,
    pub(crate) target: String,
}

/// The same place there.
#[derive(Serialize, Deserialize)]
pub(crate) struct Converted {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// A standard address.
#[derive(Serialize, Deserialize)]
pub(crate) struct AddressReport {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) lon: f64,
    pub(crate) lat: f64,
    pub(crate) level: Level,
    /// How well it fits what was looked for, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<f64>,
    /// Metres from the place that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) distance: Option<f64>,
}

/// A grid.
#[derive(Serialize, Deserialize)]
pub(crate) struct GridReport {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) desk: String,
}

/// A hall, as it stands.
#[derive(Serialize, Deserialize)]
pub(crate) struct HallReport {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) lon: f64,
    pub(crate) lat: f64,
    /// Metres.
    pub(crate) distance: f64,
    pub(crate) services: Vec<String>,
    /// `09:00-12:00`, the day's.
    pub(crate) hours: Vec<String>,
    pub(crate) open: bool,
    pub(crate) opens_next: Option<Timestamp>,
}

fn ten() -> u32 {
    10
}

/// Whoever asks, at a desk that declares the purpose; not more often than the configuration says.
async fn desk(app: &App, headers: &HeaderMap, purpose: &str) -> Result<Asker, Problem> {
    let (subject, channel) = subject::of(app, headers).await?;
    app.mapping.pace.step(subject.as_ref().map(|subject| subject.account), app.clock.now())?;
    desk::anybody(app, (subject, channel), purpose)
}

/// `POST /api/v1/geo/search`
async fn search(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(search): Body<Search>,
) -> Result<Json<Vec<AddressReport>>, Problem> {
    let mut desk = desk(&app, &headers, &search.purpose).await?;
    let host = app.clone();
    let found = async move {
        let Search { text, limit, rooms, purpose } = search;
        Ok(host.mapping.geography.geocode(&mut desk, (&text, limit), rooms, Some(&purpose)).await?)
    };
    let report = |found: zhongtai_cap_geo::Match| AddressReport {
        text: found.address.text(),
        lon: found.address.at.lon(),
        lat: found.address.at.lat(),
        level: found.level,
        score: Some(found.score),
        distance: None,
        id: found.address.id,
    };
    Ok(Json(on_shared(&app, found).await?.into_iter().map(report).collect()))
}

/// `POST /api/v1/geo/reverse`
async fn reverse(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(place): Body<Where>,
) -> Result<Json<Vec<AddressReport>>, Problem> {
    let mut desk = desk(&app, &headers, &place.purpose).await?;
    let at = place.at()?;
    let host = app.clone();
    let found = async move {
        let geography = &host.mapping.geography;
        Ok(geography.reverse(&mut desk, (at, place.limit), place.rooms, Some(&place.purpose)).await?)
    };
    let report = |found: zhongtai_cap_geo::Nearby| AddressReport {
        text: found.address.text(),
        lon: found.address.at.lon(),
        lat: found.address.at.lat(),
        level: found.address.level(),
        score: None,
        distance: Some(found.distance),
        id: found.address.id,
    };
    Ok(Json(on_shared(&app, found).await?.into_iter().map(report).collect()))
}

/// `POST /api/v1/geo/grid`: null where there is none.
async fn grid(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(place): Body<Where>,
) -> Result<Json<Option<GridReport>>, Problem> {
    let mut desk = desk(&app, &headers, &place.purpose).await?;
    let at = place.at()?;
    let host = app.clone();
    let found = async move { Ok(host.mapping.geography.grid_of(&mut desk, at, Some(&place.purpose)).await?) };
    let report = |grid: Arc<zhongtai_cap_geo::Grid>| GridReport {
        id: grid.id.clone(),
        name: grid.name.clone(),
        role: grid.role.clone(),
        desk: grid.desk.clone(),
    };
    Ok(Json(on_shared(&app, found).await?.map(report)))
}

/// `POST /api/v1/geo/halls`
async fn halls(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(place): Body<Where>,
) -> Result<Json<Vec<HallReport>>, Problem> {
    let mut desk = desk(&app, &headers, &place.purpose).await?;
    let at = place.at()?;
    let host = app.clone();
    let found = async move {
        let Where { when, service, limit, purpose, .. } = place;
        let wanted = HallsWanted { at, when, service: service.as_deref(), limit };
        Ok(host.mapping.geography.halls(&mut desk, wanted, Some(&purpose)).await?)
    };
    Ok(Json(on_shared(&app, found).await?.iter().map(hall).collect()))
}

/// `POST /api/v1/geo/convert`: nothing is looked up, so policy is not asked.
async fn convert(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(convert): Body<Convert>,
) -> Result<Json<Converted>, Problem> {
    let (subject, _) = subject::of(&app, &headers).await?;
    app.mapping.pace.step(subject.map(|subject| subject.account), app.clock.now())?;
    let (source, target) = (crs("source", &convert.source)?, crs("target", &convert.target)?);
    let (x, y) = app.mapping.geography.convert((convert.x, convert.y), source, target)?;
    Ok(Json(Converted { x, y }))
}

fn crs(field: &'static str, text: &str) -> Result<AnyCrs, GeoError> {
    text.parse().map_err(|problem| GeoError::invalid(field, problem))
}

fn hall(near: &zhongtai_cap_geo::HallNearby) -> HallReport {
    let hours = |opening: &zhongtai_cap_geo::Opening| {
        format!("{}-{}", opening.opens.strftime("%H:%M"), opening.closes.strftime("%H:%M"))
    };
    let hall = &near.hall;
    HallReport {
        id: hall.id.clone(),
        name: hall.name.clone(),
        address: hall.address.clone(),
        lon: hall.at.lon(),
        lat: hall.at.lat(),
        distance: near.distance,
        services: hall.services.clone(),
        hours: near.hours.iter().map(hours).collect(),
        open: near.open,
        opens_next: near.opens_next,
    }
}

// === impl Where ===

impl Where {
    /// The place in CGCS2000.
    fn at(&self) -> Result<Place, GeoError> {
        let source = self.crs.as_deref().map_or(Ok(AnyCrs::Cgcs2000), |text| crs("crs", text))?;
        let given = zhongtai_geodesy::Point::new(source, self.lon, self.lat);
        given.and_then(|given| given.to(Cgcs2000)).map_err(|problem| GeoError::invalid("lon, lat", problem))
    }
}
