//! The pages of signing in, rendered here: no script, and they work on a phone and by keyboard. Both listeners have
//! them; what they look like is in `web/sign-in/`.

mod account;
mod acting;
mod device;
mod enrol;
mod form;
mod messages;
mod oidc;
mod qr;
mod second_factor;
mod sign_in;
mod template;
mod visit;

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderName, HeaderValue, header};
use zhongtai_cap_subject::Listener;

use crate::app::App;

pub(crate) use oidc::Providers;

/// Bytes of a form: a login name, a password, a code.
const FORM: usize = 16 << 10;

/// The pages of a listener.
pub(crate) fn routes(listener: Listener) -> Router<Arc<App>> {
    let providers = match listener {
        Listener::Public => oidc::routes(),
        Listener::Admin => Router::new(),
    };
    Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-in/second-factor", get(second_factor::show).post(second_factor::submit))
        .route("/sign-in/style.css", get(style))
        .route("/account", get(account::show))
        .route("/account/step-up", get(second_factor::show_step_up).post(second_factor::step_up))
        .route("/account/second-factor", get(enrol::show).post(enrol::begin))
        .route("/account/second-factor/confirm", post(enrol::confirm))
        .route("/account/sessions/end", post(account::end_session))
        .route("/account/password", post(account::set_password))
        .route("/account/acting-for", post(acting::choose))
        .route("/account/messages/read", post(messages::mark_read))
        .route("/account/preferred-channel", post(messages::prefer))
        .route("/account/mandates", post(acting::give))
        .route("/account/mandates/revoke", post(acting::revoke))
        .route("/sign-out", post(account::sign_out))
        .merge(providers)
        .layer(DefaultBodyLimit::max(FORM))
        .layer(Extension(listener))
}

async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, template::STYLE).into_response()
}

/// What every page says of itself. No script at all, nothing from elsewhere, no frame around it. `same-origin`, as a
/// form sent under `no-referrer` would not say where it comes from.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];
