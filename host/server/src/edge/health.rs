use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::extract::State;
use http::StatusCode;

use crate::app::App;

/// Whether this host should get requests.
#[derive(Debug, Default)]
pub(crate) struct Health {
    ready: AtomicBool,
}

// === impl Health ===

impl Health {
    pub(crate) fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }
}

/// `/healthz`: the process runs.
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// `/readyz`: deployments are loaded, the audit can be written, and the host is not about to stop.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    if !app.health.is_ready() {
        (StatusCode::SERVICE_UNAVAILABLE, "starting or stopping\n")
    } else if !app.audit.is_healthy() {
        (StatusCode::SERVICE_UNAVAILABLE, "the audit log can't be written\n")
    } else {
        (StatusCode::OK, "ok\n")
    }
}
