use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use reqwest::{Client, redirect::Policy};
use rustls::RootCertStore;
use tokio::runtime::Handle;
use zhongtai_kernel::Clock;

use crate::{
    Observer, Origins, OriginsConfig, OutboundConfig, OutboundError, System, SystemConfig, observer::Nobody,
    system::Parts, target::Base, tls,
};

/// What our requests say they come from.
const USER_AGENT: &str = concat!("zhongtai/", env!("CARGO_PKG_VERSION"));

/// The process's way out: one pool of connections for all systems (and one more for each private authority).
/// Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Outbound(Arc<Inner>);

struct Inner {
    config: OutboundConfig,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    home: Option<Handle>,
    /// Over the machine's authorities.
    client: Client,
    has_roots: bool,
    /// Over a file's authorities.
    private: Mutex<BTreeMap<PathBuf, Client>>,
}

// === impl Outbound ===

impl Outbound {
    /// Made once, on the runtime where sockets shall live: the shared one. Calls may come from anywhere.
    pub fn new(config: &OutboundConfig, clock: Arc<dyn Clock>) -> Result<Self, OutboundError> {
        Self::observed(config, clock, Arc::new(Nobody))
    }

    /// Like [`new`](Self::new), with somebody who counts.
    pub fn observed(
        config: &OutboundConfig,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, OutboundError> {
        config.check()?;
        let roots = tls::machine_roots();
        Ok(Self(Arc::new(Inner {
            has_roots: !roots.is_empty(),
            client: client(config, roots)?,
            config: config.clone(),
            clock,
            observer,
            home: Handle::try_current().ok(),
            private: Mutex::default(),
        })))
    }

    /// The system called `name` in errors, logs and metrics: its key in `zt.toml`, such as `credit.upper`. Asks nobody:
    /// the host starts though a system is down.
    pub fn system(&self, name: &str, config: &SystemConfig) -> Result<System, OutboundError> {
        self.make(name, config, self.0.observer.clone())
    }

    /// Many systems under one name and one set of bounds, each at its own host and with its own breaker: for URLs that
    /// are not one system's.
    pub fn origins(&self, name: &str, config: &OriginsConfig) -> Result<Origins, OutboundError> {
        Origins::new(self.clone(), name, config)
    }

    /// One of many systems of a name: its breaker is not what the name's metric shows.
    pub(crate) fn one_of(&self, name: &str, config: &SystemConfig) -> Result<System, OutboundError> {
        self.make(name, config, Arc::new(Nobody))
    }

    fn make(
        &self,
        name: &str,
        config: &SystemConfig,
        breaker_observer: Arc<dyn Observer>,
    ) -> Result<System, OutboundError> {
        config.check(name)?;
        let base = Base::parse(name, &config.base_url, config.allow_http)?;
        let client = match &config.ca_file {
            Some(file) => self.private(name, file)?,
            None if base.is_https() && !self.0.has_roots => {
                let problem = "missing, and this machine trusts no authority: install ca-certificates";
                return Err(OutboundError::config(name, "ca_file", problem));
            }
            None => self.0.client.clone(),
        };
        let Inner { home, clock, observer, .. } = &*self.0;
        let (home, clock, observer) = (home.clone(), clock.clone(), observer.clone());
        Ok(System::new(name, config, Parts { base, client, home, clock, observer, breaker_observer }))
    }

    /// The client that trusts a file's authorities only.
    fn private(&self, name: &str, file: &Path) -> Result<Client, OutboundError> {
        let mut private = self.0.private.lock();
        if let Some(client) = private.get(file) {
            return Ok(client.clone());
        }
        let roots = tls::roots_of(file)
            .map_err(|problem| OutboundError::config(name, "ca_file", format!("{}: {problem}", file.display())))?;
        let client = client(&self.0.config, roots)?;
        private.insert(file.to_owned(), client.clone());
        Ok(client)
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound").field("config", &self.0.config).finish_non_exhaustive()
    }
}

/// No redirects, no proxies from the environment, no retries of its own, nothing unpacked: an answer's bound is a bound.
fn client(config: &OutboundConfig, roots: RootCertStore) -> Result<Client, OutboundError> {
    let unusable = || OutboundError::config("outbound", "", "the HTTP client can't be set up");
    let tls = tls::client(roots).map_err(|_| unusable())?;
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .http1_only()
        .tcp_nodelay(true)
        .connect_timeout(config.connect_timeout())
        .pool_idle_timeout(Duration::from_secs(config.idle_s))
        .pool_max_idle_per_host(config.idle_connections)
        .user_agent(USER_AGENT)
        .build()
        .map_err(|_| unusable())
}
