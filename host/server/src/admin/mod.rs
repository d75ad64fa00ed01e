//! The admin listener: `/admin/v1/...` for operators, `/metrics`, health.

mod ask;
mod audit;
mod auth;
mod certificates;
mod credentials;
mod credit;
mod events;
mod geo;
mod grants;
mod logins;
mod mandates;
mod messages;
mod openapi;
mod payments;
mod plugins;
mod policies;
mod schema;
mod seals;
mod settings;
mod shipments;
mod templates;
mod users;

pub(crate) use ask::{ExplainRequest, ReplayRequest, Told};
pub(crate) use audit::{Keys as AuditKeysReport, Records};
pub(crate) use auth::{ROLES, administrators_roles};
pub(crate) use certificates::{RegisteredType, TypeReport, UsageReport};
pub(crate) use credentials::{Code, Enrolling, NewPassword, RecoveryCodes, TokenReport};
pub(crate) use credit::{NewRules, RulesReport, RulesText};
pub(crate) use events::DeadEventReport;
pub(crate) use geo::GeoImported;
pub(crate) use mandates::{GivenMandate, MandateReport};
pub(crate) use messages::{DeliveryReport, ReplayAll, ReplayReport};
pub(crate) use openapi::document;
pub(crate) use payments::{BooksReport, Day, ItemReport, ReconciledReport, Resolve as ResolveTicket, TicketReport};
#[cfg(test)]
pub(crate) use plugins::CapabilityReport;
pub(crate) use plugins::{CheckReport, DeploymentReport, RolledBack, Upload};
pub(crate) use policies::{Draft, InForceReport, Proposed, Why};
pub(crate) use schema::RuleVersion;
pub(crate) use seals::{AuthorityReport, Change, CreateSeal, RevokeSeal, SealHistory, SealReport};
pub(crate) use settings::Value as SettingValue;
pub(crate) use shipments::StuckReport;
pub(crate) use templates::{RegisteredTemplate, TemplateDetail, TemplateReport};
pub(crate) use users::{AddedUser, IssuedToken, NewToken, NewUser, UserReport};

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use http::header;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_cap_subject::Listener;
use zhongtai_kernel::ErrorKind;

use crate::{
    app::App,
    edge::{check_origin, live, ready},
    pages,
    problem::Problem,
};

/// Component, manifest and their encoding; a larger upload is refused while it arrives.
const MAX_UPLOAD: usize = 48 << 20;

/// Every route of the admin listener.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .merge(Router::from(described()))
        .route("/healthz", get(live))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .layer(DefaultBodyLimit::max(MAX_UPLOAD))
        .merge(pages::routes(Listener::Admin))
        .fallback(async || Problem::not_found("page").into_response())
        .method_not_allowed_fallback(async || Problem::method_not_allowed().into_response())
        .layer(middleware::from_fn_with_state(app.clone(), own_pages_only))
        .with_state(app)
}

/// What changes something as an administrator who is signed in by a cookie comes from a page of this host.
async fn own_pages_only(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match check_origin(&app, Listener::Admin, request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// The API with its description. A plain router joins it by `OpenApiRouter::from`, and is not described then.
fn described() -> OpenApiRouter<Arc<App>> {
    let operators = OpenApiRouter::new()
        .routes(routes!(openapi::describe))
        .merge(plugins::routes())
        .merge(grants::routes())
        .merge(settings::routes())
        .merge(certificates::routes())
        .merge(credit::routes())
        .merge(geo::routes())
        .merge(messages::routes())
        .merge(payments::routes())
        .merge(shipments::routes())
        .merge(events::routes())
        .merge(templates::routes())
        .merge(policies::routes())
        .merge(ask::routes())
        .merge(seals::routes())
        .merge(audit::routes())
        .merge(users::routes())
        .merge(credentials::routes())
        .merge(mandates::routes())
        .routes(routes!(auth::sign_in));
    OpenApiRouter::with_openapi(openapi::base()).nest("/admin/v1", operators)
}

async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    for (department, running, queued) in app.runtime.load_by_department() {
        app.metrics.set_load(department.as_str(), running, queued);
    }
    let text = app.metrics.render().map_err(|error| Problem::inside(ErrorKind::Internal, "metrics", &error))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}
