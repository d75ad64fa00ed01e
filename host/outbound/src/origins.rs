use std::{fmt, path::PathBuf};

use quick_cache::sync::Cache;
use reqwest::Url;
use serde::Deserialize;

use crate::{Answer, Outbound, OutboundError, Repeat, Request, System, SystemConfig};

/// Hosts that are remembered with their breakers.
const KEPT: usize = 1_000;

/// What holds for every host that [`Origins`] calls; a connector flattens it into its own table, as [`SystemConfig`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OriginsConfig {
    /// The only hosts that are called, in lower case, without port. Empty: those of the URLs that are given.
    pub hosts: Vec<String>,
    /// [`SystemConfig::timeout_ms`].
    pub timeout_ms: u64,
    /// [`SystemConfig::deadline_ms`].
    pub deadline_ms: u64,
    /// [`SystemConfig::attempts`].
    pub attempts: u32,
    /// [`SystemConfig::max_answer_kib`].
    pub max_answer_kib: u32,
    /// [`SystemConfig::breaker_failures`], of each host.
    pub breaker_failures: u32,
    /// [`SystemConfig::breaker_pause_ms`].
    pub breaker_pause_ms: u64,
    /// [`SystemConfig::ca_file`].
    pub ca_file: Option<PathBuf>,
    /// [`SystemConfig::allow_http`].
    pub allow_http: bool,
}

/// Many hosts under one name: for whole URLs from the configuration or from a trusted document, never from a guest.
pub struct Origins {
    outbound: Outbound,
    name: String,
    config: OriginsConfig,
    systems: Cache<String, System>,
}

// === impl OriginsConfig ===

impl Default for OriginsConfig {
    fn default() -> Self {
        let each = SystemConfig::at("");
        Self {
            hosts: Vec::new(),
            timeout_ms: each.timeout_ms,
            deadline_ms: each.deadline_ms,
            attempts: each.attempts,
            max_answer_kib: each.max_answer_kib,
            breaker_failures: each.breaker_failures,
            breaker_pause_ms: each.breaker_pause_ms,
            ca_file: None,
            allow_http: false,
        }
    }
}

impl OriginsConfig {
    fn system(&self, origin: &str) -> SystemConfig {
        SystemConfig {
            timeout_ms: self.timeout_ms,
            deadline_ms: self.deadline_ms,
            attempts: self.attempts,
            max_answer_kib: self.max_answer_kib,
            breaker_failures: self.breaker_failures,
            breaker_pause_ms: self.breaker_pause_ms,
            ca_file: self.ca_file.clone(),
            allow_http: self.allow_http,
            ..SystemConfig::at(origin)
        }
    }
}

// === impl Origins ===

impl Origins {
    pub(crate) fn new(outbound: Outbound, name: &str, config: &OriginsConfig) -> Result<Self, OutboundError> {
        if config.hosts.iter().any(|host| !is_host(host)) {
            return Err(OutboundError::config(name, "hosts", "expected names of hosts in lower case, without port"));
        }
        // The bounds and the authorities are checked now, not with the first call.
        outbound.one_of(name, &config.system("https://localhost"))?;
        Ok(Self { outbound, name: name.to_owned(), config: config.clone(), systems: Cache::new(KEPT) })
    }

    /// Sends a request to exactly this URL; the request's own path and query have to be empty.
    pub async fn send(&self, url: &Url, request: Request, repeat: Repeat) -> Result<Answer, OutboundError> {
        if !request.path.is_empty() || !request.query.is_empty() {
            return Err(OutboundError::not_allowed(&self.name, "the URL is the whole target"));
        }
        self.system(url)?.send_to(url, &request, repeat).await
    }

    fn system(&self, url: &Url) -> Result<System, OutboundError> {
        let host = url.host_str().unwrap_or_default();
        if !self.config.hosts.is_empty() && !self.config.hosts.iter().any(|allowed| allowed == host) {
            return Err(OutboundError::not_allowed(&self.name, "the host is not listed"));
        }
        let origin = url.origin().ascii_serialization();
        if let Some(system) = self.systems.get(&origin) {
            return Ok(system);
        }
        let system = self.outbound.one_of(&self.name, &self.config.system(&origin)).map_err(|error| match error {
            OutboundError::Config { key: "base_url", .. } => {
                OutboundError::not_allowed(&self.name, "expected an https:// URL")
            }
            error => error,
        })?;
        // Two at once: both take the one that came first, for there is one breaker.
        self.systems.get_or_insert_with(&origin, || Ok(system))
    }
}

impl fmt::Debug for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origins").field("name", &self.name).field("hosts", &self.config.hosts).finish_non_exhaustive()
    }
}

fn is_host(text: &str) -> bool {
    let parsed = format!("https://{text}/").parse::<Url>();
    parsed.is_ok_and(|url| url.host_str() == Some(text) && url.port().is_none() && url.path() == "/")
}
