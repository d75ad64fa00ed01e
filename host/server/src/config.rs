//! `zt.toml`: how a host is set up. Every key has a default; unknown keys are refused by name.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use serde::Deserialize;
use zhongtai_audit::{Retention, RetentionTooShort};
use zhongtai_authz::PolicyFolder;
use zhongtai_cap_files::FilesConfig;
use zhongtai_cap_keyvalue::KeyValueConfig;
use zhongtai_cap_notify::NotifyConfig;
use zhongtai_cap_seal::SealConfig;
use zhongtai_outbound::OutboundConfig;
use zhongtai_runtime::{AdmissionOptions, EngineOptions, HostKey};

use crate::{
    crediting::CreditSection, identity::SignInSection, payments::PaymentSection, recorder::WhenUnwritable,
    shipping::LogisticsSection, short_messages::SmsSection,
};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) listen: Listen,
    pub(crate) store: StoreSection,
    pub(crate) policy: PolicySection,
    pub(crate) limits: LimitsSection,
    /// What one scenario may keep.
    pub(crate) keyvalue: KeyValueConfig,
    /// What files are taken, and where they lie.
    pub(crate) files: FilesConfig,
    /// How messages leave.
    pub(crate) notify: NotifyConfig<SmsSection>,
    /// How events are told to scenarios.
    pub(crate) events: zhongtai_events::Schedule,
    /// How other systems are called.
    pub(crate) outbound: OutboundConfig,
    /// Who carries results, and from where.
    pub(crate) logistics: LogisticsSection,
    /// How people sign in, and for how long.
    pub(crate) sign_in: SignInSection,
    /// Objections, repairs and imports of credit records, and an upper-level platform.
    pub(crate) credit: CreditSection,
    /// Where addresses, grids and halls are, and how they are asked about.
    pub(crate) geo: crate::mapping::GeoSection,
    /// How certificates are shown.
    pub(crate) certificate: CertificateSection,
    /// How documents are made.
    pub(crate) document: zhongtai_typeset::Config,
    /// Payment codes, receipts, and the channels that money comes through.
    pub(crate) payment: PaymentSection,
    /// Seals: the font of their faces, who runs the authorities, whom else to trust, a token.
    pub(crate) seal: SealConfig,
    /// Where departments' desks are: `"441802-chengguan/duty" = "mailto:duty@..."` or `"https://..."`.
    pub(crate) desks: BTreeMap<String, String>,
    pub(crate) log: LogSection,
    pub(crate) audit: AuditSection,
}

/// How certificates are shown.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CertificateSection {
    /// The address of the page that a presentation's QR code opens; the bare token by default.
    pub(crate) page: Option<String>,
}

/// How the audit log is kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AuditSection {
    /// How long records are kept, days; six months (183) are the least.
    pub(crate) retain_days: u16,
    /// This host's name in the checkpoints of its log; by default one of its own that stays.
    pub(crate) host: Option<String>,
    /// `refuse` everything when the log can't be written, or `serve-reads` unrecorded.
    pub(crate) when_unwritable: WhenUnwritable,
}

/// Where the host listens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Listen {
    /// For citizens, enterprises and officers. Port 0 takes a free one.
    pub(crate) public: SocketAddr,
    /// For operators: never reachable from outside.
    pub(crate) admin: SocketAddr,
    /// Listener threads; 0 is one per core.
    pub(crate) threads: usize,
    /// How long requests in flight may take when the host stops, seconds.
    pub(crate) drain_s: u64,
    /// How long a request's body may take to arrive, seconds.
    pub(crate) body_s: u64,
    /// How long a connection may stay open without a whole request line and headers, seconds: one that is kept between
    /// two requests as well as one whose headers come in bit by bit.
    pub(crate) idle_s: u64,
}

/// Where state is kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoreSection {
    /// Keys, artifacts, the audit log, and SQLite's file.
    pub(crate) data: PathBuf,
    /// `sqlite://...` or `postgres://...`; empty is a SQLite file in `data`.
    pub(crate) url: String,
}

/// Which policies are in force.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PolicySection {
    /// What the first version is made of, and with `follow_files` every later one. Relative to the working directory.
    pub(crate) folders: Vec<PathBuf>,
    /// For development: put what the folders hold in force as it changes, without proposal and approval.
    pub(crate) follow_files: bool,
}

/// How much may run at once.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitsSection {
    /// Instances in the pool.
    pub(crate) instances: u32,
    /// Requests of one department running at once.
    pub(crate) department_concurrency: usize,
    /// Requests of one department waiting.
    pub(crate) department_queue: usize,
    /// The longest wait, milliseconds.
    pub(crate) queue_wait_ms: u64,
}

/// How the host logs.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogSection {
    /// One JSON object a line instead of text.
    pub(crate) json: bool,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            public: SocketAddr::from(([127, 0, 0, 1], 8080)),
            admin: SocketAddr::from(([127, 0, 0, 1], 8081)),
            threads: 0,
            drain_s: 30,
            body_s: 30,
            idle_s: 75,
        }
    }
}

impl Default for StoreSection {
    fn default() -> Self {
        Self { data: "data".into(), url: String::new() }
    }
}

impl Default for PolicySection {
    fn default() -> Self {
        Self { folders: vec!["policies".into()], follow_files: false }
    }
}

impl Default for AuditSection {
    fn default() -> Self {
        Self { retain_days: 200, host: None, when_unwritable: WhenUnwritable::default() }
    }
}

impl Default for LimitsSection {
    fn default() -> Self {
        let admission = AdmissionOptions::default();
        Self {
            instances: EngineOptions::default().instances,
            department_concurrency: admission.department_concurrency,
            department_queue: admission.department_queue,
            queue_wait_ms: admission.queue_wait.as_millis() as u64,
        }
    }
}

// === impl Config ===

impl Config {
    /// Reads `path`; without one, `zt.toml` if there is one, and defaults otherwise.
    pub(crate) fn load(path: Option<&Path>) -> anyhow::Result<Self> {
        let path = match path {
            Some(path) => path,
            None if Path::new("zt.toml").exists() => Path::new("zt.toml"),
            None => return Ok(Self::default()),
        };
        let text = std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not valid", path.display()))
    }

    pub(crate) fn store_url(&self) -> String {
        if self.store.url.is_empty() {
            format!("sqlite://{}?mode=rwc", self.store.data.join("zhongtai.db").display())
        } else {
            self.store.url.clone()
        }
    }

    pub(crate) fn files_folder(&self) -> PathBuf {
        self.files.folder.clone().unwrap_or_else(|| self.store.data.join("files"))
    }

    pub(crate) fn policy_folders(&self) -> Vec<PolicyFolder> {
        self.policy.folders.iter().cloned().map(PolicyFolder).collect()
    }

    /// The name under which this host's audit log is signed. Not the machine's: a container has another one each time.
    pub(crate) fn audit_name(&self, host_key: &HostKey) -> String {
        let own = || host_key.derive("audit-name").iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        format!("zhongtai.audit/{}", self.audit.host.clone().unwrap_or_else(own))
    }

    pub(crate) fn audit_options(&self) -> Result<zhongtai_audit::Options, RetentionTooShort> {
        let retention = Retention::days(self.audit.retain_days)?;
        Ok(zhongtai_audit::Options { retention, ..Default::default() })
    }

    pub(crate) fn admission(&self) -> AdmissionOptions {
        AdmissionOptions {
            department_concurrency: self.limits.department_concurrency,
            department_queue: self.limits.department_queue,
            queue_wait: Duration::from_millis(self.limits.queue_wait_ms),
        }
    }

    pub(crate) fn engine(&self) -> EngineOptions {
        EngineOptions { instances: self.limits.instances, ..EngineOptions::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = toml::from_str::<Config>("[listen]\npubic = \"127.0.0.1:1\"").unwrap_err();
        assert!(error.to_string().contains("unknown field `pubic`"), "{error}");
    }

    #[test]
    fn an_empty_file_is_the_defaults() {
        let config: Config = toml::from_str("").unwrap();
        assert_eq!(config.store_url(), "sqlite://data/zhongtai.db?mode=rwc");
        assert_eq!(config.listen.public.port(), 8080);
    }
}
