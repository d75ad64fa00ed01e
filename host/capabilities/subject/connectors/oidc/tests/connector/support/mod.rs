//! A browser, a provider that we did not write, and one that lies.

mod browser;
mod forge;
mod hostile;
mod listener;
mod real;

pub(crate) use browser::Browser;
pub(crate) use forge::{Signer, not_signed, sign_by_secret};
pub(crate) use hostile::{Answer, Hostile};
pub(crate) use listener::Listener;
pub(crate) use real::RealProvider;

use std::{sync::Arc, time::Duration};

use zhongtai_conn_subject_oidc::{Callback, OidcConfig, Provider};
use zhongtai_kernel::Clock;
use zhongtai_outbound::{Outbound, OutboundConfig};

/// The longest wait for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Nobody listens there: browsers of tests stop before they go there.
pub(crate) const PORTAL: &str = "http://127.0.0.1:9";

/// A provider in the configuration of a test.
pub(crate) fn provider(issuer: &str, more: &str, clock: Arc<dyn Clock>) -> Provider {
    let outbound = Outbound::new(&OutboundConfig::default(), clock.clone()).unwrap();
    Provider::new("province", &config(issuer, more), &outbound, clock).unwrap()
}

pub(crate) fn config(issuer: &str, more: &str) -> OidcConfig {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let base = format!("title = \"省统一身份认证\"\nissuer = \"{issuer}\"\nredirect_base = \"{PORTAL}\"\n");
    toml::from_str(&format!("{base}{more}")).unwrap()
}

/// One parameter of a URL.
pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let url: reqwest::Url = url.parse().unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// What a browser brings back with `url`.
pub(crate) fn callback(url: &str) -> Callback {
    Callback {
        code: parameter(url, "code"),
        state: parameter(url, "state"),
        iss: parameter(url, "iss"),
        error: parameter(url, "error"),
    }
}
