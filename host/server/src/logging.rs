//! The host's own log, on standard error.

use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging. `RUST_LOG` chooses what; by default everything from `info` up.
pub(crate) fn start(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        log.json().flatten_event(true).init();
    } else {
        log.init();
    }
}
