//! The public listener: scenarios, files, sign-in, health.

mod acting;
mod api;
mod body;
mod carriers;
mod certificates;
mod cookies;
mod credit;
mod files;
mod geo;
mod geo_tiles;
mod health;
mod inbox;
mod listener;
mod payments;
mod same_origin;
mod scenario;
mod seals;
mod shipments;
mod subject;

pub(crate) use acting::{may_act, no_mandate};
pub(crate) use api::{SignIn, SignedIn, on_shared, token};
pub(crate) use certificates::{
    CertificateReport, Issue, Present, PresentedReport, Redeem, Revoke, Search, Shown, Verify,
};
pub(crate) use cookies::{Cookie, LANGUAGE, Names, value as cookie_value};
pub(crate) use credit::{
    Decide, File, HistoryLine, PetitionReport, RecordReport, WaitingPetition, WaitingReport, Why as CreditWhy,
};
pub(crate) use geo::{AddressReport, GridReport, HallReport, Search as GeoSearch, Where};
pub(crate) use health::{Health, live, ready};
pub(crate) use listener::{Patience, PublicListener, bind};
pub(crate) use payments::{AskBack, NoticeReport, OrderReport, Pay, RefundReport};
pub(crate) use same_origin::{check as check_origin, required as same_origin_required};
pub(crate) use scenario::without_numbers;
pub(crate) use shipments::{Book, LabelReport, ShipmentReport};
pub(crate) use subject::{at as session_at, by_cookie};

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::body::Incoming;
use tower::ServiceExt;
use zhongtai_cap_subject::Listener;

use crate::{app::App, pages, problem::Problem};

/// The largest body outside scenarios, bytes: a login name and a password.
const API_BODY: usize = 64 << 10;

/// Answers every public request. Scenarios are dispatched before axum's router: they are the hot path, and their
/// routes are not known when the router is built.
#[derive(Clone)]
pub(crate) struct Edge {
    app: Arc<App>,
    router: Router,
}

// === impl Edge ===

impl Edge {
    pub(crate) fn new(app: Arc<App>) -> Self {
        let router = Router::new()
            .route("/healthz", get(live))
            .route("/readyz", get(ready))
            .merge(api::routes())
            .merge(pages::routes(Listener::Public))
            .merge(certificates::routes())
            .merge(payments::routes())
            .merge(credit::routes())
            .merge(geo::routes())
            .merge(geo_tiles::routes())
            .merge(inbox::routes())
            .merge(carriers::routes())
            .merge(shipments::routes())
            .merge(seals::routes())
            .fallback(async || Problem::not_found("page").into_response())
            .method_not_allowed_fallback(async || Problem::method_not_allowed().into_response())
            .with_state(app.clone());
        #[cfg(feature = "bench")]
        let router = router.route("/bench/plain", get(async || "hello"));
        Self { app, router }
    }

    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response {
        if let Err(problem) = check_origin(&self.app, Listener::Public, request.method(), request.headers()) {
            return problem.into_response();
        }
        if request.uri().path().starts_with(scenario::PREFIX) {
            return scenario::answer(&self.app, request).await;
        }
        if request.uri().path().starts_with(files::PREFIX) {
            return files::answer(&self.app, request).await;
        }
        if request.uri().path() == seals::VERIFY {
            return seals::verify(&self.app, request).await;
        }
        let (parts, body) = request.into_parts();
        let body = match body::read(body, &parts.headers, API_BODY, self.app.body_patience).await {
            Ok(body) => Body::from(body),
            Err(problem) => return problem.into_response(),
        };
        match self.router.clone().oneshot(Request::from_parts(parts, body)).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
